import { actionIds } from '../../src/bot/messages/anchor.ts';
import type { Phase, Promotion } from '../../src/flows/promotion/promotion.ts';
import { grace } from '../../test/bot/promotions.ts';
import { commandFields } from '../../test/bot/signed.ts';
import { clickBody, form, signedEvent } from './click.ts';
import { createFunctionWorld, type FunctionWorld } from './function-world.ts';

const startMs = Date.UTC(2026, 10, 21, 9);
const lin = 'U0LIN00001';
const longestMs = 3 * 3_600_000;
/** People take a minute to see a card and press a button. */
export const personMs = 60_000;

/** A world in which a promotion was asked for. */
export async function asked(latencyOf: (name: string) => number): Promise<FunctionWorld> {
  const world = createFunctionWorld({ startMs, latencyOf });
  await answered(world, form(commandFields({ text: 'site v1.1.0', command: '/promote' })));
  await until(world, 'awaiting-approval');
  await passed(world, personMs);
  return world;
}

/** The same, approved twice and followed until a phase. */
export async function approvedUntil(world: FunctionWorld, phase: Phase): Promise<void> {
  await press(world, grace.userId);
  await passed(world, personMs);
  await press(world, lin);
  await until(world, phase);
}

/** One press on Approve; answers when it was acknowledged. */
export async function press(world: FunctionWorld, userId: string): Promise<number> {
  const nowMs = world.time.nowMs();
  return answered(world, clickBody(promotionOf(world), actionIds.approve, nowMs, userId));
}

export async function passed(world: FunctionWorld, milliseconds: number): Promise<void> {
  const { time } = world;
  let isOver = false;
  time.at(time.nowMs() + milliseconds, () => {
    isOver = true;
  });
  await time.until(() => isOver, time.nowMs() + milliseconds, 'time');
}

export async function until(world: FunctionWorld, phase: Phase): Promise<void> {
  const { time } = world;
  await time.until(() => world.promotion()?.phase === phase, time.nowMs() + longestMs, phase);
}

/** Waits in virtual time for what is under way. */
export async function done<Answer>(world: FunctionWorld, underWay: Promise<Answer>): Promise<Answer> {
  let answer: { readonly value: Answer } | undefined;
  let failed: { readonly error: unknown } | undefined;
  underWay.then(
    (value) => {
      answer = { value };
    },
    (error: unknown) => {
      failed = { error };
    },
  );
  const { time } = world;
  await time.until(() => answer !== undefined || failed !== undefined, time.nowMs() + longestMs, 'an answer');
  if (answer === undefined) throw failed?.error;
  return answer.value;
}

export function promotionOf(world: FunctionWorld): Promotion {
  const promotion = world.promotion();
  if (promotion === undefined) throw new Error('there is no promotion');
  return promotion;
}

const answered = (world: FunctionWorld, body: string) =>
  done(world, world.ask(signedEvent(body, world.time.nowMs())));
