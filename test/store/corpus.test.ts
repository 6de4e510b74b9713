import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDesk } from '../../src/flows/engine/desk.ts';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import type { Target } from '../../src/flows/ports.ts';
import { StoredAnnouncement } from '../../src/flows/promotion/announcements.ts';
import { AuditEntry } from '../../src/flows/promotion/audit.ts';
import { toChange } from '../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import { type Action, nextAction } from '../../src/flows/promotion/next-action.ts';
import { hasEnded, isDirty, lockKeys, Promotion, phases } from '../../src/flows/promotion/promotion.ts';
import { transition } from '../../src/flows/promotion/transition.ts';
import { promotionFormat } from '../../src/store/format.ts';
import {
  parseAnnouncement,
  parseAudit,
  parseLive,
  parsePromotion,
  parseSurface,
  SurfaceBody,
} from '../../src/store/items.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Item } from '../../src/store/transport.ts';
import { claim, grace, hash, lin, passed, startMs } from '../flows/promotion/walk.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';
import { corpusFile, digestOf, keptShapes, records, specimens, writeShapes } from './corpus/stored.ts';
import { corpusLines } from './corpus/stories.ts';

/** Rows of one promotion. Only its own has a number: what else an older build cannot read is newer where that is. */
const stored = {
  promotion: Promotion,
  announcement: StoredAnnouncement,
  audit: AuditEntry,
  surface: SurfaceBody,
};
const writes = process.env['COUNTERSIGN_CORPUS'] === 'write';
const { newest: number } = promotionFormat;
const whatToDo = `What is stored has changed. Everything is read strictly: a version that was shipped with schema ${number}
takes a field that it does not know for damage, at once, while both versions run, unless the number says that the row
is newer. So, where schema ${number} was shipped: raise it in src/store/format.ts (with a step from it to the next) and in
src/flows/promotion/promotion.ts. A surface is saved beside promotions of the older number too: a field of it has to
be known to a shipped version before another one writes it. In any case then keep the new shape beside its number:
COUNTERSIGN_CORPUS=write npx vitest run test/store/corpus.test.ts
`;

const refusal = { code: 'x', text: 'x', next: 'x' };
const all = specimens.map((specimen) => ({
  ...specimen,
  named: `schema ${specimen.schema}: ${specimen.name}`,
}));

/** An event that this action may find out. */
function outcomeOf(action: Exclude<Action, { does: 'rest' }>): PromotionEvent {
  switch (action.does) {
    case 'emit':
      return action.event;
    case 'authorize':
      return { type: 'claim.denied', claimId: action.claimId, refusal };
    case 'analyze':
      return { type: 'analysis.refused', refusal };
    case 'validate':
      return { type: 'plan.refused', refusal };
    case 'lock':
      return { type: 'lock.refused', holder: 'p0' };
    case 'gate':
      return { type: 'gate.recorded', results: [passed('staging')] };
    case 'step':
      return { type: 'step.failed', stepId: action.stepId, code: 'x', text: 'x' };
    case 'probe':
      return { type: 'probe.recorded', results: [passed('version')] };
    case 'read':
      return { type: 'reading.recorded', results: [passed('errors')], completeUntilMs: null };
  }
}

describe('promotions stored by every version', () => {
  it('stand in every phase', () => {
    const found = new Set(
      specimens
        .filter(({ schema }) => schema === 1)
        .map(({ item }) => parsePromotion(item, 'p1', promotionFormat).phase),
    );

    expect([...found].sort()).toEqual([...phases].sort());
  });

  it('today’s are as this version stores them: another shape needs another schema', async () => {
    const { newest } = promotionFormat;
    const written = await corpusLines();
    if (writes) writeFileSync(corpusFile(newest), written);

    const kept = readFileSync(corpusFile(newest), 'utf8');
    expect(shapesIn(written), whatToDo).toEqual(shapesIn(kept));
  });

  it('every field that may be stored is known to the schema of this number, those that no story has as well', () => {
    const { newest } = promotionFormat;
    const shapes = Object.fromEntries(Object.entries(stored).map(([row, shape]) => [row, digestOf(shape)]));
    if (writes) writeShapes(newest, shapes);

    expect(shapes, whatToDo).toEqual(keptShapes()[newest]);
  });

  it.each(all)('$named is read, goes on, and is written in today’s schema', ({ item }) => {
    const promotion = parsePromotion(item, 'p1', promotionFormat);

    const nowMs = Math.max(promotion.nowMs, promotion.dueAtMs ?? 0);
    const action = nextAction(promotion, nowMs);
    const event: PromotionEvent = action.does === 'rest' ? { type: 'page.due' } : outcomeOf(action);
    const decision = transition(promotion, event, nowMs);

    expect(decision.outcome).toBe(hasEnded(promotion) ? 'refused' : 'accepted');
    if (decision.outcome === 'refused') return;
    const saved = toChange(promotion, decision, event, nowMs, hash).promotion;
    expect(Promotion.parse(saved).schema).toBe(promotionFormat.newest);
    expect(saved.revision).toBe(promotion.revision + 1);
  });

  it.each(all)('$named is not read from another place of the due index, nor from none', ({ item }) => {
    const { duePk, dueSk, ...placeless } = item;
    const elsewhere = { duePk: { S: 'DUE#9' }, dueSk: { S: '001795251600000#p1' } };
    const wrong: Item[] =
      duePk === undefined || dueSk === undefined
        ? [
            { ...item, ...elsewhere },
            { ...item, dueSk: elsewhere.dueSk },
          ]
        : [placeless, { ...placeless, duePk }, { ...placeless, dueSk }, { ...item, duePk: elsewhere.duePk }];

    for (const moved of wrong)
      expect(() => parsePromotion(moved, 'p1', promotionFormat)).toThrow('cannot be read');
  });

  it.each(all)('$named comes to a legal end on the real store', async ({ item }) => {
    const { seed, live } = await aliveWorld();
    const before = await seed(item);

    const ended = await live();

    expect(hasEnded(ended)).toBe(true);
    if (isDirty(before) || 'rollback' in before)
      expect(['promoted', 'rolled-back', 'resolved', 'superseded']).toContain(ended.phase);
    expect(ended.phases.slice(0, before.phases.length)).toEqual(before.phases);
  });
});

it('builds of schema 2 wrote fields of schema 3 already: such a row is read as well', () => {
  const waits = specimens.find(({ name, schema }) => schema === 3 && name === 'awaiting-approval, lock busy');
  const { body, ...attributes } = waits?.item ?? {};
  const said = body !== undefined && 'S' in body ? body.S : '';
  const item = {
    ...attributes,
    schema: { N: '2' },
    body: { S: said.replace('"schema":3', '"schema":2') },
  };

  expect(said).toContain('"sinceMs":');
  const read = parsePromotion(item, 'p1', promotionFormat);
  expect(read).toMatchObject({ schema: promotionFormat.newest, lockBusy: { sinceMs: expect.any(Number) } });
});

describe('other rows stored by the first version', () => {
  const parsers = {
    audit: parseAudit,
    announcement: parseAnnouncement,
    surface: parseSurface,
    live: parseLive,
  };

  it.each(records)('$row: $body', ({ row, body }) => {
    expect(parsers[row]({ body: { S: JSON.stringify(body) } })).toMatchObject(body);
  });
});

/** Without a check nothing can be verified, and only people could end it. */
function withCheck(item: Item): Item {
  const body = JSON.parse(item['body'] !== undefined && 'S' in item['body'] ? item['body'].S : '');
  const version = { id: 'version', kind: 'version', title: 'Version', essential: true, settings: {} };
  const definition = { ...body.definition, checks: [version] };
  return { ...item, body: { S: JSON.stringify({ ...body, definition }) } };
}

/** Names and types of everything in each story, without the values. */
function shapesIn(lines: string): Record<string, string[]> {
  const stories = lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { name: string; body: unknown } => JSON.parse(line));
  return Object.fromEntries(stories.map(({ name, body }) => [name, [...new Set(shapeOf(body, ''))].sort()]));
}

function shapeOf(value: unknown, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => shapeOf(entry, `${path}[]`));
  if (typeof value !== 'object' || value === null)
    return [`${path}: ${value === null ? 'null' : typeof value}`];
  return Object.entries(value).flatMap(([name, entry]) => shapeOf(entry, `${path}.${name}`));
}

const longestTicks = 400;
const quiet = { info() {}, warn() {}, error() {} };

/** One promotion alone with a target that does what it is told, checks that pass, and people who click late. */
async function aliveWorld() {
  const dynamo = startModelDynamo({ startMs });
  const tableName = dynamo.tableName();
  const transport = createSdkTransport({ client: dynamo.client(), tableName, pause: async () => {} });
  await transport.ensureTable();
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return `n${nonces}`;
  };
  const store = createPromotionStore({ transport, nonce });
  const target: Target = {
    analyze: async () => ({ outcome: 'refused', refusal }),
    validate: async () => [],
    observe: async (_definition, { step, claim: claimed }) =>
      claimed === null && step.does !== 'settle'
        ? { outcome: 'before', precondition: 'E9' }
        : { outcome: 'done', text: 'done' },
    act: async () => ({ reference: null }),
  };
  const world: World = {
    store,
    targetOf: () => target,
    checks: { isAlarm: () => false, run: async ({ id }) => passed(id) },
    releases: { resolve: async () => ({ outcome: 'absent', nearest: [] }) },
    directory: { kindOf: async () => 'member', membersOf: async () => [] },
    configured: () => true,
    elapsedMs: () => 0,
    hints: { wake() {} },
    hash,
    log: quiet,
  };
  const desk = createDesk({
    ...world,
    catalog: { apps: [], find: () => undefined, defaultEnvironment: () => undefined },
    nearest: () => undefined,
    looking: null,
  });
  const load = async () => {
    const loaded = await store.load('p1');
    if (loaded === undefined) throw new Error('it is gone');
    return loaded.promotion;
  };

  const seed = async (item: Item) => {
    await transport.write({ does: 'put', item: withCheck(item) });
    const promotion = await load();
    await dynamo.clock.advance(Math.max(0, promotion.nowMs - dynamo.clock.nowMs()));
    const holds = !hasEnded(promotion) && ('steps' in promotion || promotion.phase === 'waiting');
    for (const name of holds ? lockKeys(promotion) : [])
      await transport.write({
        does: 'put',
        item: { ...keys.lock(name), holder: { S: 'p1' }, epoch: { N: '1' } },
      });
    return promotion;
  };

  const live = async () => {
    for (let count = 0; count < longestTicks; count += 1) {
      const promotion = await load();
      if (hasEnded(promotion)) return promotion;
      if (promotion.phase === 'rollback-failed')
        for (const person of [grace, lin])
          await desk.decide('p1', {
            type: 'resolution.claimed',
            claim: claim('resolve', person, { reason: 'mended by hand', atMs: dynamo.clock.nowMs() }),
          });
      await dynamo.clock.advance(Math.max(1_000, (promotion.dueAtMs ?? 0) - dynamo.clock.nowMs() + 1_000));
      await tick(world, 'p1');
    }
    throw new Error(`it never ended: ${(await load()).phase}`);
  };
  return { seed, live };
}
