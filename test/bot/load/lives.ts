import type { Announcement } from '../../../src/flows/promotion/announcements.ts';
import type { Promotion, PromotionIn } from '../../../src/flows/promotion/promotion.ts';
import { grace, policy, promotionIn } from '../promotions.ts';
import type { Random } from './random.ts';

/** One save of a promotion: what it is then, and what it has to tell. */
export interface Save {
  readonly atMs: number;
  readonly promotion: Promotion;
  readonly told: readonly Announcement[];
}

export interface Life {
  readonly id: string;
  readonly channel: string;
  readonly saves: readonly Save[];
  readonly endedAtMs: number;
}

export interface LifeOptions {
  readonly id: string;
  readonly channel: string;
  readonly onCallChannel: string;
  readonly startMs: number;
  /** The last save; the steps before are spread over the time up to it. */
  readonly endMs: number;
  readonly random: Random;
}

const person = grace;
const result = (outcome: 'passed' | 'failed' | 'inconclusive') => ({
  id: 'alarm',
  title: 'Alarm errors',
  outcome,
  text: outcome,
  link: null,
  urgent: false,
});

/**
 * A promotion from its request to its end, as the flows save it: every phase with what it tells, polls between them that
 * only move the progress, readings that are healthy but for a few, and one in four rolled back.
 */
export function createLife(options: LifeOptions): Life {
  const { id, channel, onCallChannel, startMs, endMs, random } = options;
  const app = `app-${id}`;
  const own = {
    id,
    app,
    policy: { ...policy, channel, onCall: { ...policy.onCall, channel: onCallChannel } },
    requestedAtMs: startMs,
  };
  const draft: { promotion: Promotion; told: Announcement[]; weight: number }[] = [];
  const add = (promotion: Promotion, weight: number, ...told: Announcement[]) =>
    draft.push({ promotion, told, weight });
  const polls = (promotion: Promotion, count: number) => {
    for (let poll = 0; poll < count; poll += 1) add(promotion, 1);
  };
  const read = (outcome: string): Announcement => ({
    topic: 'reading',
    outcome,
    results: [result(outcome === 'healthy' ? 'passed' : outcome === 'unhealthy' ? 'failed' : 'inconclusive')],
  });
  const approval = { person, atMs: startMs, evidence: 'named' };

  add(promotionIn('analyzing', own), 1, { topic: 'requested' });
  add(promotionIn('validating', own), 1, { topic: 'analyzed' });
  const waiting = promotionIn('awaiting-approval', own);
  add(
    waiting,
    1,
    { topic: 'validated', results: [result('passed')] },
    { topic: 'approval-needed', differences: [] },
  );
  if (random() < 0.08) {
    add(promotionIn('rejected', own), 3, { topic: 'ended' });
    return timed(draft, id, channel, startMs, endMs, random);
  }
  add({ ...waiting, approvals: [approval] }, 4, { topic: 'approved', person, count: 1, required: 2 });
  const counting = promotionIn('waiting', { ...own, executeAtMs: null });
  add(
    counting,
    2,
    { topic: 'approved', person, count: 2, required: 2 },
    { topic: 'waiting', waitSeconds: 60 },
  );
  add({ ...counting, executeAtMs: startMs }, 1);
  const deploying = promotionIn('deploying', own);
  add(deploying, 3, { topic: 'started' });
  polls(deploying, 6);
  add(deploying, 1, { topic: 'step-done', title: 'Shift', text: 'done' });
  const verifying = promotionIn('verifying', own);
  add(verifying, 1);
  for (let probe = 0; probe < 3; probe += 1) {
    add(verifying, 1, { topic: 'probed', outcome: 'passed', results: [result('passed')] });
  }
  const monitoring = promotionIn('monitoring', own);
  add(monitoring, 1);
  const bad = random() < 0.25;
  const readings = 8 + Math.floor(random() * 8);
  for (let reading = 0; reading < readings; reading += 1) {
    const outcome = random() < 0.1 ? 'inconclusive' : 'healthy';
    const last: PromotionIn<'monitoring'>['watch']['last'] = { atMs: startMs, outcome, results: [] };
    add({ ...monitoring, watch: { ...monitoring.watch, last } }, 1, read(outcome));
  }
  if (bad) {
    const back = promotionIn('rolling-back', own);
    add(back, 1, read('unhealthy'), { topic: 'rolling-back' });
    polls(back, 3);
    add(back, 1, { topic: 'step-done', title: 'Shift back', text: 'done' });
    add(promotionIn('rolled-back', own), 1, { topic: 'rolled-back' });
  } else {
    add(promotionIn('promoted', own), 1, { topic: 'promoted' });
  }
  return timed(draft, id, channel, startMs, endMs, random);
}

function timed(
  draft: readonly { promotion: Promotion; told: Announcement[]; weight: number }[],
  id: string,
  channel: string,
  startMs: number,
  endMs: number,
  random: Random,
): Life {
  const gaps = draft.map(({ weight }, index) => (index === 0 ? 0 : weight * (0.4 + random() * 1.2)));
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  let passed = 0;
  let announced = 0;
  const saves = draft.map(({ promotion, told }, index): Save => {
    passed += gaps[index] ?? 0;
    const atMs = Math.round(startMs + ((endMs - startMs) * passed) / total);
    announced += told.length;
    return { atMs, promotion: { ...promotion, revision: index + 1, announced, nowMs: atMs }, told };
  });
  return { id, channel, saves, endedAtMs: saves.at(-1)?.atMs ?? endMs };
}
