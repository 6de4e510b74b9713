import { z } from 'zod';
import { UnreadableError } from '../flows/errors.ts';
import { Notice } from '../flows/notices.ts';
import { StoredAnnouncement } from '../flows/promotion/announcements.ts';
import { AuditEntry } from '../flows/promotion/audit.ts';
import { Promotion } from '../flows/promotion/promotion.ts';
import { UnlockEntry, UnlockRefusal } from '../flows/unlock.ts';
import type { Attribute, Item } from './transport.ts';

/** The newest shape of a stored promotion that this code can read. */
const newestSchema = 2;

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

/** Throws UnreadableError; a row that cannot be read is held, never guessed at. */
function parseBody<T>(schema: z.ZodType<T>, item: Item, what: string): T {
  const body = textOf(item, 'body');
  try {
    return schema.parse(JSON.parse(body ?? ''));
  } catch (cause) {
    throw new UnreadableError('store.unreadable', `A stored ${what} cannot be read.`, {
      cause,
      data: { what },
    });
  }
}

export function parsePromotion(item: Item, id: string): Promotion {
  const schema = numberOf(item, 'schema');
  if (schema === undefined || schema > newestSchema) {
    throw new UnreadableError(
      'store.newer-schema',
      'This promotion was saved by a newer version of Countersign.',
      {
        data: { promotionId: id, schema },
      },
    );
  }
  return parseBody(Promotion, item, `promotion ${id}`);
}

/** What could not be read back is never written: it would hold up everything that comes after it. */
export function promotionBody(promotion: Promotion): Item {
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
  return bodyOf(promotion);
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
const SurfaceBody = z.strictObject({
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

const Answer = z.strictObject({ status: z.int(), body: z.string() });

export const parseLive = (item: Item) => parseBody(LiveRecord, item, 'live record');
export const parseAudit = (item: Item) => parseBody(AuditEntry, item, 'audit entry');
export const parseChained = (item: Item) => parseBody(Chained, item, 'refusal');
export const parseAnnouncement = (item: Item) => parseBody(StoredAnnouncement, item, 'announcement');
export const parseSurface = (item: Item) => parseBody(SurfaceBody, item, 'surface');
export const parseAnswer = (item: Item) => parseBody(Answer, item, 'answer');
