import { describe, expect, it } from 'vitest';
import type { SignedCall } from '../../src/aws/signed-call.ts';
import { createLifetime } from '../../src/compose/lifetime.ts';

const request = { service: 'dynamodb', target: 't', body: '{}', timeoutMs: 1 } as const;

function openLifetime() {
  let nowMs = 1_000;
  let calls = 0;
  const lifetime = createLifetime(5_000, () => nowMs);
  const call: SignedCall = lifetime.guard(async () => {
    calls += 1;
    return { status: 200, headers: {}, body: '', fault: null };
  });
  return {
    lifetime,
    call,
    calls: () => calls,
    pass(ms: number) {
      nowMs += ms;
    },
  };
}

describe('the lifetime of a request', () => {
  it('lets calls through until its end, and none after it', async () => {
    const { lifetime, call, calls, pass } = openLifetime();

    await lifetime.during(async () => {
      pass(5_000);
      await call(request);
      pass(1);
      await expect(call(request)).rejects.toThrow('is over');
    });

    expect(calls()).toBe(1);
  });

  it('is each request’s own, however they interleave, and no concern of what belongs to none', async () => {
    const { lifetime, call, calls, pass } = openLifetime();
    let thaw = () => {};
    const frozen = new Promise<void>((resolve) => {
      thaw = resolve;
    });
    const old = lifetime.during(async () => {
      await frozen;
      return call(request);
    });
    pass(60_000);

    const young = lifetime.during(async () => call(request));
    thaw();

    await expect(old).rejects.toThrow('is over');
    await young;
    await call(request);
    expect(calls()).toBe(2);
  });
});
