import { z } from 'zod';
import type { Hash } from '../ports.ts';
import { type Finding, type InspectedChain, inspectChain, type Line, quoted } from './audit-chain.ts';
import { isEnd, Person, type Promotion } from './promotion.ts';
import { ChainHead } from './refusal-chain.ts';

/**
 * One promotion's evidence as one file (ALL-11). Entries are kept as they were stored, in whatever shape their version
 * of Countersign gave them; only what holds them together is fixed.
 */
export const AuditFile = z.strictObject({
  format: z.literal('countersign-audit'),
  formatVersion: z.literal(1),
  /** What it is about, as saved with the promotion; each word of it follows from the entries, or the file does not hold. */
  promotion: z.strictObject({
    id: z.string(),
    kind: z.enum(['promotion', 'rollback']),
    app: z.string(),
    environment: z.string(),
    version: z.string().nullable(),
    requestedBy: Person,
    requestedAtMs: z.int(),
    phase: z.string(),
  }),
  /** Saved with the promotion, not taken from the entries. */
  head: ChainHead,
  entries: z.array(z.unknown()),
  /** The newest refusal at the time of the export; refusals may follow even after the end. */
  refusalHead: ChainHead,
  refusals: z.array(z.unknown()),
});
export type AuditFile = z.infer<typeof AuditFile>;

/** The saved promotion as far as the file needs it, readable in every version. */
const Saved = z.object({
  id: z.string(),
  kind: z.enum(['promotion', 'rollback']),
  app: z.string(),
  environment: z.string(),
  version: z.string().nullable(),
  requester: Person,
  requestedAtMs: z.int(),
  phase: z.string(),
  audit: ChainHead.omit({ hash: true }).extend({ head: z.string() }),
}) satisfies z.ZodType<Pick<Promotion, 'id' | 'kind' | 'app' | 'environment' | 'version' | 'requester'>>;

const Newest = z.object(ChainHead.shape);

/** Rows as they lie in the store, as one file; undefined when not even the promotion's own name can be read. */
export function auditFileOf(records: {
  readonly promotion: unknown;
  readonly entries: readonly unknown[];
  readonly refusals: readonly unknown[];
}): AuditFile | undefined {
  const saved = Saved.safeParse(records.promotion).data;
  if (saved === undefined) return undefined;
  const newest = Newest.safeParse(records.refusals.at(-1)).data;
  const { id, kind, app, environment, version, requester, requestedAtMs, phase, audit } = saved;
  return {
    format: 'countersign-audit',
    formatVersion: 1,
    promotion: { id, kind, app, environment, version, requestedBy: requester, requestedAtMs, phase },
    head: { sequence: audit.sequence, hash: audit.head },
    entries: [...records.entries],
    refusalHead:
      newest === undefined
        ? { sequence: records.refusals.length, hash: '' }
        : { sequence: newest.sequence, hash: newest.hash },
    refusals: [...records.refusals],
  };
}

export interface Verified {
  /** Empty when the file holds. */
  readonly findings: readonly Finding[];
  /** The newest entry; undefined where there is none that holds. */
  readonly last: Line | undefined;
  /** False where the first entry is of a version that did not write down what was asked for. */
  readonly namesRequest: boolean;
  /** The entry that the witness names; undefined without a witness, or where none does. */
  readonly witnessed: number | undefined;
}

/**
 * Whether an audit file holds by itself: hashes, links, numbers, times, the order of phases, its head, and that every
 * refusal stands on the entry it names. `witness` is the beginning of a head that was seen elsewhere, such as at the
 * foot of the card. What needs the rules and is not looked at: whether each decision followed from the ones before.
 */
export function verifyAudit(file: AuditFile, hash: Hash, witness?: string): Verified {
  const entries = inspectChain(file.entries, file.head, { one: 'Entry', many: 'Entries' }, hash);
  const refusals = inspectChain(file.refusals, file.refusalHead, { one: 'Refusal', many: 'Refusals' }, hash);
  const last = entries.lines.get(file.head.sequence);
  const witnessed =
    witness === undefined
      ? undefined
      : [...entries.lines].find(([, line]) => line.hash.startsWith(witness))?.[0];
  return {
    findings: [
      ...(file.entries.length === 0 && file.head.sequence === 0
        ? [wrong('There is nothing in it: every promotion has the entry of its request.')]
        : []),
      ...entries.findings,
      ...inOrder(entries, 'Entry'),
      ...phasesOf(entries),
      ...identityOf(file, entries, last),
      ...refusals.findings,
      ...inOrder(refusals, 'Refusal'),
      ...standing(file, entries, refusals),
      ...(witness !== undefined && witnessed === undefined
        ? [
            wrong(
              `No entry has the hash ${witness}. If the card showed it after this file was written, export the file again; otherwise its end was cut off, the chain was made anew, or it is another promotion's.`,
            ),
          ]
        : []),
    ],
    last,
    namesRequest: Requested.safeParse(entries.lines.get(1)?.event).success,
    witnessed,
  };
}

const wrong = (text: string): Finding => ({ kind: 'inconsistent', text });

/** Each entry that holds, with the one right before it where that holds as well. */
function pairs({ lines }: InspectedChain): { place: number; line: Line; before: Line | undefined }[] {
  return [...lines].map(([place, line]) => ({ place, line, before: lines.get(place - 1) }));
}

function inOrder(chain: InspectedChain, noun: string): Finding[] {
  return pairs(chain).flatMap(({ place, line, before }) =>
    before !== undefined && line.atMs < before.atMs
      ? [wrong(`${noun} ${place} is of an earlier time than ${noun} ${place - 1}.`)]
      : [],
  );
}

function phasesOf(chain: InspectedChain): Finding[] {
  return pairs(chain).flatMap(({ place, line, before }) => {
    const findings: Finding[] = [];
    if (line.refusal !== null)
      findings.push(wrong(`Entry ${place} is a refusal; those have a chain of their own.`));
    const from = place === 1 ? 'none' : before?.to;
    if (from !== undefined && line.from !== from) {
      findings.push(
        wrong(`Entry ${place} begins in ${quoted(line.from)}, and ${quoted(from)} came before it.`),
      );
    }
    if (before !== undefined && isEnd(before.to)) {
      findings.push(wrong(`Entry ${place} follows the end of the promotion.`));
    }
    return findings;
  });
}

const Requested = z.looseObject({
  request: z.looseObject({
    kind: z.string(),
    app: z.string(),
    environment: z.string(),
    version: z.string().nullable(),
  }),
});
const Analyzed = z.looseObject({
  type: z.literal('analysis.completed'),
  release: z.looseObject({ version: z.string() }),
});

/** What the file says of the promotion must be what its entries say. */
function identityOf({ promotion }: AuditFile, { lines }: InspectedChain, last: Line | undefined): Finding[] {
  const findings: Finding[] = [];
  const same = (what: string, said: string | number | null, is: string | number | null) => {
    if (said === is) return;
    const word = (value: string | number | null) =>
      typeof value === 'string' ? quoted(value) : String(value);
    findings.push(wrong(`The file says ${what} ${word(said)}, and its entries say ${word(is)}.`));
  };
  for (const [place, line] of lines) {
    if (line.promotionId !== promotion.id) {
      findings.push(
        wrong(`Entry ${place} is of promotion ${quoted(line.promotionId)}, not ${quoted(promotion.id)}.`),
      );
    }
  }
  const first = lines.get(1);
  if (first !== undefined) {
    same('requestedAtMs', promotion.requestedAtMs, first.atMs);
    if (first.actor.person !== undefined) {
      same('requestedBy.teamId', promotion.requestedBy.teamId, first.actor.person.teamId);
      same('requestedBy.userId', promotion.requestedBy.userId, first.actor.person.userId);
    }
    const asked = Requested.safeParse(first.event).data?.request;
    // Entries of before this was kept say nothing of it; the summary does.
    if (asked !== undefined) {
      const analyzed = [...lines.values()].map(({ event }) => Analyzed.safeParse(event).data);
      const resolved = analyzed.filter((event) => event !== undefined).at(-1);
      same('kind', promotion.kind, asked.kind);
      same('app', promotion.app, asked.app);
      same('environment', promotion.environment, asked.environment);
      same('version', promotion.version, resolved?.release.version ?? asked.version);
    }
  }
  if (last !== undefined) same('phase', promotion.phase, last.to);
  return findings;
}

/** A refusal was decided on a state of the promotion: the one that the entry it names left behind. */
function standing(
  { promotion, head }: AuditFile,
  entries: InspectedChain,
  refusals: InspectedChain,
): Finding[] {
  return [...refusals.lines].flatMap(([place, line]) => {
    const refusal = `Refusal ${place}`;
    const findings: Finding[] = [];
    if (line.promotionId !== promotion.id) {
      findings.push(
        wrong(`${refusal} is of promotion ${quoted(line.promotionId)}, not ${quoted(promotion.id)}.`),
      );
    }
    if (line.refusal === null || line.after === undefined) {
      return [...findings, wrong(`${refusal} does not say what was refused, or after which entry.`)];
    }
    const { after } = line;
    if (after.sequence === 0) return [...findings, wrong(`${refusal} stands on no entry.`)];
    if (after.sequence > head.sequence) {
      const text = `${refusal} stands on Entry ${after.sequence}, and the head counts only ${head.sequence}.`;
      return [...findings, wrong(text)];
    }
    const entry = entries.lines.get(after.sequence);
    // An entry that is missing or changed was named already.
    if (entry === undefined) return findings;
    if (entry.hash !== after.hash) {
      findings.push(wrong(`${refusal} stands on another Entry ${after.sequence} than the one that is here.`));
    } else if (line.from !== entry.to || line.to !== entry.to || line.digest !== entry.digest) {
      findings.push(
        wrong(`${refusal} is not of the phase and plan that Entry ${after.sequence} left behind.`),
      );
    } else if (line.atMs < entry.atMs) {
      findings.push(
        wrong(`${refusal} is of an earlier time than Entry ${after.sequence}, which it stands on.`),
      );
    }
    return findings;
  });
}
