import { inspect } from 'node:util';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as errands from '../../../src/bot/errands.ts';
import * as held from '../../../src/flows/held.ts';
import * as notices from '../../../src/flows/notices.ts';
import * as announcements from '../../../src/flows/promotion/announcements.ts';
import * as audit from '../../../src/flows/promotion/audit.ts';
import * as events from '../../../src/flows/promotion/events.ts';
import * as plan from '../../../src/flows/promotion/plan.ts';
import * as policy from '../../../src/flows/promotion/policy.ts';
import * as promotion from '../../../src/flows/promotion/promotion.ts';
import * as refusalChain from '../../../src/flows/promotion/refusal-chain.ts';
import * as unlock from '../../../src/flows/unlock.ts';
import { textOf } from '../../../src/store/items.ts';
import { samples } from '../../flows/promotion/sample-events.ts';
import { records, specimens } from '../../store/corpus/stored.ts';
import { asInTheFunction } from './bundled.ts';

interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}
type Zod = typeof z;

const whole: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'bot/errands': errands,
  'flows/held': held,
  'flows/notices': notices,
  'flows/promotion/announcements': announcements,
  'flows/promotion/audit': audit,
  'flows/promotion/events': events,
  'flows/promotion/plan': plan,
  'flows/promotion/policy': policy,
  'flows/promotion/promotion': promotion,
  'flows/promotion/refusal-chain': refusalChain,
  'flows/unlock': unlock,
};

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && 'safeParse' in value;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** A value and all objects in it. */
function within(value: unknown): unknown[] {
  return isObject(value) ? [value, ...Object.values(value).flatMap(within)] : [];
}

const person = { teamId: 'T1', userId: 'UADA' };
const spoken = { person, reason: 'stuck', atMs: 5, evidence: 'named' };
const row = { ...held.bareRow, kind: 'promotion', id: 'p1', code: 'store.unreadable' };
const freed = {
  app: 'site',
  environment: 'production',
  sequence: 2,
  does: 'free',
  atMs: 5,
  by: spoken,
  first: spoken,
  holder: 'p1',
  because: 'gone',
  epoch: 1,
  keys: ['site#production'],
  freeFromMs: 9,
  previous: 'a',
  hash: 'b',
};
const onCall = { people: ['UADA'], groups: [], channel: null };
const to = { responseUrl: null, channel: 'C1', userId: 'UADA' };
/** What the corpus of promotions does not have. */
const besides: readonly unknown[] = [
  row,
  { row, sinceMs: 5, over: null, untold: null, told: [], unsure: 0, dueAtMs: 5 },
  freed,
  { id: 'n1', topic: 'unlock', entry: freed, channel: 'C1', onCall },
  { does: 'tell', to, answer: { text: 'Hello.', blocks: [{ type: 'section' }] } },
  { does: 'home', userId: 'UADA' },
  { does: 'hold', row },
  ...records
    .filter(({ row: kind }) => kind === 'audit')
    .map(({ body }) => ({ ...body, after: { sequence: 1, hash: 'a' } })),
];

/** One of each phase, as this version stores it. */
const promotions = new Map(
  specimens.map(({ item }) => {
    const body: { phase: string } = JSON.parse(textOf(item, 'body') ?? '');
    return [body.phase, body];
  }),
);

const stored = [
  ...besides,
  ...promotions.values(),
  ...records.map(({ body }) => body),
  ...Object.values(samples),
];
const pool: readonly unknown[] = [
  ...new Map(
    [
      ...stored.flatMap(within),
      undefined,
      null,
      Number.NaN,
      1e300,
      -1,
      1.5,
      '',
      [],
      {},
      [[]],
      'x'.repeat(5000),
    ].map((value) => [JSON.stringify(value) ?? 'undefined', value]),
  ).values(),
];

const strange = [undefined, null, '', 'x', 0, -1, 7, 1.5, true, [], {}, [null], { extra: 1 }];

/** Of objects with more keys than this the others are left as they are, for the sake of time. */
const mostKeys = 12;

/** Everything one mistake away: a key more, a key less, another value for one. */
function mistaken(value: unknown): unknown[] {
  if (!isObject(value)) return strange;
  if (Array.isArray(value)) return [[...value, null], value.slice(1), { ...value }];
  const keys = Object.keys(value).slice(0, mostKeys);
  return [
    { ...value, extra: 1 },
    ...keys.map((key) => Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))),
    ...keys.map((key, index) => ({ ...value, [key]: strange[index % strange.length] })),
    ...keys.flatMap((key, index) => {
      const deeper = mistakenOnce(value[key], index);
      return deeper === undefined ? [] : [{ ...value, [key]: deeper }];
    }),
  ];
}

function mistakenOnce(value: unknown, which: number): unknown {
  if (!isObject(value) || Array.isArray(value)) return undefined;
  const all = mistaken(value);
  return all[which % all.length];
}

const said = ({ success, data }: { readonly success: boolean; readonly data?: unknown }) =>
  success ? inspect(data, { depth: 20 }) : 'refused';

describe('zod in the Slack function', () => {
  let lean: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  let leanZod: Zod;

  beforeAll(async () => {
    const names = Object.keys(whole);
    const lines = names.map((name, index) => `export * as m${index} from './${name}.ts';`);
    const parts = await asInTheFunction<Record<string, Record<string, unknown>>>(
      ["export * as z from 'zod';", ...lines].join('\n'),
    );
    lean = Object.fromEntries(names.map((name, index) => [name, parts[`m${index}`] ?? {}]));
    leanZod = parts['z'] as unknown as Zod;
  });

  it.each(Object.keys(whole))(
    'takes and refuses what zod takes and refuses, by every schema of %s',
    (name) => {
      const schemas = Object.entries(whole[name] ?? {}).filter(([, value]) => isSchema(value));
      let taken = 0;
      let refused = 0;
      for (const [exported, schema] of schemas) {
        const ours = lean[name]?.[exported];
        if (!isSchema(schema) || !isSchema(ours)) throw new Error(`${exported} is no schema of the function`);
        const values = pool.flatMap((value) =>
          schema.safeParse(value).success ? [value, ...mistaken(value)] : [value],
        );
        for (const value of values) {
          const theirs = said(schema.safeParse(value));
          if (theirs === 'refused') refused += 1;
          else taken += 1;
          if (said(ours.safeParse(value)) !== theirs)
            expect({ exported, value, answer: said(ours.safeParse(value)) }).toEqual({
              exported,
              value,
              answer: theirs,
            });
        }
      }
      expect(schemas.length).toBeGreaterThan(0);
      expect(taken).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(taken);
    },
  );

  const kinds: Readonly<Record<string, (zod: Zod) => Schema>> = {
    lengths: (zod) => zod.string().min(1).max(3),
    'exact lengths': (zod) => zod.array(zod.string().length(1)).length(2),
    sizes: (zod) => zod.number().min(-1).max(1.5),
    'positive whole numbers': (zod) => zod.int().positive(),
    'texts or nothing': (zod) => zod.string().nullable().optional(),
    defaults: (zod) =>
      zod.object({ a: zod.array(zod.string()).default([]), b: zod.int().nullable().default(null) }),
    'what is put in place of nonsense': (zod) => zod.strictObject({ a: zod.string().nullable().catch(null) }),
    'loose objects': (zod) => zod.looseObject({ does: zod.literal('x') }),
    'objects that drop what they do not know': (zod) => zod.object({ x: zod.int().optional() }),
    'longer objects': (zod) => zod.strictObject({ x: zod.string() }).extend({ extra: zod.unknown() }),
    records: (zod) => zod.record(zod.string(), zod.record(zod.string(), zod.int())),
    tuples: (zod) => zod.tuple([zod.object({ x: zod.string() })]),
    choices: (zod) => zod.union([zod.literal('x'), zod.literal(null), zod.enum(['', 'y']), zod.boolean()]),
    'one of several, told apart': (zod) =>
      zod.discriminatedUnion('does', [
        zod.strictObject({ does: zod.literal('x'), a: zod.string() }),
        zod.strictObject({ does: zod.enum(['y', 'z']) }),
      ]),
    'any JSON': (zod) => zod.json(),
    'what a function says': (zod) => zod.custom((value) => value === 'x'),
  };
  /** Sparse lists, objects without a prototype, dates, maps and the like. */
  const odd = fc.sample(
    fc.anything({
      key: fc.constantFrom('x', 'a', 'b', 'does', 'extra', '__proto__', 'constructor'),
      values: [fc.constantFrom<unknown>(...strange), fc.string(), fc.double(), fc.bigInt()],
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
    }),
    { numRuns: 400, seed: 4 },
  );
  const others: readonly unknown[] = [
    { does: 'x' },
    { does: 'x', a: 'b' },
    { does: 'y' },
    { does: 'z', more: 1 },
    { does: ['x'] },
    { x: 'x', extra: 1 },
    { x: 'x' },
    [{ x: 'x' }],
    [{ x: 'x' }, 1],
    ['a', 'b'],
    ['a', 'bc'],
    { a: null, b: 3 },
    { a: 7 },
    { a: { b: 1 } },
    { toString: 1 },
    JSON.parse('{"__proto__":{"x":"x"},"x":"x"}'),
    'abc',
    'abcd',
    Number.MAX_SAFE_INTEGER + 2,
    new Date(0),
    Symbol.iterator,
  ];

  it.each(Object.keys(kinds))('reads %s as zod does', (name) => {
    const make = kinds[name];
    if (make === undefined) throw new Error('no such kind');
    const values = [...strange, ...others, ...pool.slice(0, 100), ...odd];

    const answers = (zod: Zod) => {
      const schema = make(zod);
      return values.map((value) => said(schema.safeParse(value)));
    };

    expect(answers(leanZod)).toEqual(answers(z));
    expect(new Set(answers(z)).size).toBeGreaterThan(1);
  });

  it('gives nobody a default that somebody else has changed', () => {
    const schema = leanZod.object({ list: leanZod.array(leanZod.string()).default([]) });

    schema.parse({}).list.push('mine');

    expect(schema.parse({})).toEqual({ list: [] });
  });
});
