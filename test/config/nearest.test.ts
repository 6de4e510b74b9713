import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/config/nearest.ts';

describe('the nearest known word', () => {
  it.each([
    ['aprovals', 'approvals'],
    ['on_call', 'onCall'],
    ['Wait-Timer', 'waitTimer'],
    ['gate', 'gates'],
  ])('to %s is %s', (written, meant) => {
    expect(nearest(written, ['approvals', 'onCall', 'waitTimer', 'gates', 'url'])).toBe(meant);
  });

  it.each(['', 'x', 'budget', 'lru!', 'x'.repeat(100_000)])('to %.10s is none', (written) => {
    expect(nearest(written, ['approvals', 'onCall', 'waitTimer', 'gates', 'url'])).toBeUndefined();
  });
});
