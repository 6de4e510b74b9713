import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createLineLog } from '../../src/compose/line-log.ts';
import { createLog } from '../../src/compose/log.ts';

const secrets = ['xoxb-1234567890-a/b"c', ''];

/** The same said to both. */
function lines(level: 'info' | 'warn' | 'fatal') {
  const ours: string[] = [];
  const theirs: string[] = [];
  const destination = new PassThrough();
  destination.on('data', (chunk: Buffer) => theirs.push(chunk.toString()));
  for (const log of [
    createLineLog(level, { secrets, write: (line) => void ours.push(line) }),
    createLog(level, { secrets, destination }),
  ]) {
    log.info({ promotionId: 'p1', count: 1, none: null, odd: undefined }, 'saved "it"');
    log.warn({ code: 'x', reason: `cannot use ${secrets[0]}` }, 'not told');
    log.error({ request: { token: 'short', headers: { a: 1 }, keep: 'this' } }, 'failed');
    log.error({ url: 'https://hooks.slack.com/commands/T0/123/abc' }, 'posting failed');
  }
  const timeless = (line: string) => line.replace(/"time":\d+/, '"time":0');
  return { ours: ours.map(timeless), theirs: theirs.map(timeless) };
}

it.each(['info', 'warn', 'fatal'] as const)(
  'the lean log writes at level %s what pino writes, byte for byte',
  (level) => {
    const { ours, theirs } = lines(level);

    expect(ours).toEqual(theirs);
    expect(ours).toHaveLength({ info: 4, warn: 3, fatal: 0 }[level]);
    expect(ours.join()).not.toMatch(/xoxb|short|hooks\.slack/);
  },
);
