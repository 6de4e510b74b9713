import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createEventSource, type EventSourceSettings } from '../../../workspace/lambda/event-source.ts';
import { createQueue } from '../../../workspace/lambda/queue.ts';
import { startMs } from './account.ts';
import { scriptedFunction, throttled } from './scripted-function.ts';

interface Delivered {
  Records: { messageId: string; body: string; attributes: { ApproximateReceiveCount: string } }[];
}

function openSource(
  script: (event: Delivered, count: number) => unknown = () => ({ batchItemFailures: [] }),
  settings: Partial<EventSourceSettings> = {},
) {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  onTestFinished(() => clock.close());
  const { nowMs } = clock;
  const dead = createQueue({ nowMs, settings: { name: 'dead', visibilitySeconds: 30 } });
  const queue = createQueue({
    nowMs,
    settings: { name: 'work', visibilitySeconds: 60, deadLetters: { queue: dead, maxReceiveCount: 3 } },
  });
  const target = scriptedFunction((event, count) => script(event as unknown as Delivered, count));
  const source = createEventSource({
    clock,
    queue,
    target,
    settings: { batchSize: 5, reportsItemFailures: true, ...settings },
  });
  const send = (...bodies: string[]) => bodies.map((body) => queue.send({ body }).messageId);
  const advance = (seconds: number) => clock.advance(seconds * 1000);
  const bodies = () =>
    target.events.map((event) => (event as unknown as Delivered).Records.map(({ body }) => body));
  return { clock, queue, dead, target, source, send, advance, bodies };
}

describe('a queue and its function', () => {
  it('hands on what is visible in batches, and deletes what was done', async () => {
    const { send, advance, bodies, queue } = openSource(undefined, { batchSize: 2 });
    send('a', 'b', 'c');

    await advance(0);

    expect(bodies()).toEqual([['a', 'b'], ['c']]);
    expect(queue.all()).toEqual([]);
  });

  it('a delayed message comes at its time, and what the function sends on the way comes too', async () => {
    const world = openSource(({ Records }) => {
      if (Records[0]?.body === 'first') world.queue.send({ body: 'second', delaySeconds: 30 });
      return null;
    });
    world.queue.send({ body: 'first', delaySeconds: 10 });

    await world.advance(9);
    expect(world.bodies()).toEqual([]);
    await world.advance(31);
    expect(world.bodies()).toEqual([['first'], ['second']]);
  });

  it('only the messages named as failed come again, after the visibility time, and not for ever', async () => {
    const { send, advance, bodies, queue, dead } = openSource(({ Records }) => ({
      batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    }));
    send('good', 'bad');

    await advance(0);
    expect(queue.all()).toMatchObject([{ body: 'bad' }]);
    await advance(300);

    expect(bodies()).toEqual([['good', 'bad'], ['bad'], ['bad']]);
    expect(dead.all()).toMatchObject([{ body: 'bad' }]);
    expect(queue.all()).toEqual([]);
  });

  it.each([
    ['an empty list', { batchItemFailures: [] }, 'succeeded'],
    ['no list', { batchItemFailures: null }, 'succeeded'],
    ['an empty answer', {}, 'succeeded'],
    ['null', null, 'succeeded'],
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }, 'failed'],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }, 'failed'],
    ['another key', { batchItemFailures: [{ messageId: 'm' }] }, 'failed'],
    ['an id that was not in the batch', { batchItemFailures: [{ itemIdentifier: 'stranger' }] }, 'failed'],
    ['a text', 'done', 'failed'],
  ])('an answer with %s counts as Lambda counts it', async (_, answer, outcome) => {
    const { send, advance, source, queue } = openSource(() => answer);
    send('a', 'b');

    await advance(0);

    expect(source.batches()).toMatchObject([{ outcome }]);
    expect(queue.all()).toHaveLength(outcome === 'succeeded' ? 0 : 2);
  });

  it('a function that fails or has no instance left gives the whole batch back', async () => {
    const { send, advance, source } = openSource((_, count) => {
      if (count === 1) throw new Error('boom');
      return count === 2 ? throttled : null;
    });
    send('a', 'b');

    await advance(130);

    expect(source.batches().map(({ outcome }) => outcome)).toEqual(['failed', 'throttled', 'succeeded']);
  });

  it('without ReportBatchItemFailures an answer that names failures deletes everything', async () => {
    const { send, advance, queue } = openSource(
      ({ Records }) => ({ batchItemFailures: [{ itemIdentifier: Records[0]?.messageId }] }),
      { reportsItemFailures: false },
    );
    send('a');

    await advance(0);

    expect(queue.all()).toEqual([]);
  });

  it('a disabled one leaves the queue alone until it is enabled', async () => {
    const { send, advance, source, bodies } = openSource();
    source.setEnabled(false);
    send('a');
    await advance(60);
    expect(bodies()).toEqual([]);

    source.setEnabled(true);
    await advance(0);
    expect(bodies()).toEqual([['a']]);
  });
});
