import type { HomeView } from '@slack/types';
import { z } from 'zod';
import type { EnvironmentStatus } from '../flows/desk.ts';
import type { Fields } from './gate.ts';
import { context, section } from './messages/block.ts';
import { openLine, statusAnswer } from './messages/status.ts';
import { date } from './messages/time.ts';
import type { BotParts } from './parts.ts';

const Opened = z.object({ event: z.object({ user: z.string(), tab: z.string().optional() }) });

/** Draws the Home tab anew whenever somebody opens it. */
export async function showHome(parts: BotParts, body: Fields): Promise<void> {
  const opened = Opened.safeParse(body);
  if (!opened.success || (opened.data.event.tab ?? 'home') !== 'home') return;
  const status = await parts.desk.status(null, null);
  const published = await parts.slack.publishHome({
    userId: opened.data.event.user,
    view: homeView(status, parts.nowMs()),
  });
  if (published.outcome !== 'sent') parts.log.warn({ outcome: published.outcome }, 'home was not drawn');
}

/** What waits and runs first, then what is live where. */
function homeView(status: readonly EnvironmentStatus[], nowMs: number): HomeView {
  const open = status.flatMap((entry) => entry.open);
  const waiting = open.filter(({ phase }) => phase === 'awaiting-approval');
  const running = open.filter(({ phase }) => phase !== 'awaiting-approval');
  const listed = (promotions: typeof open, none: string) =>
    promotions.length === 0 ? [none] : promotions.slice(0, 20).map(openLine);
  return {
    type: 'home',
    blocks: [
      section(['*Waits for approval*', ...listed(waiting, 'Nothing waits.')]),
      section(['*Runs*', ...listed(running, 'Nothing runs.')]),
      ...(statusAnswer(status).blocks ?? [section('No environments are configured.')]),
      context([`Updated ${date(nowMs)}`]),
    ],
  };
}
