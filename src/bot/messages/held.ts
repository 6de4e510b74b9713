import type { Held, UnreadableRow } from '../../flows/held.ts';
import { newerSchema, rowMissing } from '../../flows/held.ts';
import { type Message, section, sentences } from './block.ts';
import { code, lines, verbatim } from './text.ts';

export interface HeldWords {
  /** Mentions of on-call, where a page is due. */
  readonly mentions: string;
  /** The command that shows the row as it is stored. */
  readonly lookWith: (row: UnreadableRow) => string;
  /** The newest schema that this version reads. */
  readonly newestSchema: number;
}

const listed = 15;

/** Rows that cannot be read and are therefore held, in one message: what is known of them, and the way out. */
export function heldMessage(held: readonly Held[], words: HeldWords): Message {
  const rows = held.map(({ row }) => row);
  const all = [headline(rows), ...rowLines(rows, words), ...consequences(rows), ...wayOut(rows, words)];
  return said([words.mentions === '' ? '' : words.mentions, ...all]);
}

/** Over the card of a promotion that cannot be read: what stood there is no longer known to be true. */
export function heldCard(held: Held, words: HeldWords): Message {
  const rows = [held.row];
  return said([
    '*HELD: how this promotion stands is not known.* What its card said before no longer counts.',
    headline(rows).replaceAll('*', ''),
    ...rowLines(rows, words),
    ...consequences(rows),
    ...wayOut(rows, words),
  ]);
}

/** They are held no longer. */
export function overMessage(held: readonly Held[]): Message {
  return said(
    held.slice(0, listed).map(({ row, over }) => {
      const name = capital(nameOf(row));
      return over === 'gone'
        ? `${name} is no longer stored, so it is not held any more.`
        : row.kind === 'promotion'
          ? `${name} can be read again. Its card says how it goes on, or to whom it is left.`
          : `${name} can be read again, and work on it goes on.`;
    }),
  );
}

function said(all: readonly string[]): Message {
  const kept = all.filter((line) => line !== '');
  return { text: sentences(kept), blocks: [section(lines(kept))] };
}

const kindNames: Record<UnreadableRow['kind'], (row: UnreadableRow) => string> = {
  promotion: ({ id }) => `promotion ${code(id)}`,
  surface: ({ id }) => `the card of promotion ${code(id)}`,
  announcement: ({ id, sequence }) => `message ${sequence ?? 0} of promotion ${code(id)}`,
  notice: ({ id }) => `notice ${code(id)}`,
  audit: ({ id, sequence }) => `audit entry ${sequence ?? 0} of promotion ${code(id)}`,
  refusal: ({ id, sequence }) => `refusal ${sequence ?? 0} of promotion ${code(id)}`,
  live: ({ id }) => `the history of good releases of ${placeOf(id)}`,
  lock: ({ id }) => `the lock ${code(id)}`,
};
const manyOf: Record<UnreadableRow['kind'], string> = {
  promotion: 'promotions',
  surface: 'cards',
  announcement: 'messages',
  notice: 'notices',
  audit: 'audit entries',
  refusal: 'refusals',
  live: 'histories',
  lock: 'locks',
};
const nameOf = (row: UnreadableRow) => kindNames[row.kind](row);
const placeOf = (id: string) =>
  id
    .split('#')
    .map((part) => code(part))
    .join(' in ');
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function headline(rows: readonly UnreadableRow[]): string {
  const [only, ...others] = rows;
  if (only !== undefined && others.length === 0)
    return `*${capital(nameOf(only))} cannot be read.* ${whyOf(only)}`;
  const same = only !== undefined && others.every(({ kind }) => kind === only.kind);
  return `*${rows.length} ${same ? manyOf[only.kind] : 'stored rows'} cannot be read.*`;
}

function whyOf({ code: why, schema }: UnreadableRow): string {
  if (why === newerSchema) return `A newer version of Countersign saved it (schema ${schema ?? 'unknown'}).`;
  return why === rowMissing ? 'It is not there.' : 'It is damaged, or somebody changed it by hand.';
}

function rowLines(rows: readonly UnreadableRow[], words: HeldWords): string[] {
  const [only, ...others] = rows;
  if (only !== undefined && others.length === 0) return [factsOf(only, words)].filter((line) => line !== '');
  const shown = rows.slice(0, listed).map((row) => {
    const facts = factsOf(row, words);
    return `• ${capital(nameOf(row))}: ${whyOf(row)}${facts === '' ? '' : ` ${facts}`}`;
  });
  return rows.length > listed ? [...shown, `… and ${rows.length - listed} more`] : shown;
}

function factsOf({ app, environment, phase, code: why }: UnreadableRow, { newestSchema }: HeldWords): string {
  const where = app !== null && environment !== null ? `It is for ${code(app)} in ${code(environment)}` : '';
  const stood = phase === null ? '' : `it was last saved as ${code(phase)}`;
  const both = [where, where === '' ? capital(stood) : stood].filter((part) => part !== '').join('; ');
  const reads = why === newerSchema ? ` This version reads schemas up to ${newestSchema}.` : '';
  return `${both === '' ? '' : `${both}.`}${reads}`.trim();
}

/** What stops and what does not, for each kind of row that is among them. */
function consequences(rows: readonly UnreadableRow[]): string[] {
  const kinds = new Set(rows.map(({ kind }) => kind));
  const said: Record<UnreadableRow['kind'], string> = {
    promotion:
      'Nothing more is done with it, not even a rollback. Whether production was changed is not known: look at what is live.',
    surface: 'The promotion itself goes on, but its card stays as it is and nothing of it is told.',
    announcement: 'It is not told; look at the card. What comes after it is told in a few minutes.',
    notice: 'It is not told.',
    audit: 'The promotion itself goes on.',
    refusal:
      'The promotion itself goes on, and what is allowed is done; but who is refused is told so only in general.',
    live: 'Nothing new can be planned there. What has changed production goes on, and so does its rollback.',
    lock: 'Nobody can take it. What holds it goes on.',
  };
  return [...kinds].map((kind) =>
    kinds.size === 1 ? said[kind] : `${capital(manyOf[kind])}: ${said[kind]}`,
  );
}

function wayOut(rows: readonly UnreadableRow[], words: HeldWords): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const promotion = rows.find(({ kind }) => kind === 'promotion');
  const app = promotion?.app ?? 'APP';
  const environment = promotion?.environment ?? 'ENVIRONMENT';
  const newer = rows.some(({ code: why }) => why === newerSchema);
  return [
    ...(newer ? ['Start the newer version of Countersign again: it goes on where it was.'] : []),
    `This shows what is stored: \`${verbatim(words.lookWith(first))}\``,
    ...(promotion === undefined
      ? []
      : [
          `A promotion’s lock is kept. When it cannot be mended, two people free it with \`${verbatim(`/promote unlock ${app} ${environment} REASON`)}\`.`,
        ]),
    'Nothing of it is changed. It is looked at every 5 minutes and goes on by itself once it can be read.',
  ];
}
