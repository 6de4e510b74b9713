import { createHash } from 'node:crypto';
import { processEnvironment, readPipelineFile, readStoreEnv } from '../config/env.ts';
import { quoted } from '../flows/promotion/audit-chain.ts';
import { firstBroken, type UnlockEntry, type UnlockRefusal } from '../flows/unlock.ts';
import { type CliAnswer, complete, negative, usageError } from './answer.ts';
import { parseOptions } from './options.ts';
import { settingsNamed } from './settings-named.ts';
import { storeFailure } from './store-failure.ts';

export const auditUnlocksUsage = `countersign audit unlocks APP ENVIRONMENT
  Shows who freed the lock of an environment with /promote unlock, why and when, and who was refused, and checks that
  no line was changed, left out or added. Reads the table as audit export does. Each line ends in the hash that stands
  under its message in Slack: a line that is not in Slack, or the other way round, was made or removed later.
  Where nothing is recorded it looks into pipeline.yml, or COUNTERSIGN_PIPELINE, whether there is such an environment.
  Exit code 0 when it holds, 1 when it does not or there is no such environment.`;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const instant = (atMs: number) => new Date(atMs).toISOString().replace('T', ' ').slice(0, 19);

/** `countersign audit unlocks`. */
export async function runAuditUnlocks(args: readonly string[]): Promise<CliAnswer> {
  const parsed = parseOptions(args, { values: [], flags: [], words: 2 });
  if (parsed.outcome === 'wrong') return usageError(parsed.message, auditUnlocksUsage);
  const [app, environment] = parsed.words;
  if (app === undefined || environment === undefined) {
    return usageError('Say which app and which environment.', auditUnlocksUsage);
  }
  const settings = readStoreEnv(processEnvironment());
  if (settings.outcome === 'invalid') {
    return failed(settings.problems.map(({ variable, message }) => `${variable} ${message}`).join('\n'));
  }
  // Only here, so that no other command waits for the AWS SDK to load.
  const { readUnlocks } = await import('../compose/unlocks.ts');
  try {
    const { history, refusals } = await readUnlocks(settings.env, app, environment);
    const place = `${quoted(app)} ${quoted(environment)}`;
    if (history.length === 0 && refusals.length === 0) {
      const unknown = await unknownPlace(app, environment);
      if (unknown !== undefined) return negative(`${unknown}\n`);
      return complete(
        `Nobody has asked to free the lock of ${place}, or no environment has these names: see pipeline.yml.\n`,
      );
    }
    const broken = [...brokenIn('Line', history), ...brokenIn('Refusal', refusals)];
    const text = [
      ...history.map(lineOf),
      ...refusals.map(refusalOf),
      '',
      ...(broken.length > 0
        ? broken
        : [`The record of ${place} is complete up to its last line, and unchanged.`]),
      '',
    ].join('\n');
    return broken.length > 0 ? negative(text) : complete(text);
  } catch (error) {
    const reason = storeFailure(error, settings.env);
    if (reason === undefined) throw error;
    return failed(reason);
  }
}

/** What the pipeline file at hand says of names that nothing is recorded under; undefined where it cannot tell. */
async function unknownPlace(app: string, environment: string): Promise<string | undefined> {
  const file = readPipelineFile(processEnvironment());
  // Only here, so that checking a file does not wait for what reads one.
  const { readPipeline } = await import('../config/load.ts');
  const answer = await readPipeline(file);
  if (answer.outcome === 'invalid') return undefined;
  const environments = answer.pipeline.apps.flatMap((each) => each.environments);
  const found = settingsNamed(environments, environment, app);
  return typeof found === 'string' ? `${file}: ${found}` : undefined;
}

function lineOf({ sequence, atMs, does, by, holder, because, hash }: UnlockEntry): string {
  const what = does === 'free' ? 'freed it from' : 'wanted it freed from';
  return `${sequence}  ${instant(atMs)} UTC  ${quoted(by.person.userId)} ${what} ${quoted(holder)} (${because}): ${quotedWhole(by.reason)}  ${hash.slice(0, 12)}`;
}

function refusalOf({ sequence, atMs, person, reason, refusal, hash }: UnlockRefusal): string {
  return `refused ${sequence}  ${instant(atMs)} UTC  ${quoted(person.userId)}, ${refusal.code}: ${quotedWhole(reason)}  ${hash.slice(0, 12)}`;
}

/** Reasons are shown to their end, and reach no terminal's control sequences. */
const quotedWhole = (text: string) => JSON.stringify(text).replace(/\p{Cc}|\p{Cf}|\p{Cs}/gu, '?');

function brokenIn(noun: string, chain: readonly (UnlockEntry | UnlockRefusal)[]): string[] {
  const place = firstBroken(chain, sha256);
  return place === null
    ? []
    : [
        `${noun} ${place} does not hold: it was changed, or what stood before it was changed, removed or added.`,
      ];
}

function failed(message: string): CliAnswer {
  return { exitCode: 1, stdout: '', stderr: `${message}\n` };
}
