import { describe, expect, it } from 'vitest';
import { formatDurationMs, parseDurationMs } from '../../src/config/duration.ts';

describe('durations', () => {
  it.each([
    ['30s', 30_000],
    ['5m', 300_000],
    ['48h', 172_800_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['0s', 0],
  ])('%s is %i ms', (text, durationMs) => {
    expect(parseDurationMs(text)).toBe(durationMs);
  });

  it.each(['', '5', '5 m', 'm', '-5m', '5M', '1.5h', '30m1h', '5min', '99999999999s'])(
    '%j is none',
    (text) => {
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );

  it('are written back so that they read the same', () => {
    for (const durationMs of [0, 1, 999, 1000, 90_000, 3_600_000, 5_400_000, 172_800_000, 90_061_001]) {
      expect(parseDurationMs(formatDurationMs(durationMs))).toBe(durationMs);
    }
  });
});
