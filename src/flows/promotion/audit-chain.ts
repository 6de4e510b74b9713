import { z } from 'zod';
import type { Hash } from '../ports.ts';
import { shortHash } from './audit.ts';
import { canonical } from './canonical.ts';
import { ChainHead } from './refusal-chain.ts';

/** What verification reads of an entry. Whatever else it holds is covered by its hash, in every version's shape. */
const Line = z.looseObject({
  promotionId: z.string(),
  sequence: z.int().positive(),
  atMs: z.int(),
  actor: z.looseObject({
    kind: z.string(),
    person: z.looseObject({ teamId: z.string(), userId: z.string() }).optional(),
  }),
  from: z.string(),
  to: z.string(),
  digest: z.string().nullable(),
  event: z.looseObject({ type: z.string() }),
  refusal: z.unknown(),
  after: ChainHead.optional(),
  previous: z.string(),
  hash: z.string(),
});
export type Line = z.infer<typeof Line>;

export interface Finding {
  readonly kind: 'changed' | 'removed' | 'added' | 'reordered' | 'inconsistent';
  /** One sentence that names the entry. Words from the file are quoted and hold no control characters. */
  readonly text: string;
}

export interface InspectedChain {
  readonly findings: readonly Finding[];
  /** The entries that hold by their hash, by their place in the chain; the first has place 1. */
  readonly lines: ReadonlyMap<number, Line>;
}

/** An entry as it stands in the file, and what can be said of it without looking at the others. */
interface Found {
  /** Its place in the file, from 1. */
  readonly position: number;
  readonly line: Line | undefined;
  readonly sequence: number | undefined;
  readonly previous: string | undefined;
  /** The hash written in it, and the one that its content gives. */
  readonly stored: string | undefined;
  readonly computed: string | undefined;
  readonly holds: boolean;
}

/** The entry that should come next on the way from the head to the beginning. */
interface Sought {
  readonly hash: string | undefined;
  /** False when the entry that names it was changed itself. */
  readonly isSure: boolean;
}

/**
 * Follows a chain from its head back to its beginning and says of every entry that does not fit what was done to it.
 * One change, removal, addition or move is named exactly; of several that touch each other at least one is.
 */
export function inspectChain(
  values: readonly unknown[],
  head: ChainHead,
  { one: noun, many }: { readonly one: string; readonly many: string },
  hash: Hash,
): InspectedChain {
  const noted: { readonly at: number; readonly finding: Finding }[] = [];
  const found = (at: number, kind: Finding['kind'], text: string) =>
    noted.push({ at, finding: { kind, text } });
  const rows = values.map((value, index) => look(value, index + 1, hash));
  const named = indexed(rows);
  const free = new Set(rows);
  const highestBelow = descending(rows, free);
  const placed = new Map<number, Found>();
  const removed: [number, number][] = [];

  let place = head.sequence;
  const newest = named.hash(head.hash).find(({ holds }) => holds);
  if (newest?.sequence !== undefined && newest.sequence !== head.sequence) {
    found(
      0,
      'changed',
      `The head was changed: it counts ${head.sequence} and names the hash of ${noun} ${newest.sequence}.`,
    );
    place = newest.sequence;
  } else if (head.sequence === 0 && head.hash !== '') {
    found(0, 'changed', `The head was changed: it counts nothing and names the hash ${short(head.hash)}.`);
  }

  const end = place;
  let isFirstForged = false;
  let sought: Sought = { hash: head.hash, isSure: true };
  let above = rows.length + 1;
  while (place > 0) {
    const isLinked = (row: Found) => sought.isSure || !row.holds || row.sequence === place;
    const linked = named.hash(sought.hash).filter((row) => free.has(row) && isLinked(row));
    const numbered = named.sequence(place).filter((row) => free.has(row));
    /** Its predecessor bears the number before this place. */
    const leadsOn = ({ previous }: Found) =>
      place === 1 ? previous === '' : named.hash(previous).some(({ sequence }) => sequence === place - 1);
    const row =
      likeliest(linked.length > 0 ? linked : numbered, place, above, leadsOn) ??
      unnamedBefore(rows[above - 2], place, free);
    if (row === undefined) {
      const next = highestBelow(place);
      removed.unshift([next + 1, place]);
      sought = { hash: undefined, isSure: false };
      place = next;
      continue;
    }
    free.delete(row);
    placed.set(place, row);
    above = row.position;
    const isNamed = row.stored === sought.hash || row.computed === sought.hash;
    const contentIsNamed = sought.isSure && row.computed !== undefined && row.computed === sought.hash;
    if (!row.holds) {
      found(place, 'changed', `${noun} ${place} was changed: ${whatChanged(row, contentIsNamed)}.`);
    } else if (sought.isSure && !isNamed) {
      const by = place === end ? 'the head' : `${noun} ${place + 1}`;
      const which =
        place === end
          ? `${noun} ${place} or the head was changed`
          : `${noun} ${place} was changed and given a new hash`;
      isFirstForged = place === 1;
      found(
        place,
        'changed',
        `${which}: ${by} names ${short(sought.hash)}, and its hash is ${short(row.stored)}.`,
      );
    } else if (row.sequence !== place) {
      found(place, 'inconsistent', `${noun} ${place} is numbered ${row.sequence}.`);
    }
    sought = { hash: row.previous, isSure: row.holds ? !sought.isSure || isNamed : contentIsNamed };
    place -= 1;
  }

  const first = placed.get(1);
  if (first?.line !== undefined && first.holds && !isFirstForged && first.line.previous !== '') {
    found(1, 'removed', `What came before ${noun} 1 was removed: it follows ${short(first.line.previous)}.`);
  }
  for (const [from, to] of removed) {
    const isEnd = to === end;
    const which = from === to ? `${noun} ${from} was` : `${many} ${from} to ${to} were`;
    found(from, 'removed', `${which} removed${isEnd ? ', and the head still counts to there' : ''}.`);
  }
  const placeByHash = new Map<string, number>();
  for (const [at, { stored }] of placed) {
    if (stored !== undefined && !placeByHash.has(stored)) placeByHash.set(stored, at);
  }
  for (const row of free) {
    const twin = row.stored === undefined ? undefined : placeByHash.get(row.stored);
    const why =
      twin !== undefined && row.holds
        ? `it is a copy of ${noun} ${twin}`
        : row.sequence !== undefined && row.sequence > head.sequence
          ? `the head counts only ${head.sequence}`
          : 'nothing in the chain leads to it';
    found(
      row.position,
      'added',
      `In place ${row.position} of the ${many.toLowerCase()} one was added: ${why}.`,
    );
  }
  for (const { place: moved, behind } of misplaced(placed)) {
    const where = behind === undefined ? 'it stands first' : `it stands behind ${noun} ${behind}`;
    found(moved, 'reordered', `${noun} ${moved} was moved: ${where}.`);
  }

  const lines = new Map<number, Line>();
  for (const [at, row] of [...placed].sort(([a], [b]) => a - b)) {
    if (!row.holds) continue;
    if (row.line === undefined)
      found(at, 'inconsistent', `${noun} ${at} holds, and is not an entry of an audit.`);
    else lines.set(at, row.line);
  }
  const inOrder = noted.sort((a, b) => a.at - b.at);
  return { findings: inOrder.map(({ finding }) => finding), lines };
}

function look(value: unknown, position: number, hash: Hash): Found {
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { hash: written, ...content } = members as Record<string, unknown>;
  const stored = typeof written === 'string' ? written : undefined;
  const computed = members === value ? hash(canonical(content)) : undefined;
  const { sequence, previous } = content;
  return {
    position,
    line: Line.safeParse(value).data,
    sequence: typeof sequence === 'number' ? sequence : undefined,
    previous: typeof previous === 'string' ? previous : undefined,
    stored,
    computed,
    holds: stored !== undefined && stored === computed,
  };
}

function indexed(rows: readonly Found[]) {
  const hashes = new Map<string, Found[]>();
  const sequences = new Map<number, Found[]>();
  const put = <Key>(map: Map<Key, Found[]>, key: Key | undefined, row: Found) => {
    if (key === undefined) return;
    const there = map.get(key);
    if (there === undefined) map.set(key, [row]);
    else if (there.at(-1) !== row) there.push(row);
  };
  for (const row of rows) {
    put(hashes, row.stored, row);
    put(hashes, row.computed, row);
    put(sequences, row.sequence, row);
  }
  return {
    hash: (key: string | undefined) => (key === undefined ? [] : (hashes.get(key) ?? [])),
    sequence: (key: number) => sequences.get(key) ?? [],
  };
}

/** Of several that could stand in this place the unchanged one, rightly numbered, with its predecessor, next before the one that follows. */
function likeliest(
  rows: readonly Found[],
  place: number,
  above: number,
  leadsOn: (row: Found) => boolean,
): Found | undefined {
  const rank = (row: Found) =>
    (row.holds ? 8 : 0) +
    (row.sequence === place ? 4 : 0) +
    (leadsOn(row) ? 2 : 0) +
    (row.position < above ? 1 : 0);
  let best: Found | undefined;
  for (const row of rows) {
    const ahead = best === undefined ? 1 : rank(row) - rank(best) || row.position - best.position;
    if (ahead > 0) best = row;
  }
  return best;
}

/** What stands right before the entry that follows, if it is so changed that nothing names it any more. */
function unnamedBefore(row: Found | undefined, place: number, free: ReadonlySet<Found>): Found | undefined {
  if (row === undefined || !free.has(row) || row.holds) return undefined;
  return row.sequence === undefined || row.sequence > place ? row : undefined;
}

/** Answers the highest number below a place among the free rows, 0 where there is none; places only ever go down. */
function descending(rows: readonly Found[], free: ReadonlySet<Found>): (place: number) => number {
  const numbered = rows
    .flatMap((row) => (Number.isInteger(row.sequence) ? [{ row, sequence: row.sequence ?? 0 }] : []))
    .sort((a, b) => b.sequence - a.sequence);
  let next = 0;
  return (place) => {
    for (; ; next += 1) {
      const candidate = numbered[next];
      if (candidate === undefined || candidate.sequence <= 0) return 0;
      if (candidate.sequence < place && free.has(candidate.row)) return candidate.sequence;
    }
  };
}

function whatChanged(row: Found, contentIsNamed: boolean): string {
  if (row.computed === undefined) return 'it is not an entry any more';
  if (row.stored === undefined) return 'its hash is gone';
  return contentIsNamed
    ? 'the hash written in it is not that of its content'
    : 'its content does not give the hash written in it';
}

/** The fewest entries that would have to be put back for the file to be in the order of the chain. */
function misplaced(
  placed: ReadonlyMap<number, Found>,
): readonly { readonly place: number; readonly behind: number | undefined }[] {
  const order = [...placed].sort(([, a], [, b]) => a.position - b.position).map(([place]) => place);
  if (order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0))) return [];
  // Longest rising run. `ends[n]`: the entries with which a run of n + 1 can end, each of a lower place than the one
  // before it; a run goes on from the first of them that it can follow.
  const ends: { readonly index: number; readonly place: number; readonly before: number }[][] = [];
  order.forEach((place, index) => {
    const length = firstIn(ends, (run) => (run.at(-1)?.place ?? 0) > place);
    const shorter = ends[length - 1] ?? [];
    const before = firstIn(shorter, (end) => end.place < place);
    const run = ends[length];
    if (run === undefined) ends.push([{ index, place, before }]);
    else run.push({ index, place, before });
  });
  const kept = new Set<number>();
  let which = 0;
  for (const run of ends.reverse()) {
    const end = run[which];
    if (end === undefined) break;
    kept.add(end.index);
    which = end.before;
  }
  return order.flatMap((place, index) =>
    kept.has(index) ? [] : [{ place, behind: index === 0 ? undefined : order[index - 1] }],
  );
}

/** Where the first one is of which it is true, being false of all before it and true of all after it. */
function firstIn<Value>(values: readonly Value[], isTrue: (value: Value) => boolean): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const value = values[middle];
    if (value !== undefined && !isTrue(value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function short(hash: string | undefined): string {
  if (hash === undefined || hash === '') return 'nothing';
  return /^[0-9a-f]{12,}$/.test(hash) ? shortHash(hash) : quoted(hash);
}

/** A word of the file as it may be printed: a tampered file must not reach a terminal's control sequences. */
export function quoted(word: string): string {
  const cut = word.length > 60 ? `${word.slice(0, 60)}…` : word;
  return JSON.stringify(cut).replace(/[^\x20-\x7e…]/g, '?');
}
