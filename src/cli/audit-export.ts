import { writeFile } from 'node:fs/promises';
import { processEnvironment, readStoreEnv } from '../config/env.ts';
import { shortHash } from '../flows/promotion/audit.ts';
import { type CliAnswer, complete, usageError } from './answer.ts';
import { parseOptions } from './options.ts';
import { storeFailure } from './store-failure.ts';

export const auditExportUsage = `countersign audit export PROMOTION [--out FILE]
  Writes everything that was recorded about one promotion as one file that audit verify checks. PROMOTION is the word
  at the foot of its card, such as p0123456789. Reads the table as the bot does: AWS_REGION, COUNTERSIGN_TABLE and
  AWS credentials that may read it (dynamodb:GetItem and Query).
  --out      a new file; left out, it goes to standard output`;

/** `countersign audit export`. */
export async function runAuditExport(args: readonly string[]): Promise<CliAnswer> {
  const parsed = parseOptions(args, { values: ['out'], flags: [], words: 1 });
  if (parsed.outcome === 'wrong') return usageError(parsed.message, auditExportUsage);
  const [promotionId] = parsed.words;
  if (promotionId === undefined) return usageError('Say which promotion.', auditExportUsage);
  const settings = readStoreEnv(processEnvironment());
  if (settings.outcome === 'invalid') {
    return failed(settings.problems.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
  }
  // Only here, so that no other command waits for the AWS SDK to load.
  const { readAuditFile } = await import('../compose/audit.ts');
  try {
    const file = await readAuditFile(settings.env, promotionId);
    if (file === undefined) {
      const { tableName, awsRegion } = settings.env;
      return failed(`There is no promotion ${promotionId} in the table ${tableName} in ${awsRegion}.`);
    }
    const text = `${JSON.stringify(file, null, 2)}\n`;
    const { out } = parsed.values;
    if (out === undefined) return complete(text);
    // Evidence is never written over.
    await writeFile(out, text, { flag: 'wx' });
    const head = shortHash(file.head.hash);
    return complete(
      [
        `${out}: ${counted(file.entries.length, 'entry', 'entries')}, ${counted(file.refusals.length, 'refusal')}, head ${head}.`,
        `Check it with: npx countersign audit verify ${out} --head HASH, where HASH stands at the foot of the card in Slack.`,
        '',
      ].join('\n'),
    );
  } catch (error) {
    return failed(storeFailure(error, settings.env) ?? reasonOf(error, parsed.values.out));
  }
}

export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function failed(message: string): CliAnswer {
  return { exitCode: 1, stdout: '', stderr: `${message}\nNothing was exported.\n` };
}

function reasonOf(error: unknown, out: string | undefined): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EEXIST')
    return `${out} is there already, and evidence is not written over; name another file.`;
  if (typeof code === 'string') return `${out} cannot be written: ${code}.`;
  throw error;
}
