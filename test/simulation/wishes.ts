import type { AuditEntry } from '../../src/flows/promotion/audit.ts';
import type { PersonClaim, Promotion, PromotionIn } from '../../src/flows/promotion/promotion.ts';
import type { Coverage } from './coverage.ts';
import type { Write } from './shadow.ts';

const turned: ReadonlySet<string> = new Set([
  'rolling-back',
  'rollback-failed',
  'rolled-back',
  'resolved',
  'superseded',
]);
const stopped: ReadonlySet<string> = new Set(['rejected', 'expired', 'cancelled', 'failed']);

/** Whoever says this wants production back as it was. */
const wantsBack = ({ does, answer }: PersonClaim) => does === 'roll-back' || answer === 'roll-back';

const spell = ({ does, answer, person }: PersonClaim) =>
  `${does}${answer === null ? '' : ` ${answer}`} of ${person.userId}`;

/** Whose wish needs nobody to be looked up: named in the pinned policy, and on the way back. */
export function isNamedWish({ policy }: Promotion, { does, person }: PersonClaim): boolean {
  const rollback = policy.rollback.from === 'members' ? [] : policy.rollback.from.people;
  if (does === 'roll-back') return [...policy.onCall.people, ...rollback].includes(person.userId);
  if (does !== 'answer' && does !== 'retry') return false;
  return [...policy.onCall.people, ...policy.approvals.from.people, ...rollback].includes(person.userId);
}

/** "Continue" is heard, or its question is over, or the same person says otherwise. */
function isContinued(
  { person }: PersonClaim,
  before: Promotion,
  after: PromotionIn<'monitoring'>,
  granted: boolean,
): boolean {
  if (granted) return after.watch.acceptedBy !== null;
  const isOver =
    before.phase !== 'monitoring' || before.watch.question === null || after.watch.question === null;
  return (
    isOver || after.claims.some((other) => other.does === 'answer' && other.person.userId === person.userId)
  );
}

/** What became of a wish that is not open any more: true where it was obeyed, or its person was told why not. */
function isSettled(
  claim: PersonClaim,
  before: Promotion,
  after: Promotion,
  granted: boolean,
  denied: boolean,
): boolean {
  // Who asks for a rollback of its own is let in by the same word.
  if (denied || (granted && before.phase === 'analyzing')) return true;
  const { phase } = after;
  // A rollback of its own that comes to nothing says so by its end.
  if (wantsBack(claim)) return turned.has(phase) || (!isDirty(before) && stopped.has(phase));
  switch (claim.does) {
    case 'cancel':
      return stopped.has(phase) || turned.has(phase);
    case 'reject':
    case 'approve': {
      const isAnew = 'round' in before && 'round' in after && after.round !== before.round;
      return isAnew || stopped.has(phase) || turned.has(phase) || (claim.does === 'approve' && granted);
    }
    case 'retry':
      return phase === 'rolling-back' || (turned.has(phase) && phase !== 'rollback-failed');
    case 'resolve':
      return granted || phase === 'resolved' || phase === 'superseded';
    case 'answer':
      return after.phase !== 'monitoring' || isContinued(claim, before, after, granted);
    case 'request':
    case 'roll-back':
      return true;
  }
}

const isDirty = (promotion: Promotion) => 'dirty' in promotion && promotion.dirty;

export interface SavedWishes {
  readonly before: Promotion;
  readonly after: Promotion;
  readonly entries: readonly AuditEntry[];
  readonly write: Write;
  readonly coverage: Coverage;
}

/** Wishes that were taken, and of which nobody heard anything again; in words, or null. */
export function brokenWish({ before, after, entries, write, coverage }: SavedWishes): string | null {
  noteDarkness(before, after, entries, coverage);
  if (before.claims.length === 0) return null;
  if (after.phase === 'promoted') {
    const open = before.claims.find(wantsBack);
    if (open !== undefined) return `${after.id} is promoted while ${spell(open)} is being checked`;
  }
  const toldOf = write.told.some(({ promotionId, topic }) => promotionId === after.id && topic === 'denied');
  for (const claim of before.claims) {
    if (after.claims.some(({ id }) => id === claim.id)) continue;
    const verdict = entries.find(({ event }) => 'claimId' in event && event.claimId === claim.id)?.event.type;
    if (verdict === 'claim.denied' && !toldOf) return `${spell(claim)} was denied, and nobody is told`;
    const denied = toldOf && (verdict !== undefined || ['retry', 'resolve'].includes(claim.does));
    if (!isSettled(claim, before, after, verdict === 'claim.granted', denied))
      return `${spell(claim)} was taken, and ${after.id} is ${after.phase} as if it had never been said`;
  }
  return null;
}

/** What people met while nobody could be looked up. */
function noteDarkness(
  before: Promotion,
  after: Promotion,
  entries: readonly AuditEntry[],
  coverage: Coverage,
): void {
  const isDark = before.troubles.people !== null;
  for (const { event } of entries) {
    if (event.type === 'trouble.met' && event.during === 'people') {
      for (const { does, answer } of before.claims)
        coverage.hit(`antecedent ${does}${answer === null ? '' : ` ${answer}`} waits for the directory`);
    }
    if (isDark && 'claim' in event && isNamedWish(after, event.claim) && before.claims.length > 0)
      coverage.hit(`antecedent named ${event.claim.does} behind a wish that waits for the directory`);
    if (event.type === 'reading.recorded' && before.phase === 'monitoring' && before.claims.some(wantsBack)) {
      const settles =
        before.watch.question !== null && after.phase === 'monitoring' && after.watch.question === null;
      if (settles && before.claims.some(({ answer }) => answer === 'roll-back'))
        coverage.hit('antecedent healthy again while an answer "roll back" is being checked');
      const soakMs = after.policy.monitoring.soakSeconds * 1000;
      if (
        after.phase === 'monitoring' &&
        (after.watch.healthyUntilMs ?? 0) >= after.watch.soakFromMs + soakMs
      )
        coverage.hit('antecedent soak over while Roll Back is being checked');
    }
  }
}
