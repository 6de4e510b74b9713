import { z } from 'zod';
import { UnreadableError } from '../flows/errors.ts';
import { bareRow, HeldBody, newerSchema, type UnreadableRow } from '../flows/held.ts';
import { Notice } from '../flows/notices.ts';
import { StoredAnnouncement } from '../flows/promotion/announcements.ts';
import { AuditEntry } from '../flows/promotion/audit.ts';
import { Promotion } from '../flows/promotion/promotion.ts';
import { UnlockEntry, UnlockRefusal } from '../flows/unlock.ts';
import type { Format } from './format.ts';
import { dueAtOf, isDueAt, listedIn, rowNamed } from './table.ts';
import type { Attribute, Item } from './transport.ts';

export const text = (value: string): Attribute => ({ S: value });
export const number = (value: number): Attribute => ({ N: String(value) });

export function textOf(item: Item, name: string): string | undefined {
  const attribute = item[name];
  return attribute !== undefined && 'S' in attribute ? attribute.S : undefined;
}

export function numberOf(item: Item, name: string): number | undefined {
  const attribute = item[name];
  return attribute !== undefined && 'N' in attribute ? Number(attribute.N) : undefined;
}

/** What other code does not need to understand is kept as one JSON text beside the few attributes that conditions use. */
export const bodyOf = (value: unknown): Item => ({ body: text(JSON.stringify(value)) });

/** What a row still says without its body. */
export function unreadableRow(item: Item, code: string): UnreadableRow | undefined {
  const named = rowNamed(item);
  if (named === undefined) return undefined;
  const { app, environment } = listedIn(item) ?? bareRow;
  return {
    ...bareRow,
    app,
    environment,
    ...named,
    code,
    phase: textOf(item, 'phase') ?? null,
    schema: numberOf(item, 'schema') ?? null,
    revision: numberOf(item, 'revision') ?? null,
    dueAtMs: dueAtOf(item) ?? null,
  };
}

/** A row that cannot be read is held, never guessed at; the error names it for whoever holds it. */
export function unreadable(item: Item, what: string, cause: unknown): UnreadableError {
  const code = 'store.unreadable';
  const row = unreadableRow(item, code);
  const data = { what, ...(row === undefined ? {} : { row }) };
  return new UnreadableError(code, `A stored ${what} cannot be read.`, { cause, data });
}

/** Throws UnreadableError. */
function parseBody<T>(schema: z.ZodType<T>, item: Item, what: string): T {
  const body = textOf(item, 'body');
  try {
    return schema.parse(JSON.parse(body ?? ''));
  } catch (cause) {
    throw unreadable(item, what, cause);
  }
}

interface Remembered {
  readonly schema: number;
  readonly promotion: Promotion;
}

/** Bodies that this process has read or written last, by their text: a tick loads what it has just saved. */
const known = new WeakMap<Format, Map<string, Remembered>>();
const longestMemory = 64;

function remember(format: Format, body: string, as: Remembered): Remembered {
  const bodies = known.get(format) ?? new Map<string, Remembered>();
  known.set(format, bodies);
  const [oldest] = bodies.size < longestMemory ? [] : bodies.keys();
  if (oldest !== undefined) bodies.delete(oldest);
  bodies.set(body, as);
  return as;
}

const Schema = z.int().positive();
const AnyBody = z.looseObject({ schema: Schema });

/** Throws UnreadableError, also where the attributes that conditions use say something else than the body. */
export function parsePromotion(item: Item, id: string, format: Format): Promotion {
  const schema = numberOf(item, 'schema');
  if (schema !== undefined && schema > format.newest) {
    throw new UnreadableError(newerSchema, 'This promotion was saved by a newer version of Countersign.', {
      data: { row: unreadableRow(item, newerSchema), promotionId: id, schema, newest: format.newest },
    });
  }
  const what = `promotion ${id}`;
  const stored = textOf(item, 'body') ?? '';
  const read = known.get(format)?.get(stored) ?? remember(format, stored, readPromotion(item, what, format));
  if (read.schema !== schema) throw unreadable(item, what, new Error('its schema is not the one it names'));
  const { promotion } = read;
  const agrees =
    promotion.id === id &&
    promotion.revision === numberOf(item, 'revision') &&
    promotion.phase === textOf(item, 'phase') &&
    // Elsewhere in the due index, or not in it, an open one would never come to its turn.
    isDueAt(item, 'DUE', id, promotion.dueAtMs);
  if (!agrees) throw unreadable(item, what, new Error('its attributes and its body disagree'));
  return promotion;
}

function readPromotion(item: Item, what: string, format: Format): Remembered {
  const body = parseBody(AnyBody, item, what);
  if (body.schema > format.newest)
    throw unreadable(item, what, new Error('its schema is not the one it names'));
  const read = Promotion.safeParse(format.read(body.schema, body));
  if (!read.success) throw unreadable(item, what, read.error);
  return { schema: body.schema, promotion: read.data };
}

/** What could not be read back is never written: it would hold up everything that comes after it. */
export function promotionBody(promotion: Promotion, format: Format): Item {
  const readable = Promotion.safeParse(promotion);
  if (!readable.success) {
    throw new UnreadableError(
      'store.unwritable',
      'This promotion could not be read back, so it is not saved.',
      {
        cause: readable.error,
        data: { promotionId: promotion.id },
      },
    );
  }
  const body = JSON.stringify(format.write(promotion));
  remember(format, body, { schema: format.newest, promotion: readable.data });
  return { schema: number(format.newest), body: text(body) };
}

const LiveRecord = z.strictObject({
  app: z.string(),
  environment: z.string(),
  version: z.string(),
  artifact: z.string(),
  promotionId: z.string(),
  atMs: z.int(),
  replaced: z.string().nullable(),
});

/** The announcer's own part of a surface row; what wakes it is kept in attributes that promotions' saves set. */
export const SurfaceBody = z.strictObject({
  promotionId: z.string(),
  channel: z.string(),
  ts: z.string().nullable(),
  drawnRevision: z.int(),
  drawnAtMs: z.int(),
  postingUntilMs: z.int().nullable(),
  dueAtMs: z.int().nullable(),
  toldSequence: z.int(),
  url: z.string().nullable().default(null),
  shown: z.string().default(''),
  drawingUntilMs: z.int().nullable().default(null),
  redrawAtMs: z.int().nullable().default(null),
  editAtMs: z.int().nullable().default(null),
  homeless: z.boolean().default(false),
  tellingUntilMs: z.int().nullable().default(null),
  postAt: z.strictObject({ queue: z.string(), atMs: z.int(), whole: z.boolean() }).nullable().default(null),
  underway: z.strictObject({ last: z.int(), out: z.int(), arrived: z.boolean() }).nullable().default(null),
  reading: z.string().nullable().default(null),
  asked: z
    .array(z.strictObject({ id: z.string(), sequence: z.int(), channel: z.string(), ts: z.string() }))
    .default([]),
});
export type SurfaceBody = z.infer<typeof SurfaceBody>;

const NoticeBody = z.strictObject({
  notice: Notice,
  told: z.int(),
  postingUntilMs: z.int().nullable(),
  dueAtMs: z.int().nullable(),
});

/** All that the next entry of a chain needs of the one before it. */
const Chained = z.object({ sequence: z.int(), atMs: z.int(), hash: z.string() });

export const parseUnlock = (item: Item) => parseBody(UnlockEntry, item, 'record of an unlock');
export const parseUnlockRefusal = (item: Item) => parseBody(UnlockRefusal, item, 'refused unlock');
export const parseNotice = (item: Item) => parseBody(NoticeBody, item, 'notice');

/** Which keys were taken together with this lock; undefined where that was not noted or cannot be read. */
export function takenKeysOf(lock: Item): readonly string[] | undefined {
  try {
    const taken = z.array(z.string()).safeParse(JSON.parse(textOf(lock, 'takenKeys') ?? ''));
    return taken.data;
  } catch {
    return undefined;
  }
}

export const parseHeld = (item: Item) => parseBody(HeldBody, item, 'note of a held row');
export const parseLive = (item: Item) => parseBody(LiveRecord, item, 'live record');
export const parseAudit = (item: Item) => parseBody(AuditEntry, item, 'audit entry');
export const parseChained = (item: Item) => parseBody(Chained, item, 'refusal');
export const parseAnnouncement = (item: Item) => parseBody(StoredAnnouncement, item, 'announcement');
export const parseSurface = (item: Item) => parseBody(SurfaceBody, item, 'surface');
/** Who holds a lock. A holder that is no text is nobody's to judge. Throws UnreadableError. */
export function parseLock(lock: Item): { readonly holder: string | undefined } {
  const sound =
    (lock['holder'] === undefined || (textOf(lock, 'holder') ?? '') !== '') &&
    (lock['epoch'] === undefined || numberOf(lock, 'epoch') !== undefined);
  if (!sound) throw unreadable(lock, 'lock', new Error('its holder is no name, or its epoch no number'));
  return { holder: textOf(lock, 'holder') };
}
