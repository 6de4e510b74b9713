import { MisconfiguredError, RetryableError, TerminalError } from '../errors.ts';
import type { CheckContext, Looked } from '../ports.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { type Action, nextWork } from '../promotion/next-action.ts';
import { returnsTo, stepsBack } from '../promotion/phases/rolling-back.ts';
import type { CheckResult, CheckSpec, Step } from '../promotion/plan.ts';
import type { Promotion, PromotionIn } from '../promotion/promotion.ts';
import { transition } from '../promotion/transition.ts';
import { plain } from './planner.ts';
import { contextOf, mandateOf } from './step.ts';
import { decideAndTurn, lookAhead } from './turn.ts';
import type { World } from './world.ts';

/** `listen`: to the alarms alone, between the first change and the watch. */
export type Watching = { readonly does: 'listen' | 'read' };

/** What an alarm asks for; null where something else has to be done first, or nothing is watched. */
export function watchingNow(promotion: Promotion, { does }: Action): Watching | null {
  if (promotion.phase === 'monitoring') return does === 'rest' || does === 'read' ? { does: 'read' } : null;
  return does === 'rest' && listens(promotion) ? { does: 'listen' } : null;
}

/** Whether this hears the alarms itself, so that nobody need listen for them once more. */
export const hearsAlarms = (promotion: Promotion, { does }: Action): boolean =>
  listens(promotion) && (does === 'step' || does === 'probe');

/** From the first change to the watch, which reads the alarms with everything else (ALL-7, ALL-9). */
const listens = (promotion: Promotion) =>
  promotion.phase === 'verifying' || (promotion.phase === 'deploying' && promotion.dirty);

/**
 * A look because an alarm has fired: what a rollback would begin with is looked at beside what is watched. Before the
 * next reading is due, only what an alarm turns around counts of it: readings that come sooner than the policy says must
 * not add up sooner.
 */
export async function readForAlarm(
  world: World,
  promotion: Promotion,
  { does }: Watching,
  nowMs: number,
  isFresh: () => boolean,
): Promise<boolean> {
  const ahead = lookAhead(world, promotion, nowMs);
  if (does === 'listen') {
    const { checks, readings } = promotion.definition;
    const heard = await alarmEvent(world, promotion, [...checks, ...readings], nowMs);
    return heard !== null && decideAndTurn(world, promotion, heard, nowMs, isFresh, ahead);
  }
  const event = await readingEvent(world, promotion, nowMs);
  const isDue = nextWork(promotion, nowMs).does === does;
  const alarms = 'results' in event && event.results.some((one) => one.urgent && one.outcome === 'failed');
  const decision = transition(promotion, event, nowMs);
  const turns = decision.outcome === 'accepted' && decision.promotion.phase === 'rolling-back';
  if (!isDue && !(alarms && turns)) return false;
  return decideAndTurn(world, promotion, event, nowMs, isFresh, ahead);
}

/** What the alarms say while a change is carried out; null before the first change, and while none has fired. */
export async function alarmWhileChanging(
  world: World,
  promotion: Promotion,
  nowMs: number,
): Promise<PromotionEvent | null> {
  if (!listens(promotion)) return null;
  const { checks, readings } = promotion.definition;
  // A probe reads the alarms among the checks itself.
  const specs = promotion.phase === 'verifying' ? readings : [...checks, ...readings];
  return alarmEvent(world, promotion, specs, nowMs);
}

/** An alarm that cannot be read, for whatever reason, is told by the watch, which waits for it; it must not hold up the change. */
async function alarmEvent(
  world: World,
  promotion: Promotion,
  specs: readonly CheckSpec[],
  nowMs: number,
): Promise<PromotionEvent | null> {
  const alarms = specs.filter((spec) => world.checks.isAlarm(spec));
  if (alarms.length === 0) return null;
  const context = lookContext(promotion, nowMs);
  const looks = await Promise.all(
    alarms.map(async (spec) => {
      try {
        return await world.checks.run(spec, context);
      } catch (error) {
        const code = isKnown(error) ? error.code : 'engine.unexpected';
        world.log.warn({ promotionId: promotion.id, check: spec.id, code }, 'alarm could not be read');
        return [];
      }
    }),
  );
  const results = plain(looks.flat());
  const event = { type: 'reading.recorded', results, completeUntilMs: null, looked: false } as const;
  return transition(promotion, event, nowMs).outcome === 'accepted' ? event : null;
}

function lookContext(promotion: Promotion, nowMs: number): CheckContext {
  if (!('steps' in promotion)) throw new TerminalError('engine.phase', 'nothing to look for yet');
  const { live, candidate } = promotion.plan.analysis;
  const back = promotion.phase === 'rolling-back' ? returnsTo(promotion) : null;
  const expected = back ?? candidate.release;
  const previous = expected.artifact === candidate.release.artifact ? live.release : candidate.release;
  return {
    ...mandateOf(promotion),
    definition: promotion.definition,
    expected,
    previous,
    changedAtMs: changedAt(promotion),
    judgedUntilMs: null,
    nowMs,
  };
}

function changedAt(promotion: Extract<Promotion, { steps: unknown }>): number | null {
  if (promotion.phase === 'rolling-back')
    return promotion.rollback.switchedAtMs ?? promotion.rollback.decidedAtMs;
  // When it was begun, and not when it was claimed last: further attempts carry the same change.
  const begun = Object.values(promotion.steps).map(({ claim, startedAtMs }) =>
    claim === null ? Number.POSITIVE_INFINITY : startedAtMs,
  );
  const first = Math.min(...begun);
  return Number.isFinite(first) ? first : null;
}

/**
 * After the change an unreachable service is an inconclusive result, so that it is counted: in the watch on-call is
 * asked in time, in verification three of them roll back (ALL-13).
 */
async function lookAt(
  world: World,
  promotion: Promotion,
  nowMs: number,
  specs: readonly CheckSpec[],
): Promise<readonly Looked[]> {
  const context = lookContext(promotion, nowMs);
  const judgedSoFar = promotion.phase === 'monitoring' ? (promotion.watch.judgedUntilMs ?? {}) : {};
  return Promise.all(
    specs.map(async (spec): Promise<Looked> => {
      try {
        return await world.checks.run(spec, { ...context, judgedUntilMs: judgedSoFar[spec.id] ?? null });
      } catch (error) {
        // A rollback waits for a service that is away instead of being given up; what never works is counted.
        if (error instanceof RetryableError && promotion.phase === 'rolling-back') throw error;
        if (!isKnown(error)) throw error;
        const { id, title } = spec;
        const outcome = 'inconclusive' as const;
        return { id, title, outcome, text: error.message, link: null, urgent: false };
      }
    }),
  );
}

/** Once production is back an alarm rings on for minutes, about what is over: it says nothing of the way back. */
function probedBy(world: World, { phase, definition: { checks } }: Promotion): readonly CheckSpec[] {
  if (phase !== 'rolling-back') return checks;
  const others = checks.filter((spec) => !world.checks.isAlarm(spec));
  return others.length === 0 ? checks : others;
}

/** What the watch reads: the alarms of the checks too, until its end (ALL-9). */
const readBy = (world: World, { definition: { checks, readings } }: Promotion): readonly CheckSpec[] => [
  ...readings,
  ...checks.filter((spec) => world.checks.isAlarm(spec)),
];

/** A probe; before it, whether what an unfenced step took back is still so (docs/engine.md, rule 7). */
export async function probeEvent(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent> {
  const undone = promotion.phase === 'rolling-back' ? await undoneSince(world, promotion, nowMs) : null;
  return (
    undone ?? {
      type: 'probe.recorded',
      results: plain(await lookAt(world, promotion, nowMs, probedBy(world, promotion))),
    }
  );
}

/** What a late request undid can never settle: waiting for it would only use up the deadline. */
export async function undoneWhileSettling(world: World, promotion: Promotion, stepId: string, nowMs: number) {
  if (promotion.phase !== 'rolling-back') return null;
  const step = stepsBack(promotion.plan, promotion.steps).find(({ id }) => id === stepId);
  return step?.does === 'settle' ? undoneSince(world, promotion, nowMs) : null;
}

async function undoneSince(
  world: World,
  promotion: PromotionIn<'rolling-back'>,
  nowMs: number,
): Promise<PromotionEvent | null> {
  const target = world.targetOf(promotion.definition, mandateOf(promotion));
  for (const step of stepsBack(promotion.plan, promotion.steps)) {
    const state = promotion.rollback.steps[step.id];
    if (step.fence !== 'hold' || state?.status !== 'done') continue;
    const seen = await target.observe(promotion.definition, contextOf(promotion, step, state, 'back', nowMs));
    if (seen.outcome === 'foreign') return { type: 'drift.found', stepId: step.id, text: seen.text };
    if (seen.outcome === 'before' || seen.outcome === 'failed') {
      const text = `A request that was still on its way undid "${step.title}"; it is done once more.`;
      return { type: 'step.reopened', stepId: step.id, text };
    }
  }
  return null;
}

/** A reading, and a look at whether production still points where it was switched to (SITE-5). */
export async function readingEvent(
  world: World,
  promotion: Promotion,
  nowMs: number,
): Promise<PromotionEvent> {
  const [drift, looks] = await Promise.all([
    driftSince(world, promotion, nowMs),
    lookAt(world, promotion, nowMs, readBy(world, promotion)),
  ]);
  if (drift !== null && 'event' in drift) return drift.event;
  const judged = looks.flatMap(({ id, judged: stretch }) =>
    stretch === undefined ? [] : { id, ...stretch },
  );
  return {
    type: 'reading.recorded',
    results: [...plain(looks), ...(drift === null ? [] : [drift.result])],
    ...(judged.length === 0 ? {} : { judged }),
    completeUntilMs: judged.length === 0 ? null : Math.min(nowMs, ...judged.map(({ untilMs }) => untilMs)),
    looked: drift === null,
  };
}

type Drift = { readonly event: PromotionEvent } | { readonly result: CheckResult };

/** What is wrong with where production points, or that it could not be told; null while it points where it should. */
async function driftSince(world: World, promotion: Promotion, nowMs: number): Promise<Drift | null> {
  if (promotion.phase !== 'monitoring') return null;
  const step = promotion.plan.analysis.steps.findLast(({ does }) => does === 'shift' || does === 'deploy');
  if (step === undefined) return null;
  const drift = (text: string): Drift => ({ event: { type: 'drift.found', stepId: step.id, text } });
  try {
    const seen = await world
      .targetOf(promotion.definition, mandateOf(promotion))
      .observe(promotion.definition, contextOf(promotion, step, promotion.steps[step.id], 'forward', nowMs));
    if (seen.outcome === 'foreign' || seen.outcome === 'failed') return drift(seen.text);
    if (seen.outcome === 'applying') return unseen(step, seen.text);
    if (seen.outcome === 'done') return null;
    return seen.older === true
      ? unseen(step, 'The target still answers as it did before the change.')
      : drift(`Somebody else took back what "${step.title}" had done.`);
  } catch (error) {
    if (!isKnown(error)) throw error;
    return unseen(step, error.message);
  }
}

function unseen(step: Step, text: string): Drift {
  const result = { id: `target-${step.id}`, title: 'What production points at', text };
  return { result: { ...result, outcome: 'inconclusive', link: null, urgent: false } };
}

/** What the world's own errors are; anything else is a fault of ours. */
export const isKnown = (error: unknown): error is RetryableError | MisconfiguredError | TerminalError =>
  error instanceof RetryableError || error instanceof MisconfiguredError || error instanceof TerminalError;
