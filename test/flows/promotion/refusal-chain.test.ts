import { describe, expect, it } from 'vitest';
import { shortHash } from '../../../src/flows/promotion/audit.ts';
import { canonical } from '../../../src/flows/promotion/canonical.ts';
import { chainRefusal } from '../../../src/flows/promotion/refusal-chain.ts';
import { refusedClick } from './retold.ts';
import { hash, startMs, walkTo } from './walk.ts';

const { promotion } = walkTo('promoted');
const click = (atMs: number) => refusedClick(promotion, atMs);
const newest = { sequence: 4, atMs: startMs + 1_000, hash: 'the fourth' };

describe('ALL-11 a refused click is chained', () => {
  it('as the first of its promotion, after the entry that it was decided on', () => {
    const refused = click(startMs);

    const entry = chainRefusal(undefined, promotion, refused, hash);

    const { hash: sealed, ...content } = entry;
    expect(content).toEqual({
      ...refused,
      sequence: 1,
      after: { sequence: promotion.audit.sequence, hash: promotion.audit.head },
      previous: '',
    });
    expect(sealed).toBe(hash(canonical(content)));
  });

  it('to the one before it', () => {
    expect(chainRefusal(newest, promotion, click(startMs + 5_000), hash)).toMatchObject({
      sequence: 5,
      atMs: startMs + 5_000,
      after: { sequence: promotion.audit.sequence, hash: promotion.audit.head },
      previous: 'the fourth',
    });
  });

  it('never before the one before it, whatever the clock says', () => {
    expect(chainRefusal(newest, promotion, click(startMs), hash).atMs).toBe(newest.atMs);
  });
});

describe('ALL-11 a hash as it is shown', () => {
  it('is its first twelve digits, enough to be compared by eye', () => {
    expect(shortHash(hash('x'))).toBe(hash('x').slice(0, 12));
    expect(shortHash('0123456789ab')).toBe('0123456789ab');
  });
});
