import type { CheckResult } from '../../flows/promotion/plan.ts';
import type { Policy } from '../../flows/promotion/policy.ts';
import { hasEnded, isDirty, type Promotion } from '../../flows/promotion/promotion.ts';
import { code, foreign, group, link, person } from './text.ts';

/** The version that is being brought to production, as far as it is known. */
export function versionOf(promotion: Promotion): string {
  if ('release' in promotion) return promotion.release.version;
  const planned = 'plan' in promotion ? promotion.plan?.analysis.candidate.release.version : undefined;
  return planned ?? promotion.version ?? 'the release before';
}

/** The version that production showed when the promotion was planned; undefined before it was looked at. */
export function versionBefore(promotion: Promotion): string | undefined {
  if ('analysis' in promotion) return promotion.analysis.live.release.version;
  return 'plan' in promotion ? promotion.plan?.analysis.live.release.version : undefined;
}

/** Unescaped: "Promote site v1.1.0 to production". */
export function titleOf(promotion: Promotion): string {
  const { app, environment, kind } = promotion;
  return kind === 'promotion'
    ? `Promote ${app} ${versionOf(promotion)} to ${environment}`
    : `Roll back ${app} ${environment} to ${versionOf(promotion)}`;
}

/** Escaped, for the middle of a sentence: "site v1.1.0 to production". */
export function movement(promotion: Promotion): string {
  const { app, environment } = promotion;
  return `${code(app)} ${code(versionOf(promotion))} to ${code(environment)}`;
}

/** "Production", at the beginning of a sentence. */
export function environmentName(promotion: Promotion): string {
  const { environment } = promotion;
  return foreign(environment.charAt(0).toUpperCase() + environment.slice(1), 80);
}

/** Only true, and only said, while nothing was changed. */
export function untouched(promotion: Promotion): string {
  return hasEnded(promotion) && !isDirty(promotion) && !('rollback' in promotion)
    ? `${environmentName(promotion)} was not touched.`
    : '';
}

export function onCallMentions(policy: Policy): string {
  const { people, groups } = policy.onCall;
  return [...groups.map(group), ...people.map(person)].slice(0, 20).join(' ');
}

export function approverMentions(policy: Policy, kind: Promotion['kind']): string {
  const from = kind === 'rollback' ? policy.rollback.from : policy.approvals.from;
  if (from === 'members') return '';
  return [...from.groups.map(group), ...from.people.map(person)].slice(0, 20).join(' ');
}

const outcomeWords: Record<CheckResult['outcome'], string> = {
  passed: 'passed',
  failed: 'FAILED',
  inconclusive: 'cannot tell',
  pending: 'no data yet',
  stale: 'still the release before',
};

/** "Home page — FAILED: expected v1.1.0, found v1.0.9 (details)". */
export function resultLine(result: CheckResult): string {
  const more = result.link === null ? '' : ` (${link(result.link, 'details')})`;
  return `• ${foreign(result.title, 120)} — ${outcomeWords[result.outcome]}: ${foreign(result.text, 400)}${more}`;
}

/** Several lines of foreign text as one list. */
export function bullets(all: readonly string[], limit = 300): string[] {
  return all.map((text) => `• ${foreign(text, limit)}`);
}
