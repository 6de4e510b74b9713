import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createFunction, type FunctionSettings } from '../../workspace/lambda/function.ts';
import { lambdaRuntime } from './runtime.ts';

/** A function of a few lines under AWS's own runtime client. */
function hello(code: string, settings: Partial<FunctionSettings> = {}) {
  const taskRoot = mkdtempSync(join(tmpdir(), 'countersign-hello-'));
  const write = (text: string) => writeFileSync(join(taskRoot, 'hello.js'), text);
  write(code);
  const lambda = createFunction({
    runtime: lambdaRuntime(),
    nowMs: () => 0,
    settings: {
      name: 'hello',
      handler: 'hello.handler',
      taskRoot,
      memoryMb: 128,
      timeoutSeconds: 5,
      environment: {},
      ...settings,
    },
  });
  onTestFinished(async () => {
    await lambda.close();
    rmSync(taskRoot, { recursive: true, force: true });
  });
  const invoke = async (event: unknown = {}) => {
    const answer = await lambda.invoke(event);
    if (answer.outcome === 'throttled') return answer;
    return { ...answer, content: JSON.parse(answer.payload) as Record<string, unknown> };
  };
  return { lambda, invoke, write };
}

const isStopped = (pid: number) => /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

describe('a function under AWS’s runtime client', () => {
  it('gets the event, its deadline and its name, on Node 22, and of this process’s environment nothing', async () => {
    process.env['OF_THIS_PROCESS'] = 'x';
    const { invoke, lambda } = hello(
      `exports.handler = async (event, context) => ({
        event, arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis(),
        node: process.version, own: process.env.OWN, foreign: process.env.OF_THIS_PROCESS ?? null });`,
      { environment: { OWN: 'o' } },
    );

    const answer = await invoke({ a: 1 });
    const { left, ...content } = 'content' in answer ? answer.content : {};

    expect(content).toEqual({
      event: { a: 1 },
      arn: lambda.arn,
      own: 'o',
      foreign: null,
      node: expect.stringMatching(/^v22\./),
    });
    expect(left).toBeGreaterThan(3_000);
    expect(left).toBeLessThanOrEqual(5_000);
  });

  it('is started once and stays warm, with what it remembers', async () => {
    const { invoke, lambda } = hello('let count = 0; exports.handler = async () => ({ count: ++count });');

    expect(await invoke()).toMatchObject({ content: { count: 1 }, isCold: true });
    expect(await invoke()).toMatchObject({ content: { count: 2 }, isCold: false });
    await lambda.recycle();
    expect(await invoke()).toMatchObject({ content: { count: 1 }, isCold: true });
  });

  it('is frozen between two invocations: what it left running stands still', async () => {
    const { invoke, lambda } = hello(
      'let ticks = 0; setInterval(() => { ticks += 1; }, 5); exports.handler = async () => ({ ticks });',
    );
    const ticks = async () => {
      const answer = await invoke();
      return 'content' in answer ? Number(answer.content['ticks']) : Number.NaN;
    };
    const before = await ticks();
    await lambda.rested();
    const [instance] = lambda.instances();

    await expect.poll(() => isStopped(instance?.pid ?? 0)).toBe(true);
    // Real time, because the process lives in it: enough for forty ticks.
    await pause(200);

    expect((await ticks()) - before).toBeLessThan(5);
  });

  it('one that throws, rejects or answers too much fails and stays', async () => {
    const { invoke } = hello(`let count = 0; exports.handler = async ({ how }) => {
      count += 1;
      if (how === 'throw') throw new TypeError('boom');
      if (how === 'much') return 'x'.repeat(6300000);
      return { count }; };`);

    expect(await invoke({ how: 'throw' })).toMatchObject({
      functionError: 'Unhandled',
      content: { errorType: 'TypeError', errorMessage: 'boom' },
    });
    expect(await invoke({ how: 'much' })).toMatchObject({
      functionError: 'Unhandled',
      content: { errorType: 'Function.ResponseSizeTooLarge' },
    });
    expect(await invoke()).toMatchObject({ content: { count: 3 }, isCold: false });
  });

  it('one that takes too long is killed at its time-out, and one that exits is started anew', async () => {
    const { invoke, lambda } = hello(
      `exports.handler = async ({ how }) => {
        if (how === 'hang') await new Promise(() => { setInterval(() => {}, 1000); });
        if (how === 'exit') process.exit(3);
        return { pid: process.pid }; };`,
      { timeoutSeconds: 1 },
    );
    await invoke();
    await lambda.rested();
    const [first] = lambda.instances();

    expect(await invoke({ how: 'hang' })).toMatchObject({
      content: {
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringContaining('timed out after 1.00 seconds'),
      },
    });
    expect(await invoke()).toMatchObject({ functionError: null, isCold: true });
    expect(first?.isAlive()).toBe(false);
    expect(await invoke({ how: 'exit' })).toMatchObject({
      content: { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('exit status 3') },
    });
    expect(await invoke()).toMatchObject({ functionError: null, isCold: true });
  });

  it('one that cannot start says why, each time, and starts once it can', async () => {
    const { invoke, write, lambda } = hello("throw new Error('TABLE is not set');");

    for (const _ of ['first', 'second']) {
      expect(await invoke()).toMatchObject({
        functionError: 'Unhandled',
        isCold: true,
        content: { errorMessage: 'TABLE is not set' },
      });
    }
    expect(lambda.lines().join('\n')).toContain('TABLE is not set');
    write('exports.handler = async () => ({});');
    expect(await invoke()).toMatchObject({ functionError: null });
  });

  it('two events at a time take two instances, and a third is throttled where only two are reserved', async () => {
    const { invoke, lambda } = hello(
      'exports.handler = async () => { await new Promise((resolve) => setTimeout(resolve, 100)); return {}; };',
      { concurrency: 2 },
    );

    const answers = await Promise.all([invoke(), invoke(), invoke()]);

    expect(answers.map(({ outcome }) => outcome)).toEqual(['answered', 'answered', 'throttled']);
    expect(new Set(lambda.instances().map(({ pid }) => pid)).size).toBe(2);
  });
});
