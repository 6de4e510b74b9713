import type { HomeView } from '@slack/types';
import { z } from 'zod';
import type { EnvironmentStatus } from '../flows/desk.ts';
import type { ErrandParts } from './errands.ts';
import type { Fields } from './gate.ts';
import { context, section } from './messages/block.ts';
import { openLine, statusAnswer } from './messages/status.ts';
import { date } from './messages/time.ts';

const Opened = z.object({ event: z.object({ user: z.string(), tab: z.string().optional() }) });

/** Whose Home tab this event opened; undefined for any other tab. */
export function openedBy(body: Fields): string | undefined {
  const opened = Opened.safeParse(body);
  if (!opened.success || (opened.data.event.tab ?? 'home') !== 'home') return undefined;
  return opened.data.event.user;
}

/** Draws the Home tab anew, whenever somebody opened it. Throws what the store throws. */
export async function drawHome(
  parts: Pick<ErrandParts, 'desk' | 'slack' | 'nowMs' | 'log'>,
  userId: string,
): Promise<void> {
  const status = await parts.desk.status(null, null);
  const published = await parts.slack.publishHome({ userId, view: homeView(status, parts.nowMs()) });
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
