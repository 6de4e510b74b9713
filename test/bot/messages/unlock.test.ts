import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/bot/messages/block.ts';
import { statusAnswer } from '../../../src/bot/messages/status.ts';
import { noticeMessages, unlockAnswer, unlockFailed } from '../../../src/bot/messages/unlock.ts';
import type { Notice } from '../../../src/flows/notices.ts';
import type { UnlockEntry } from '../../../src/flows/unlock.ts';
import { ada, at, channelId, grace, onCallChannelId, policy } from '../promotions.ts';
import { parsed, shown } from './drawn.ts';

const wanted = { app: 'site', environment: 'production', person: ada, reason: 'broken' };
const stated: UnlockEntry = {
  app: 'site',
  environment: 'production',
  sequence: 3,
  does: 'state',
  atMs: at(1),
  by: { person: grace, reason: 'It is <!channel> broken', atMs: at(1), evidence: 'named' },
  first: null,
  holder: 'p0123456789',
  because: 'unreadable',
  epoch: 4,
  keys: ['site#production'],
  freeFromMs: null,
  previous: '',
  hash: 'abcdef0123456789',
};
const freed: UnlockEntry = {
  ...stated,
  does: 'free',
  sequence: 4,
  atMs: at(9),
  by: { person: ada, reason: 'I see it too', atMs: at(9), evidence: 'named' },
  first: stated.by,
  freeFromMs: at(15),
};
const notice = (entry: UnlockEntry, onCall = policy.onCall): Notice => ({
  id: 'notice:unlock:site#production:3',
  topic: 'unlock',
  entry,
  channel: channelId,
  onCall,
});
const textsOf = (entry: UnlockEntry) =>
  noticeMessages(notice(entry)).map(({ message }) => shown(message as Message));

describe('what the channels are told of an unlock', () => {
  it('goes to on-call first and to the environment’s channel, once where they are the same', () => {
    expect(noticeMessages(notice(stated)).map(({ channel }) => channel)).toEqual([
      onCallChannelId,
      channelId,
    ]);
    for (const channel of [null, channelId])
      expect(noticeMessages(notice(stated, { ...policy.onCall, channel }))).toHaveLength(1);
  });

  it('of the first word: who, why, what holds it, what somebody else has to write and until when', () => {
    const [text = ''] = textsOf(stated);
    expect(text).toContain(
      '<!subteam^S0ONCALL01> <@U0OTTO0001> `site` `production` is locked by `p0123456789`, which cannot be read.',
    );
    expect(text).toContain('<@U0GRACE001>, 2026-11-21 14:01 UTC: It is &lt;!channel&gt; broken');
    expect(text).toContain(
      'Somebody else, on call or an approver, has until 14:31:00 UTC to write `/promote unlock site production REASON`',
    );
  });

  it('of the second: both people, both reasons, both times, when it can be taken, and what nobody knows', () => {
    const [text = ''] = textsOf(freed);
    expect(text).toContain(
      'Two people have freed `site` `production` from `p0123456789`, which cannot be read.',
    );
    expect(text).toContain('<@U0GRACE001>, 2026-11-21 14:01 UTC: It is');
    expect(text).toContain('<@U0ADA00001>, 2026-11-21 14:09 UTC: I see it too');
    expect(text).toContain('Nothing takes it before 14:15:00 UTC');
    expect(text).toContain('look at production before anything is promoted');
    expect(text).toContain('Record of unlocks, number 4: `abcdef012345`');
  });

  it('says nothing of unknown changes where the holder has ended', () => {
    const [text = ''] = textsOf({ ...freed, because: 'ended' });
    expect(text).toContain('`p0123456789`, which has ended.');
    expect(text).not.toContain('is not known');
  });

  it('lets no reason mention anybody or pass for our words, however long', () => {
    const reason = `<!channel> <@U1> \`x\` *bold* ${'<'.repeat(500)}`;
    const by = { ...freed.by, reason };
    for (const { message } of noticeMessages(notice({ ...freed, by, first: by })))
      for (const text of parsed(message as Message)) {
        expect(text).not.toMatch(/<!channel>|<@U1>|\*bold\*/);
        expect(text.length).toBeLessThan(3000);
      }
  });
});

describe('what the person who asked is told', () => {
  it.each([
    [
      'stated',
      { outcome: 'stated', entry: stated },
      /^Recorded, 1 of 2: .* Until then everything stays locked\.$/,
    ],
    ['freed', { outcome: 'freed', entry: freed }, /^Freed: `site` `production` from .* goes on by itself\.$/],
    [
      'too late',
      { outcome: 'rests', entry: freed, freeFromMs: at(15) },
      /^Nothing to do: <@U0GRACE001> and <@U0ADA00001> have freed `site` `production` already\./,
    ],
    [
      'refused',
      { outcome: 'refused', refusal: { code: 'x', text: 'You <may> not.', next: 'Ask.' } },
      /^Not done: You &lt;may&gt; not\. Ask\.$/,
    ],
  ] as const)('%s', (_what, answer, text) => expect(unlockAnswer(wanted, answer).text).toMatch(text));

  it('that nothing was recorded when nobody’s rights could be read, and no more than is known otherwise', () => {
    expect(unlockFailed(wanted, 'slack.directory-unavailable').text).toContain('Nothing was recorded.');
    expect(unlockFailed(wanted, 'store.unreachable').text).toContain('could not be said whether');
  });
});

describe('/promote status', () => {
  const status = {
    app: 'site',
    environment: 'production',
    live: undefined,
    open: [],
    lastEnded: undefined,
    unseen: undefined,
    unreadable: { promotions: 0, live: false },
  };
  const stuck = { holder: 'p0123456789', because: 'gone', first: null, untilMs: null } as const;
  it('names what holds an environment for ever, and the way out', () => {
    expect(statusAnswer([{ ...status, unreadable: { promotions: 0, live: false }, stuck }]).text).toContain(
      '• Locked by `p0123456789`, whose record is gone; two people can free it: `/promote unlock site production REASON`',
    );
  });
  it('and that one of two people wants it freed', () => {
    const half = { ...stuck, first: stated.by, untilMs: at(31) };
    expect(
      statusAnswer([{ ...status, unreadable: { promotions: 0, live: false }, stuck: half }]).text,
    ).toContain('1 of 2 people has asked to free it (<@U0GRACE001>; the other has until');
  });
});
