import { describe, expect, it } from 'vitest';
import { buildAnnouncing } from '../../src/compose/announcing.ts';
import { UnreadableError } from '../../src/flows/errors.ts';
import type { LiveRecord } from '../../src/flows/ports.ts';
import type { Announcement } from '../../src/flows/promotion/announcements.ts';
import type { Promotion, PromotionIn } from '../../src/flows/promotion/promotion.ts';
import { fakeDesk, fakeLog, fakeSlack } from '../bot/fakes.ts';
import { promotionIn } from '../bot/promotions.ts';
import { createRows } from '../bot/rows.ts';

/** One environment's promotions one after the other, each shown to its end before the next one begins. */
function environment() {
  const bench = createRows();
  const slack = fakeSlack();
  const promotions = new Map<string, Promotion>();
  const live: LiveRecord[] = [];
  const world = {
    /** Records of what was live from here on back cannot be read. */
    unreadableFrom: Number.POSITIVE_INFINITY,
    loads: 0,
    records: 0,
  };
  const store = {
    promotions: {
      async load(id: string) {
        world.loads += 1;
        const promotion = promotions.get(id);
        return promotion === undefined ? undefined : { promotion, nowMs: bench.rows.nowMs };
      },
      list: async (_app: string, _environment: string, limit: number) =>
        [...promotions.values()].toSorted((a, b) => b.requestedAtMs - a.requestedAtMs).slice(0, limit),
      async liveRecords(_app: string, _environment: string, limit: number) {
        if (limit > world.unreadableFrom) throw new UnreadableError('store.unreadable', 'It is broken.');
        world.records += Math.min(limit, live.length);
        return live.slice(0, limit);
      },
    },
    outbox: bench.outbox,
    budget: bench.budget,
    clock: { nowMs: () => bench.rows.nowMs },
  };
  const log = fakeLog();
  const show = buildAnnouncing({
    store: store as never,
    slack,
    log,
    hints: { wake() {} },
    desk: { ...fakeDesk(), find: async (id) => promotions.get(id) },
  });
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      bench.rows.nowMs += 1_000;
      const { ids } = await bench.outbox.dueSurfaces(100);
      for (const id of ids) await show(id, bench.rows.nowMs);
    }
  };
  const end = async (promotion: Promotion, told: Announcement, records: readonly Partial<LiveRecord>[]) => {
    const { id, app, environment: name } = promotion;
    for (const record of records) {
      const atMs = bench.rows.nowMs;
      const base = { app, environment: name, version: 'v1', artifact: '', promotionId: id, atMs };
      live.unshift({ ...base, replaced: null, ...record });
    }
    promotions.set(id, bench.rows.save({ ...promotion, requestedAtMs: bench.rows.nowMs }, told));
    await pass(30);
  };
  const liveNow = () => live[0]?.artifact ?? 'first';
  return {
    ...world,
    world,
    log,
    rows: bench.rows,
    pass,
    promote(id: string, artifact = id) {
      const ended: PromotionIn<'promoted'> = promotionIn('promoted');
      const promotion = { ...ended, id, release: { ...ended.release, artifact } };
      return end(promotion, { topic: 'promoted' }, [{ artifact: liveNow() }, { artifact }]);
    },
    rollBack(id: string, artifact = liveNow()) {
      const records = [{ artifact: liveNow() }, { artifact, replaced: id }];
      return end({ ...promotionIn('rolled-back'), id }, { topic: 'rolled-back' }, records);
    },
    /** It has changed production, its rollback failed, and people closed it: the release that it took away is not good. */
    resolve(id: string, tookAway: string) {
      const records = [{ artifact: liveNow() }, { artifact: tookAway, replaced: tookAway }];
      return end({ ...promotionIn('resolved'), id }, { topic: 'ended' }, records);
    },
    cancel: (id: string) => end({ ...promotionIn('cancelled'), id }, { topic: 'ended' }, []),
    /** What the card says by now. */
    says(id: string): 'live' | 'no longer live' | 'not known' {
      const { ts } = bench.rows.surface(id);
      const [edit] = slack
        .of('update')
        .filter((input) => input['ts'] === ts)
        .slice(-1);
      const said = JSON.stringify(edit?.['message'] ?? '');
      if (said.includes('What is live now is not known')) return 'not known';
      return said.includes('no longer what is live') ? 'no longer live' : 'live';
    },
    editsOf: (id: string) => slack.of('update').filter(({ ts }) => ts === bench.rows.surface(id).ts).length,
  };
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('ALL-6: a card that says that its release is live', () => {
  it.each([0, 10, 25])(
    'is drawn anew once another one is, with %i requests in between that changed nothing',
    async (between) => {
      const site = environment();
      await site.promote('a');
      for (const each of times(between)) await site.cancel(`cancelled-${each}`);
      expect(site.says('a')).toBe('live');

      await site.promote('b');

      expect([site.says('a'), site.says('b')]).toEqual(['no longer live', 'live']);
    },
  );

  it('is drawn anew as well after many promotions that were rolled back', async () => {
    const site = environment();
    await site.promote('a');
    for (const each of times(25)) await site.rollBack(`rolled-back-${each}`);
    expect(site.says('a')).toBe('live');

    await site.promote('b');

    expect(site.says('a')).toBe('no longer live');
  });

  it('says so again once its release was brought back', async () => {
    const site = environment();
    await site.promote('a');
    await site.promote('b');
    await site.rollBack('back', 'a');

    expect([site.says('a'), site.says('b')]).toEqual(['live', 'no longer live']);
  });

  it('says that nobody knows what is live once people closed its failed rollback by hand', async () => {
    const site = environment();
    await site.promote('a');

    await site.resolve('back', 'a');

    expect(site.says('a')).toBe('not known');
  });

  it('says that nobody knows what is live once people closed a later release by hand', async () => {
    const site = environment();
    await site.promote('a');
    await site.promote('b');

    await site.resolve('c', 'c');
    expect([site.says('a'), site.says('b')]).toEqual(['not known', 'not known']);

    await site.promote('d');
    expect([site.says('a'), site.says('b'), site.says('d')]).toEqual([
      'no longer live',
      'no longer live',
      'live',
    ]);
  });

  it('is not drawn anew for a request that changed nothing', async () => {
    const site = environment();
    await site.promote('a');
    const edits = site.editsOf('a');

    await site.cancel('b');

    expect(site.editsOf('a')).toBe(edits);
  });

  it('is drawn anew although somebody else was at it at the same moment', async () => {
    const site = environment();
    await site.promote('a');
    let races = 3;
    // Whoever draws the card saves its surface between the look and the save of whoever wants it drawn anew.
    site.rows.interfere = () => {
      if (site.rows.surfaces.get('b')?.ts == null || races === 0) return;
      races -= 1;
      const surface = site.rows.surface('a');
      site.rows.surfaces.set('a', { ...surface, revision: surface.revision + 1 });
    };

    await site.promote('b');

    expect(races).toBe(0);
    expect(site.says('a')).toBe('no longer live');
  });

  it('keeps the drawing that it is owed for later: what was lost on its way may arrive until then', async () => {
    const site = environment();
    await site.promote('a');
    const owedMs = site.rows.nowMs + 55_000;
    site.rows.surfaces.set('a', { ...site.rows.surface('a'), redrawAtMs: owedMs, dueAtMs: owedMs });

    await site.promote('b');
    expect(site.rows.surface('a').redrawAtMs).toBe(owedMs);
    await site.pass(40);

    expect(site.rows.surface('a').redrawAtMs).toBeNull();
    expect(site.says('a')).toBe('no longer live');
  });

  it('is drawn anew although an older record of what was live cannot be read', async () => {
    const site = environment();
    for (const each of times(20)) await site.promote(`older-${each}`);
    await site.promote('a');
    site.world.unreadableFrom = 8;

    await site.promote('b');

    expect(site.says('a')).toBe('no longer live');
  });

  it('costs no more the longer an environment has been used', async () => {
    const site = environment();
    for (const each of times(150)) await site.promote(`p${each}`);
    const before = { ...site.world };
    const edits = site.editsOf('p1');

    await site.promote('b');

    expect(site.says('p149')).toBe('no longer live');
    expect(site.editsOf('p1')).toBe(edits);
    // Each drawing loads its promotion and reads one record more.
    expect(site.world.loads - before.loads).toBeLessThan(100);
    expect(site.world.records - before.records).toBeLessThan(250);
  });
});
