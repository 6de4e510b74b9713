import { beforeEach, describe, expect, it } from 'vitest';
import { rowOf } from '../../src/flows/held.ts';
import type { PromotionStore } from '../../src/flows/ports.ts';
import { promotionFormat } from '../../src/store/format.ts';
import { dueKey, keys } from '../../src/store/table.ts';
import type { Item } from '../../src/store/transport.ts';
import { startMs } from '../flows/promotion/walk.ts';
import { nextFormat } from '../support/next-format.ts';
import { restsAnHour, startHeldWorld } from './held-world.ts';

let world: Awaited<ReturnType<typeof startHeldWorld>>;
beforeEach(async () => {
  world = await startHeldWorld();
});

const text = (value: string) => ({ S: value });
const { newest } = promotionFormat;
const dueTime = String(startMs).padStart(15, '0');
const notJson = { body: text('{"phase":') };
const promotion = (id: string) => keys.promotion(id);
/** A tick that finds its requester allowed to ask, which is when the card is shown, and rests for an hour. */
const admitted = async (store: PromotionStore, id: string) => {
  const loaded = await store.load(id);
  if (loaded === undefined) return;
  const { promotion: saved, nowMs } = loaded;
  await store.save({
    promotion: {
      ...saved,
      revision: saved.revision + 1,
      admitted: true,
      claims: [],
      dueAtMs: nowMs + 3_600_000,
    },
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
};
const textOf = (item: Item | undefined, name: string) => {
  const attribute = item?.[name];
  return attribute !== undefined && 'S' in attribute ? attribute.S : undefined;
};

describe('ALL-16 promise 5: a promotion that cannot be read', () => {
  it.each([
    ['is not JSON', notJson],
    ['is JSON of another shape', { body: text(`{"schema":${newest},"phase":"promoted"}`) }],
    ['has no body', { body: null }],
    ['has a body of another type', { body: { N: '7' } }],
    ['has no schema', { schema: null }],
    ['has a schema of another type', { schema: text(String(newest)) }],
    ['has a schema that is none', { schema: { N: '0' } }],
    ['names another schema than its body', { schema: { N: '1' } }],
    ['has a revision of another type', { revision: text('1') }],
    ['has another revision than its body', { revision: { N: '9' } }],
    ['stands in another phase than its body', { phase: text('promoted') }],
    ['is due at another time than its body says', { dueSk: text('000000000000001#p1') }],
    ['is due at what is no time', { dueSk: text('soon') }],
    ['is due under the name of another one', { dueSk: text(`${dueTime}#p2`) }],
    ['is in a partition of the due index that nobody reads', { duePk: text('DUE#9') }],
    ['has lost the partition of its place in the due index', { duePk: null }],
    ['has lost its time in the due index', { dueSk: null }],
    ['has lost its whole place in the due index', { duePk: null, dueSk: null }],
  ] as const)('because it %s is held and told once to its channel and to on-call', async (_what, damage) => {
    await world.create('p1');
    await world.damage(promotion('p1'), damage);
    const before = await world.raw(promotion('p1'));
    const { runner, ticked } = world.start();

    await runner.runDue();
    await world.advance(301);
    await runner.runDue();
    await world.advance(301);
    await runner.runDue();

    expect(ticked).toEqual([]);
    expect(await world.raw(promotion('p1'))).toEqual(before);
    expect(world.posts('CDEPLOY')).toHaveLength(1);
    expect(world.posts('CONCALL')).toHaveLength(1);
    expect(world.posts()).toHaveLength(2);
  });

  it('is found by its card, which is drawn anew now and then, when no sweep finds it any more', async () => {
    await world.create('p1');
    const { runner, ticked, store } = world.start({ cards: true, tick: admitted });
    for (let count = 0; count < 10; count += 1) {
      await runner.runDue();
      await world.advance(6);
    }
    expect((await world.outbox.surface('p1'))?.drawnRevision).toBe(2);
    const before = { ticks: ticked.length, posts: world.posts().length };
    await world.damage(promotion('p1'), { duePk: null, dueSk: null });

    expect((await store.due(10)).ids).toEqual([]);
    for (let minute = 0; minute < 60; minute += 1) {
      await world.advance(60);
      await runner.runDue();
    }

    const told = world.posts().slice(before.posts);
    expect(ticked).toHaveLength(before.ticks);
    expect(told.map((said) => said.includes('Promotion `p1` cannot be read.'))).toEqual([true, true]);
    expect(world.posts('CONCALL')).toHaveLength(1);
  });

  it('is counted for /promote status, and named to whoever presses its button, though no sweep finds it any more', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), { dueSk: null });
    const { store } = world.start();

    const row = rowOf(await store.load('p1').catch((error: unknown) => error));

    expect(row).toMatchObject({
      kind: 'promotion',
      id: 'p1',
      app: 'site',
      phase: 'analyzing',
      dueAtMs: null,
    });
    expect(await store.survey('site', 'production', 20)).toEqual({ promotions: [], unreadable: 1 });
  });

  it('is told with what its attributes say, how to look at it and the way out', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), notJson);
    await world.start().runner.runDue();

    const [said = ''] = world.posts('CONCALL');
    expect(said).toContain('Promotion `p1` cannot be read.');
    expect(said).toContain('damaged, or somebody changed it by hand');
    expect(said).toContain('It is for `site` in `production`; it was last saved as `analyzing`.');
    expect(said).toContain('Whether production was changed is not known');
    expect(said).toContain(
      `aws dynamodb get-item --table-name table-1 --key '{"pk":{"S":"P#p1"},"sk":{"S":"META"}}'`,
    );
    expect(said).toContain('two people free it with `/promote unlock site production REASON`');
    expect(said).toContain('<@UOTTO>');
    expect(world.posts('CDEPLOY')[0]).not.toContain('<@UOTTO>');
  });

  it('is told in the environment’s channel, on-call called there, when on-call has no channel of its own', async () => {
    await world.create('p1', 'staging');
    await world.damage(promotion('p1'), notJson);
    await world.start().runner.runDue();

    expect(world.posts()).toHaveLength(1);
    expect(world.posts('CSTAGING')[0]).toContain('<@UNIGHT>');
  });

  it('that does not even say where it belongs is told to every on-call', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), { ...notJson, listPk: null });
    await world.damage(keys.surface('p1'), { body: null });
    await world.start().runner.runDue();

    expect(world.posts('CONCALL')).toHaveLength(1);
    expect(world.posts('CSTAGING')).toHaveLength(1);
    expect(world.posts('CDEPLOY')).toEqual([]);
  });

  it('goes on by itself once it can be read again, which is said where the holding was told', async () => {
    await world.create('p1');
    const sound = await world.raw(promotion('p1'));
    await world.damage(promotion('p1'), notJson);
    const { runner, ticked } = world.start();
    await runner.runDue();

    await world.damage(promotion('p1'), { body: sound?.['body'] ?? null });
    await world.advance(301);
    await runner.runDue();
    await world.advance(6);
    await runner.runDue();

    expect(ticked).toEqual(['p1']);
    expect(world.posts('CDEPLOY')[1]).toBe(
      'Promotion `p1` can be read again. Its card says how it goes on, or to whom it is left.',
    );
    expect(world.posts('CONCALL')[1]).toContain('can be read again');
    expect(world.posts()).toHaveLength(4);
    expect(textOf(await world.held('p1'), 'duePk')).toBeUndefined();
  });

  it('has its card drawn over once, without buttons, and its own card again as soon as it can be read', async () => {
    await world.create('p1');
    const { runner } = world.start({ cards: true, tick: admitted });
    const run = async () => {
      await runner.runDue();
      await world.advance(5);
    };
    for (let count = 0; count < 3; count += 1) await run();
    const sound = await world.raw(promotion('p1'));
    await world.damage(promotion('p1'), notJson);
    await world.advance(301);
    const edits = () => world.slack.of('update').map(({ message }) => JSON.stringify(message));
    const before = edits().length;
    for (let count = 0; count < 4; count += 1) await run();

    expect(edits().slice(before)).toHaveLength(1);
    expect(edits().at(-1)).toContain('HELD: how this promotion stands is not known.');
    expect(edits().at(-1)).toContain('/promote unlock site production REASON');
    expect(edits().at(-1)).not.toContain('"actions"');
    await world.advance(301);
    for (let count = 0; count < 4; count += 1) await run();
    expect(edits().slice(before)).toHaveLength(1);

    await world.damage(promotion('p1'), { body: sound?.['body'] ?? null });
    await world.advance(301);
    for (let count = 0; count < 4; count += 1) await run();
    expect(edits().at(-1)).toContain('"actions"');
    expect(edits().at(-1)).not.toContain('HELD');
  });

  it('is told again when it is damaged again', async () => {
    await world.create('p1');
    const sound = await world.raw(promotion('p1'));
    const damaged = async () => {
      await world.damage(promotion('p1'), { ...sound, ...notJson });
      await world.start({ tick: async (store, id) => void (await store.load(id)) }).runner.runDue();
    };
    await damaged();
    await world.damage(promotion('p1'), sound ?? {});
    for (let count = 0; count < 3; count += 1) {
      await world.advance(301);
      await world.start({ tick: async (store, id) => void (await store.load(id)) }).runner.runDue();
    }

    await damaged();

    expect(world.posts('CONCALL').map((said) => said.includes('cannot be read'))).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('is told once by many processes, and by the next one when the first dies before it could', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), notJson);
    world.slack.outcomes.post = [{ outcome: 'unreachable', error: 'ECONNREFUSED' }];

    await world.start().runner.runDue();
    await world.advance(10);
    await Promise.all([1, 2, 3].map(() => world.start().runner.runDue()));
    await world.advance(10);
    await world.start().runner.runDue();

    expect(world.slack.of('post')).toHaveLength(3);
    expect(new Set(world.slack.of('post').map((post) => post['channel']))).toEqual(
      new Set(['CDEPLOY', 'CONCALL']),
    );
  });

  it('whose message may or may not have arrived is told once more, a minute later', async () => {
    await world.create('p1', 'staging');
    await world.damage(promotion('p1'), notJson);
    world.slack.outcomes.post = [{ outcome: 'unknown', error: 'ECONNRESET' }];
    const { runner } = world.start();

    await runner.runDue();
    await world.advance(30);
    await runner.runDue();
    expect(world.posts()).toHaveLength(1);
    await world.advance(31);
    await runner.runDue();
    await world.advance(400);
    await runner.runDue();

    expect(world.posts()).toHaveLength(2);
  });

  it('whose channel is archived is told to on-call all the same, and not for ever to the channel', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), notJson);
    world.slack.outcomes.post = [{ outcome: 'refused', error: 'is_archived' }];
    const { runner } = world.start();

    for (let count = 0; count < 3; count += 1) {
      await runner.runDue();
      await world.advance(301);
    }

    expect(world.posts('CDEPLOY')).toHaveLength(1);
    expect(world.posts('CONCALL')).toHaveLength(1);
  });

  it('is told when Slack is back, however long that takes', async () => {
    await world.create('p1', 'staging');
    await world.damage(promotion('p1'), notJson);
    world.slack.outcomes.post = Array.from({ length: 5 }, () => ({
      outcome: 'refused' as const,
      error: 'invalid_auth',
    }));
    const { runner } = world.start();

    for (let count = 0; count < 7; count += 1) {
      await runner.runDue();
      await world.advance(301);
    }

    expect(world.posts()).toHaveLength(6);
  });

  it('is read at most every five minutes by one process, whatever wakes it', async () => {
    await world.create('p1');
    await world.damage(promotion('p1'), notJson);
    const { runner, looked } = world.start();

    for (let second = 0; second < 600; second += 10) {
      runner.wake('p1');
      await runner.runDue();
      await world.advance(10);
    }

    expect(looked.length).toBeLessThanOrEqual(3);
  });

  it('is counted among its environment’s promotions and hides none of them', async () => {
    await world.create('p1');
    await world.create('p2');
    await world.damage(promotion('p1'), notJson);
    const { store } = world.start();

    const seen = await store.survey('site', 'production', 20);

    expect(seen.promotions.map(({ id }) => id)).toEqual(['p2']);
    expect(seen.unreadable).toBe(1);
  });
});

describe('ALL-16 never blocking others', () => {
  /** Promotions in one partition of the due index, since those stand behind each other. */
  const inOneShard = async (count: number): Promise<string[]> => {
    const shardOf = (id: string) => textOf(dueKey('DUE', id, 0), 'duePk');
    const ids = Array.from({ length: 8 * count }, (_, number) => `p${number}`)
      .filter((id) => shardOf(id) === shardOf('p0'))
      .slice(0, count);
    for (const [index, id] of ids.entries())
      await world.create(id, 'production', startMs - 1000 * (count - index));
    return ids;
  };

  it('200 that cannot be read stand in front, and the one behind them is worked on in the same sweep', async () => {
    const ids = await inOneShard(201);
    const last = ids.pop() ?? '';
    for (const id of ids) await world.damage(promotion(id), notJson);
    const { runner, ticked } = world.start();

    await runner.runDue();

    expect(ticked).toEqual([last]);
    expect(world.posts('CONCALL')).toHaveLength(1);
    expect(world.posts('CONCALL')[0]).toContain('200 promotions cannot be read');
    expect(world.posts('CDEPLOY')).toHaveLength(1);
  });

  it('and in later sweeps they are passed over without being read, or written, again', async () => {
    const ids = await inOneShard(60);
    const last = ids.pop() ?? '';
    for (const id of ids) await world.damage(promotion(id), notJson);
    const { runner, ticked, looked } = world.start({
      tick: async (store, id) => void (await store.load(id)),
    });
    await runner.runDue();
    world.written();
    looked.length = 0;

    await world.advance(1);
    await runner.runDue();

    expect(ticked).toContain(last);
    expect(new Set(looked)).toEqual(new Set([last]));
    expect(world.written()).toEqual([]);
  });

  it('a surface that cannot be read keeps no promotion from being worked on, its own neither', async () => {
    await world.create('p1');
    await world.damage(keys.surface('p1'), { body: text('[]') });
    const { runner, ticked } = world.start();

    await runner.runDue();

    expect(ticked).toEqual(['p1']);
    expect(world.posts('CDEPLOY')[0]).toContain('The card of promotion `p1` cannot be read.');
    expect(world.posts('CONCALL')).toHaveLength(1);
  });
});

describe('ALL-16 other rows that cannot be read', () => {
  it('a surface without its promotion is held and told', async () => {
    await world.create('p1');
    const surface = await world.raw(keys.surface('p1'));
    const other = keys.surface('p9');
    await world.transport.write({
      does: 'put',
      item: { ...surface, ...other, body: text((textOf(surface, 'body') ?? '').replaceAll('p1', 'p9')) },
    });
    const { runner, looked } = world.start();

    await runner.runDue();
    await world.advance(301);
    await runner.runDue();

    expect(world.posts('CDEPLOY')).toHaveLength(1);
    expect(world.posts('CDEPLOY')[0]).toContain('Promotion `p9` cannot be read.* It is not there.');
    expect(looked).not.toContain('p9');
  });

  it('a due row whose promotion is gone is held and told', async () => {
    const stray = {
      pk: text('P#p9'),
      sk: text('NOTE'),
      duePk: text('DUE#0'),
      dueSk: text('000000000000001#p9'),
    };
    await world.transport.write({ does: 'put', item: stray });
    const { runner, looked } = world.start();

    for (let count = 0; count < 3; count += 1) {
      await runner.runDue();
      await world.advance(10);
    }

    expect(looked).toEqual(['p9']);
    expect(world.posts('CONCALL')).toHaveLength(1);
    expect(world.posts('CSTAGING')).toHaveLength(1);
  });

  it('an announcement is told as untold, and what comes after it is told five minutes later', async () => {
    await world.create('p1');
    const first = await world.raw(keys.announcement('p1', 1));
    await world.transport.write({
      does: 'put',
      item: {
        ...first,
        ...keys.announcement('p1', 2),
        body: text((textOf(first, 'body') ?? '').replace('"sequence":1', '"sequence":2')),
      },
    });
    await world.damage(keys.announcement('p1', 1), notJson);
    const { runner, ticked } = world.start();

    await runner.runDue();
    expect(ticked).toEqual(['p1']);
    expect(world.posts('CDEPLOY')[0]).toContain('Message 1 of promotion `p1` cannot be read.');
    expect((await world.outbox.surface('p1'))?.toldSequence).toBe(0);
    for (let count = 0; count < 4; count += 1) {
      await world.advance(301);
      await runner.runDue();
    }

    expect((await world.outbox.surface('p1'))?.toldSequence).toBe(2);
    expect(world.posts('CDEPLOY')).toHaveLength(1);
    expect(await world.raw(keys.announcement('p1', 1))).toMatchObject(notJson);
  });

  it('what comes before an announcement that cannot be read is told first', async () => {
    await world.create('p1');
    const first = await world.raw(keys.announcement('p1', 1));
    await world.transport.write({
      does: 'put',
      item: { ...first, ...keys.announcement('p1', 2), ...notJson },
    });

    expect((await world.outbox.announcements('p1', 0, 10)).map(({ sequence }) => sequence)).toEqual([1]);
    await expect(world.outbox.announcements('p1', 1, 10)).rejects.toMatchObject({ name: 'UnreadableError' });
  });

  it('a history of good releases stops what has to read it, and says which environment’s it is', async () => {
    await world.create('p1', 'staging');
    await world.transport.write({
      does: 'put',
      item: { ...keys.live('site', 'staging', startMs, 'p0'), body: text('{}') },
    });
    const { runner, ticked } = world.start({
      async tick(store, id) {
        await store.liveRecords('site', 'staging', 20);
        await restsAnHour(store, id);
      },
    });

    await runner.runDue();
    await world.advance(400);
    await runner.runDue();

    expect(ticked).toEqual([]);
    expect(world.posts()).toHaveLength(1);
    expect(world.posts('CSTAGING')[0]).toContain(
      'The history of good releases of `site` in `staging` cannot be read.',
    );
  });

  it('a refusal that the next one has to follow is told once somebody came across it', async () => {
    await world.create('p1');
    const { runner, store } = world.start();
    const loaded = await store.load('p1');
    if (loaded === undefined) throw new Error('it is gone');
    await world.transport.write({ does: 'put', item: { ...keys.refusal('p1', 1), ...notJson } });
    const refused = store.recordRefusal(loaded.promotion, {
      promotionId: 'p1',
      atMs: startMs,
      actor: { kind: 'system' },
      from: 'analyzing',
      to: 'analyzing',
      digest: null,
      event: { type: 'page.due' },
      refusal: { code: 'x', text: 'x', next: 'x' },
    });

    const row = rowOf(await refused.catch((error: unknown) => error));
    if (row === undefined) throw new Error('the error names no row');
    await world.rows.hold(row, startMs);
    await runner.runDue();

    expect(world.posts('CONCALL')[0]).toContain('Refusal 1 of promotion `p1` cannot be read.');
    expect(world.posts('CDEPLOY')).toHaveLength(1);
  });

  it('a lock is nobody’s to take', async () => {
    await world.create('p1');
    await world.transport.write({
      does: 'put',
      item: { ...keys.lock('site#production'), holder: { N: '5' }, epoch: { N: '3' } },
    });
    const { runner, ticked } = world.start({
      async tick(store, id) {
        const loaded = await store.load(id);
        if (loaded === undefined) return;
        await store.save({
          promotion: { ...loaded.promotion, revision: loaded.promotion.revision + 1 },
          audit: [],
          announcements: [],
          locks: { does: 'take', keys: ['site#production'] },
          handedOver: null,
          live: null,
        });
      },
    });

    await runner.runDue();

    expect(ticked).toEqual([]);
    expect(world.posts('CONCALL')[0]).toContain('The lock `site#production` cannot be read.');
    expect(await world.raw(keys.lock('site#production'))).toMatchObject({ holder: { N: '5' } });
  });
});

describe('versions side by side', () => {
  const next = nextFormat(promotionFormat);

  it('the newer version reads what the older one saved, and saves it in its own schema with the next save', async () => {
    await world.create('p1');
    const { runner, store, ticked } = world.start({ format: next });

    expect((await store.load('p1'))?.promotion.id).toBe('p1');
    expect(await world.raw(promotion('p1'))).toMatchObject({ schema: { N: String(promotionFormat.newest) } });
    await runner.runDue();

    expect(ticked).toEqual(['p1']);
    expect(await world.raw(promotion('p1'))).toMatchObject({ schema: { N: String(next.newest) } });
    expect((await store.load('p1'))?.promotion.revision).toBe(2);
  });

  it('the older version writes nothing to any row of a promotion that the newer one saved', async () => {
    await world.create('p1');
    const later = world.start({ format: next, cards: true });
    await later.runner.runDue();
    await world.advance(3_700);
    await world.damage(keys.surface('p1'), {
      duePk: dueKey('SHOW', 'p1', startMs)['duePk'] ?? null,
      dueSk: dueKey('SHOW', 'p1', startMs)['dueSk'] ?? null,
    });
    world.written();
    const { runner, store, ticked } = world.start({ cards: true });

    await expect(store.load('p1')).rejects.toMatchObject({ code: 'store.newer-schema' });
    for (let count = 0; count < 5; count += 1) {
      await runner.runDue();
      await world.advance(301);
    }

    const touched = world.written().map((item) => textOf(item, 'pk') ?? '');
    expect(ticked).toEqual([]);
    expect(touched.filter((pk) => !pk.startsWith('HELD#') && !pk.startsWith('BUDGET#'))).toEqual([]);
    expect(touched).toContain('HELD#p1');
  });

  it('nobody is told while the newer version works on it', async () => {
    await world.create('p1');
    const everyMinute = async (store: Parameters<typeof restsAnHour>[0], id: string) => {
      const loaded = await store.load(id);
      if (loaded === undefined) return;
      const { promotion: saved, nowMs } = loaded;
      await store.save({
        promotion: { ...saved, revision: saved.revision + 1, dueAtMs: nowMs + 60_000 },
        audit: [],
        announcements: [],
        locks: null,
        handedOver: null,
        live: null,
      });
    };
    const newer = world.start({ format: next, tick: everyMinute });
    const older = world.start();
    await newer.runner.runDue();

    for (let minute = 0; minute < 12; minute += 1) {
      await world.advance(60);
      await older.runner.runDue();
      await newer.runner.runDue();
    }

    expect(world.posts()).toEqual([]);
    expect(newer.ticked.length).toBeGreaterThan(10);
  });

  it('nor of its card, whose row the newer version writes in its own way', async () => {
    await world.create('p1');
    await world.start({ format: next }).runner.runDue();
    const surface = await world.raw(keys.surface('p1'));
    await world.damage(keys.surface('p1'), {
      body: text((textOf(surface, 'body') ?? '').replace('{', '{"newField":1,')),
      duePk: dueKey('SHOW', 'p1', startMs)['duePk'] ?? null,
      dueSk: dueKey('SHOW', 'p1', startMs)['dueSk'] ?? null,
    });
    const { runner } = world.start();

    await runner.runDue();
    await world.advance(200);
    await runner.runDue();
    expect(world.posts()).toEqual([]);
    expect(await world.held('p1', 'surface')).toBeDefined();

    for (let count = 0; count < 3; count += 1) {
      await world.advance(301);
      await runner.runDue();
    }
    expect(world.posts('CONCALL')[0]).toContain('The card of promotion `p1` cannot be read.');
    expect(world.posts('CONCALL')[0]).toContain('A newer version of Countersign saved it');
  });

  it('once nobody has worked on it for five minutes it is told, with the schema and the way out', async () => {
    await world.create('p1');
    await world.start({ format: next }).runner.runDue();
    await world.advance(3_700);
    const { runner } = world.start();

    await runner.runDue();
    expect(world.posts()).toEqual([]);
    for (let count = 0; count < 3; count += 1) {
      await world.advance(301);
      await runner.runDue();
    }

    expect(world.posts('CONCALL')).toHaveLength(1);
    expect(world.posts('CONCALL')[0]).toContain(
      `A newer version of Countersign saved it (schema ${next.newest}).`,
    );
    expect(world.posts('CONCALL')[0]).toContain(`reads schemas up to ${promotionFormat.newest}`);
    expect(world.posts('CONCALL')[0]).toContain('Start the newer version of Countersign again');
    expect(world.posts('CDEPLOY')).toHaveLength(1);
  });
});
