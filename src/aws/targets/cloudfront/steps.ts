import type { RollbackStep, Step } from '../../../flows/promotion/plan.ts';
import type {
  CloudFrontBlueGreen,
  InvalidateSettings,
  SettleSettings,
  StepSettings,
  SwitchSettings,
} from './config.ts';

/** Usual durations; CloudFront says "within minutes" for a configuration and for an invalidation. */
const typical = { switchSeconds: 2, settleSeconds: 300, invalidateSeconds: 120 };

/** There it gives up soon; back it keeps trying for as long as throttling may last, and on-call is told anyway. */
const switchDeadlineSeconds = { there: 300, back: 1800 };

type Move = Omit<SwitchSettings, 'action'>;

/**
 * There: switch, wait until every edge has the configuration, and only then empty the cache. An
 * invalidation before that can be refilled from the old path for a whole TTL.
 */
export function forwardSteps(settings: CloudFrontBlueGreen, move: Move): Step[] {
  return [
    switchStep('switch', `Switch production to ${move.colour}`, switchDeadlineSeconds.there, move),
    settleStep('settle', 'Wait until CloudFront has delivered it everywhere', settings, move),
    invalidateStep('invalidate', "Empty CloudFront's cache", settings, true),
  ];
}

/**
 * Back: the same, with an invalidation at once as well, so that the edges that are quick already stop
 * serving the bad release. `undoes` names the forward step; empty for a rollback that stands by itself.
 */
export function backwardSteps(
  settings: CloudFrontBlueGreen,
  move: Move,
  undoes: readonly string[],
): RollbackStep[] {
  return [
    switchStep('switch-back', `Switch production back to ${move.colour}`, switchDeadlineSeconds.back, move),
    invalidateStep('invalidate-early', "Empty CloudFront's cache at once", settings, false),
    settleStep('settle-back', 'Wait until CloudFront has delivered it everywhere', settings, move),
    invalidateStep('invalidate-late', "Empty CloudFront's cache once more", settings, true),
  ].map((step) => ({ undoes: [...undoes], step }));
}

function switchStep(id: string, title: string, deadlineSeconds: number, move: Move): Step {
  return {
    id,
    title,
    does: 'shift',
    fence: 'compare-and-set',
    pollSeconds: 5,
    deadlineSeconds,
    typicalSeconds: typical.switchSeconds,
    settings: { action: 'switch', ...move } satisfies StepSettings,
  };
}

function settleStep(id: string, title: string, settings: CloudFrontBlueGreen, move: Move): Step {
  const { distributionId, originIds, neighbours, from, to, fingerprint } = move;
  return {
    id,
    title,
    does: 'settle',
    fence: 'none',
    pollSeconds: 20,
    deadlineSeconds: settings.deployDeadlineSeconds,
    typicalSeconds: typical.settleSeconds,
    settings: {
      action: 'settle',
      distributionId,
      originIds,
      ...(neighbours === undefined ? {} : { neighbours }),
      from,
      to,
      fingerprint,
    } satisfies SettleSettings,
  };
}

function invalidateStep(id: string, title: string, settings: CloudFrontBlueGreen, awaited: boolean): Step {
  return {
    id,
    title,
    does: 'invalidate',
    fence: 'idempotent',
    pollSeconds: 15,
    deadlineSeconds: settings.invalidationDeadlineSeconds,
    typicalSeconds: awaited ? typical.invalidateSeconds : 1,
    settings: {
      action: 'invalidate',
      distributionId: settings.distributionId,
      paths: ['/*'],
      await: awaited,
    } satisfies InvalidateSettings,
  };
}
