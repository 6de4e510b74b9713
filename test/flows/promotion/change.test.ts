import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/flows/promotion/canonical.ts';
import { actorOf, auditHash, toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { openPromotion } from '../../../src/flows/promotion/open.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { stands } from './stands.ts';
import {
  ada,
  analysis,
  begin,
  claim,
  digest,
  grace,
  hash,
  newRelease,
  oldRelease,
  otto,
  passed,
  policy,
  startMs,
  type Walk,
  walkTo,
} from './walk.ts';

function saved({ promotion, nowMs }: Walk, event: PromotionEvent, atMs = nowMs + 1_000) {
  const decision = transition(promotion, event, atMs);
  if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
  return toChange(promotion, decision, event, atMs, hash);
}
const system = { kind: 'system' };
const by = (person: typeof grace) => ({ kind: 'person', person });

describe('ALL-11 the entry that a decision leaves in the audit', () => {
  it('names what happened, who did it, from where to where, and hangs on the entry before', () => {
    const walk = walkTo('awaiting-approval');
    const event = {
      type: 'approval.claimed' as const,
      claim: claim('approve', grace),
      round: 1,
      digest: digest.slice(0, 12),
    };

    const { audit, promotion } = saved(walk, event);

    const entry = {
      promotionId: 'p1',
      sequence: walk.promotion.audit.sequence + 1,
      atMs: walk.nowMs + 1_000,
      actor: by(grace),
      from: 'awaiting-approval',
      to: 'awaiting-approval',
      digest,
      event,
      refusal: null,
      previous: walk.promotion.audit.head,
    };
    expect(audit).toEqual([{ ...entry, hash: hash(canonical(entry)) }]);
    expect(promotion.audit).toEqual({ sequence: entry.sequence, head: audit[0]?.hash });
  });

  it('is what a person did when it settles what they asked for, and the bot’s own otherwise', () => {
    const walk = walkTo('awaiting-approval');
    const claims = [claim('approve', grace), claim('cancel', otto)];
    const asked = { ...walk, promotion: { ...walk.promotion, claims } };
    const claimId = claims[1]?.id ?? '';
    const refusal = { code: 'no', text: 'no', next: 'no' };

    const actors = [
      saved(asked, { type: 'claim.granted', claimId, evidence: 'named' }),
      saved(asked, { type: 'claim.denied', claimId, refusal }),
      saved(walk, { type: 'plan.refused', refusal }),
    ].map(({ audit }) => audit[0]?.actor);

    expect(actors).toEqual([by(otto), by(otto), system]);
  });

  it('is the bot’s own where what it settles is not asked for any more', () => {
    const { promotion } = walkTo('awaiting-approval');

    expect(actorOf(promotion, { type: 'claim.granted', claimId: 'gone', evidence: 'named' })).toEqual(system);
  });

  it('has no digest before there is a plan', () => {
    const { audit } = saved(stands['analyzing, its requester admitted'](), {
      type: 'analysis.completed',
      analysis,
      release: newRelease,
    });

    expect(audit[0]).toMatchObject({ digest: null, from: 'analyzing', to: 'validating' });
  });

  it('is not made for a look that only moves a progress line: the chain stays as it is', () => {
    const walk = walkTo('deploying');
    const { audit, promotion } = saved(walk, {
      type: 'step.progressed',
      stepId: 'switch',
      text: 'half',
      fraction: 0.5,
    });

    expect(audit).toEqual([]);
    expect(promotion.audit).toEqual(walk.promotion.audit);
    expect(promotion.revision).toBe(walk.promotion.revision + 1);
  });

  it('changes its hash with anything in it', () => {
    const entry = begin().audit[0];
    if (entry === undefined) throw new Error('nothing was written');
    const { hash: own, ...rest } = entry;

    expect(auditHash(rest, hash)).toBe(own);
    expect(auditHash({ ...rest, sequence: 2 }, hash)).not.toBe(own);
  });

  it('is never dated before the one before it, whatever a worker’s clock says', () => {
    const walk = walkTo('verifying');
    const { audit, promotion } = saved(
      walk,
      { type: 'probe.recorded', results: [passed('version')] },
      walk.nowMs - 60_000,
    );

    expect(audit[0]?.atMs).toBe(walk.nowMs);
    expect(promotion.nowMs).toBe(walk.nowMs);
  });
});

describe('the first save of a promotion', () => {
  const request = {
    kind: 'promotion' as const,
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    person: ada,
    reason: 'new lamps',
    dedupeKey: 't1',
  };
  const definition = walkTo('analyzing').promotion.definition;
  const settings = { app: 'site', environment: 'production', definition, policy };

  it('ALL-11 says in the chain what was asked for, by whom, and that nothing was before it', () => {
    const { audit } = openPromotion('p7', request, settings, startMs, hash);

    const entry = {
      promotionId: 'p7',
      sequence: 1,
      atMs: startMs,
      actor: by(ada),
      from: 'none',
      to: 'analyzing',
      digest: null,
      event: {
        type: 'promotion.requested',
        request: {
          kind: 'promotion',
          app: 'site',
          environment: 'production',
          version: 'v1.1.0',
          reason: 'new lamps',
        },
      },
      refusal: null,
      previous: '',
    };
    expect(audit).toEqual([{ ...entry, hash: hash(canonical(entry)) }]);
  });

  it('is due at once, tells that it was asked for, and holds no lock', () => {
    const change = openPromotion('p7', request, settings, startMs, hash);

    expect(change).toMatchObject({ locks: null, live: null, handedOver: null });
    expect(change.announcements).toEqual([
      { promotionId: 'p7', sequence: 1, atMs: startMs, announcement: { topic: 'requested' } },
    ]);
    expect(change.promotion).toMatchObject({
      id: 'p7',
      phase: 'analyzing',
      revision: 1,
      nowMs: startMs,
      dueAtMs: startMs,
      requestedAtMs: startMs,
      requester: ada,
      reason: 'new lamps',
      version: 'v1.1.0',
      admitted: false,
      announced: 1,
      phases: [{ phase: 'analyzing', atMs: startMs }],
      audit: { sequence: 1, head: change.audit[0]?.hash },
      troubles: { people: null, work: null },
      policy,
      definition,
    });
  });

  it('asks for the right that its kind needs', () => {
    const back = openPromotion(
      'p8',
      { ...request, kind: 'rollback', version: null },
      settings,
      startMs,
      hash,
    );
    const forth = openPromotion('p7', request, settings, startMs, hash);

    const asked = { person: ada, atMs: startMs, reason: 'new lamps', answer: null };
    expect(forth.promotion.claims).toEqual([{ ...asked, id: 'p7-request', does: 'request' }]);
    expect(back.promotion.claims).toEqual([{ ...asked, id: 'p8-request', does: 'roll-back' }]);
  });
});

describe('what one save carries beside the promotion', () => {
  it('numbers what has to be told in its order, on from what was told before', () => {
    const walk = walkTo('verifying');
    const { announcements, promotion } = saved(walk, {
      type: 'probe.recorded',
      results: [{ ...passed('version'), outcome: 'failed' }],
    });

    const first = walk.promotion.announced + 1;
    expect(announcements.map(({ sequence }) => sequence)).toEqual([first, first + 1]);
    expect(announcements.map(({ announcement }) => announcement.topic)).toEqual(['probed', 'rolling-back']);
    expect(
      announcements.every(({ promotionId, atMs }) => promotionId === 'p1' && atMs === promotion.nowMs),
    ).toBe(true);
  });

  it('ALL-5 takes and frees the locks of the environment and of everything that the plan changes', () => {
    const keys = ['site#production', 'arn:thing'];

    expect(saved(stands['awaiting approval, approved by all'](), { type: 'lock.taken' }).locks).toEqual({
      does: 'take',
      keys,
    });
    const refusal = { code: 'x', text: 'x', next: 'x' };
    expect(saved(walkTo('waiting'), { type: 'plan.refused', refusal }).locks).toEqual({
      does: 'release',
      keys,
    });
  });

  it('frees what was locked for the plan before, not what a changed plan would lock', () => {
    const walk = walkTo('waiting');
    const plan = 'plan' in walk.promotion ? walk.promotion.plan : null;
    if (plan === null) throw new Error('no plan');
    const other = { ...plan, analysis: { ...plan.analysis, resources: ['arn:other'] } };

    const { locks } = saved(walk, {
      type: 'plan.changed',
      plan: other,
      digest: 'd2',
      release: newRelease,
      differences: ['x'],
    });

    expect(locks).toEqual({ does: 'release', keys: ['site#production', 'arn:thing'] });
  });

  it('a takeover locks what the plan that begins needs', () => {
    const walk = stands['ready to go as a rollback']();

    expect(saved(walk, { type: 'lock.taken' }).locks).toEqual({
      does: 'take',
      keys: ['site#production', 'arn:thing'],
    });
  });

  it('records a release that was seen to be good, and which one it is in place of', () => {
    const good: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
    const backAfterFailure = stands['rolling back, settled']();
    const once = saved(backAfterFailure, good).promotion;
    const ended = saved({ ...backAfterFailure, promotion: once, nowMs: once.nowMs }, good);

    expect(ended.promotion.phase).toBe('rolled-back');
    expect(ended.live).toEqual({
      app: 'site',
      environment: 'production',
      version: oldRelease.version,
      artifact: oldRelease.artifact,
      promotionId: 'p1',
      atMs: ended.promotion.nowMs,
      replaced: newRelease.artifact,
    });
  });

  it('a rollback that was asked for replaces what was live', () => {
    const good: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
    const events: PromotionEvent[] = [
      { type: 'step.claimed', stepId: 'switch-back', key: 'k', precondition: 'E1' },
      { type: 'step.completed', stepId: 'switch-back', text: 'done' },
      { type: 'step.completed', stepId: 'settle-back', text: 'done' },
      good,
      good,
    ];
    let walk = stands['rolling back as asked for']();
    let live = null;
    for (const event of events) {
      const change = saved(walk, event);
      walk = { ...walk, promotion: change.promotion, nowMs: change.promotion.nowMs };
      live = change.live;
    }

    expect(walk.promotion.phase).toBe('rolled-back');
    expect(live).toMatchObject({ version: newRelease.version, replaced: oldRelease.artifact });
  });

  it('a release that is promoted replaces none that was bad', () => {
    const { live } = saved(
      walkTo('monitoring'),
      {
        type: 'reading.recorded',
        results: [passed('errors')],
        completeUntilMs: null,
        looked: true,
      } as PromotionEvent,
      walkTo('monitoring').nowMs + 180_000,
    );

    expect(live).toMatchObject({ version: 'v1.1.0', replaced: null });
  });
});
