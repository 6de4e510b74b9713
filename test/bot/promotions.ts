import type { Plan, Step } from '../../src/flows/promotion/plan.ts';
import type { Policy } from '../../src/flows/promotion/policy.ts';
import {
  type Phase,
  Promotion,
  type PromotionIn,
  type StepState,
} from '../../src/flows/promotion/promotion.ts';

const teamId = 'T0COUNTER';
export const ada = { teamId, userId: 'U0ADA00001' };
export const grace = { teamId, userId: 'U0GRACE001' };
const lin = { teamId, userId: 'U0LIN00001' };
const otto = { teamId, userId: 'U0OTTO0001' };
export const channelId = 'C0DEPLOYS1';
export const onCallChannelId = 'C0ONCALL01';
export const digest = 'abcdef0123456789'.repeat(4);

/** 14:00:00 UTC; every phase begins a minute after the one before. */
export const startMs = Date.UTC(2026, 10, 21, 14, 0, 0);
export const at = (minutes: number, seconds = 0) => startMs + (minutes * 60 + seconds) * 1000;

export const policy: Policy = {
  promoters: 'members',
  approvals: {
    required: 2,
    from: { people: [], groups: ['S0APPROVE1'] },
    expiresAfterSeconds: 48 * 3600,
    waitSeconds: 300,
  },
  rollback: { approvals: 0, from: 'members' },
  verification: { probes: 3, intervalSeconds: 5, graceSeconds: 120 },
  monitoring: {
    soakSeconds: 900,
    intervalSeconds: 60,
    unhealthyReadings: 2,
    patienceSeconds: 180,
    answerWithinSeconds: 600,
    withoutAnswer: 'roll-back',
  },
  troubleLimitSeconds: 3600,
  onCall: { people: [otto.userId], groups: ['S0ONCALL01'], channel: onCallChannelId },
  channel: channelId,
};

const step = (id: string, title: string, does: Step['does'], typicalSeconds: number): Step =>
  ({
    id,
    title,
    does,
    fence: does === 'shift' ? 'compare-and-set' : does === 'settle' ? 'none' : 'idempotent',
    pollSeconds: 10,
    deadlineSeconds: 900,
    typicalSeconds,
    settings: {},
  }) as Step;

export const release = {
  version: 'v1.1.0',
  commit: {
    sha: '1234567890abcdef1234567890abcdef12345678',
    author: 'Ada Park',
    message: 'Brighter lamps',
    url: 'https://github.example/lamps/site/commit/1234567890abcdef1234567890abcdef12345678',
  },
  artifact: 'green@v1.1.0',
};
const releaseBefore = { version: 'v1.0.0', commit: null, artifact: 'blue@v1.0.0' };

export const plan: Plan = {
  analysis: {
    live: { release: releaseBefore, place: 'blue' },
    candidate: { release, place: 'green' },
    fingerprint: 'f',
    resources: ['cloudfront#E123'],
    changes: ['The origin path changes from /blue to /green'],
    risks: ['Visitors with open pages keep the old scripts until they reload'],
    steps: [
      step('shift', 'Switch production to green', 'shift', 2),
      step('settle', 'CloudFront takes it to its edges', 'settle', 180),
      step('invalidate', 'Invalidate the cache', 'invalidate', 60),
    ],
    rollback: [
      { undoes: ['shift'], step: step('back', 'Switch production back to blue', 'shift', 2) },
      { undoes: ['shift'], step: step('back-settle', 'CloudFront takes it to its edges', 'settle', 180) },
    ],
    byHand: [
      'aws cloudfront update-distribution --id E123 --if-match "$ETAG" --distribution-config file://back.json',
    ],
    links: [{ label: 'Production', url: 'https://lamps.example/' }],
  },
  results: [
    {
      id: 'staging',
      title: 'Staging run',
      outcome: 'passed',
      text: 'Run 42 for 1234567 succeeded.',
      link: 'https://github.example/lamps/site/actions/runs/42',
      urgent: false,
    },
  ],
  failingBefore: [],
};

const phasesUpTo = (...names: Phase[]) => names.map((phase, index) => ({ phase, atMs: at(index) }));

const base = {
  schema: 3 as const,
  id: 'p0123456789',
  kind: 'promotion' as const,
  app: 'site',
  environment: 'production',
  version: 'v1.1.0',
  requester: ada,
  reason: 'Brighter lamps before the holidays',
  requestedAtMs: startMs,
  policy,
  definition: {
    repository: 'lamps/site',
    target: { kind: 'cloudfront', settings: {} },
    gates: [],
    checks: [],
    readings: [],
  },
  revision: 7,
  nowMs: at(5),
  dueAtMs: null,
  claims: [],
  troubles: { people: null, work: null },
  audit: { sequence: 7, head: 'h' },
  announced: 0,
  admitted: true,
};

const planned = {
  release,
  plan,
  digest,
  round: 1,
  approvals: [],
  expiresAtMs: at(48 * 60),
  voided: null,
};
const approvals = [
  { person: grace, atMs: at(2, 10), evidence: 'member of S0APPROVE1' },
  { person: lin, atMs: at(2, 50), evidence: 'member of S0APPROVE1' },
];

export const doneStep = (startedAtMs: number, doneAtMs: number): StepState => ({
  status: 'done',
  claim: null,
  startedAtMs,
  doneAtMs,
  lookAtMs: doneAtMs,
  progress: null,
  text: 'done',
});

const executing = {
  approvals,
  startedAtMs: at(4),
  dirty: true,
  pagedAtMs: null,
  unfencedAtMs: null,
  openClaimAtMs: null,
  gate: null,
  steps: { shift: doneStep(at(4), at(4, 2)) },
};
const verification = {
  startedAtMs: at(5),
  nextAtMs: at(5, 5),
  passedInARow: 1,
  probes: 1,
  inconclusiveInARow: 0,
  last: null,
};
const watch = {
  startedAtMs: at(6),
  soakFromMs: at(6),
  nextAtMs: at(11),
  readings: 4,
  unhealthyInARow: 0,
  inconclusiveSinceMs: null,
  healthyUntilMs: at(10),
  last: { atMs: at(10), outcome: 'healthy' as const, results: [] },
  question: null,
  acceptedBy: null,
};
const rollback = {
  cause: { code: 'verification.failed', text: 'Home page: expected v1.1.0, found v1.0.9', by: null },
  from: 'verifying' as const,
  detectedAtMs: at(6),
  decidedAtMs: at(6),
  switchedAtMs: null,
  settledAtMs: null,
  verifiedAtMs: null,
  attempt: 1,
  steps: {},
  verification: null,
  pagedAtMs: null,
  tookOverFrom: null,
};
const ending = {
  endedAtMs: at(10),
  ending: { code: 'x', text: 'Because of the test.', next: 'Ask again.', by: null },
};
const untouched = { ...base, ...ending, plan, digest, approvals: [], results: [] };
const forward: Phase[] = [
  'analyzing',
  'validating',
  'awaiting-approval',
  'waiting',
  'deploying',
  'verifying',
];
const planning: Phase[] = ['analyzing', 'validating', 'awaiting-approval'];

const templates: { readonly [P in Phase]: PromotionIn<P> } = {
  analyzing: { ...base, phase: 'analyzing', phases: phasesUpTo('analyzing') },
  validating: {
    ...base,
    phase: 'validating',
    phases: phasesUpTo('analyzing', 'validating'),
    release,
    analysis: plan.analysis,
  },
  'awaiting-approval': {
    ...base,
    phase: 'awaiting-approval',
    phases: phasesUpTo(...planning),
    ...planned,
    lockBusy: null,
  },
  waiting: {
    ...base,
    phase: 'waiting',
    phases: phasesUpTo(...planning, 'waiting'),
    ...planned,
    approvals,
    noticeAtMs: at(3),
    executeAtMs: at(8),
  },
  deploying: {
    ...base,
    phase: 'deploying',
    phases: phasesUpTo(...forward.slice(0, 5)),
    ...planned,
    ...executing,
  },
  verifying: {
    ...base,
    phase: 'verifying',
    phases: phasesUpTo(...forward),
    ...planned,
    ...executing,
    verification,
  },
  monitoring: {
    ...base,
    phase: 'monitoring',
    phases: phasesUpTo(...forward, 'monitoring'),
    ...planned,
    ...executing,
    verification,
    watch,
  },
  'rolling-back': {
    ...base,
    phase: 'rolling-back',
    phases: phasesUpTo(...forward, 'rolling-back'),
    ...planned,
    ...executing,
    verification,
    watch: null,
    rollback,
  },
  'rollback-failed': {
    ...base,
    phase: 'rollback-failed',
    phases: phasesUpTo(...forward, 'rolling-back', 'rollback-failed'),
    ...planned,
    ...executing,
    verification,
    watch: null,
    rollback,
    failure: { code: 'drift', text: 'Somebody else changed the distribution.', atMs: at(7) },
    pageAtMs: at(22),
    resolutions: [],
  },
  promoted: {
    ...base,
    phase: 'promoted',
    phases: phasesUpTo(...forward, 'monitoring', 'promoted'),
    ...planned,
    ...executing,
    ...ending,
    verification,
    watch,
  },
  'rolled-back': {
    ...base,
    phase: 'rolled-back',
    phases: phasesUpTo(...forward, 'rolling-back', 'rolled-back'),
    ...planned,
    ...executing,
    ...ending,
    verification,
    watch: null,
    rollback: { ...rollback, switchedAtMs: at(6, 2), settledAtMs: at(8, 12), verifiedAtMs: at(8, 30) },
  },
  resolved: {
    ...base,
    phase: 'resolved',
    phases: phasesUpTo(...forward, 'rolling-back', 'rollback-failed', 'resolved'),
    ...planned,
    ...executing,
    ...ending,
    verification,
    watch: null,
    rollback,
    resolutions: [
      { person: otto, reason: 'switched by hand', atMs: at(8) },
      { person: grace, reason: 'seen', atMs: at(9) },
    ],
  },
  rejected: { ...untouched, phase: 'rejected', phases: phasesUpTo(...planning, 'rejected') },
  expired: { ...untouched, phase: 'expired', phases: phasesUpTo(...planning, 'expired') },
  cancelled: { ...untouched, phase: 'cancelled', phases: phasesUpTo(...planning, 'cancelled') },
  failed: { ...untouched, phase: 'failed', phases: phasesUpTo('analyzing', 'validating', 'failed') },
  superseded: {
    ...untouched,
    phase: 'superseded',
    phases: phasesUpTo(...planning, 'superseded'),
    dirty: false,
    supersededBy: 'p2',
  },
};

/** A promotion in the middle of its life, checked against its own schema. */
export function promotionIn<P extends Phase>(
  phase: P,
  overrides: Partial<PromotionIn<P>> = {},
): PromotionIn<P> {
  const promotion = { ...templates[phase], ...overrides };
  Promotion.parse(promotion);
  return promotion;
}
