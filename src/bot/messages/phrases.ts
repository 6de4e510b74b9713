import { shortHash } from '../../flows/promotion/audit.ts';
import type { CheckResult } from '../../flows/promotion/plan.ts';
import type { Policy } from '../../flows/promotion/policy.ts';
import { hasEnded, isDirty, type Promotion, type Rollback } from '../../flows/promotion/promotion.ts';
import { nobody } from '../../flows/unlock.ts';
import { code, foreign, group, link, person } from './text.ts';
import { onReadersClock } from './time.ts';

const releaseBefore = 'the release before';

/** The version that is being brought to production, as far as it is known. */
export function versionOf(promotion: Promotion): string {
  if ('release' in promotion) return promotion.release.version;
  const planned = 'plan' in promotion ? promotion.plan?.analysis.candidate.release.version : undefined;
  return planned ?? promotion.version ?? releaseBefore;
}

/** How far the audit has come. Slack keeps what it was shown: a witness that the audit was not made anew since (ALL-11). */
export function auditWords(promotion: Promotion): string {
  return `audit ${code(shortHash(promotion.audit.head), 20)}`;
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
    : `Roll back ${app} in ${environment} to ${versionOf(promotion)}`;
}

/** The version as code; in plain words where a rollback names none and nothing was looked at yet. */
export function versionWords(promotion: Promotion): string {
  const version = versionOf(promotion);
  return version === releaseBefore ? version : code(version);
}

/** Escaped, after a verb: "site v1.1.0 to production", or for a rollback "site in production to v1.0.0". */
export function movement(promotion: Promotion): string {
  const { app, environment, kind } = promotion;
  return kind === 'promotion'
    ? `${code(app)} ${code(versionOf(promotion))} to ${code(environment)}`
    : `${code(app)} in ${code(environment)} to ${versionWords(promotion)}`;
}

/** Escaped, as a thing: "site v1.1.0 to production", or "the rollback of site in production to v1.0.0". */
export function undertaking(promotion: Promotion): string {
  return promotion.kind === 'promotion' ? movement(promotion) : `the rollback of ${movement(promotion)}`;
}

/** Why it goes back: whoever asked, with their reason if they gave one, or what was found. */
export function causeWords({ cause, detectedAtMs }: Rollback, found: string): string[] {
  const [first = '', ...more] = cause.text.split('\n');
  if (cause.by === null) {
    const [was = '', ...others] = [first, ...more.slice(0, 5)].map((text) =>
      onReadersClock(wrong(text), detectedAtMs),
    );
    return [`${found} ${was}`, ...others];
  }
  const reason = first === 'A person asked for it.' ? '.' : `: ${foreign(first)}`;
  return [`Asked for by ${person(cause.by.userId)}${reason}`, ...bullets(more.slice(0, 5))];
}

/** "all 7 checks passed"; undefined where nothing is checked. */
export function checksWords(results: readonly CheckResult[]): string | undefined {
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  if (results.length === 0) return undefined;
  if (passed < results.length) return `${passed} of ${results.length} checks passed`;
  return passed === 1 ? 'its one check passed' : `all ${passed} checks passed`;
}

/** "Production", at the beginning of a sentence. */
export function environmentName(promotion: Promotion): string {
  const { environment } = promotion;
  return foreign(environment.charAt(0).toUpperCase() + environment.slice(1), 80);
}

/** What an approved promotion waits for; whether its holder is at work or can no longer be read is not known here. */
export function lockedBy(holder: string): string {
  return holder === nobody
    ? 'Two people have freed this environment, and it rests for some minutes until nothing can be on its way any more.'
    : `Waits for ${code(holder)}, which holds what it would change.`;
}

/** It may be held by what is stuck, in another environment too: the status names the way out. */
export function wayOutOfLock(holder: string): string {
  return holder === nobody
    ? 'It goes on by itself.'
    : `It goes on by itself once that is free; ${code('/promote status')} says how that stands, and the way out where it is stuck.`;
}

/** Why an approved rollback has not begun after minutes. */
export function rollbackWaitsFor(holder: string): string {
  return holder === nobody ? lockedBy(holder) : `${code(holder)} holds what it would change.`;
}

/** Nothing more is done by it, since its environment was taken away from it. */
export function lostItsLock(promotion: Promotion): boolean {
  return promotion.phase === 'rollback-failed' && promotion.failure.code === 'lock.lost';
}

/** Whether a way back was ever begun. */
export function triedBack({ rollback }: Extract<Promotion, { rollback: Rollback }>): boolean {
  return rollback.attempt > 1 || Object.keys(rollback.steps).length > 0;
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

/** The people who may approve; who may ask for a rollback is another list. */
export function approverMentions(policy: Policy): string {
  const { from } = policy.approvals;
  return [...from.groups.map(group), ...from.people.map(person)].slice(0, 20).join(' ');
}

const outcomeWords: Record<CheckResult['outcome'], string> = {
  passed: 'passed',
  failed: 'FAILED',
  inconclusive: 'cannot tell',
  pending: 'no data yet',
  stale: 'still the release before',
};

/** What did not hold. The title of a check says what should be: alone at the beginning it reads like the opposite. */
export function wrong(text: string): string {
  return `✗ ${foreign(text)}`;
}

/** "✗ Home page — FAILED: expected v1.1.0, found v1.0.9 (details)". */
export function resultLine(result: CheckResult): string {
  const more = result.link === null ? '' : ` (${link(result.link, 'details')})`;
  return `${result.outcome === 'failed' ? '✗' : '•'} ${foreign(result.title, 120)} — ${outcomeWords[result.outcome]}: ${foreign(result.text, 400)}${more}`;
}

/** Several lines of foreign text as one list. */
export function bullets(all: readonly string[], limit = 300): string[] {
  return all.map((text) => `• ${foreign(text, limit)}`);
}
