import { describe, expect, it } from 'vitest';
import {
  carriesMark,
  leavesRoomForMark,
  markComment,
  withoutMark,
} from '../../../../src/aws/targets/cloudfront/marker.ts';

const mark = { colour: 'green', version: 'v1.42.0', key: 'p1#switch', etag: 'E1' };

describe('the mark in the comment', () => {
  it('says what is live, after the words of people', () => {
    expect(markComment('the shop', mark)).toMatch(
      /^the shop \[countersign live=green v=v1\.42\.0 [0-9a-f]{12}\.[0-9a-f]{6}\]$/,
    );
  });

  it('takes the place of an earlier mark and is found by its key only', () => {
    const twice = markComment(markComment('the shop', { ...mark, key: 'p0#switch' }), mark);
    expect(twice).toBe(markComment('the shop', mark));
    expect(carriesMark(twice, 'p1#switch')).toBe(true);
    expect(carriesMark(twice, 'p0#switch')).toBe(false);
    expect(withoutMark(twice)).toBe('the shop');
  });

  it('ALL-7 differs under another ETag, so that repeating a write of the same path still is a change', () => {
    const first = markComment('the shop', mark);
    const second = markComment(first, { ...mark, etag: 'E2' });
    expect(second).not.toBe(first);
    expect(carriesMark(second, mark.key)).toBe(true);
  });

  it.each([
    ['an empty comment', '', 'v1.42.0'],
    ['a long comment', 'x'.repeat(90), 'v1.42.0'],
    ['a comment that just leaves room', 'x'.repeat(94), 'v1.42.0'],
    ['a comment that leaves no room', 'x'.repeat(128), 'v1.42.0'],
    ['a version that is no version', 'the shop', 'a ] b'],
    ['a version of absurd length', 'the shop', '1'.repeat(200)],
  ])('fits into 128 characters and is found again: %s', (_what, comment, version) => {
    const marked = markComment(comment, { ...mark, version });
    expect(marked.length).toBeLessThanOrEqual(128);
    expect(carriesMark(marked, mark.key)).toBe(true);
  });

  it('knows when it would cut the words of people', () => {
    expect(leavesRoomForMark('x'.repeat(94))).toBe(true);
    expect(leavesRoomForMark('x'.repeat(95))).toBe(false);
    expect(withoutMark(markComment('x'.repeat(94), mark))).toBe('x'.repeat(94));
  });
});
