import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAuditVerify } from '../../src/cli/audit-verify.ts';
import { inspectChain } from '../../src/flows/promotion/audit-chain.ts';
import { auditFileOf } from '../../src/flows/promotion/audit-file.ts';
import { canonical } from '../../src/flows/promotion/canonical.ts';
import { retell } from '../flows/promotion/retold.ts';
import { hash, walkTo } from '../flows/promotion/walk.ts';

type Entry = { [name: string]: unknown; sequence: number; to: string; hash: string };
type Refused = Entry & { after: { sequence: number; hash: string } };
interface File {
  head: { sequence: number; hash: string };
  promotion: { phase: string; app: string };
  entries: Entry[];
  refusalHead: { sequence: number; hash: string };
  refusals: Refused[];
}

const { promotion, audit } = walkTo('resolved');
const text = JSON.stringify(auditFileOf(retell(promotion, audit)));
const exported = (): File => JSON.parse(text) as File;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-verify-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function verify(content: string | File, name = 'audit.json') {
  const path = join(folder, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  const { exitCode, stdout, stderr } = await runAuditVerify([path]);
  return { exitCode, stdout: stdout.replace(`${folder}/`, ''), stderr: stderr.replace(`${folder}/`, '') };
}

/** The chain as somebody who can compute hashes would leave it. */
function resealed<Any extends Entry>(chain: readonly Any[]): Any[] {
  let previous = '';
  return chain.map((entry) => {
    const { hash: _, ...content } = { ...entry, previous };
    previous = hash(canonical(content));
    return { ...entry, previous: content.previous, hash: previous };
  });
}

/** The file with its newest refusal standing on another entry, every hash of the refusals made anew. */
function withRefusalOn(after: Refused['after'], to?: string): File {
  const file = exported();
  const refusals = resealed(
    file.refusals.map((refusal, index) =>
      index === file.refusals.length - 1
        ? { ...refusal, after, ...(to === undefined ? {} : { from: to, to }) }
        : refusal,
    ),
  );
  return { ...file, refusals, refusalHead: { ...file.refusalHead, hash: refusals.at(-1)?.hash ?? '' } };
}

describe('ALL-11: an audit whose end was cut off', () => {
  it('does not hold where a refusal stands on an entry that is not there any more, however well the head fits', async () => {
    const file = exported();
    const standsOn = Math.max(...file.refusals.map(({ after }) => after.sequence));
    const kept = file.entries.slice(0, standsOn - 3);
    const last = kept.at(-1);
    if (last === undefined) throw new Error('too short to be cut');

    const { exitCode, stdout } = await verify({
      ...file,
      entries: kept,
      head: { sequence: last.sequence, hash: last.hash },
      promotion: { ...file.promotion, phase: last.to },
    });

    expect(exitCode).toBe(1);
    expect(stdout).toContain(
      `Refusal ${file.refusals.length} stands on Entry ${standsOn}, and the head counts only ${last.sequence}`,
    );
  });

  it('does not hold with a refusal on an entry that never was, its hash made anew', async () => {
    const beyond = await verify(withRefusalOn({ sequence: 9999, hash: 'f'.repeat(64) }, 'promoted'));
    const before = await verify(withRefusalOn({ sequence: 0, hash: '' }));

    expect(beyond).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('stands on Entry 9999') });
    expect(before).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('stands on no entry') });
  });

  it('does not hold when nothing is left of it', async () => {
    const none = { sequence: 0, hash: '' };

    const { exitCode, stdout } = await verify({
      ...exported(),
      head: none,
      entries: [],
      refusalHead: none,
      refusals: [],
    });

    expect(exitCode).toBe(1);
    expect(stdout).toContain('There is nothing in it');
    expect(stdout).not.toMatch(/complete|unchanged and in order/);
  });
});

describe('ALL-11: what an audit file says reaches no terminal', () => {
  const evil = '\u001b[2J\u009b1m\u202e\u2066\u2028\nit holds';
  const written = JSON.stringify(evil);
  const command = /[^\P{C}\n]|[\u2028\u2029]|\nit holds/u;

  it.each([
    ['an unknown name', text.replace('{"format"', `{${written}:1,"format"`)],
    ['an unknown name deeper in', text.replace('"head":{', `"head":{${written}:1,`)],
    ['a name that stands twice', text.replace('{"format"', `{${written}:1,${written}:1,"format"`)],
    ['a format', text.replace('"countersign-audit"', written)],
    ['a version', text.replace('"formatVersion":1', `"formatVersion":${written}`)],
    ['a kind', text.replace(/"kind":"promotion"/, `"kind":${written}`)],
    ['a word of the promotion', text.replace('"app":"site"', `"app":${written}`)],
    ['an entry', text.replace('"digest":null', `"digest":${written}`)],
    ['a hash', text.replace(/"previous":"[0-9a-f]+"/, `"previous":${written}`)],
    ['a text that is no JSON', `${evil}${text}`],
  ])('in %s', async (_, content) => {
    const { exitCode, stdout, stderr } = await verify(content);

    expect(content).not.toBe(text);
    expect(exitCode).toBeGreaterThan(0);
    expect(`${stdout}${stderr}`).not.toMatch(command);
    expect(`${stdout}${stderr}`).not.toBe('');
  });

  it('in the name of the file, whose letters stay as they are', async () => {
    const holds = await verify(text, 'Prüfung\u001b[2J\u202e.json');
    const unreadable = await verify('', 'Prüfung\u009b2J.json');

    expect(holds).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^Prüfung\?\[2J\?\.json holds\./),
    });
    expect(unreadable).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/^Prüfung\?2J\.json:1:1 /),
    });
  });
});

describe('ALL-11: a file made to break the reading of it', () => {
  it.each([
    ['a version that is an object', '{"formatVersion":{"toString":1}}'],
    ['a version that is a list', '{"formatVersion":[{"toString":1}]}'],
    ['a name that objects inherit', text.replace('{"format"', '{"__proto__":{"note":1},"format"')],
    ['one inherited deeper in', text.replace('"head":{', '"head":{"__proto__":7,')],
    ['a string that is not closed', `{"format":"${'a'.repeat(20_000_000)}`],
  ])('exits with 2 for %s', async (_, content) => {
    const { exitCode, stdout, stderr } = await verify(content);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/^audit\.json\b/);
    expect(stderr.length).toBeLessThan(500);
  });

  it('does not hold with a word of twenty million letters, and says which without printing it', async () => {
    const { exitCode, stdout } = await verify(
      text.replace('"app":"site"', `"app":"${'a'.repeat(20_000_000)}"`),
    );

    expect(exitCode).toBe(1);
    expect(stdout).toContain('The file says app "aaaa');
    expect(stdout.length).toBeLessThan(500);
  });

  it('says of a hundred thousand entries in reversed order what was moved, in seconds', {
    timeout: 5_000,
  }, () => {
    const count = 100_000;
    const like = { ...exported().entries[0], event: { type: 'step.acted' }, actor: { kind: 'system' } };
    const named = (content: string) => /"sequence":(\d+)/.exec(content)?.[1] ?? '';
    const entries = Array.from({ length: count }, (_, index) => ({
      ...like,
      sequence: count - index,
      previous: index === count - 1 ? '' : String(count - index - 1),
      hash: String(count - index),
    }));

    const { findings } = inspectChain(
      entries,
      { sequence: count, hash: String(count) },
      { one: 'Entry', many: 'Entries' },
      named,
    );

    const moved = findings.filter(({ kind }) => kind === 'reordered').map(({ text: found }) => found);
    expect(moved).toHaveLength(count - 1);
    expect(moved).toContain('Entry 7 was moved: it stands behind Entry 8.');
  });
});
