import type { Announcement } from '../announcements.ts';
import { accept, type Decision, enter, type PhaseRules, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import { isHeld } from '../hold.ts';
import type { CheckResult, Plan } from '../plan.ts';
import type { Person, PersonClaim, PromotionIn, Question, Watch } from '../promotion.ts';
import { refusal } from '../refusal.ts';
import { firedSince } from './alarm.ts';
import { claimById, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, executingOf, plannedOf } from './ending.ts';
import { failRollback, rollBack } from './rolling-back.ts';
import { afterTheChange, failedBefore, worstOf } from './verifying.ts';

type Monitoring = PromotionIn<'monitoring'>;
type Outcome = 'healthy' | 'unhealthy' | 'inconclusive' | 'pending';

const pendingLimitMs = 20 * 60_000;
/** A question that took longer to be delivered is late. */
const lateQuestionMs = 15_000;
/** A reading may be this much later than its interval twice over, and the watch still counts as unbroken. */
const lateMs = 120_000;
/** Beyond two soaks a watch may last this much longer before people are asked what should become of it. */
const longerMs = 30 * 60_000;

/** What one reading says as a whole. Data that cannot be there yet is pending; missing data is inconclusive. */
export function readingOutcome(
  results: readonly CheckResult[],
  failingBefore: Plan['failingBefore'],
): Outcome {
  const blamed = results.filter((result) => !failedBefore(result, failingBefore));
  if (blamed.some((result) => result.outcome === 'failed')) return 'unhealthy';
  if (blamed.some((result) => result.outcome === 'inconclusive' || result.outcome === 'stale'))
    return 'inconclusive';
  if (blamed.some((result) => result.outcome === 'pending')) return 'pending';
  return 'healthy';
}

function promote(promotion: Monitoring, nowMs: number, told: readonly Announcement[]): Decision {
  const next: PromotionIn<'promoted'> = {
    ...baseOf(promotion),
    phase: 'promoted',
    ...plannedOf(promotion),
    ...executingOf(promotion),
    verification: promotion.verification,
    watch: { ...promotion.watch, question: null },
    claims: [],
    troubles: { people: null, work: null },
    dueAtMs: null,
    endedAtMs: nowMs,
    ending: { code: 'promoted', text: 'Production holds the release.', next: '', by: null },
  };
  return accept(enter(next, nowMs), [...told, { topic: 'promoted' }], {
    locks: 'return',
    live: promotion.release,
  });
}

type Judged = NonNullable<EventOf<'reading.recorded'>['judged']>;

/** Where the soak begins when no check may have left out a minute since it judged last. */
function unbrokenFrom({ soakFromMs, judgedUntilMs = {} }: Watch, judged: Judged): number {
  const gapsEndMs = judged.flatMap(({ id, fromMs }) =>
    fromMs > Math.max(soakFromMs, judgedUntilMs[id] ?? 0) ? fromMs : [],
  );
  return Math.max(soakFromMs, ...gapsEndMs);
}

function judgedSoFar({ judgedUntilMs = {} }: Watch, judged: Judged): Pick<Watch, 'judgedUntilMs'> {
  if (judged.length === 0) return {};
  const newest = judged.map(({ id, untilMs }) => [id, Math.max(untilMs, judgedUntilMs[id] ?? 0)] as const);
  return { judgedUntilMs: { ...judgedUntilMs, ...Object.fromEntries(newest) } };
}

/** Accepted with all that was seen until then. */
function accepted(watch: Watch, acceptedBy: NonNullable<Watch['acceptedBy']>, nowMs: number): Watch {
  return { ...watch, question: null, acceptedBy, unhealthyInARow: 0, limitFromMs: nowMs };
}

/** Somebody's Roll Back is still being checked: nothing is called good, and nobody's silence says "continue". */
function isWishedBack({ claims }: Monitoring): boolean {
  return claims.some(({ does, answer }) => does === 'roll-back' || answer === 'roll-back');
}

const isContinue = ({ answer }: PersonClaim) => answer === 'continue';

const settledByItself = refusal(
  'question.settled',
  'Health could be told again before your answer was checked.',
  'Nobody has to decide; look at the card.',
);

function answeredOn(
  { overlong }: Question,
  person: Person | null,
  answer: 'continue' | 'roll-back',
): Announcement {
  return { topic: 'answered', person, answer, ...(overlong === undefined ? {} : { overlong }) };
}

/** True while the deadline of an open question means nothing, since an answer is there that is being checked. */
export function isBeingAnswered(promotion: Monitoring): boolean {
  const asked = promotion.watch.question?.toldAtMs !== undefined;
  return asked && promotion.policy.monitoring.withoutAnswer === 'continue' && isWishedBack(promotion);
}

/** A release that is good and bad in turn never ends its watch, and nothing that it does is bad enough to end it. */
function isOverlong(promotion: Monitoring, nowMs: number): boolean {
  const { startedAtMs, limitFromMs = startedAtMs } = promotion.watch;
  return nowMs - limitFromMs >= 2 * promotion.policy.monitoring.soakSeconds * 1000 + longerMs;
}

function overlongText(promotion: Monitoring, results: readonly CheckResult[], nowMs: number): string {
  const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;
  const { watch, policy } = promotion;
  const watched = `Watched for ${minutes(nowMs - watch.startedAtMs)}`;
  const why = isWishedBack(promotion)
    ? `${watched}. Somebody pressed Roll Back, and whether they may could not be checked yet.`
    : `${watched}, and not healthy for ${minutes(policy.monitoring.soakSeconds * 1000)} on end.`;
  return watch.last?.outcome === 'healthy' ? why : `${why}\n${worstOf(results)}`;
}

function soakIsOver(promotion: Monitoring, watch: Watch, nowMs: number): boolean {
  const soakMs = promotion.policy.monitoring.soakSeconds * 1000;
  if (watch.acceptedBy !== null) return nowMs >= watch.startedAtMs + soakMs;
  return watch.healthyUntilMs !== null && watch.healthyUntilMs >= watch.soakFromMs + soakMs;
}

export const monitoring: PhaseRules<'monitoring'> = {
  ...afterTheChange,
  'drift.found': (promotion, event, nowMs) =>
    failRollback(promotion, { code: 'drift', text: event.text, by: null }, nowMs),
  'answer.claimed'(promotion, event) {
    if (promotion.watch.question?.id !== event.questionId) {
      return refuse('question.settled', 'This question is settled already.', 'Look at the card.');
    }
    return recordClaim(promotion, event.claim);
  },
  'claim.granted'(promotion, event, nowMs) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    const settled = withoutClaim(promotion, claim.id);
    const rollsBack = claim.does === 'roll-back' || claim.does === 'cancel' || claim.answer === 'roll-back';
    if (rollsBack) {
      const answered: Announcement[] =
        claim.does === 'answer' ? [{ topic: 'answered', person: claim.person, answer: 'roll-back' }] : [];
      const cause = { code: 'requested', text: claim.reason ?? 'A person asked for it.', by: claim.person };
      return rollBack(settled, cause, claim.atMs, nowMs, answered);
    }
    if (claim.does === 'answer' && promotion.watch.question !== null) {
      return accept({ ...settled, watch: accepted(promotion.watch, claim.person, nowMs) }, [
        answeredOn(promotion.watch.question, claim.person, 'continue'),
      ]);
    }
    return overtaken(
      promotion,
      claim,
      'The promotion had moved on before this was settled.',
      'Look at the card.',
    );
  },
  'notice.delivered'(promotion, event, nowMs) {
    const { question } = promotion.watch;
    if (question === null || question.id !== event.questionId || question.toldAtMs !== undefined)
      return refuse('notice.known', 'There is no question that waits to be delivered.', 'Wait.');
    // Whoever reads it late has as long to answer; what they read says an earlier time.
    const isLate = nowMs - question.askedAtMs > lateQuestionMs;
    const deadlineAtMs = isLate
      ? nowMs + promotion.policy.monitoring.answerWithinSeconds * 1000
      : question.deadlineAtMs;
    const told = { ...question, deadlineAtMs, toldAtMs: nowMs };
    return accept({ ...promotion, watch: { ...promotion.watch, question: told } });
  },
  'question.expired'(promotion, event, nowMs) {
    const { question } = promotion.watch;
    if (question === null || question.id !== event.questionId || nowMs < question.deadlineAtMs) {
      return refuse('question.open', 'The question is settled or still open.', 'Wait.');
    }
    if (isBeingAnswered(promotion)) return refuse('question.open', 'An answer is being checked.', 'Wait.');
    // Silence says nothing where nobody was asked.
    const asked = question.toldAtMs !== undefined;
    const answer = asked ? promotion.policy.monitoring.withoutAnswer : 'roll-back';
    const told = answeredOn(question, null, answer);
    if (answer === 'continue') {
      return accept({ ...promotion, watch: accepted(promotion.watch, 'default', nowMs) }, [told]);
    }
    const unchecked = promotion.claims.some(({ does }) => does === 'answer');
    const silence = unchecked
      ? 'An answer came, and whether that person may give it could not be checked in time.'
      : 'Nobody answered in time.';
    const cause = {
      code: 'health.inconclusive',
      text: `${question.text}\n${asked ? silence : 'No answer came, and the question was not seen to be delivered.'}`,
      by: null,
    };
    return rollBack(promotion, cause, question.askedAtMs, nowMs, [told]);
  },
  'reading.recorded'(promotion, event, nowMs) {
    const { monitoring: rules } = promotion.policy;
    const before = promotion.watch;
    const seenOutcome = readingOutcome(event.results, promotion.plan.failingBefore);
    // Data that is still not there after so long is missing, not late.
    const outcome =
      seenOutcome === 'pending' && nowMs - before.startedAtMs > pendingLimitMs ? 'inconclusive' : seenOutcome;
    const healthy = outcome === 'healthy';
    const interrupted = outcome === 'unhealthy' || outcome === 'inconclusive';
    // Only health wipes out what was seen before: a broken site that loses its traffic must not look better for it.
    const sinceMs =
      outcome === 'inconclusive' ? (before.inconclusiveSinceMs ?? nowMs) : before.inconclusiveSinceMs;
    const inconclusiveSinceMs = healthy ? null : sinceMs;
    // Alarms come and go: what happened while nobody looked is not known to have been good.
    const lookedAtMs = before.last?.atMs ?? before.startedAtMs;
    const unwatchedMs = nowMs - lookedAtMs;
    const unwatched = unwatchedMs > 2 * rules.intervalSeconds * 1000 + lateMs;
    const unbrokenFromMs = unbrokenFrom(before, event.judged ?? []);
    const watch: Watch = {
      ...before,
      nextAtMs: nowMs + rules.intervalSeconds * 1000,
      readings: before.readings + 1,
      soakFromMs: interrupted || unwatched ? nowMs : healthy ? unbrokenFromMs : before.soakFromMs,
      ...judgedSoFar(before, event.judged ?? []),
      unhealthyInARow: healthy ? 0 : before.unhealthyInARow + (outcome === 'unhealthy' ? 1 : 0),
      inconclusiveSinceMs,
      healthyUntilMs:
        outcome === 'healthy'
          ? Math.max(before.healthyUntilMs ?? 0, event.completeUntilMs ?? nowMs)
          : before.healthyUntilMs,
      last: { atMs: nowMs, outcome, results: event.results },
      question: healthy && before.question?.overlong !== true ? null : before.question,
      // What was accepted is over: what is missing after this is missing anew, and what nobody saw nobody accepted.
      acceptedBy: healthy || unwatched ? null : before.acceptedBy,
    };
    // An answer to a question that has settled itself must not answer the next one; whoever wants it back still does.
    const late = watch.question === null ? promotion.claims.filter(isContinue) : [];
    const claims = promotion.claims.filter((claim) => !late.includes(claim));
    const seen: Monitoring = { ...promotion, claims, watch };
    const told: readonly Announcement[] = [
      { topic: 'reading', outcome, results: event.results, ...(unwatched ? { unwatchedMs } : {}) },
      ...late.map(({ person }): Announcement => ({ topic: 'denied', person, refusal: settledByItself })),
    ];
    const fired = firedSince(event.results, promotion.plan.failingBefore);
    const urgent = fired.length > 0;
    if (urgent || watch.unhealthyInARow >= rules.unhealthyReadings) {
      const code = urgent ? 'alarm' : 'health.unhealthy';
      const text = worstOf(urgent ? fired : event.results);
      return rollBack(seen, { code, text, by: null }, nowMs, nowMs, told);
    }
    const over = soakIsOver(promotion, watch, nowMs) && !isHeld(promotion, nowMs);
    // Missing health data can be accepted; that nobody looked where production points cannot, nor what was unhealthy since.
    const blind = over && (event.looked === false || watch.unhealthyInARow > 0);
    if (over && !blind && !isWishedBack(seen)) return promote(seen, nowMs, told);
    const unclear =
      inconclusiveSinceMs !== null &&
      (watch.acceptedBy === null || blind) &&
      nowMs - inconclusiveSinceMs >= rules.patienceSeconds * 1000;
    const overlong = isOverlong(seen, nowMs);
    if (watch.question !== null || !(unclear || overlong)) return accept(seen, told);
    const question = {
      id: `${promotion.id}-${watch.readings}`,
      askedAtMs: nowMs,
      deadlineAtMs: nowMs + rules.answerWithinSeconds * 1000,
      text: overlong ? overlongText(seen, event.results, nowMs) : worstOf(event.results),
      ...(overlong ? { overlong } : {}),
    };
    const asking: Watch = {
      ...watch,
      question,
      acceptedBy: null,
      // Asked again about the same only after the same patience.
      inconclusiveSinceMs: blind ? nowMs : inconclusiveSinceMs,
    };
    return accept({ ...seen, watch: asking }, [
      ...told,
      { topic: 'question', question, withoutAnswer: rules.withoutAnswer },
    ]);
  },
};
