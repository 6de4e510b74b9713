import { type Decision, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { Step } from '../plan.ts';
import type { StepState } from '../promotion.ts';

/** How long an unanswered act may still be on its way before it is sent again. */
const actWindowMs = 30_000;
export const attemptLimit = 6;

type Steps = Readonly<Record<string, StepState>>;

export function findStep(steps: readonly Step[], stepId: string): Step | undefined {
  return steps.find((step) => step.id === stepId);
}

function started(steps: Steps, stepId: string, nowMs: number): StepState {
  return (
    steps[stepId] ?? {
      status: 'waiting',
      claim: null,
      startedAtMs: nowMs,
      doneAtMs: null,
      lookAtMs: nowMs,
      progress: null,
      text: null,
    }
  );
}

/** The write-ahead record of an act; a further attempt keeps key and reference. */
export function claimed(
  steps: Steps,
  event: EventOf<'step.claimed'>,
  nowMs: number,
): Record<string, StepState> {
  const before = started(steps, event.stepId, nowMs);
  return {
    ...steps,
    [event.stepId]: {
      ...before,
      status: 'claimed',
      claim: {
        key: event.key,
        attempt: (before.claim?.attempt ?? 0) + 1,
        precondition: event.precondition,
        reference: before.claim?.reference ?? null,
        claimedAtMs: nowMs,
        retryAtMs: nowMs + actWindowMs,
      },
      lookAtMs: nowMs,
    },
  };
}

export function acted(steps: Steps, event: EventOf<'step.acted'>): Record<string, StepState> | null {
  const before = steps[event.stepId];
  if (before?.claim === null || before === undefined) return null;
  return { ...steps, [event.stepId]: { ...before, claim: { ...before.claim, reference: event.reference } } };
}

export function progressed(
  steps: Steps,
  step: Step,
  event: EventOf<'step.progressed'>,
  nowMs: number,
): Record<string, StepState> {
  const before = started(steps, event.stepId, nowMs);
  return {
    ...steps,
    [event.stepId]: {
      ...before,
      lookAtMs: nowMs + step.pollSeconds * 1000,
      progress: { text: event.text, fraction: event.fraction },
    },
  };
}

export function finished(
  steps: Steps,
  stepId: string,
  status: 'done' | 'failed',
  text: string,
  nowMs: number,
): Record<string, StepState> {
  const before = started(steps, stepId, nowMs);
  return { ...steps, [stepId]: { ...before, status, doneAtMs: nowMs, progress: null, text } };
}

/** The first step that is not done. */
export function currentStep(steps: readonly Step[], states: Steps): Step | undefined {
  return steps.find((step) => states[step.id]?.status !== 'done');
}

/** True when the event is about the step that is due now; anything else comes from a tick that slept. */
export function isCurrent(steps: readonly Step[], states: Steps, stepId: string): boolean {
  return currentStep(steps, states)?.id === stepId;
}

export const notCurrent = (): Decision =>
  refuse('step.not-current', 'This step is not the one being carried out.', 'Look again.');
