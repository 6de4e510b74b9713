import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createAnnouncer } from '../../src/bot/announcer.ts';
import type { Message } from '../../src/bot/messages/block.ts';
import type { Announcement } from '../../src/flows/promotion/announcements.ts';
import { fakeLog, fakeSlack } from './fakes.ts';
import { shown } from './messages/drawn.ts';
import { ada, channelId, grace, onCallChannelId, promotionIn } from './promotions.ts';
import { createRows } from './rows.ts';

const id = 'p0123456789';
let bench: ReturnType<typeof createRows>;
let slack: ReturnType<typeof fakeSlack>;
let log: ReturnType<typeof fakeLog>;
let toldOf: string[];
let tellFails: boolean;
let announcer: ReturnType<typeof createAnnouncer>;

const create = () =>
  createAnnouncer({
    ...bench,
    slack,
    log,
    random: () => 0,
    told: async (_id, { topic }) => {
      if (tellFails) throw new Error('store is down');
      toldOf.push(topic);
    },
  });

beforeEach(() => {
  bench = createRows();
  slack = fakeSlack();
  log = fakeLog();
  toldOf = [];
  tellFails = false;
  announcer = create();
});

const run = () => announcer.runDue(bench.rows.nowMs);
/** Works off what is due second by second. */
async function pass(seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    bench.rows.nowMs += 1000;
    await run();
  }
}
const posts = () => slack.of('post') as unknown as { channel: string; threadTs?: string; message: Message }[];
const updates = () => slack.of('update') as unknown as { channel: string; ts: string; message: Message }[];
const revisionDrawn = (message: Message) => message.metadata?.event_payload['revision'];

describe('the card', () => {
  it('is posted once and edited in place from then on', async () => {
    bench.rows.save(promotionIn('analyzing'), { topic: 'requested' });
    await run();
    await pass(5);
    bench.rows.save(promotionIn('awaiting-approval'));
    await pass(5);
    expect(posts()).toHaveLength(1);
    expect(posts()[0]).toMatchObject({ channel: channelId });
    expect(updates()).toHaveLength(1);
    expect(updates()[0]?.ts).toBe(bench.rows.surface(id).ts);
    expect(shown(updates()[0]?.message as Message)).toContain('Waiting for approval');
    expect(bench.rows.dueAt(id)).toBe(bench.rows.surface(id).drawnAtMs + 300_000);
  });

  it('that is open is drawn anew every five minutes, so that its times move on and a deleted one comes back', async () => {
    bench.rows.save(promotionIn('awaiting-approval'));
    await pass(5);
    slack.outcomes.update = [{ outcome: 'gone', error: 'message_not_found' }];
    await pass(290);
    expect(posts()).toHaveLength(1);
    await pass(15);
    expect(posts()).toHaveLength(2);
  });

  it('that has ended rests for good', async () => {
    bench.rows.save(promotionIn('promoted'));
    await pass(5);
    expect(bench.rows.dueAt(id)).toBeUndefined();
  });

  it('is edited no closer than three seconds, newest state only, and always to the end', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    for (let second = 0; second < 20; second += 1) {
      bench.rows.save(promotionIn(second < 19 ? 'deploying' : 'promoted'));
      await pass(1);
    }
    await pass(5);
    expect(updates().length).toBeLessThanOrEqual(8);
    expect(updates().length).toBeGreaterThanOrEqual(6);
    expect(revisionDrawn(updates().at(-1)?.message as Message)).toBe(21);
    expect(shown(updates().at(-1)?.message as Message)).toContain('Promoted.');
    expect(bench.rows.dueAt(id)).toBeUndefined();
  });

  it('waits as long as Slack says when it is rate limited, and does not ask before', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    slack.outcomes.update = [{ outcome: 'rate-limited', retryAfterMs: 30_000 }];
    await pass(4);
    bench.rows.save(promotionIn('promoted'));
    await pass(20);
    expect(updates()).toHaveLength(1);
    await pass(15);
    expect(updates()).toHaveLength(2);
    expect(bench.rows.surface(id).drawnRevision).toBe(2);
  });

  it('waits in every process once Slack has said so to one', async () => {
    bench.rows.save(promotionIn('deploying'));
    bench.rows.save(promotionIn('deploying', { id: 'p2' }));
    await pass(4);
    slack.outcomes.update = [{ outcome: 'rate-limited', retryAfterMs: 30_000 }];
    bench.rows.save(promotionIn('promoted'));
    await pass(1);
    bench.rows.save(promotionIn('promoted', { id: 'p2' }));
    announcer = create();
    await pass(28);
    expect(updates()).toHaveLength(1);
    await pass(5);
    expect(updates()).toHaveLength(3);
  });

  it('whose edit was not answered is edited again', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    slack.outcomes.update = [{ outcome: 'unknown', error: 'timeout' }];
    await pass(4);
    bench.rows.save(promotionIn('promoted'));
    await pass(10);
    expect(updates()).toHaveLength(2);
    expect(bench.rows.surface(id).drawnRevision).toBe(2);
  });

  it('is not drawn by whoever slept since they looked: the end that somebody drew meanwhile would be gone', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(4);
    bench.rows.save(promotionIn('verifying'));
    let naps = 1;
    const sleeper = createAnnouncer({
      ...bench,
      slack,
      log,
      random: () => 0,
      expected: async () => {
        if (naps === 0) return {};
        naps -= 1;
        bench.rows.save(promotionIn('promoted'));
        await pass(240);
        expect(revisionDrawn(updates().at(-1)?.message as Message)).toBe(3);
        return {};
      },
    });
    await sleeper.announce(id, bench.rows.nowMs, () => naps > 0);
    expect(naps).toBe(0);
    expect(updates().map(({ message }) => revisionDrawn(message))).not.toContain(2);
    await pass(120);
    expect(revisionDrawn(updates().at(-1)?.message as Message)).toBe(3);
    expect(bench.rows.dueAt(id)).toBeUndefined();
  });

  it('that was deleted is posted anew and followed there', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    const first = bench.rows.surface(id).ts;
    slack.outcomes.update = [{ outcome: 'gone', error: 'message_not_found' }];
    await pass(4);
    bench.rows.save(promotionIn('promoted'));
    await pass(5);
    expect(posts()).toHaveLength(2);
    expect(bench.rows.surface(id).ts).not.toBe(first);
    expect(shown(posts()[1]?.message as Message)).toContain('Promoted.');
  });

  it('whose edit was never answered is drawn once more later, so that a stray one does not stay', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    slack.outcomes.update = [{ outcome: 'unknown', error: 'timeout' }];
    await pass(4);
    bench.rows.save(promotionIn('promoted'));
    await pass(20);
    expect(updates()).toHaveLength(2);
    await pass(60);
    expect(updates().map(({ message }) => revisionDrawn(message))).toEqual([2, 2, 2]);
    expect(bench.rows.dueAt(id)).toBeUndefined();
  });

  it('whose late redrawing dies on its way is redrawn by somebody else', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    slack.outcomes.update = [{ outcome: 'unknown', error: 'timeout' }];
    await pass(4);
    bench.rows.save(promotionIn('promoted'));
    await pass(20);
    const { update } = slack;
    slack.update = () => new Promise(() => {});
    bench.rows.nowMs += 60_000;
    void announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(bench.rows.surface(id).drawingUntilMs).toBe(bench.rows.nowMs + 15_000));
    slack.update = update;
    announcer = create();
    await pass(180);
    expect(
      updates()
        .slice(2)
        .map(({ message }) => revisionDrawn(message)),
    ).toEqual([2, 2]);
    expect(bench.rows.surface(id)).toMatchObject({ redrawAtMs: null, dueAtMs: null });
  });

  it('whose turn somebody slept through is left to who took it over', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    bench.rows.nowMs += 4_000;
    bench.rows.save(promotionIn('promoted'));
    const { take } = bench.budget;
    let wake = (): void => {};
    bench.budget.take = async (_pot, { nowMs }) => {
      bench.budget.take = take;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      return { outcome: 'full', atMs: nowMs + 1_000 };
    };
    const sleeper = announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(bench.budget.take).toBe(take));
    bench.rows.nowMs += 16_000;
    const { update } = slack;
    slack.update = () => new Promise(() => {});
    void create().announce(id, bench.rows.nowMs);
    const claimed = { drawingUntilMs: bench.rows.nowMs + 15_000, redrawAtMs: bench.rows.nowMs + 60_000 };
    await vi.waitFor(() => expect(bench.rows.surface(id)).toMatchObject(claimed));
    slack.update = update;

    wake();
    await sleeper;

    expect(bench.rows.surface(id)).toMatchObject(claimed);
    announcer = create();
    await pass(200);
    expect(updates().map(({ message }) => revisionDrawn(message))).toEqual([2, 2]);
    expect(bench.rows.dueAt(id)).toBeUndefined();
  });

  it('that was deleted is posted anew when a reply finds its thread gone, and the thread goes on there', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    const first = bench.rows.surface(id).ts;
    slack.outcomes.post = [{ outcome: 'gone', error: 'thread_not_found' }];
    bench.rows.save(promotionIn('deploying'), { topic: 'analyzed' });
    await pass(5);
    const { ts } = bench.rows.surface(id);
    expect(ts).not.toBe(first);
    expect(posts().map(({ threadTs, message }) => [threadTs, message.text.slice(0, 8)])).toEqual([
      [undefined, 'Promote '],
      [first, 'Live now'],
      [undefined, 'Promote '],
      [ts, 'Live now'],
    ]);
  });

  it('that somebody posted again meanwhile is the one that is followed; the late one changes nothing', async () => {
    bench.rows.save(promotionIn('awaiting-approval'));
    const post = slack.post;
    let answer = (): void => {};
    slack.post = async (input) => {
      const sent = await post(input);
      await new Promise<void>((resolve) => {
        answer = resolve;
      });
      return sent;
    };
    const late = announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(posts()).toHaveLength(1));
    slack.post = post;
    announcer = create();
    await pass(70);
    const { ts } = bench.rows.surface(id);
    expect(posts()).toHaveLength(2);
    answer();
    await late;
    await pass(5);
    expect(bench.rows.surface(id).ts).toBe(ts);
    bench.rows.save(promotionIn('promoted'));
    await pass(5);
    expect(updates().map((update) => update.ts)).toEqual([ts]);
  });

  it('is drawn once, as it ended, when Slack could not be reached from the first to the last', async () => {
    const everything = ['post', 'update', 'whisper', 'permalink'] as const;
    const down = () => {
      for (const method of everything) {
        slack.outcomes[method] = Array(5).fill({ outcome: 'unreachable', error: 'ECONNREFUSED' });
      }
    };
    const phases = ['awaiting-approval', 'waiting', 'deploying', 'verifying', 'monitoring'] as const;
    bench.rows.save(promotionIn('analyzing'), { topic: 'requested' });
    await run();
    const tried = posts().length;
    for (const phase of phases) {
      down();
      const told: Announcement[] =
        phase === 'waiting'
          ? [{ topic: 'waiting', waitSeconds: 60 }]
          : phase === 'deploying'
            ? [{ topic: 'started' }]
            : [{ topic: 'analyzed' }];
      bench.rows.save(promotionIn(phase), ...told);
      await pass(25);
    }
    down();
    bench.rows.save(promotionIn('rolled-back'), { topic: 'rolling-back' }, { topic: 'rolled-back' });
    await pass(10);
    const before = [posts().length, updates().length];
    for (const method of everything) slack.outcomes[method] = [];

    await pass(60);

    expect(tried).toBe(1);
    expect(updates().slice(before[1])).toHaveLength(1);
    expect(revisionDrawn(updates().at(-1)?.message as Message)).toBe(7);
    const after = posts().slice(before[0]);
    expect(after.filter(({ channel }) => channel === channelId).map(({ message }) => message.text)).toEqual([
      expect.stringMatching(/^Live now: .*\n.*starts in 1 min/),
      expect.stringContaining('Started'),
      expect.stringMatching(/^Live now: .*\nLive now: /),
      expect.stringContaining('Rolling back'),
      expect.stringContaining('Rolled back'),
    ]);
  });

  it('whose first post was not answered is repeated once after a minute, and not before', async () => {
    slack.outcomes.post = [{ outcome: 'unknown', error: 'timeout' }];
    bench.rows.save(promotionIn('analyzing'));
    await pass(50);
    bench.rows.save(promotionIn('awaiting-approval'));
    expect(posts()).toHaveLength(1);
    await pass(100);
    expect(posts()).toHaveLength(2);
    expect(bench.rows.surface(id).ts).not.toBeNull();
  });

  it('is not repeated while Slack answers nothing at all, and soon once it does', async () => {
    const silence = { outcome: 'unknown', error: 'timeout' } as const;
    slack.outcomes.post = [silence];
    slack.outcomes.permalink = Array(20).fill(silence);
    bench.rows.save(promotionIn('analyzing'));
    await pass(300);
    expect(posts()).toHaveLength(1);
    slack.outcomes.permalink = [];
    await pass(16);
    expect(posts()).toHaveLength(2);
    expect(bench.rows.surface(id).ts).not.toBeNull();
  });

  it('is repeated ever more rarely while Slack answers everything but posts', async () => {
    slack.outcomes.post = Array(50).fill({ outcome: 'unknown', error: 'timeout' });
    bench.rows.save(promotionIn('analyzing'));
    await pass(3600);
    expect(posts().length).toBeGreaterThan(5);
    expect(posts().length).toBeLessThan(16);
  });

  it('is posted soon after Slack can be reached again, since nothing had been sent', async () => {
    slack.outcomes.post = [{ outcome: 'unreachable', error: 'ECONNREFUSED' }];
    bench.rows.save(promotionIn('analyzing'));
    await pass(10);
    expect(posts()).toHaveLength(2);
  });

  it('goes to the on-call channel when its own does not take it', async () => {
    slack.outcomes.post = [{ outcome: 'refused', error: 'not_in_channel' }];
    bench.rows.save(promotionIn('analyzing'));
    await run();
    expect(posts().map(({ channel }) => channel)).toEqual([channelId, onCallChannelId]);
    expect(bench.rows.surface(id).channel).toBe(onCallChannelId);
  });

  it('that Slack cannot draw is shown as its text', async () => {
    slack.outcomes.post = [{ outcome: 'refused', error: 'invalid_blocks' }];
    bench.rows.save(promotionIn('awaiting-approval'));
    await run();
    expect(posts()[1]?.message.blocks).toEqual([]);
    expect(posts()[1]?.message.text).toContain('Waiting for approval');
  });

  it('waits for the token to be mended, and then everything is told', async () => {
    slack.outcomes.post = Array(3).fill({ outcome: 'refused', error: 'token_revoked' });
    bench.rows.save(promotionIn('deploying'), { topic: 'started' });
    await pass(240);
    expect(bench.rows.surface(id)).toMatchObject({ toldSequence: 1, drawnRevision: 1, dueAtMs: null });
    expect(posts().length).toBe(5);
  });

  it('is drawn by one of two that try at the same moment', async () => {
    bench.rows.save(promotionIn('analyzing'));
    const other = create();
    await Promise.all([announcer.announce(id, bench.rows.nowMs), other.announce(id, bench.rows.nowMs)]);
    expect(posts()).toHaveLength(1);
  });

  it('keeps its place although something else was noted while it was posted', async () => {
    bench.rows.save(promotionIn('analyzing'));
    let saves = 0;
    bench.rows.interfere = () => {
      saves += 1;
      if (saves !== 2) return;
      const surface = bench.rows.surface(id);
      bench.rows.surfaces.set(id, { ...surface, revision: surface.revision + 1 });
    };
    await run();
    await pass(70);
    expect(posts()).toHaveLength(1);
    expect(bench.rows.surface(id).ts).not.toBeNull();
  });

  it('is drawn once more when the promotion was saved while it was drawn', async () => {
    bench.rows.save(promotionIn('deploying'));
    await run();
    await pass(5);
    const update = slack.update;
    slack.update = (input) => {
      if (updates().length === 0) bench.rows.save(promotionIn('promoted'));
      return update(input);
    };
    bench.rows.save(promotionIn('verifying'));
    await pass(10);
    expect(updates()).toHaveLength(2);
    expect(bench.rows.surface(id).drawnRevision).toBe(3);
  });
});

describe('announcements', () => {
  it('are told in their order: the thread gets the detail, the channel what matters', async () => {
    bench.rows.save(
      promotionIn('deploying'),
      { topic: 'requested' },
      { topic: 'analyzed' },
      { topic: 'approved', person: grace, count: 2, required: 2 },
      { topic: 'started' },
    );
    await pass(20);
    const ts = bench.rows.surface(id).ts;
    expect(
      posts()
        .slice(1)
        .map(({ threadTs, message }) => [threadTs, message.text.slice(0, 9)]),
    ).toEqual([
      [ts, 'Live now:'],
      [ts, 'Approved '],
      [undefined, 'Started: '],
    ]);
    expect(shown(posts().at(-1)?.message as Message)).toContain(`https://slack.example/${ts}`);
    expect(bench.rows.surface(id).toldSequence).toBe(4);
  });

  it('for on-call reach both channels, each once, although the second is rate limited', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    slack.outcomes.post = [{ outcome: 'sent' }, { outcome: 'rate-limited', retryAfterMs: 20_000 }];
    bench.rows.save(promotionIn('rolling-back'), { topic: 'rolling-back' });
    await pass(40);
    const sent = posts()
      .slice(1)
      .map(({ channel }) => channel);
    expect(sent).toEqual([onCallChannelId, channelId, channelId]);
    expect(bench.rows.surface(id).toldSequence).toBe(1);
  });

  it('for on-call are told although the card has no place at all', async () => {
    slack.outcomes.post = [
      { outcome: 'refused', error: 'channel_not_found' },
      { outcome: 'refused', error: 'channel_not_found' },
    ];
    bench.rows.save(promotionIn('rollback-failed'), { topic: 'rollback-failed' });
    await run();
    expect(
      posts()
        .slice(2)
        .map(({ message }) => message.text.includes('THE ROLLBACK FAILED')),
    ).toEqual([true, true]);
  });

  it('for on-call do not wait for a card whose post nobody confirms', async () => {
    slack.outcomes.post = [{ outcome: 'unknown', error: 'timeout' }];
    bench.rows.save(promotionIn('deploying'), { topic: 'analyzed' });
    await pass(5);
    expect(posts()).toHaveLength(1);
    bench.rows.save(promotionIn('rollback-failed'), { topic: 'rollback-failed' });
    await pass(5);
    const told = posts().slice(1);
    expect(told.map(({ channel, threadTs }) => [channel, threadTs])).toEqual([
      [channelId, undefined],
      [onCallChannelId, undefined],
      [channelId, undefined],
    ]);
    expect(told[1]?.message.text).toContain('THE ROLLBACK FAILED');
  });

  it('for on-call do not wait for the minute of what was not confirmed before them', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    slack.outcomes.post = [{ outcome: 'unknown', error: 'timeout' }];
    bench.rows.save(promotionIn('deploying'), { topic: 'started' });
    await pass(2);
    bench.rows.save(promotionIn('rolling-back'), { topic: 'rolling-back' });
    await pass(16);
    expect(posts().map(({ channel, message }) => [channel, message.text.includes('Rolling back')])).toEqual([
      [channelId, false],
      [channelId, false],
      [channelId, false],
      [onCallChannelId, true],
      [channelId, true],
    ]);
  });

  it('of readings are told when something changed, however long the watch is', async () => {
    const read = (outcome: string): Announcement => ({ topic: 'reading', outcome, results: [] });
    const outcomes = [
      ...Array(20).fill('healthy'),
      'inconclusive',
      'inconclusive',
      'healthy',
      'unhealthy',
      'unhealthy',
    ];
    for (const outcome of outcomes) {
      bench.rows.save(promotionIn('monitoring'), read(outcome));
      await pass(30);
    }
    expect(
      posts()
        .slice(1)
        .map(({ message }) => message.text),
    ).toEqual([
      'Watch: healthy.',
      'Watch: health cannot be told.',
      'Watch: healthy.',
      'Watch: unhealthy.',
      'Watch: unhealthy.',
    ]);
    expect(bench.rows.surface(id).toldSequence).toBe(outcomes.length);
  });

  it('of a reading that came too late is told even if it says what the one before said', async () => {
    const read: Announcement = { topic: 'reading', outcome: 'healthy', results: [] };
    for (const each of [read, read, { ...read, unwatchedMs: 9 * 60_000 }, read]) {
      bench.rows.save(promotionIn('monitoring'), each);
      await pass(30);
    }
    expect(
      posts()
        .slice(1)
        .map(({ message }) => message.text),
    ).toEqual([
      'Watch: healthy.',
      'Watch: healthy. Nobody had looked for 9 min: what was healthy before no longer counts.',
    ]);
  });

  it('of detail that wait together are one reply, and what asks somebody stands alone', async () => {
    bench.rows.save(
      promotionIn('awaiting-approval'),
      { topic: 'analyzed' },
      { topic: 'validated', results: [] },
      { topic: 'approval-needed', differences: [] },
    );
    await pass(10);
    expect(
      posts()
        .slice(1)
        .map(({ message }) => message.text.split('\n').map((line) => line.slice(0, 8))),
    ).toEqual([['Live now', 'Checked '], ['Approval']]);
  });

  it('for on-call have places of their own where a channel is full', async () => {
    const busy = Array<Announcement>(60).fill({ topic: 'started' });
    bench.rows.save(promotionIn('deploying', { id: 'p1' }), ...busy);
    bench.rows.save(promotionIn('deploying', { id: 'p2' }), ...busy);
    await pass(20);
    bench.rows.save(promotionIn('rolling-back'), { topic: 'rolling-back' });
    await pass(4);
    const called = posts().filter(({ message }) => message.text.includes('Rolling back'));
    expect(called.map(({ channel }) => channel)).toEqual([onCallChannelId, channelId]);
  });

  it('that matter and were not confirmed are repeated after a minute', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    slack.outcomes.post = [{ outcome: 'unknown', error: 'timeout' }];
    bench.rows.save(promotionIn('deploying'), { topic: 'started' });
    await pass(50);
    expect(posts()).toHaveLength(2);
    await pass(20);
    expect(posts()).toHaveLength(3);
  });

  it('of mere detail are repeated sooner, and what comes after them waits no longer', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    slack.outcomes.post = [{ outcome: 'unknown', error: 'timeout' }];
    bench.rows.save(promotionIn('deploying'), { topic: 'analyzed' }, { topic: 'started' });
    await pass(14);
    expect(posts()).toHaveLength(2);
    await pass(5);
    expect(posts().map(({ message }) => message.text.slice(0, 7))).toEqual([
      'Promote',
      'Live no',
      'Live no',
      'Started',
    ]);
  });

  it('to one person are seen by that person only, or sent to them when they are not in the channel', async () => {
    bench.rows.save(promotionIn('awaiting-approval'));
    await pass(5);
    const refusal = { code: 'x', text: 'You are not an approver.', next: 'Ask one.' };
    slack.outcomes.whisper = [{ outcome: 'sent' }, { outcome: 'refused', error: 'user_not_in_channel' }];
    bench.rows.save(promotionIn('awaiting-approval'), { topic: 'denied', person: ada, refusal });
    await pass(5);
    expect(slack.of('whisper')).toMatchObject([{ channel: channelId, userId: ada.userId }]);
    expect(posts()).toHaveLength(1);
    bench.rows.save(promotionIn('awaiting-approval'), { topic: 'denied', person: ada, refusal });
    await pass(5);
    expect(posts()[1]).toMatchObject({
      channel: ada.userId,
      message: { text: expect.stringContaining('not an approver') },
    });
  });

  it('that start a countdown say so once they have arrived, or the card with its Cancel has', async () => {
    bench.rows.save(promotionIn('waiting'), { topic: 'waiting', waitSeconds: 300 });
    slack.outcomes.post = [{ outcome: 'sent' }, { outcome: 'refused', error: 'restricted_action' }];
    await pass(5);
    expect(toldOf).toEqual(['waiting']);
  });

  it('are not repeated because the countdown could not be noted, and it is noted later', async () => {
    tellFails = true;
    bench.rows.save(promotionIn('waiting'), { topic: 'waiting', waitSeconds: 300 });
    await pass(20);
    tellFails = false;
    await pass(10);
    expect(toldOf).toEqual(['waiting']);
    expect(posts()).toHaveLength(2);
  });

  it('are told again after a crash between the sending and the noting, rather than lost', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    const post = slack.post;
    slack.post = async (input) => {
      await post(input);
      slack.post = post;
      throw new Error('killed');
    };
    bench.rows.save(promotionIn('deploying'), { topic: 'started' });
    await pass(3);
    announcer = create();
    await pass(65);
    expect(posts().filter(({ message }) => message.text.startsWith('Started'))).toHaveLength(2);
    expect(bench.rows.surface(id).toldSequence).toBe(1);
  });

  it('that somebody else told while an edit was waited for are not told again', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    await bench.budget.block('update', bench.rows.nowMs + 10_000);
    const { take } = bench.budget;
    const other = create();
    bench.budget.take = async (pot, terms) => {
      bench.budget.take = take;
      await other.announce(id, bench.rows.nowMs);
      return take(pot, terms);
    };
    bench.rows.save(promotionIn('promoted'), { topic: 'promoted' });
    await pass(20);
    expect(posts().filter(({ message }) => message.text.startsWith('Promoted'))).toHaveLength(1);
    expect(revisionDrawn(updates().at(-1)?.message as Message)).toBe(2);
  });

  it('whose sender comes back late leave alone what others are telling by then', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    const { post } = slack;
    const answers: (() => void)[] = [];
    const stall = () => {
      slack.post = async (input) => {
        slack.post = post;
        const sent = await post(input);
        await new Promise<void>((resolve) => answers.push(resolve));
        return sent;
      };
    };
    stall();
    bench.rows.save(promotionIn('deploying'), { topic: 'started' });
    const late = announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    announcer = create();
    await pass(65);
    expect(bench.rows.surface(id).toldSequence).toBe(1);
    // On-call is told; the same in the promotion's channel is on its way.
    slack.post = async (input) => {
      stall();
      return post(input);
    };
    bench.rows.save(promotionIn('rolling-back'), { topic: 'rolling-back' });
    const second = announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(answers).toHaveLength(2));
    answers[0]?.();
    await late;
    announcer = create();
    await pass(20);
    answers[1]?.();
    await second;
    await pass(20);
    const called = posts().filter(({ message }) => message.text.includes('Rolling back'));
    expect(called.map(({ channel }) => channel)).toEqual([onCallChannelId, channelId]);
  });

  it('go on to the end when somebody who slept between two messages of one of them wakes up', async () => {
    bench.rows.save(promotionIn('deploying'));
    await pass(5);
    const { post } = slack;
    let wake = () => {};
    slack.post = async (input) => {
      slack.post = post;
      const sent = await post(input);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      return sent;
    };
    bench.rows.save(promotionIn('rolling-back'), { topic: 'rolling-back' });
    const slept = announcer.announce(id, bench.rows.nowMs);
    await vi.waitFor(() => expect(slack.post).toBe(post));
    announcer = create();
    await pass(65);
    expect(bench.rows.surface(id)).toMatchObject({ toldSequence: 1, underway: null });

    wake();
    await slept;
    bench.rows.save(promotionIn('rolled-back'), { topic: 'rolled-back' });
    await pass(20);

    expect(bench.rows.surface(id)).toMatchObject({ toldSequence: 2, underway: null });
    expect(posts().filter(({ message }) => message.text.includes('Rolled back')).length).toBeGreaterThan(0);
  });

  it('come in short bursts and then no faster than a channel takes them', async () => {
    bench.rows.save(promotionIn('deploying'), ...Array<Announcement>(12).fill({ topic: 'started' }));
    const times: number[] = [];
    const post = slack.post;
    slack.post = (input) => {
      times.push(bench.rows.nowMs);
      return post(input);
    };
    await pass(30);
    expect(times).toHaveLength(13);
    for (const start of times) {
      const burst = times.filter((atMs) => atMs >= start && atMs < start + 10_000);
      expect(burst.length).toBeLessThanOrEqual(3 + 10);
      expect(burst.filter((atMs) => atMs < start + 1_000).length).toBeLessThanOrEqual(3);
    }
  });
});

it('one promotion that cannot be shown does not hold up the others', async () => {
  bench.rows.save(promotionIn('analyzing', { id: 'p1' }));
  bench.rows.save(promotionIn('analyzing', { id: 'p2' }));
  const { load } = bench.store;
  bench.store.load = (each) => (each === 'p1' ? Promise.reject(new Error('unreadable')) : load(each));
  expect(await run()).toBe(2);
  expect(posts()).toHaveLength(1);
  expect(log.lines).toMatchObject([{ level: 'error', data: { promotionId: 'p1' } }]);
});
