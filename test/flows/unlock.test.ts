import { describe, expect, it } from 'vitest';
import { canonical } from '../../src/flows/promotion/canonical.ts';
import type { Person, Promotion } from '../../src/flows/promotion/promotion.ts';
import type { Standing } from '../../src/flows/promotion/rights.ts';
import {
  chainUnlockRefusal,
  decideUnlock,
  firstBroken,
  type HeldLock,
  type LockSeen,
  refuseOpenHolder,
  secondPersonWithinMs,
  standingStatement,
  type UnlockEntry,
} from '../../src/flows/unlock.ts';
import { ada, grace, hash, lin, startMs, walkTo } from './promotion/walk.ts';

const held: HeldLock = {
  holder: 'p1',
  epoch: 7,
  rows: [
    { key: 'site#production', epoch: 7 },
    { key: 'arn:thing', epoch: 3 },
  ],
  mark: { exists: true, tx: 'n1', revision: 4 },
};
const free: LockSeen = {
  app: 'site',
  environment: 'production',
  held: null,
  freeFromMs: null,
  newest: null,
  nowMs: startMs,
};
const locked = { ...free, held };
const granted: Standing = { outcome: 'granted', evidence: 'named in the configuration' };
const denied: Standing = {
  outcome: 'denied',
  refusal: { code: 'person.not-allowed', text: 'You are not.', next: 'Ask one.' },
};

const wish = (
  person: Person,
  seen: LockSeen & { readonly held: HeldLock } = locked,
  also: { standing?: Standing; firstStanding?: Standing | null } = {},
) =>
  decideUnlock(
    {
      seen,
      because: 'unreadable',
      person,
      reason: 'Its record is broken',
      standing: also.standing ?? granted,
      firstStanding:
        also.firstStanding === undefined
          ? standingStatement(seen) === null
            ? null
            : granted
          : also.firstStanding,
    },
    hash,
  );

const entryOf = (decision: ReturnType<typeof wish>): UnlockEntry => {
  if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
  return decision.entry;
};
const later = (entry: UnlockEntry, laterMs: number, over: Partial<HeldLock> = {}) => ({
  ...locked,
  held: { ...held, ...over },
  newest: { sequence: entry.sequence, hash: entry.hash, entry },
  nowMs: startMs + laterMs,
});
const first = entryOf(wish(grace));
const minute = 60_000;

describe('two-person unlock decides', () => {
  it('that the first word is recorded and frees nothing', () => {
    const decision = wish(grace);

    expect(decision.outcome).toBe('recorded');
    expect(entryOf(decision)).toEqual(first);
    expect(first).toMatchObject({
      does: 'state',
      sequence: 1,
      by: { person: grace, reason: 'Its record is broken', evidence: 'named in the configuration' },
      first: null,
      holder: 'p1',
      epoch: 7,
      freeFromMs: null,
      previous: '',
    });
  });

  it('that a second person frees every lock of the holder, to be taken six minutes later', () => {
    expect(entryOf(wish(lin, later(first, 5 * minute)))).toMatchObject({
      does: 'free',
      sequence: 2,
      by: { person: lin },
      first: first.by,
      keys: ['site#production', 'arn:thing'],
      freeFromMs: startMs + 11 * minute,
      previous: first.hash,
    });
  });

  it.each([
    ['the same person', grace, later(first, minute), 'unlock.same-person'],
    [
      'the same person in the last millisecond',
      grace,
      later(first, secondPersonWithinMs - 1),
      'unlock.same-person',
    ],
  ])('that %s is not a second one', (_what, person, seen, code) => {
    expect(wish(person, seen)).toMatchObject({ outcome: 'refused', refusal: { code } });
  });

  it.each([
    ['half an hour later', later(first, secondPersonWithinMs)],
    ['of another holder', later(first, minute, { holder: 'p2' })],
    ['of another holding by the same promotion', later(first, minute, { epoch: 8 })],
    ['that was the second one already', later(entryOf(wish(lin, later(first, minute))), 2 * minute)],
    ['that cannot be read', { ...later(first, minute), newest: { sequence: 1, hash: 'h', entry: null } }],
  ])('that a word %s counts for nothing: whoever comes is the first', (_what, seen) => {
    expect(standingStatement(seen)).toBeNull();
    expect(entryOf(wish(lin, seen))).toMatchObject({
      does: 'state',
      first: null,
      sequence: (seen.newest?.sequence ?? 0) + 1,
      previous: seen.newest?.hash,
    });
  });

  it('that a first person who may no longer do it does not count: the second becomes the first', () => {
    expect(entryOf(wish(lin, later(first, minute), { firstStanding: denied }))).toMatchObject({
      does: 'state',
      by: { person: lin },
    });
  });

  it('that a first person whom nobody asked the directory about does not count either', () => {
    expect(entryOf(wish(lin, later(first, minute), { firstStanding: null }))).toMatchObject({
      does: 'state',
      first: null,
      freeFromMs: null,
    });
  });

  it('that there is nothing for a second person to join where the lock is free', () => {
    expect(standingStatement({ ...later(first, minute), held: null })).toBeNull();
  });

  it('that whoever may not do it is refused, first or second', () => {
    for (const seen of [locked, later(first, minute)])
      expect(wish(ada, seen, { standing: denied })).toEqual(
        denied.outcome === 'denied' && { ...denied, outcome: 'refused' },
      );
  });

  it('that nothing seems to come before what it follows, whatever the store’s clocks say', () => {
    expect(entryOf(wish(lin, later(first, -3000))).atMs).toBe(first.atMs);
  });

  it('ALL-11 that every line is bound to the one before and to all that it says', () => {
    const second = entryOf(wish(lin, later(first, minute)));
    const { hash: sealed, ...rest } = second;
    expect(entryOf(wish(lin, later({ ...first, hash: 'forged' }, minute))).hash).not.toBe(sealed);
    expect(rest.previous).toBe(first.hash);
    const refused = {
      app: 'site',
      environment: 'production',
      atMs: startMs,
      person: ada,
      reason: 'x',
      refusal: { code: 'x', text: 'x', next: 'x' },
    };
    const one = chainUnlockRefusal(null, refused, hash);
    expect(one).toMatchObject({ sequence: 1, atMs: startMs, previous: '' });
    expect(chainUnlockRefusal(one, { ...refused, atMs: startMs - 1 }, hash)).toMatchObject({
      sequence: 2,
      atMs: startMs,
      previous: one.hash,
    });
  });
});

describe('ALL-11 a record of unlocks', () => {
  const second = entryOf(wish(lin, later(first, minute)));
  const third = entryOf(wish(grace, later(second, 2 * minute)));
  const record = [first, second, third];
  const sealed = ({ hash: _, ...content }: UnlockEntry): UnlockEntry => ({
    ...content,
    hash: hash(canonical(content)),
  });

  it('is whole as it was written, line by line, and so are the refusals', () => {
    const refused = {
      app: 'site',
      environment: 'production',
      atMs: startMs,
      person: ada,
      reason: 'x',
      refusal: { code: 'x', text: 'x', next: 'x' },
    };
    const one = chainUnlockRefusal(null, refused, hash);

    for (const length of [0, 1, 2, 3]) expect(firstBroken(record.slice(0, length), hash)).toBeNull();
    expect(firstBroken([one, chainUnlockRefusal(one, refused, hash)], hash)).toBeNull();
  });

  it.each<[string, UnlockEntry[], number]>([
    ['a line that was changed', [first, { ...second, holder: 'p2' }, third], 2],
    ['a line that was changed and given a new hash', [first, sealed({ ...second, holder: 'p2' }), third], 3],
    ['a line that is numbered wrong', [first, sealed({ ...second, sequence: 3 })], 2],
    ['a line that follows another one', [first, sealed({ ...second, previous: 'x' }), third], 2],
    ['what is missing at the beginning', [second, third], 1],
    ['what is missing in the middle', [first, third], 2],
    ['a line that is there twice', [first, first, second], 2],
  ])('names the place of %s', (_what, lines, place) => {
    expect(firstBroken(lines, hash)).toBe(place);
  });
});

describe('a holder that can be read and is open is not for two people to free', () => {
  const nextOf = (promotion: Promotion) => refuseOpenHolder(promotion).next;

  it.each([
    ['waiting', walkTo('waiting').promotion, /^It has changed nothing yet: press Cancel/],
    [
      'monitoring',
      walkTo('monitoring').promotion,
      /press Roll Back on its card, or write \/rollback site production/,
    ],
    ['rolling-back', walkTo('rolling-back').promotion, /^It is taking production back/],
    [
      'rollback-failed',
      walkTo('rollback-failed').promotion,
      /Try the Rollback Again.*two people press Close by Hand/,
    ],
  ])('while %s', (_phase, promotion, way) => expect(nextOf(promotion)).toMatch(way));
});
