import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLog, withLogFields } from '../../src/compose/log.ts';

function startLog(secrets: readonly string[] = []) {
  const destination = new PassThrough();
  let text = '';
  destination.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const log = createLog('info', { secrets, destination });
  const lines = () =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, text: () => text };
}

describe('the log', () => {
  it('says of every line what the work is about, however deep it is written, and of no other line', async () => {
    const { log, lines } = startLog();
    const deep = async () => {
      await new Promise(setImmediate);
      log.warn({ code: 'aws.throttled' }, 'tick met trouble');
    };

    await Promise.all([
      withLogFields({ messageId: 'm1' }, () => withLogFields({ promotionId: 'p1' }, deep)),
      withLogFields({ messageId: 'm2' }, () => withLogFields({ promotionId: 'p2' }, deep)),
    ]);
    log.info({}, 'afterwards');

    expect(lines()).toMatchObject([
      { messageId: 'm1', promotionId: 'p1', code: 'aws.throttled', msg: 'tick met trouble' },
      { messageId: 'm2', promotionId: 'p2', code: 'aws.throttled', msg: 'tick met trouble' },
      { msg: 'afterwards' },
    ]);
    expect(lines()[2]).not.toHaveProperty('promotionId');
  });

  it('shows no secret, in whatever text it comes, and no address that answers in Slack', () => {
    const token = 'xoxb-1234567890-a/b"c';
    const { log, lines, text } = startLog([token, 'ghp_0123456789012345678901234567890123456789', '']);
    const address = 'https://hooks.slack.com/commands/T0/123/abcDEF';

    log.error({ reason: `cannot use ${token}`, deep: { list: [token] } }, `failed with ${token}`);
    log.error({ url: `https://x:ghp_0123456789012345678901234567890123456789@github.com` }, 'asked');
    log.warn({ reason: `posting to ${address} failed`, error: { message: address } }, 'not told');
    log.info({ request: { token: 'short', headers: { a: 1 }, body: 'b', keep: 'this' } }, 'hidden by name');

    expect(lines()).toHaveLength(4);
    expect(text()).not.toMatch(/xoxb-|ghp_|hooks\.slack\.com|short/);
    expect(lines()[3]).toMatchObject({
      request: { token: 'hidden', headers: 'hidden', body: 'hidden', keep: 'this' },
    });
  });
});
