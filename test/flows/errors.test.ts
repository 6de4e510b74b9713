import { describe, expect, it } from 'vitest';
import {
  ConflictError,
  MisconfiguredError,
  RetryableError,
  TerminalError,
  UnreadableError,
} from '../../src/flows/errors.ts';
import { bareRow, rowOf } from '../../src/flows/held.ts';
import { isNoticeId, unlockNoticeId } from '../../src/flows/notices.ts';

describe('what goes wrong outside the decisions', () => {
  it.each([
    ['RetryableError', RetryableError],
    ['TerminalError', TerminalError],
    ['ConflictError', ConflictError],
    ['MisconfiguredError', MisconfiguredError],
    ['UnreadableError', UnreadableError],
  ])('says by its name in a log that it is a %s', (name, Kind) => {
    expect(String(new Kind('aws.throttled', 'AWS is throttling.'))).toBe(`${name}: AWS is throttling.`);
  });

  it('keeps what caused it, and names no cause where there was none', () => {
    const cause = new Error('socket hang up');

    expect(new RetryableError('aws.unreachable', 'no answer', { cause }).cause).toBe(cause);
    expect(Object.hasOwn(new RetryableError('aws.unreachable', 'no answer'), 'cause')).toBe(false);
  });

  it('carries its code, data and the time asked for, each only where there is one', () => {
    const full = new RetryableError('aws.throttled', 'x', {
      data: { stepId: 'switch' },
      retryAfterMs: 5_000,
    });

    expect(full).toMatchObject({ code: 'aws.throttled', data: { stepId: 'switch' }, retryAfterMs: 5_000 });
    expect(new TerminalError('aws.invalid', 'x')).toMatchObject({ data: {}, retryAfterMs: undefined });
  });
});

describe('a row that cannot be read', () => {
  const row = { ...bareRow, kind: 'promotion' as const, id: 'p1', code: 'store.unreadable' };

  it('is named by the error that met it, and by no other error', () => {
    expect(rowOf(new UnreadableError('store.unreadable', 'no', { data: { row } }))).toEqual(row);
    expect(rowOf(new UnreadableError('store.unreadable', 'no', { data: { other: row } }))).toBeUndefined();
    expect(rowOf(new TerminalError('store.unreadable', 'no', { data: { row } }))).toBeUndefined();
  });
});

describe('a notice', () => {
  it('is told apart from a promotion by its id', () => {
    const id = unlockNoticeId({ app: 'site', environment: 'production', sequence: 2 } as never);

    expect(id).toBe('notice:unlock:site#production:2');
    expect(isNoticeId(id)).toBe(true);
    expect(isNoticeId('p1a2b3c4d5e')).toBe(false);
    expect(isNoticeId('p-notice:')).toBe(false);
  });
});
