import { heldUntil } from '../../flows/promotion/hold.ts';
import { approvalsNeeded } from '../../flows/promotion/phases/approving.ts';
import { stepsBack } from '../../flows/promotion/phases/rolling-back.ts';
import type { Step } from '../../flows/promotion/plan.ts';
import {
  type Approval as ApprovalOf,
  hasEnded,
  type Phase,
  type Promotion,
  type Rollback,
  type StepState,
} from '../../flows/promotion/promotion.ts';
import { lostItsLock } from './phrases.ts';
import { code, foreign, person } from './text.ts';
import { bar, clock, duration, expectedDuration, spentOf } from './time.ts';

/** How long each phase took in earlier promotions of the same environment, in seconds. */
export type Expected = Readonly<Partial<Record<Phase, number>>>;

interface Row {
  readonly name: string;
  readonly phase: Phase;
}

const order: readonly Phase[] = [
  'analyzing',
  'validating',
  'awaiting-approval',
  'waiting',
  'deploying',
  'verifying',
  'monitoring',
  'promoted',
];

function rowsOf(promotion: Promotion): Row[] {
  const forward = promotion.kind === 'promotion';
  const waits = promotion.policy.approvals.waitSeconds > 0 && approvalsNeeded(promotion) > 0;
  const turned = promotion.phases.some(({ phase }) => phase === 'rolling-back');
  return [
    { name: 'Analysis', phase: 'analyzing' },
    { name: 'Validation', phase: 'validating' },
    { name: 'Approval', phase: 'awaiting-approval' },
    ...(forward && waits ? [{ name: 'Wait', phase: 'waiting' } as const] : []),
    ...(forward
      ? ([
          { name: 'Deploy', phase: 'deploying' },
          { name: 'Verify', phase: 'verifying' },
          { name: 'Watch', phase: 'monitoring' },
        ] as const)
      : []),
    ...(!forward || turned ? [{ name: 'Rollback', phase: 'rolling-back' } as const] : []),
  ];
}

/** One line per phase, each with a word for how it stands and how long it took: never colour alone (ALL-6). */
export function phaseLines(promotion: Promotion, nowMs: number, expected: Expected = {}): string[] {
  return rowsOf(promotion).flatMap((row) => {
    const [first, ...more] = rowLines(promotion, row, nowMs, expected);
    return [`*${row.name}* — ${first ?? 'to come'}`, ...more];
  });
}

function rowLines(promotion: Promotion, row: Row, nowMs: number, expected: Expected): string[] {
  if (row.phase === 'awaiting-approval' && approvalsNeeded(promotion) === 0) return ['not required here'];
  const visit = promotion.phases.findLastIndex(({ phase }) => phase === row.phase);
  const entered = promotion.phases[visit];
  const seconds = expectedSeconds(promotion, row.phase, expected);
  if (entered === undefined) {
    if (hasEnded(promotion) || 'rollback' in promotion) return ['not reached'];
    return [seconds === undefined ? 'to come' : `to come, about ${expectedDuration(seconds * 1000)}`];
  }
  const next = promotion.phases[visit + 1];
  if (next === undefined || (row.phase === 'rolling-back' && promotion.phase === 'rolling-back')) {
    return running(promotion, nowMs - entered.atMs, nowMs, seconds);
  }
  return [past(promotion, row.phase, next.phase, next.atMs - entered.atMs)];
}

function past(promotion: Promotion, phase: Phase, next: string, tookMs: number): string {
  const took = duration(tookMs);
  const position = order.indexOf(phase);
  const nextPosition = order.indexOf(next as Phase);
  if (phase === 'rolling-back') {
    if (next === 'rolled-back') return `done ${took}`;
    return lostItsLock(promotion) ? `stopped after ${took}` : `FAILED after ${took}`;
  }
  if (phase === 'awaiting-approval' && (nextPosition > position || next === 'rolling-back')) {
    return `done ${took}${approvers(promotion)}`;
  }
  if (nextPosition > position) return `done ${took}`;
  if (nextPosition >= 0) return `${took}, then asked again`;
  if (next === 'rolling-back' || next === 'rollback-failed') {
    const cause = 'rollback' in promotion ? promotion.rollback.cause : null;
    if (cause?.by != null) return `stopped after ${took} by ${person(cause.by.userId)}`;
    if (cause?.code === 'lock.lost') return `stopped after ${took}, left to people`;
    return cause?.code === 'alarm' ? `stopped after ${took} by an alarm` : `FAILED after ${took}`;
  }
  return `${next} after ${took}`;
}

function approvers(promotion: Promotion): string {
  if (!('approvals' in promotion) || promotion.approvals.length === 0) return '';
  return ` (${approvalList(promotion.approvals)})`;
}

export function approvalList(approvals: readonly ApprovalOf[]): string {
  return approvals
    .slice(0, 10)
    .map((approval) => `${person(approval.person.userId)} ${clock(approval.atMs)}`)
    .join(', ');
}

function running(
  promotion: Promotion,
  sinceMs: number,
  nowMs: number,
  seconds: number | undefined,
): string[] {
  const since = spentOf(sinceMs, seconds);
  switch (promotion.phase) {
    case 'awaiting-approval': {
      const given = promotion.approvals.length;
      const who = approvers(promotion);
      return [
        `${given} of ${approvalsNeeded(promotion)} given${who}, waiting since ${clock(nowMs - sinceMs)}`,
      ];
    }
    case 'waiting':
      return promotion.executeAtMs === null
        ? ['the countdown has not begun']
        : [`starts in ${duration(promotion.executeAtMs - nowMs)}, at ${clock(promotion.executeAtMs)}`];
    case 'deploying':
      return promotion.dirty
        ? [`running ${since}`, ...stepLines(promotion.plan.analysis.steps, promotion.steps, nowMs)]
        : [`last look before the first change, ${duration(sinceMs)}`];
    case 'verifying': {
      const { passedInARow, probes } = promotion.verification;
      const wanted = promotion.policy.verification.probes;
      return [`${passedInARow} of ${wanted} probes in a row passed (${probes} so far), running ${since}`];
    }
    case 'monitoring':
      return [watched(promotion)];
    case 'rolling-back': {
      const back = stepsBack(promotion.plan, promotion.steps);
      return [
        `running ${since}`,
        ...stepLines(back, promotion.rollback.steps, nowMs),
        ...holding(promotion, nowMs),
      ];
    }
    case 'rollback-failed':
      return [lostItsLock(promotion) ? 'stopped, left to people' : 'FAILED, waits for people'];
    default:
      return [`running ${since}`];
  }
}

/** The way back is done, and only a late request of our own is still waited for. */
function holding(promotion: Extract<Promotion, { phase: 'rolling-back' }>, nowMs: number): string[] {
  const untilMs = heldUntil(promotion);
  if (untilMs === null || nowMs >= untilMs || promotion.rollback.settledAtMs === null) return [];
  return [`watched until ${clock(untilMs)}: until then a late request could undo it`];
}

function watched(promotion: Extract<Promotion, { phase: 'monitoring' }>): string {
  const { watch, policy } = promotion;
  const soakMs = policy.monitoring.soakSeconds * 1000;
  const healthyMs = Math.min(
    soakMs,
    Math.max(0, (watch.healthyUntilMs ?? watch.soakFromMs) - watch.soakFromMs),
  );
  const last = watch.last === null ? 'no reading yet' : `last reading ${watch.last.outcome}`;
  const accepted =
    watch.acceptedBy === null
      ? ''
      : watch.acceptedBy === 'default'
        ? ', goes on without conclusive data because nobody answered'
        : `, goes on without conclusive data by ${person(watch.acceptedBy.userId)}`;
  const drawn = soakMs === 0 ? '' : ` ${bar(healthyMs / soakMs)}`;
  return `${healthyMinutes(healthyMs, soakMs)} healthy, ${last}${accepted}${drawn}`;
}

/** "4 of 15 min". */
export function healthyMinutes(healthyMs: number, soakMs: number): string {
  return soakMs >= 60_000 && soakMs % 60_000 === 0
    ? `${Math.floor(healthyMs / 60_000)} of ${soakMs / 60_000} min`
    : `${duration(healthyMs)} of ${duration(soakMs)}`;
}

const stepsShown = 12;

function stepLines(
  steps: readonly Step[],
  states: Readonly<Record<string, StepState>>,
  nowMs: number,
): string[] {
  const drawn = steps.slice(0, stepsShown).map((step) => stepLine(step, states[step.id], nowMs));
  const left = steps.length - drawn.length;
  return left > 0 ? [...drawn, `      … and ${left} more steps`] : drawn;
}

function stepLine(step: Step, state: StepState | undefined, nowMs: number): string {
  const title = `      ${foreign(step.title, 150)} — `;
  const about = step.typicalSeconds > 0 ? expectedDuration(step.typicalSeconds * 1000) : null;
  if (state === undefined) return `${title}to come${about === null ? '' : `, about ${about}`}`;
  if (state.status === 'done') {
    return `${title}done ${duration((state.doneAtMs ?? state.startedAtMs) - state.startedAtMs)}`;
  }
  if (state.status === 'failed') return `${title}FAILED: ${foreign(state.text ?? 'no reason known', 300)}`;
  const spentMs = nowMs - state.startedAtMs;
  const doing = foreign(withoutTime(state.progress?.text ?? 'asked for'), 200);
  const fraction =
    state.progress?.fraction ?? (step.typicalSeconds > 0 ? spentMs / (step.typicalSeconds * 1000) : null);
  // Past its estimate a bar that stands almost full says nothing.
  const drawn = fraction === null || fraction > 1 ? '' : ` ${bar(Math.min(fraction, 0.99))}`;
  // A line says a time once: the provider's own, where it has one that is not told apart from its words.
  const time = ownTime.test(doing) ? '' : `, ${spentOf(spentMs, step.typicalSeconds)}`;
  return `${title}${doing}${time}${drawn}`;
}

const ownTime = /\b\d+ ?(s|sec|seconds?|min|minutes?|h|hours?)\b/;

/** "CloudFront is delivering it: 40 s so far, usually about 5 min." was true when it was asked; ours is when drawn. */
function withoutTime(text: string): string {
  return text.replace(/:\s+\d[^:]* so far\b.*$/s, '').replace(/[.,:;\s]+$/, '');
}

function expectedSeconds(promotion: Promotion, phase: Phase, expected: Expected): number | undefined {
  const known = expected[phase];
  if (known !== undefined) return known;
  const { policy } = promotion;
  const plan = 'plan' in promotion ? promotion.plan : null;
  switch (phase) {
    case 'waiting':
      return policy.approvals.waitSeconds;
    case 'monitoring':
      return policy.monitoring.soakSeconds;
    case 'verifying':
      return policy.verification.probes * policy.verification.intervalSeconds;
    case 'deploying':
      return plan === null ? undefined : typical(plan.analysis.steps);
    case 'rolling-back':
      return plan === null ? undefined : typical(plan.analysis.rollback.map(({ step }) => step));
    default:
      return undefined;
  }
}

const typical = (steps: readonly Step[]) => steps.reduce((sum, step) => sum + step.typicalSeconds, 0);

/** From the first change to the end, by the plan or by experience. */
export function expectedTotalSeconds(promotion: Promotion, expected: Expected = {}): number | undefined {
  const phases: readonly Phase[] =
    promotion.kind === 'rollback' ? ['rolling-back', 'verifying'] : ['deploying', 'verifying', 'monitoring'];
  const parts = phases.map((phase) => expectedSeconds(promotion, phase, expected));
  return parts.reduce<number | undefined>(
    (sum, part) => (sum === undefined || part === undefined ? undefined : sum + part),
    0,
  );
}

/** How long the way back is expected to take, for the approvers. */
export function expectedBackSeconds(promotion: Promotion, expected: Expected = {}): number | undefined {
  return expectedSeconds(promotion, 'rolling-back', expected);
}

/** The clock of a rollback (SITE-9): our seconds, with the provider's own minutes apart. */
export function rollbackClock(promotion: Extract<Promotion, { rollback: Rollback }>): string[] {
  const { rollback } = promotion;
  const after = (atMs: number) => `(+${duration(atMs - rollback.detectedAtMs)})`;
  const { switchedAtMs, settledAtMs, verifiedAtMs } = rollback;
  // Nothing more is done by one that has ended, or that has lost what it would do it with.
  const missing = hasEnded(promotion) || lostItsLock(promotion) ? 'not by this promotion' : 'not yet';
  return [
    '*Rollback clock*',
    `• Detected ${clock(rollback.detectedAtMs)}`,
    `• Decided ${clock(rollback.decidedAtMs)} ${after(rollback.decidedAtMs)}`,
    switchedAtMs === null
      ? `• Switched — ${missing}`
      : `• Switched ${clock(switchedAtMs)} ${after(switchedAtMs)}: the change back was accepted`,
    ...(switchedAtMs === null
      ? []
      : settledAtMs === null
        ? ['• Everywhere — not yet; the provider’s own time runs']
        : [
            `• Everywhere ${clock(settledAtMs)} ${after(settledAtMs)}: ${duration(settledAtMs - switchedAtMs)} of the provider’s own time`,
          ]),
    verifiedAtMs === null
      ? `• Verified — ${missing}`
      : `• Verified ${clock(verifiedAtMs)} ${after(verifiedAtMs)}`,
    ...(rollback.attempt > 1 ? [`• This is attempt ${rollback.attempt}`] : []),
    ...(rollback.tookOverFrom === null
      ? []
      : [`• Took over what ${code(rollback.tookOverFrom)} had changed`]),
  ];
}
