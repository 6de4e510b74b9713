import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { type Phase, type Promotion, phases } from '../../../src/flows/promotion/promotion.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import type { Item, Transport, Write } from '../../../src/store/transport.ts';
import {
  ada,
  analysis,
  approve,
  begin,
  claim,
  digest,
  grace,
  granted,
  later,
  lin,
  newRelease,
  passed,
  plan,
  startMs,
  through,
  unknown,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from '../../flows/promotion/walk.ts';

const probe: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
const trouble: PromotionEvent = {
  type: 'trouble.met',
  during: 'work',
  code: 'aws.unreachable',
  text: 'CloudFront cannot be reached.',
  retryAfterMs: null,
};
const claimed = (stepId: string): PromotionEvent => ({
  type: 'step.claimed',
  stepId,
  key: `p1.${stepId}.1`,
  precondition: 'E1',
});
const done = (stepId: string): PromotionEvent => ({ type: 'step.completed', stepId, text: 'done' });
const asks = (walk: Walk, event: PromotionEvent) => through(walk, event);
const wantsBack = (walk: Walk) =>
  asks(walk, { type: 'rollback.claimed', claim: claim('roll-back', grace, { reason: 'errors rise' }) });
const wantsCancel = (walk: Walk) => asks(walk, { type: 'cancellation.claimed', claim: claim('cancel', ada) });
const wantsApproval = (walk: Walk) =>
  asks(walk, {
    type: 'approval.claimed',
    claim: claim('approve', grace),
    round: 1,
    digest: digest.slice(0, 12),
  });

/** A rollback by command only takes back: its plan has no step forward. */
const backwards = {
  ...analysis,
  steps: [],
  rollback: analysis.rollback.map((entry) => ({ ...entry, undoes: [] })),
};
const rollback = {
  analyzing: () => begin({ kind: 'rollback' }),
  validating: () =>
    through(granted(begin({ kind: 'rollback' }), 'roll-back'), {
      type: 'analysis.completed',
      analysis: backwards,
      release: newRelease,
    }),
  'awaiting-approval': () =>
    through(rollback.validating(), {
      type: 'validation.recorded',
      plan: { ...plan, analysis: backwards },
      digest,
    }),
  'rolling-back': () => through(rollback['awaiting-approval'](), { type: 'lock.taken' }),
  switching: () => through(rollback['rolling-back'](), claimed('switch-back')),
  'rolled-back': () => through(rollback.switching(), done('switch-back'), done('settle-back'), probe, probe),
  'rollback-failed': () =>
    through(rollback.switching(), {
      type: 'drift.found',
      stepId: 'switch-back',
      text: 'Somebody else changed it.',
    }),
};

/** A rollback that took over what another promotion had changed. */
const tookOver = () =>
  through(rollback['awaiting-approval'](), {
    type: 'lock.inherited',
    from: 'p0',
    dirty: true,
    unfencedAtMs: startMs,
    openClaimAtMs: startMs,
  });

/** Every place a promotion can stand, with and without something under way: the shortest true story to each. */
const stories: Record<string, () => Walk> = {
  ...Object.fromEntries(
    phases.map((phase: Phase) => [
      `${phase}, nothing claimed`,
      () => (phase === 'deploying' ? walkToUntouchedDeployment() : walkTo(phase)),
    ]),
  ),
  'analyzing, admitted': () => granted(begin(), 'request'),
  'validating, in trouble': () => through(walkTo('validating'), trouble),
  'awaiting-approval, a person asks': () => wantsApproval(walkTo('awaiting-approval')),
  'awaiting-approval, one approval': () => approve(walkTo('awaiting-approval'), grace),
  'awaiting-approval, lock busy': () =>
    through(approve(approve(walkTo('awaiting-approval'), grace), lin), {
      type: 'lock.refused',
      holder: 'p0',
    }),
  'awaiting-approval, second round': () =>
    through(walkToUntouchedDeployment(), {
      type: 'plan.changed',
      plan: { ...plan, analysis: { ...analysis, fingerprint: 'f2' } },
      digest: digest.split('').reverse().join(''),
      release: newRelease,
      differences: ['Configuration of the target'],
    }),
  'waiting, notice delivered': () => through(walkTo('waiting'), { type: 'notice.delivered' }),
  'waiting, a person asks': () => wantsCancel(walkTo('waiting')),
  'deploying, step claimed': () => walkTo('deploying'),
  'deploying, step claimed, a person asks': () => wantsBack(walkTo('deploying')),
  'deploying, step claimed, in trouble': () => through(walkTo('deploying'), trouble),
  'deploying, step waiting': () =>
    through(walkTo('deploying'), done('switch'), {
      type: 'step.progressed',
      stepId: 'settle',
      text: 'on its way',
      fraction: 0.5,
    }),
  'verifying, a person asks': () => wantsBack(walkTo('verifying')),
  'verifying, probed': () => through(walkTo('verifying'), probe),
  'monitoring, a person asks': () => wantsBack(walkTo('monitoring')),
  'monitoring, asked on-call': () => questioned(),
  'monitoring, on-call answers': () => answered(questioned()),
  'rolling-back, step claimed': () => through(walkTo('rolling-back'), claimed('switch-back')),
  'rolling-back, forward step still claimed': () => granted(wantsBack(walkTo('deploying')), 'roll-back'),
  'rolling-back, in trouble': () => through(walkTo('rolling-back'), claimed('switch-back'), trouble),
  'rolling-back, verifying': () =>
    through(walkTo('rolling-back'), claimed('switch-back'), done('switch-back'), done('settle-back'), probe),
  'rollback-failed, a person asks': () =>
    asks(walkTo('rollback-failed'), {
      type: 'retry.claimed',
      claim: claim('retry', grace),
    }),
  'rollback-failed, one resolution': () =>
    granted(
      asks(walkTo('rollback-failed'), {
        type: 'resolution.claimed',
        claim: claim('resolve', grace, { reason: 'mended by hand' }),
      }),
      'resolve',
    ),
  'analyzing, a rollback': rollback.analyzing,
  'validating, a rollback': rollback.validating,
  'awaiting-approval, a rollback': rollback['awaiting-approval'],
  'rolling-back, a rollback': rollback['rolling-back'],
  'rolling-back, a rollback, step claimed': rollback.switching,
  'rolled-back, a rollback': rollback['rolled-back'],
  'rollback-failed, a rollback': rollback['rollback-failed'],
  'rolling-back, a rollback that took over': tookOver,
  'superseded, had changed production': () =>
    through(walkTo('deploying'), { type: 'promotion.handed-over', to: 'p2', person: grace }),
  'failed, a rollback': () =>
    through(granted(begin({ kind: 'rollback' }), 'roll-back'), {
      type: 'analysis.refused',
      refusal: { code: 'x', text: 'x', next: 'x' },
    }),
};

function questioned(): Walk {
  const reading: PromotionEvent = {
    type: 'reading.recorded',
    results: [unknown('errors')],
    completeUntilMs: null,
  };
  let walk = walkTo('monitoring') as Walk;
  for (let count = 0; count < 10; count += 1) {
    if ('watch' in walk.promotion && walk.promotion.watch?.question != null) return walk;
    walk = later(walk, 60, reading);
  }
  throw new Error('on-call was never asked');
}

function answered(walk: Walk): Walk {
  const question = 'watch' in walk.promotion ? walk.promotion.watch?.question : null;
  if (question == null) throw new Error('nothing was asked');
  return asks(walk, {
    type: 'answer.claimed',
    claim: claim('answer', grace, { answer: 'continue' }),
    questionId: question.id,
  });
}

/** What the store would put for this promotion. */
export async function storedItem(promotion: Promotion): Promise<Item> {
  let found: Item | undefined;
  const unused = async () => {
    throw new Error('only one save is expected');
  };
  const transport: Transport = {
    get: unused,
    query: unused,
    write: unused,
    async transact(writes: readonly Write[]) {
      const [first] = writes;
      if (first?.does === 'put') found = first.item;
      return { outcome: 'written', nowMs: promotion.nowMs };
    },
  };
  const store = createPromotionStore({ transport, nonce: () => 'tx-1' });
  await store.save({ promotion, audit: [], announcements: [], locks: null, handedOver: null, live: null });
  if (found === undefined) throw new Error('nothing was put');
  return found;
}

/** Today's corpus: one line for each story. */
export async function corpusLines(): Promise<string> {
  let lines = '';
  for (const [name, story] of Object.entries(stories)) {
    const { body, ...attributes } = await storedItem(story().promotion);
    if (body === undefined || !('S' in body)) throw new Error('the body is no text');
    lines += `${JSON.stringify({ name, attributes, body: JSON.parse(body.S) })}\n`;
  }
  return lines;
}
