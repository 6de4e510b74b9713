import { describe, expect, it } from 'vitest';
import { type EventType, eventTypes, type PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { hasEnded, type Phase, phases } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  ada,
  analysis,
  claim,
  digest,
  grace,
  newRelease,
  otto,
  passed,
  plan,
  type Walk,
  walkTo,
} from './walk.ts';

const refusal = { code: 'x', text: 'x', next: 'x' };

/** One plausible event of each type; what matters is whether the phase takes it. */
const samples: Record<EventType, PromotionEvent> = {
  'approval.claimed': {
    type: 'approval.claimed',
    claim: claim('approve', grace),
    round: 1,
    digest: digest.slice(0, 12),
  },
  'rejection.claimed': {
    type: 'rejection.claimed',
    claim: claim('reject', grace),
    round: 1,
    digest: digest.slice(0, 12),
  },
  'cancellation.claimed': { type: 'cancellation.claimed', claim: claim('cancel', ada) },
  'rollback.claimed': { type: 'rollback.claimed', claim: claim('roll-back', ada) },
  'answer.claimed': {
    type: 'answer.claimed',
    claim: claim('answer', otto, { answer: 'continue' }),
    questionId: 'q',
  },
  'retry.claimed': { type: 'retry.claimed', claim: claim('retry', otto) },
  'resolution.claimed': { type: 'resolution.claimed', claim: claim('resolve', otto) },
  'claim.granted': { type: 'claim.granted', claimId: 'p1-request', evidence: 'named' },
  'claim.denied': { type: 'claim.denied', claimId: 'p1-request', refusal },
  'analysis.completed': { type: 'analysis.completed', analysis, release: newRelease },
  'analysis.refused': { type: 'analysis.refused', refusal },
  'validation.recorded': { type: 'validation.recorded', plan, digest },
  'approval.expired': { type: 'approval.expired' },
  'approval.lapsed': { type: 'approval.lapsed', person: grace, refusal },
  'lock.taken': { type: 'lock.taken' },
  'lock.inherited': {
    type: 'lock.inherited',
    from: 'p9',
    dirty: true,
    unfencedAtMs: null,
    openClaimAtMs: null,
  },
  'lock.lost': { type: 'lock.lost', holder: 'p9' },
  'lock.refused': { type: 'lock.refused', holder: 'p9' },
  'notice.delivered': { type: 'notice.delivered' },
  'wait.elapsed': { type: 'wait.elapsed' },
  'gate.recorded': { type: 'gate.recorded', results: [passed('staging')] },
  'plan.changed': { type: 'plan.changed', plan, digest: 'd2', release: newRelease, differences: ['x'] },
  'plan.refused': { type: 'plan.refused', refusal },
  'step.claimed': { type: 'step.claimed', stepId: 'switch', key: 'k', precondition: 'E1' },
  'step.acted': { type: 'step.acted', stepId: 'switch', reference: 'r' },
  'step.progressed': { type: 'step.progressed', stepId: 'switch', text: 'x', fraction: null },
  'step.completed': { type: 'step.completed', stepId: 'switch', text: 'x' },
  'step.reopened': { type: 'step.reopened', stepId: 'switch-back', text: 'x' },
  'step.failed': { type: 'step.failed', stepId: 'switch', code: 'x', text: 'x' },
  'drift.found': { type: 'drift.found', stepId: 'switch', text: 'x' },
  'probe.recorded': { type: 'probe.recorded', results: [passed('version')] },
  'reading.recorded': { type: 'reading.recorded', results: [passed('errors')], completeUntilMs: null },
  'question.expired': { type: 'question.expired', questionId: 'q' },
  'promotion.superseded': { type: 'promotion.superseded', by: 'p2', person: ada },
  'promotion.handed-over': { type: 'promotion.handed-over', to: 'p2', person: ada },
  'page.due': { type: 'page.due' },
  'trouble.met': { type: 'trouble.met', during: 'work', code: 'x', text: 'x', retryAfterMs: null },
};

function cell(walk: Walk, type: EventType): string {
  const decision = transition(walk.promotion, samples[type], walk.nowMs);
  return decision.outcome === 'accepted' ? `-> ${decision.promotion.phase}` : `no: ${decision.refusal.code}`;
}

describe('transition', () => {
  it('every phase answers every event: with the next phase, or with a reason and what to do', () => {
    const walks = phases.map((phase): [Phase, Walk] => [phase, walkTo(phase)]);
    const table = Object.fromEntries(
      eventTypes.map((type) => [
        type,
        Object.fromEntries(walks.map(([phase, walk]) => [phase, cell(walk, type)])),
      ]),
    );

    expect(table).toMatchSnapshot();
  });

  it.each(phases.filter((phase) => hasEnded(walkTo(phase).promotion)))(
    'nothing changes a promotion that is %s',
    (phase) => {
      const walk = walkTo(phase);

      const taken = eventTypes.filter(
        (type) => transition(walk.promotion, samples[type], walk.nowMs).outcome === 'accepted',
      );

      expect(taken).toEqual([]);
      expect(nextAction(walk.promotion, walk.nowMs + 1e12)).toEqual({ does: 'rest', untilMs: null });
    },
  );

  it.each(phases)('every refusal while %s says what is wrong and what to do next', (phase) => {
    const walk = walkTo(phase);

    const mute = eventTypes
      .map((type) => transition(walk.promotion, samples[type], walk.nowMs))
      .filter((decision) => decision.outcome === 'refused')
      .filter(({ refusal: why }) => why.text.length < 10 || why.next.length < 4);

    expect(mute).toEqual([]);
  });

  it.each(phases.filter((phase) => !hasEnded(walkTo(phase).promotion)))(
    'a promotion that is %s wants to be looked at again by itself',
    (phase) => {
      const { promotion } = walkTo(phase);

      expect(promotion.dueAtMs).not.toBeNull();
    },
  );
});
