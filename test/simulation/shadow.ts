import type { AuditEntry } from '../../src/flows/promotion/audit.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import type { Row, RowChange } from './table-model.ts';

/** An act that was claimed, as it was seen to be saved. */
export interface ClaimSeen {
  readonly promotionId: string;
  readonly stepId: string;
  readonly direction: 'forward' | 'back';
  readonly key: string;
  /** Whether the provider takes it unconditionally. */
  readonly unfenced: boolean;
  firstMs: number;
  lastMs: number;
  /** How often the provider was seen to take it. */
  applied: number;
}

export interface ApprovalSeen {
  readonly userId: string;
  readonly round: number;
  readonly digest: string;
}

export interface Told {
  readonly sequence: number;
  readonly topic: string;
  readonly atMs: number;
}

export interface SurfaceSeen {
  readonly channel: string;
  readonly ts: string | null;
  readonly drawnRevision: number;
  readonly toldSequence: number;
}

/** What was seen of one promotion, apart from what the code says about itself. */
export interface Shadow {
  readonly id: string;
  readonly opened: Promotion;
  promotion: Promotion;
  savedAtMs: number;
  readonly entries: AuditEntry[];
  readonly claims: Map<string, ClaimSeen>;
  /** Clicks that were recorded, by claim id. */
  readonly clicks: Map<string, ApprovalSeen>;
  /** Those that count, by person. */
  readonly granted: Map<string, ApprovalSeen>;
  /** An act was claimed with everything that it takes. */
  authorised: boolean;
  everDirty: boolean;
  noticeAtMs: number | null;
  readonly told: Told[];
  /** Its surface as it is stored, to be parsed when somebody looks. */
  surface: string | null;
  toldSequence: number;
  /** A person ordered the way back anew after it had failed. */
  retriedAtMs: number | null;
  /** When people were last seen to be asked about its watch. */
  watchedFromMs: number | null;
}

export interface LockSeen {
  readonly holder: string | undefined;
  readonly freeFromMs: number;
}

export const surfaceOf = ({ surface }: Shadow): SurfaceSeen | null =>
  surface === null ? null : (JSON.parse(surface) as SurfaceSeen);

/** The rows of one write, sorted by what they are. */
export interface Write {
  readonly promotions: {
    readonly before: Promotion | undefined;
    readonly after: Promotion;
    readonly row: Row;
  }[];
  readonly entries: AuditEntry[];
  readonly overwritten: string[];
  readonly told: (Told & { promotionId: string })[];
  readonly locks: { readonly key: string; readonly before: LockSeen; readonly after: LockSeen }[];
  readonly surfaces: { readonly id: string; readonly body: string }[];
  /** Holders whose locks two people free with it. */
  readonly freed: string[];
}

const textOf = (row: Row | undefined, name: string): string => row?.[name]?.S ?? '';
const bodyOf = (row: Row): unknown => JSON.parse(textOf(row, 'body'));

/** Most of a promotion never changes: its plan is only parsed again when its text is another one. */
const plans = new Map<string, { readonly text: string; readonly plan: unknown }>();

function promotionOf(id: string, body: string): Promotion {
  const known = plans.get(id);
  const at = known === undefined ? -1 : body.indexOf(known.text);
  if (known !== undefined && at !== -1) {
    const rest = `${body.slice(0, at)}"plan":null${body.slice(at + known.text.length)}`;
    return { ...(JSON.parse(rest) as object), plan: known.plan } as Promotion;
  }
  const promotion = JSON.parse(body) as Promotion;
  if ('plan' in promotion && promotion.plan !== null) {
    if (plans.size > 50) plans.clear();
    plans.set(id, { text: `"plan":${JSON.stringify(promotion.plan)}`, plan: promotion.plan });
  }
  return promotion;
}

const lockOf = (row: Row | undefined): LockSeen => ({
  holder: row?.['holder']?.S,
  freeFromMs: Number(row?.['freeFromMs']?.N ?? 0),
});

export function readWrite(
  changes: readonly RowChange[],
  known: (id: string) => Promotion | undefined,
): Write {
  const write: Write = {
    promotions: [],
    entries: [],
    overwritten: [],
    told: [],
    locks: [],
    surfaces: [],
    freed: [],
  };
  for (const { key, before, after } of changes) {
    const partition = textOf(key, 'pk');
    const sort = textOf(key, 'sk');
    const kind = partition.slice(0, partition.indexOf('#'));
    const id = partition.slice(kind.length + 1);
    if (kind === 'P' && sort === 'META') {
      const promotion = promotionOf(id, textOf(after, 'body'));
      write.promotions.push({
        before: before === undefined ? undefined : known(id),
        after: promotion,
        row: after,
      });
    } else if (kind === 'P' && sort === 'SURFACE') {
      write.surfaces.push({ id, body: textOf(after, 'body') });
    } else if (kind === 'AUDIT') {
      if (before !== undefined) write.overwritten.push(`${partition} ${sort}`);
      write.entries.push(bodyOf(after) as AuditEntry);
    } else if (kind === 'OUT') {
      const body = bodyOf(after) as { sequence: number; atMs: number; announcement: { topic: string } };
      if (before !== undefined) write.overwritten.push(`${partition} ${sort}`);
      const { sequence, atMs } = body;
      write.told.push({ promotionId: id, sequence, atMs, topic: body.announcement.topic });
    } else if (kind === 'UNLOCK') {
      const entry = bodyOf(after) as { does: string; holder: string };
      if (entry.does === 'free') write.freed.push(entry.holder);
    } else if (kind === 'LOCK') {
      write.locks.push({ key: id, before: lockOf(before), after: lockOf(after) });
    }
  }
  return write;
}
