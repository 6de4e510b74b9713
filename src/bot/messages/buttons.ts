import { approvalsNeeded } from '../../flows/promotion/phases/approving.ts';
import type { Promotion } from '../../flows/promotion/promotion.ts';
import { actionIds, blockIdOf } from './anchor.ts';
import { actions, type ButtonSpec } from './block.ts';
import { checksWords, titleOf, versionBefore, versionOf } from './phrases.ts';
import { clean } from './text.ts';
import { duration } from './time.ts';

/**
 * The buttons for what is allowed now, and no others; at most one of them is emphasised. Leaving a button out is a
 * courtesy: whether a click counts is decided from the saved promotion. Without `live` a promoted release is no longer
 * known to be what is live, and there is nothing to go back from.
 */
export function buttonsOf(promotion: Promotion, live = true): ButtonSpec[] {
  switch (promotion.phase) {
    case 'analyzing':
    case 'validating':
      return [cancel(promotion)];
    case 'awaiting-approval':
      return promotion.approvals.length < approvalsNeeded(promotion)
        ? [approve(promotion), reject(promotion), cancel(promotion)]
        : [cancel(promotion)];
    case 'waiting':
      return [cancel(promotion)];
    case 'deploying':
      return [promotion.dirty ? rollBack(promotion) : cancel(promotion)];
    case 'verifying':
      return [rollBack(promotion)];
    case 'monitoring':
      return promotion.watch.question === null ? [rollBack(promotion)] : answers(promotion);
    case 'rollback-failed':
      // Without its lock a retry can only be refused.
      return promotion.failure.code === 'lock.lost'
        ? [resolve(promotion)]
        : [retry(promotion), resolve(promotion)];
    case 'promoted':
      return live ? [rollBack(promotion)] : [];
    default:
      return [];
  }
}

/** None when nothing is allowed. */
export function actionsOf(promotion: Promotion, part: string, nowMs: number, specs = buttonsOf(promotion)) {
  return specs.length === 0 ? [] : [actions(blockIdOf(promotion, part, nowMs), specs)];
}

function approve(promotion: Extract<Promotion, { phase: 'awaiting-approval' }>): ButtonSpec {
  const { waitSeconds } = promotion.policy.approvals;
  const checks = checksWords(promotion.plan.results);
  const delay =
    promotion.kind === 'promotion' && waitSeconds > 0 ? `${duration(waitSeconds * 1000)} after` : 'with';
  const before = clean(versionBefore(promotion) ?? '').slice(0, 60);
  const after = clean(versionOf(promotion)).slice(0, 60);
  return {
    actionId: actionIds.approve,
    label: 'Approve',
    value: promotion.id,
    style: 'primary',
    confirm: {
      title: 'Approve this plan?',
      text: [
        `${before} → ${after} in ${clean(promotion.environment).slice(0, 60)}.`,
        ...(checks === undefined ? [] : [`${checks.charAt(0).toUpperCase()}${checks.slice(1)}.`]),
        `Starts ${delay} the last approval.`,
      ].join(' '),
      yes: 'Approve',
    },
  };
}

const reject = (promotion: Promotion): ButtonSpec => ({
  actionId: actionIds.reject,
  label: 'Reject',
  value: promotion.id,
});

const cancel = (promotion: Promotion): ButtonSpec => ({
  actionId: actionIds.cancel,
  label: 'Cancel',
  value: promotion.id,
  confirm: {
    title: 'Cancel this?',
    text: `${clean(titleOf(promotion)).slice(0, 160)} ends here. Nothing has been changed.`,
    yes: 'Cancel It',
  },
});

function rollBack(promotion: Promotion): ButtonSpec {
  const back = clean(versionBefore(promotion) ?? 'the release before').slice(0, 100);
  return {
    actionId: actionIds.rollBack,
    label: 'Roll Back',
    value: promotion.id,
    style: 'danger',
    confirm: {
      title: 'Roll back?',
      text: `${clean(promotion.app).slice(0, 60)} ${clean(promotion.environment).slice(0, 60)} goes back to ${back}.`,
      yes: 'Roll Back',
    },
  };
}

/** For the question to on-call: inconclusive health is never a pass (ALL-13). */
export function answers(promotion: Promotion): ButtonSpec[] {
  const back = clean(versionBefore(promotion) ?? 'the release before').slice(0, 100);
  return [
    {
      actionId: actionIds.answerContinue,
      label: 'Continue',
      value: promotion.id,
      confirm: {
        title: isOverlong(promotion) ? 'Go on watching?' : 'Continue without health data?',
        text: isOverlong(promotion)
          ? 'The release stays. If its watch does not end, you are asked again.'
          : `The release stays, and the watch goes on for the rest of its ${duration(
              promotion.policy.monitoring.soakSeconds * 1000,
            )}.`,
        yes: 'Continue',
      },
    },
    {
      actionId: actionIds.answerRollBack,
      label: 'Roll Back',
      value: promotion.id,
      style: 'danger',
      confirm: { title: 'Roll back?', text: `Goes back to ${back}.`, yes: 'Roll Back' },
    },
  ];
}

function isOverlong(promotion: Promotion): boolean {
  return promotion.phase === 'monitoring' && promotion.watch.question?.overlong === true;
}

const retry = (promotion: Promotion): ButtonSpec => ({
  actionId: actionIds.retry,
  label: 'Try the Rollback Again',
  value: promotion.id,
  style: 'primary',
  confirm: {
    title: 'Try again?',
    text: 'The way back is carried out again from its first step. Do this once its cause is mended.',
    yes: 'Try Again',
  },
});

const resolve = (promotion: Promotion): ButtonSpec => ({
  actionId: actionIds.resolve,
  label: 'Close by Hand',
  value: promotion.id,
});
