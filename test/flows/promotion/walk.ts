import { createHash } from 'node:crypto';
import type { Announcement } from '../../../src/flows/promotion/announcements.ts';
import type { AuditEntry } from '../../../src/flows/promotion/audit.ts';
import { toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { openPromotion } from '../../../src/flows/promotion/open.ts';
import type { Analysis, CheckResult, Plan, Release, Step } from '../../../src/flows/promotion/plan.ts';
import type { Policy } from '../../../src/flows/promotion/policy.ts';
import {
  type Person,
  type PersonClaim,
  type Phase,
  Promotion,
  type PromotionIn,
} from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';

export const hash = (text: string) => createHash('sha256').update(text).digest('hex');

export const ada: Person = { teamId: 'T1', userId: 'UADA' };
export const grace: Person = { teamId: 'T1', userId: 'UGRACE' };
export const lin: Person = { teamId: 'T1', userId: 'ULIN' };
export const otto: Person = { teamId: 'T1', userId: 'UOTTO' };

export const policy: Policy = {
  promoters: 'members',
  approvals: {
    required: 2,
    from: { people: ['UGRACE', 'ULIN'], groups: ['SAPPROVE'] },
    expiresAfterSeconds: 172_800,
    waitSeconds: 300,
  },
  rollback: { approvals: 0, from: { people: ['UADA', 'UGRACE'], groups: [] } },
  verification: { probes: 2, intervalSeconds: 10, graceSeconds: 60 },
  monitoring: {
    soakSeconds: 180,
    intervalSeconds: 60,
    unhealthyReadings: 2,
    patienceSeconds: 60,
    answerWithinSeconds: 300,
    withoutAnswer: 'roll-back',
  },
  troubleLimitSeconds: 1800,
  onCall: { people: ['UOTTO'], groups: [], channel: null },
  channel: 'CDEPLOY',
};

export const oldRelease: Release = { version: 'v1.0.0', commit: null, artifact: 'aaaa0000' };
export const newRelease: Release = {
  version: 'v1.1.0',
  commit: { sha: 'c0ffee', author: 'ada', message: 'Better lamps', url: 'https://example.test/c0ffee' },
  artifact: 'bbbb1111',
};

const step = (id: string, does: Step['does'], fence: Step['fence']): Step =>
  ({
    id,
    does,
    fence,
    title: `Do ${id}`,
    pollSeconds: 15,
    deadlineSeconds: 600,
    typicalSeconds: 60,
    settings: {},
  }) as Step;

export const analysis: Analysis = {
  live: { release: oldRelease, place: 'blue' },
  candidate: { release: newRelease, place: 'green' },
  fingerprint: 'f1',
  resources: ['arn:thing'],
  changes: ['Origin path: /blue to /green'],
  risks: [],
  steps: [
    step('switch', 'shift', 'compare-and-set'),
    step('settle', 'settle', 'none'),
    step('invalidate', 'invalidate', 'idempotent'),
  ],
  rollback: [
    { undoes: ['switch'], step: step('switch-back', 'shift', 'compare-and-set') },
    { undoes: ['switch'], step: step('settle-back', 'settle', 'none') },
  ],
  byHand: ['flip it back'],
  links: [],
};

export const passed = (id: string): CheckResult => ({
  id,
  title: id,
  outcome: 'passed',
  text: 'fine',
  link: null,
  urgent: false,
});
export const failed = (id: string, urgent = false): CheckResult => ({
  ...passed(id),
  outcome: 'failed',
  text: 'broken',
  urgent,
});
export const unknown = (id: string): CheckResult => ({
  ...passed(id),
  outcome: 'inconclusive',
  text: 'no data',
});

export const plan: Plan = { analysis, results: [passed('staging')], failingBefore: [] };
export const digest = hash('the plan');

export const startMs = Date.UTC(2026, 10, 21, 9);

let claims = 0;
export function claim(
  does: PersonClaim['does'],
  person: Person,
  also: Partial<PersonClaim> = {},
): PersonClaim {
  claims += 1;
  return { id: `claim-${claims}`, does, person, atMs: startMs, reason: null, answer: null, ...also };
}

/** A promotion on paper: events go in, the saved promotion and everything told come out. Refusals throw. */
export interface Walk {
  promotion: Promotion;
  nowMs: number;
  told: Announcement[];
  locks: string[];
  audit: AuditEntry[];
}

export function begin(also: { kind?: 'promotion' | 'rollback'; policy?: Policy } = {}): Walk {
  const request = {
    kind: also.kind ?? ('promotion' as const),
    app: 'site',
    environment: 'production',
    version: also.kind === 'rollback' ? 'v1.0.0' : 'v1.1.0',
    person: ada,
    reason: null,
    dedupeKey: 'trigger-1',
  };
  const settings = {
    app: 'site',
    environment: 'production',
    definition: {
      repository: 'northwind/site',
      target: { kind: 'paper', settings: {} },
      gates: [],
      checks: [],
      readings: [],
    },
    policy: also.policy ?? policy,
  };
  const change = openPromotion('p1', request, settings, startMs, hash);
  return {
    promotion: change.promotion,
    nowMs: startMs,
    told: change.announcements.map(({ announcement }) => announcement),
    locks: [],
    audit: [...change.audit],
  };
}

/** Applies one event after some seconds, checking that what would be saved is what the schema says. */
export function later(walk: Walk, seconds: number, event: PromotionEvent): Walk {
  const nowMs = walk.nowMs + seconds * 1000;
  const decision = transition(walk.promotion, event, nowMs);
  if (decision.outcome === 'refused')
    throw new Error(`${event.type} in ${walk.promotion.phase}: ${decision.refusal.code}`);
  const change = toChange(walk.promotion, decision, event, nowMs, hash);
  return {
    promotion: Promotion.parse(change.promotion),
    nowMs,
    told: [...walk.told, ...decision.announcements],
    locks: change.locks === null ? walk.locks : [...walk.locks, change.locks.does],
    audit: [...walk.audit, ...change.audit],
  };
}

export function through(walk: Walk, ...events: readonly PromotionEvent[]): Walk {
  return events.reduce((so, event) => later(so, 1, event), walk);
}

export function granted(walk: Walk, does: PersonClaim['does']): Walk {
  const pending = walk.promotion.claims.find((entry) => entry.does === does);
  if (pending === undefined) throw new Error(`nobody asked for ${does}`);
  return later(walk, 1, { type: 'claim.granted', claimId: pending.id, evidence: 'named' });
}

export const approve = (walk: Walk, person: Person): Walk => {
  if (!('round' in walk.promotion)) throw new Error('nothing to approve');
  return granted(
    through(walk, {
      type: 'approval.claimed',
      claim: claim('approve', person),
      round: walk.promotion.round,
      digest: walk.promotion.digest.slice(0, 12),
    }),
    'approve',
  );
};

const stepEvents = (stepId: string, acts: boolean): PromotionEvent[] => [
  ...(acts ? [{ type: 'step.claimed' as const, stepId, key: `p1.${stepId}.1`, precondition: 'E1' }] : []),
  { type: 'step.completed', stepId, text: 'done' },
];

const analyzed = () =>
  through(granted(begin(), 'request'), { type: 'analysis.completed', analysis, release: newRelease });
const awaiting = () => through(analyzed(), { type: 'validation.recorded', plan, digest });
const waitingWalk = () => through(approve(approve(awaiting(), grace), lin), { type: 'lock.taken' });
const deployingWalk = () =>
  later(through(waitingWalk(), { type: 'notice.delivered' }), 300, { type: 'wait.elapsed' });
const gated = () => through(deployingWalk(), { type: 'gate.recorded', results: [passed('staging')] });
const switching = () =>
  through(gated(), { type: 'step.claimed', stepId: 'switch', key: 'p1.switch.1', precondition: 'E1' });
const verifyingWalk = () =>
  through(
    switching(),
    { type: 'step.completed', stepId: 'switch', text: 'done' },
    ...stepEvents('settle', false),
    ...stepEvents('invalidate', true),
  );
const probe: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
const monitoringWalk = () => through(verifyingWalk(), probe, probe);
const rollingBackWalk = () =>
  through(verifyingWalk(), { type: 'probe.recorded', results: [failed('version')] });
const rolledBack = () =>
  through(
    rollingBackWalk(),
    ...stepEvents('switch-back', true),
    ...stepEvents('settle-back', false),
    probe,
    probe,
  );
const rollbackFailedWalk = () =>
  through(rollingBackWalk(), {
    type: 'step.failed',
    stepId: 'switch-back',
    code: 'aws.access-denied',
    text: 'no',
  });
const resolve = (walk: Walk, person: Person) =>
  granted(
    through(walk, {
      type: 'resolution.claimed',
      claim: claim('resolve', person, { reason: 'mended by hand' }),
    }),
    'resolve',
  );

const walks: Record<Phase, () => Walk> = {
  analyzing: () => begin(),
  validating: analyzed,
  'awaiting-approval': awaiting,
  waiting: waitingWalk,
  deploying: switching,
  verifying: verifyingWalk,
  monitoring: monitoringWalk,
  'rolling-back': rollingBackWalk,
  'rollback-failed': rollbackFailedWalk,
  promoted: () =>
    later(monitoringWalk(), 180, {
      type: 'reading.recorded',
      results: [passed('errors')],
      completeUntilMs: null,
    }),
  'rolled-back': rolledBack,
  resolved: () => resolve(resolve(rollbackFailedWalk(), grace), lin),
  rejected: () =>
    granted(
      through(awaiting(), {
        type: 'rejection.claimed',
        claim: claim('reject', grace, { reason: 'not today' }),
        round: 1,
        digest: digest.slice(0, 12),
      }),
      'reject',
    ),
  expired: () => later(awaiting(), 172_800, { type: 'approval.expired' }),
  cancelled: () =>
    granted(through(awaiting(), { type: 'cancellation.claimed', claim: claim('cancel', ada) }), 'cancel'),
  failed: () =>
    through(granted(begin(), 'request'), {
      type: 'analysis.refused',
      refusal: { code: 'x', text: 'x', next: 'x' },
    }),
  superseded: () => through(awaiting(), { type: 'promotion.superseded', by: 'p2', person: ada }),
};

/** The shortest true story that ends in this phase. */
export function walkTo<P extends Phase>(phase: P): Walk & { promotion: PromotionIn<P> } {
  const walk = walks[phase]();
  if (walk.promotion.phase !== phase)
    throw new Error(`the walk to ${phase} ended in ${walk.promotion.phase}`);
  return walk as Walk & { promotion: PromotionIn<P> };
}

/** The walk to `deploying` before anything was claimed. */
export const walkToUntouchedDeployment = gated;
