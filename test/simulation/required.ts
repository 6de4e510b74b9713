import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Phase } from '../../src/flows/promotion/promotion.ts';

/**
 * What a run has to have met, or it proved nothing. How rare a cell is says from how many histories on it is asked for:
 * `common` from 2,000, `rare` from 100,000.
 */
export interface Required {
  readonly cell: string;
  readonly from: 2_000 | 100_000;
}

type EventType = PromotionEvent['type'];

/** Which events each phase has to have taken. */
const accepted: Partial<Record<Phase, { common: readonly EventType[]; rare: readonly EventType[] }>> = {
  analyzing: {
    common: ['claim.granted', 'analysis.completed', 'analysis.refused', 'trouble.met'],
    rare: ['cancellation.claimed', 'claim.denied', 'plan.refused'],
  },
  validating: {
    common: ['validation.recorded'],
    rare: ['cancellation.claimed', 'claim.granted', 'trouble.met', 'plan.refused'],
  },
  'awaiting-approval': {
    common: [
      'approval.claimed',
      'rejection.claimed',
      'cancellation.claimed',
      'claim.granted',
      'claim.denied',
      'approval.expired',
      'lock.taken',
      'lock.refused',
      'trouble.met',
    ],
    rare: ['plan.refused', 'plan.changed', 'lock.inherited'],
  },
  waiting: {
    common: ['notice.delivered', 'wait.elapsed', 'cancellation.claimed', 'claim.granted'],
    rare: ['approval.expired', 'promotion.superseded', 'claim.denied'],
  },
  deploying: {
    common: [
      'gate.recorded',
      'step.claimed',
      'step.acted',
      'step.progressed',
      'step.completed',
      'rollback.claimed',
      'reading.recorded',
      'claim.granted',
      'trouble.met',
    ],
    rare: [
      'step.failed',
      'drift.found',
      'approval.lapsed',
      'approval.expired',
      'plan.changed',
      'plan.refused',
      'page.due',
      'cancellation.claimed',
      'claim.denied',
      'promotion.handed-over',
    ],
  },
  verifying: {
    common: ['probe.recorded', 'rollback.claimed', 'claim.granted'],
    rare: ['reading.recorded', 'claim.denied', 'promotion.handed-over'],
  },
  monitoring: {
    common: [
      'reading.recorded',
      'notice.delivered',
      'rollback.claimed',
      'claim.granted',
      'answer.claimed',
      'question.expired',
    ],
    rare: ['drift.found', 'claim.denied', 'promotion.handed-over'],
  },
  'rolling-back': {
    common: [
      'step.claimed',
      'step.acted',
      'step.progressed',
      'step.completed',
      'probe.recorded',
      'trouble.met',
    ],
    rare: ['drift.found', 'step.failed', 'page.due', 'promotion.handed-over'],
  },
  'rollback-failed': {
    common: ['resolution.claimed', 'claim.granted'],
    rare: ['retry.claimed', 'claim.denied', 'page.due', 'promotion.handed-over'],
  },
};

/** People's events that are refused in every phase where somebody may try them. */
const refused: readonly [Phase, EventType][] = [
  ['awaiting-approval', 'approval.claimed'],
  ['awaiting-approval', 'rejection.claimed'],
  ['awaiting-approval', 'rollback.claimed'],
  ['waiting', 'approval.claimed'],
  ['waiting', 'rollback.claimed'],
  ['deploying', 'cancellation.claimed'],
  ['verifying', 'cancellation.claimed'],
  ['monitoring', 'cancellation.claimed'],
  ['rolling-back', 'cancellation.claimed'],
  ['promoted', 'cancellation.claimed'],
];

const reads = ['dynamo.GetItem', 'dynamo.Query'];
const writes = ['dynamo.UpdateItem', 'dynamo.TransactWriteItems'];
const awsReads = ['aws.GetDistribution', 'aws.GetInvalidation', 'aws.ListTagsForResource'];
const awsWrites = ['aws.UpdateDistribution', 'aws.CreateInvalidation'];
const slackCalls = ['slack.post', 'slack.update'];

const struck: readonly (readonly [fault: string, kinds: readonly string[]])[] = [
  [
    'throttled',
    [...reads, ...writes, ...awsReads, ...awsWrites, ...slackCalls, 'service.act', 'service.observe'],
  ],
  ['unavailable', [...reads, ...writes, ...awsReads, ...awsWrites, ...slackCalls, 'pages.fetch']],
  [
    'lost',
    [...reads, ...writes, ...awsReads, ...awsWrites, ...slackCalls, 'service.act', 'directory.kindOf'],
  ],
  ['late', [...writes, ...awsWrites, 'service.act']],
  ['stale', ['dynamo.index', 'aws.GetDistribution', 'aws.GetInvalidation']],
];

/** Calls at which a process has to have been killed and paused, before and after their effect. */
const stopped = [...reads, ...writes, ...awsReads, ...awsWrites, ...slackCalls, 'pages.fetch', 'service.act'];

const ends = [
  'promoted',
  'rolled-back',
  'rejected',
  'expired',
  'cancelled',
  'failed',
  'superseded',
  'superseded dirty',
  'resolved',
];

/** Every trigger of a rollback. */
const triggers = [
  'requested',
  'verification.failed',
  'verification.inconclusive',
  'verification.stale',
  'health.unhealthy',
  'health.inconclusive',
  'alarm',
  'step.deadline',
];

const cells = (from: Required['from'], all: readonly string[]): Required[] =>
  all.map((cell) => ({ cell, from }));

export const required: readonly Required[] = [
  ...Object.entries(accepted).flatMap(([phase, { common, rare }]) => [
    ...cells(
      2_000,
      common.map((type) => `accepted ${phase} x ${type}`),
    ),
    ...cells(
      100_000,
      rare.map((type) => `accepted ${phase} x ${type}`),
    ),
  ]),
  ...cells(
    100_000,
    refused.map(([phase, type]) => `refused ${phase} x ${type}`),
  ),
  ...struck.flatMap(([fault, kinds]) =>
    kinds.flatMap((kind) =>
      // One history in five has the service, and few of its acts are struck.
      cells(kind === 'service.act' ? 100_000 : 2_000, [`fault ${fault} x ${kind}`]),
    ),
  ),
  ...['before', 'after'].flatMap((side) =>
    cells(
      100_000,
      stopped.map((kind) => `killed ${side} ${kind}`),
    ),
  ),
  ...['before', 'after'].flatMap((side) =>
    cells(
      100_000,
      stopped.map((kind) => `paused ${side} ${kind}`),
    ),
  ),
  ...['before', 'after'].flatMap((side) =>
    cells(
      100_000,
      ['dynamo.TransactWriteItems', 'aws.UpdateDistribution', 'aws.CreateInvalidation'].map(
        (kind) => `asleep for minutes ${side} ${kind}`,
      ),
    ),
  ),
  ...cells(
    100_000,
    ends.map((end) => `end ${end}`),
  ),
  ...cells(
    100_000,
    triggers.map((code) => `ending rolled-back ${code}`),
  ),
  ...cells(2_000, [
    'hint lost',
    'hint late',
    'hint doubled',
    'antecedent claimed after a countdown',
    'antecedent rollback waited while another app of its distribution moved',
    ...['errors', 'alarm', 'no-metrics', 'errors-by-turns', 'no-metrics-by-turns'].map(
      (flaw) => `antecedent watched a release with ${flaw}`,
    ),
    'antecedent probed a page of the wrong version',
    'antecedent probe failed in verifying',
    'antecedent alarm read in monitoring',
    'antecedent asked because the watch does not end',
    ...['roll-back', 'retry', 'answer continue', 'answer roll-back'].map(
      (wish) => `antecedent ${wish} waits for the directory`,
    ),
    'antecedent named roll-back behind a wish that waits for the directory',
    'antecedent soak over while Roll Back is being checked',
  ]),
  ...cells(100_000, [
    ...['answer', 'retry'].map(
      (wish) => `antecedent named ${wish} behind a wish that waits for the directory`,
    ),
    'antecedent healthy again while an answer "roll back" is being checked',
    'watch broken by a late reading',
    'watch broken by a gap in its data',
    'antecedent lock handed over',
    'antecedent lock freed by two people',
    'antecedent handed to people',
    'antecedent changed production held up for long',
    'antecedent act of one that was handed over',
    'antecedent stored under a newer schema',
    'an approver left',
    'sweep skipped',
  ]),
];

/** Cells that nobody will ever meet, and why. */
export const impossible: readonly { readonly cell: string; readonly why: string }[] = [
  {
    cell: 'accepted promoted x any',
    why: 'what has ended takes no event; the transition table test asks for all of them',
  },
  {
    cell: 'refused x events of ticks',
    why: 'a tick that is refused saves nothing; the transition table test asks for all of them',
  },
  { cell: 'fault late x reads', why: 'a read that arrives late changes nothing' },
  { cell: 'fault stale x dynamo.GetItem', why: 'the table is read consistently' },
  {
    cell: 'accepted awaiting-approval x promotion.superseded',
    why: 'whoever waits for approval holds no lock; only one that lost it between two calls of a rollback is met there',
  },
  { cell: 'accepted with a freeze', why: 'the product has no freeze yet' },
];

export function missing(met: Readonly<Record<string, number>>, histories: number): string[] {
  return required
    .filter(({ cell, from }) => histories >= from && (met[cell] ?? 0) === 0)
    .map(({ cell }) => cell);
}

/** How much of what it is meant to try a run of so many histories met. */
export function spellCoverage(met: Readonly<Record<string, number>>, histories: number): string {
  const asked = required.filter(({ from }) => histories >= from).length;
  const least = Math.min(...required.map(({ from }) => from));
  const told =
    asked === 0
      ? `none required below ${least} histories`
      : `${asked - missing(met, histories).length} of ${asked} required ones`;
  return `${Object.keys(met).length} cells met, ${told}`;
}
