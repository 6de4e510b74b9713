import { describe, expect, it } from 'vitest';
import { createNoticeTeller } from '../../src/bot/notices.ts';
import type { Leave } from '../../src/bot/pacing.ts';
import type { Notice, NoticeState } from '../../src/flows/notices.ts';
import { fakeLog, fakeSlack } from './fakes.ts';
import { at, channelId, grace, onCallChannelId, policy } from './promotions.ts';

const notice: Notice = {
  id: 'notice:unlock:site#production:1',
  topic: 'unlock',
  entry: {
    app: 'site',
    environment: 'production',
    sequence: 1,
    does: 'state',
    atMs: at(0),
    by: { person: grace, reason: 'broken', atMs: at(0), evidence: 'named' },
    first: null,
    holder: 'p1',
    because: 'gone',
    epoch: 1,
    keys: ['site#production'],
    freeFromMs: null,
    previous: '',
    hash: 'abc',
  },
  channel: channelId,
  onCall: policy.onCall,
};

function world(state: Partial<NoticeState> = {}) {
  let saved: NoticeState = { notice, told: 0, postingUntilMs: null, dueAtMs: at(0), revision: 1, ...state };
  const slack = fakeSlack();
  const log = fakeLog();
  const crash = { beforeSave: Number.POSITIVE_INFINITY };
  let saves = 0;
  const notices = {
    find: async (id: string) => (id === notice.id ? saved : undefined),
    async save(next: NoticeState) {
      saves += 1;
      if (saves >= crash.beforeSave) throw new Error('killed');
      if (next.revision !== saved.revision) return false;
      saved = { ...next, revision: saved.revision + 1 };
      return true;
    },
  };
  const leaves: Leave[] = [];
  const blocked: number[] = [];
  const pacing = {
    ask: async () => leaves.shift() ?? ({ outcome: 'now' } as const),
    block: async (_charge: unknown, untilMs: number) => void blocked.push(untilMs),
  };
  const tell = createNoticeTeller({ notices, slack, pacing, log });
  return {
    leaves,
    blocked,
    slack,
    log,
    crash,
    tell: (nowMs = at(0), id = notice.id) => tell(id, nowMs),
    saved: () => saved,
    revive() {
      crash.beforeSave = Number.POSITIVE_INFINITY;
    },
    channels: () => slack.of('post').map(({ channel }) => channel),
  };
}

describe('a notice', () => {
  it('is told to each channel once, in order, and then rests', async () => {
    const { tell, channels, saved } = world();

    await tell();
    await tell(at(60));

    expect(channels()).toEqual([onCallChannelId, channelId]);
    expect(saved()).toMatchObject({ told: 2, dueAtMs: null });
  });

  it('is told by one of two processes', async () => {
    const { tell, channels } = world();

    await Promise.all([tell(), tell()]);

    expect(channels()).toEqual([onCallChannelId, channelId]);
  });

  it.each([
    [{ outcome: 'rate-limited', retryAfterMs: 20_000 }, 20_000],
    [{ outcome: 'unreachable', error: 'ECONNREFUSED' }, 5_000],
    [{ outcome: 'refused', error: 'token_revoked' }, 60_000],
  ] as const)('that Slack does not take now (%j) is told later', async (outcome, laterMs) => {
    const { tell, channels, saved, slack } = world();
    slack.outcomes.post = [outcome];

    await tell();
    expect(saved()).toMatchObject({ told: 0, dueAtMs: at(0) + laterMs });
    await tell(at(0) + laterMs - 1);
    expect(channels()).toHaveLength(1);
    await tell(at(0) + laterMs);

    expect(channels()).toEqual([onCallChannelId, onCallChannelId, channelId]);
  });

  it('waits for its place in the budget of the workspace, and tells the budget of a refusal', async () => {
    const { tell, channels, saved, slack, leaves, blocked } = world();
    leaves.push({ outcome: 'full', atMs: at(0, 12) });

    await tell();
    expect(channels()).toEqual([]);
    expect(saved().dueAtMs).toBe(at(0, 12));
    slack.outcomes.post = [{ outcome: 'rate-limited', retryAfterMs: 30_000 }];
    await tell(at(0, 12));

    expect(blocked).toEqual([at(0, 42)]);
  });

  it('whose arrival is unsure is told once more a minute later, and not before', async () => {
    const { tell, channels, slack } = world();
    slack.outcomes.post = [{ outcome: 'unknown', error: 'http_500' }];

    await tell();
    await tell(at(0, 59));
    expect(channels()).toEqual([onCallChannelId]);
    await tell(at(1));

    expect(channels()).toEqual([onCallChannelId, onCallChannelId, channelId]);
  });

  it('that one channel refuses is told to the other all the same', async () => {
    const { tell, channels, slack, log, saved } = world();
    slack.outcomes.post = [{ outcome: 'refused', error: 'channel_not_found' }];

    await tell();

    expect(channels()).toEqual([onCallChannelId, channelId]);
    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
    expect(saved().dueAtMs).toBeNull();
  });

  it('is told whole whenever the process is killed: before any save, at most one message is repeated', async () => {
    for (let save = 1; save <= 5; save += 1) {
      const { tell, channels, crash, revive, saved } = world();
      crash.beforeSave = save;
      await tell().catch(() => {});
      revive();
      await tell(at(2));
      await tell(at(4));

      expect(saved()).toMatchObject({ told: 2, dueAtMs: null });
      expect([...new Set(channels())]).toEqual([onCallChannelId, channelId]);
      expect(channels().length).toBeLessThanOrEqual(3);
    }
  });

  it('that is not there is nothing to tell', async () => {
    const { slack, tell } = world();

    await tell(at(0), 'notice:other');

    expect(slack.calls).toEqual([]);
  });
});
