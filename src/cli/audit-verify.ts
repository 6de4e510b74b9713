import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { shortHash } from '../flows/promotion/audit.ts';
import { quoted } from '../flows/promotion/audit-chain.ts';
import { AuditFile, type Verified, verifyAudit } from '../flows/promotion/audit-file.ts';
import { isEnd } from '../flows/promotion/promotion.ts';
import { type CliAnswer, complete, negative, usageError } from './answer.ts';
import { counted } from './audit-export.ts';
import { parseStrictJson } from './audit-json.ts';
import { harmless } from './harmless.ts';
import { parseOptions } from './options.ts';

export const auditVerifyUsage = `countersign audit verify FILE [--head HASH]
  Finds any entry of an exported audit that was changed, removed, added or put elsewhere. Needs nothing but the file.
  --head     the hash at the foot of the promotion's card in Slack (12 characters). A file cannot show that somebody
             made all of it anew; Slack's history can.
  Exit code 0 when it holds, 1 when it does not, 2 when the file cannot be read.`;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const findingsShown = 50;

/** `countersign audit verify`. */
export async function runAuditVerify(args: readonly string[]): Promise<CliAnswer> {
  const parsed = parseOptions(args, { values: ['head'], flags: [], words: 1 });
  if (parsed.outcome === 'wrong') return usageError(harmless(parsed.message), auditVerifyUsage);
  const [path] = parsed.words;
  if (path === undefined) return usageError('Say which file.', auditVerifyUsage);
  const witness = parsed.values.head?.trim().toLowerCase();
  if (witness !== undefined && !/^[0-9a-f]{12,64}$/.test(witness)) {
    return usageError(
      `--head is a hash: 12 to 64 characters of 0-9 and a-f, as the card's foot shows it.`,
      auditVerifyUsage,
    );
  }
  const read = await readAudit(path);
  if (read.outcome === 'unreadable') {
    return { exitCode: 2, stdout: '', stderr: `${read.problems.join('\n')}\n` };
  }
  const { file } = read;
  const verified = verifyAudit(file, sha256, witness);
  const name = harmless(path);
  if (verified.findings.length > 0) return negative(report(name, verified));
  return complete(summary(name, file, verified, witness));
}

type Read =
  | { readonly outcome: 'read'; readonly file: AuditFile }
  | { readonly outcome: 'unreadable'; readonly problems: readonly string[] };

async function readAudit(path: string): Promise<Read> {
  const unreadable = (...problems: string[]): Read => ({
    outcome: 'unreadable',
    problems: problems.map((problem) => harmless(problem)),
  });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code === 'ENOENT') return unreadable(`${path} does not exist.`);
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return unreadable(`${path} is not a text in UTF-8.`);
    return unreadable(`${path} cannot be read: ${code}.`);
  }
  const json = parseStrictJson(text);
  if (json.outcome === 'wrong') {
    const { line, column, message } = json.problem;
    return unreadable(`${path}:${line}:${column} ${message}.`);
  }
  const { value } = json;
  const version =
    typeof value === 'object' && value !== null && 'formatVersion' in value ? value.formatVersion : 1;
  if (version !== 1) {
    const said = typeof version === 'object' && version !== null ? 'no number' : quoted(String(version));
    return unreadable(`${path}: formatVersion is ${said}, and this version of Countersign reads 1.`);
  }
  const file = AuditFile.safeParse(value);
  if (file.success) return { outcome: 'read', file: file.data };
  return unreadable(
    `${path} is not an audit as countersign audit export writes it:`,
    ...file.error.issues.map(
      ({ path: at, message }) => `  ${quoted(at.join('.') || 'the whole')}: ${message.slice(0, 200)}`,
    ),
  );
}

function report(path: string, { findings }: Verified): string {
  const shown = findings.slice(0, findingsShown).map(({ text }) => `  ${text}`);
  const more = findings.length - shown.length;
  return [
    `${path} does not hold: ${counted(findings.length, 'finding')}.`,
    '',
    ...shown,
    ...(more > 0 ? [`  … and ${more} more`] : []),
    '',
  ].join('\n');
}

function summary(path: string, file: AuditFile, verified: Verified, witness: string | undefined): string {
  const { promotion, head, entries, refusals } = file;
  const { id, kind, app, environment, version, requestedBy, requestedAtMs, phase } = promotion;
  const plainly = (word: string) => (/^[\w./:@+-]{1,100}$/.test(word) ? word : quoted(word));
  const moved = `${kind === 'promotion' ? 'promotion' : 'rollback'} ${plainly(id)}, ${plainly(app)}${version === null ? '' : ` ${plainly(version)}`} ${kind === 'promotion' ? 'to' : 'in'} ${plainly(environment)}`;
  const lastAt = verified.last === undefined ? '' : ` ${instant(verified.last.atMs)}`;
  const stands = isEnd(phase)
    ? `ended ${plainly(phase)}${lastAt}`
    : `still ${plainly(phase)} at its newest entry,${lastAt}`;
  const all = `${counted(entries.length, 'entry', 'entries')} and ${counted(refusals.length, 'refusal')}`;
  return [
    `${path} holds. It is about ${moved}, asked for by ${plainly(requestedBy.userId)} ${instant(requestedAtMs)} and ${stands}. Its ${all} are complete, unchanged and in order. The head is ${shortHash(head.hash)}.`,
    '',
    witnessed(file, verified, witness),
    ...(verified.namesRequest
      ? []
      : ['Its first entry is of an older version, which did not write down app, environment and version.']),
    'Not looked at: whether each decision followed from the rules, and whether refusals newer than the last one here were left out.',
    '',
  ].join('\n');
}

function witnessed({ head }: AuditFile, { witnessed: place }: Verified, witness: string | undefined): string {
  if (witness === undefined || place === undefined) {
    return 'A file alone cannot show that somebody made all of it anew or left out its newest entries, head included. The card in Slack shows the head at its foot: pass that with --head.';
  }
  if (place === head.sequence)
    return 'The witness names this head: nobody made the chain anew since it was seen.';
  return `The witness names entry ${place}: up to there nobody made the chain anew since it was seen. The ${counted(head.sequence - place, 'entry', 'entries')} after it came later and have no witness; read the card again.`;
}

function instant(atMs: number): string {
  if (Math.abs(atMs) > 8.64e15) return `at ${atMs} ms`;
  return `on ${new Date(atMs).toISOString().replace('T', ' at ').slice(0, 22)} UTC`;
}
