import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { hasEnded, isDirty, type Phase, Promotion, phases } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  ada,
  analysis,
  claim,
  digest,
  failed,
  grace,
  hash,
  lin,
  newRelease,
  otto,
  passed,
  plan,
  unknown,
  walkTo,
} from './walk.ts';

const people = fc.constantFrom(ada, grace, lin, otto);
const stepIds = fc.constantFrom('switch', 'settle', 'invalidate', 'switch-back', 'settle-back', 'nonsense');
const results = fc.array(
  fc.constantFrom(passed('version'), failed('version'), unknown('version'), failed('alarm', true)),
  { maxLength: 3 },
);
const refusal = { code: 'x', text: 'because of this', next: 'do that' };

/** Any event at all, likely or not: what a confused worker, a late click and a slow clock can bring. */
function anyEvent(promotion: Promotion): fc.Arbitrary<PromotionEvent> {
  const round = 'round' in promotion ? promotion.round : 1;
  const pending = promotion.claims.map(({ id }) => id);
  const claimId = pending.length > 0 ? fc.constantFrom(...pending) : fc.constant('nobody');
  const question = promotion.phase === 'monitoring' ? (promotion.watch.question?.id ?? 'q') : 'q';
  return fc.oneof(
    people.map((person) => ({
      type: 'approval.claimed' as const,
      claim: claim('approve', person),
      round,
      digest: digest.slice(0, 12),
    })),
    people.map((person) => ({
      type: 'rejection.claimed' as const,
      claim: claim('reject', person),
      round,
      digest: digest.slice(0, 12),
    })),
    people.map((person) => ({ type: 'cancellation.claimed' as const, claim: claim('cancel', person) })),
    people.map((person) => ({ type: 'rollback.claimed' as const, claim: claim('roll-back', person) })),
    people.map((person) => ({
      type: 'answer.claimed' as const,
      claim: claim('answer', person, { answer: 'continue' }),
      questionId: question,
    })),
    people.map((person) => ({ type: 'retry.claimed' as const, claim: claim('retry', person) })),
    people.map((person) => ({ type: 'resolution.claimed' as const, claim: claim('resolve', person) })),
    {
      weight: 6,
      arbitrary: claimId.map((id) => ({ type: 'claim.granted' as const, claimId: id, evidence: 'named' })),
    },
    claimId.map((id) => ({ type: 'claim.denied' as const, claimId: id, refusal })),
    fc.constantFrom<PromotionEvent>(
      { type: 'analysis.completed', analysis, release: newRelease },
      { type: 'validation.recorded', plan, digest },
      { type: 'lock.taken' },
      { type: 'lock.refused', holder: 'p9' },
      { type: 'notice.delivered' },
      { type: 'wait.elapsed' },
      { type: 'approval.expired' },
      { type: 'plan.changed', plan, digest, release: newRelease, differences: ['x'] },
      { type: 'question.expired', questionId: question },
      { type: 'page.due' },
      { type: 'lock.lost', holder: 'p9' },
      { type: 'promotion.handed-over', to: 'p9', person: ada },
      { type: 'step.reopened', stepId: 'switch-back', text: 'it came back' },
    ),
    results.map((all) => ({
      type: 'gate.recorded' as const,
      results: all.length === 0 ? [passed('staging')] : all,
    })),
    {
      weight: 4,
      arbitrary: stepIds.map((stepId) => ({
        type: 'step.claimed' as const,
        stepId,
        key: `p1.${stepId}.1`,
        precondition: 'E1',
      })),
    },
    {
      weight: 4,
      arbitrary: stepIds.map((stepId) => ({ type: 'step.completed' as const, stepId, text: 'done' })),
    },
    stepIds.map((stepId) => ({ type: 'step.failed' as const, stepId, code: 'x', text: 'failed' })),
    stepIds.map((stepId) => ({ type: 'step.acted' as const, stepId, reference: 'I1' })),
    stepIds.map((stepId) => ({ type: 'drift.found' as const, stepId, text: 'somebody' })),
    { weight: 3, arbitrary: results.map((all) => ({ type: 'probe.recorded' as const, results: all })) },
    {
      weight: 3,
      arbitrary: results.map((all) => ({
        type: 'reading.recorded' as const,
        results: all,
        completeUntilMs: null,
      })),
    },
    fc.constant<PromotionEvent>({
      type: 'trouble.met',
      during: 'work',
      code: 'x',
      text: 'x',
      retryAfterMs: null,
    }),
  );
}

/** What may never happen from one saved promotion to the next, whatever event came. */
function broken(before: Promotion, after: Promotion, event: PromotionEvent): string[] {
  const wrong: string[] = [];
  const hold = (what: string, holds: boolean) => {
    if (!holds) wrong.push(`${event.type} in ${before.phase}: ${what}`);
  };
  const endsOfDirty: readonly Phase[] = ['promoted', 'rolled-back', 'resolved', 'superseded'];
  hold('an end is final', !hasEnded(before));
  hold('what was claimed is never forgotten', !isDirty(before) || isDirty(after));
  hold(
    'a changed production is promoted, rolled back or left to people',
    !(isDirty(before) && hasEnded(after)) || endsOfDirty.includes(after.phase),
  );
  hold('an open promotion is due', hasEnded(after) || after.dueAtMs !== null);
  hold('time runs forward', after.nowMs >= before.nowMs);
  if (after.phase === 'deploying' && isDirty(after) && !isDirty(before)) {
    const approvers = new Set(after.approvals.map(({ person }) => person.userId));
    hold(
      'the first claim has two distinct approvers',
      approvers.size >= 2 && !approvers.has(after.requester.userId),
    );
    hold('the first claim has a fresh gate', after.gate !== null && after.nowMs - after.gate.atMs <= 60_000);
    hold('no claim after the approvals expired', after.nowMs < after.expiresAtMs);
  }
  if (after.phase === 'promoted') hold('promoted only from the watch', before.phase === 'monitoring');
  if (after.phase === 'rolled-back' && before.phase === 'rolling-back') {
    hold(
      'rolled back only after a claimed write back',
      before.rollback.steps['switch-back']?.claim !== null &&
        before.rollback.steps['switch-back'] !== undefined,
    );
  }
  return wrong;
}

/** What time alone calls for has to be taken, and to change what is called for: else a tick goes round for ever. */
function stuck(promotion: Promotion, nowMs: number): string[] {
  const action = nextAction(promotion, nowMs);
  if (action.does !== 'emit') return [];
  const decision = transition(promotion, action.event, nowMs);
  if (decision.outcome === 'refused')
    return [`${action.event.type} in ${promotion.phase}: ${decision.refusal.code}`];
  const next = nextAction(decision.promotion, nowMs);
  return next.does === 'emit' && next.event.type === action.event.type
    ? [`${action.event.type} in ${promotion.phase}: again and again`]
    : [];
}

describe('any events in any order', () => {
  it('never break what must always hold, and what is saved can always be read back', () => {
    const reached = new Set<Phase>();

    fc.assert(
      fc.property(fc.constantFrom(...phases), fc.gen(), (phase, draw) => {
        const walk = walkTo(phase);
        let promotion: Promotion = walk.promotion;
        let nowMs = walk.nowMs;
        for (let count = 0; count < 25; count += 1) {
          nowMs += draw(fc.constantFrom, 0, 1_000, 30_000, 61_000, 600_000, 200_000_000);
          expect(stuck(promotion, nowMs)).toEqual([]);
          const event = draw(anyEvent, promotion);
          const decision = transition(promotion, event, nowMs);
          if (decision.outcome === 'refused') continue;
          const next = Promotion.parse(toChange(promotion, decision, event, nowMs, hash).promotion);
          expect(broken(promotion, next, event)).toEqual([]);
          promotion = next;
          reached.add(promotion.phase);
        }
      }),
      { numRuns: 200 },
    );

    expect(reached.size, 'walks that go nowhere prove nothing').toBeGreaterThan(9);
  }, 60_000);
});
