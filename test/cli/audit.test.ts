import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { textOf } from '../../src/store/items.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { keys } from '../../src/store/table.ts';
import type { Item } from '../../src/store/transport.ts';
import { refusedClick, retell } from '../flows/promotion/retold.ts';
import { walkTo } from '../flows/promotion/walk.ts';
import { startCliTable } from './table.ts';

let table: Awaited<ReturnType<typeof startCliTable>>;
let folder = '';
let file = '';
let exportedText = '';
const head = () => (JSON.parse(exportedText) as { head: { hash: string } }).head.hash;

beforeAll(async () => {
  table = await startCliTable();
  const { transport } = table;
  const store = createPromotionStore({ transport, nonce: () => randomUUID() });
  const { promotion, audit } = walkTo('rolled-back');
  const { changes } = retell(promotion, audit);
  const [opening, ...later] = changes;
  if (opening === undefined) throw new Error('nothing to save');
  await store.create(opening);
  for (const change of later) {
    expect(await store.save(change)).toMatchObject({ outcome: 'saved' });
    if (change.promotion.revision % 5 === 0) {
      await store.recordRefusal(change.promotion, refusedClick(change.promotion, change.promotion.nowMs));
    }
  }
  exportedText = (await runCli(['audit', 'export', 'p1'])).stdout;
});
afterAll(() => table.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-audit-'));
  file = join(folder, 'audit.json');
});
afterEach(() => rm(folder, { recursive: true }));

async function verify(text: string, ...options: string[]) {
  await writeFile(file, text);
  const { exitCode, stdout, stderr } = await runCli(['audit', 'verify', file, ...options]);
  return {
    exitCode,
    stdout: stdout.replaceAll(`${folder}/`, ''),
    stderr: stderr.replaceAll(`${folder}/`, ''),
  };
}

/** Does something to a row and puts it back as it was. */
async function whileRowIs(key: Item, changed: string, task: () => Promise<void>): Promise<void> {
  const { item } = await table.transport.get(key);
  if (item === undefined) throw new Error('no such row');
  await table.transport.write({ does: 'put', item: { ...item, body: { S: changed } } });
  await task();
  await table.transport.write({ does: 'put', item });
}

describe('ALL-11: countersign audit export', () => {
  it('writes one file that holds, and the same file every time once the promotion has ended', async () => {
    const written = await runCli(['audit', 'export', 'p1', '--out', file]);

    expect(written).toMatchObject({ exitCode: 0, stderr: '' });
    expect(written.stdout).toContain(`head ${head().slice(0, 12)}.`);
    expect(await readFile(file, 'utf8')).toBe(exportedText);
    expect(await runCli(['audit', 'verify', file])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('never writes over evidence that is there already', async () => {
    await writeFile(file, 'older evidence');

    const again = await runCli(['audit', 'export', 'p1', '--out', file]);

    expect(again).toMatchObject({ exitCode: 1, stdout: '' });
    expect(again.stderr).toContain('is there already, and evidence is not written over');
    expect(await readFile(file, 'utf8')).toBe('older evidence');
  });

  it('says that there is no such promotion, and in which table', async () => {
    const answer = await runCli(['audit', 'export', 'p404']);

    expect(answer).toMatchObject({ exitCode: 1, stdout: '' });
    expect(answer.stderr).toMatch(/There is no promotion p404 in the table table-\S+ in eu-west-1\./);
  });

  it('says which table there is not, where, and which variables name it', async () => {
    const { tableName } = table;
    vi.stubEnv('COUNTERSIGN_TABLE', 'another');
    const answers = [
      await runCli(['audit', 'export', 'p1']),
      await runCli(['audit', 'unlocks', 'site', 'production']),
    ];
    vi.stubEnv('COUNTERSIGN_TABLE', tableName);

    for (const answer of answers) {
      expect(answer).toMatchObject({ exitCode: 1, stdout: '' });
      expect(answer.stderr).toMatch(
        /^There is no table another in eu-west-1 of .* Set COUNTERSIGN_TABLE to .* and AWS_REGION to its region\.\n/,
      );
    }
  });

  it('says which variable is missing', async () => {
    vi.stubEnv('AWS_REGION', '');
    vi.stubEnv('AWS_DEFAULT_REGION', '');
    const answer = await runCli(['audit', 'export', 'p1']);
    vi.stubEnv('AWS_REGION', 'eu-west-1');

    expect(answer).toMatchObject({ exitCode: 1, stdout: '' });
    expect(answer.stderr).toContain('AWS_REGION is not set; set it to the region of the table');
  });

  it('exports what was tampered with in the table as it is, and verify names it', async () => {
    const key = keys.audit('p1', 4);
    const { item = {} } = await table.transport.get(key);
    const body = JSON.parse(textOf(item, 'body') ?? '') as object;
    for (const changed of [JSON.stringify({ ...body, to: 'promoted' }), '{"broken":', '17']) {
      await whileRowIs(key, changed, async () => {
        const { exitCode, stdout } = await runCli(['audit', 'export', 'p1']);

        expect(exitCode).toBe(0);
        expect(await verify(stdout)).toMatchObject({
          exitCode: 1,
          stdout: expect.stringContaining('  Entry 4 was changed: '),
        });
      });
    }
    await whileRowIs(keys.refusal('p1', 1), '{}', async () => {
      expect((await verify((await runCli(['audit', 'export', 'p1'])).stdout)).stdout).toContain(
        'Refusal 1 was changed',
      );
    });
  });
});

describe('ALL-11: countersign audit verify', () => {
  it('says in one paragraph what holds, and in another what a file cannot show', async () => {
    const { exitCode, stdout } = await verify(exportedText);

    expect(exitCode).toBe(0);
    expect(stdout.replace(head().slice(0, 12), 'HEAD')).toMatchInlineSnapshot(`
      "audit.json holds. It is about promotion p1, site v1.1.0 to production, asked for by UADA on 2026-11-21 at 09:00:00 UTC and ended rolled-back on 2026-11-21 at 09:05:21 UTC. Its 23 entries and 4 refusals are complete, unchanged and in order. The head is HEAD.

      A file alone cannot show that somebody made all of it anew or left out its newest entries, head included. The card in Slack shows the head at its foot: pass that with --head.
      Not looked at: whether each decision followed from the rules, and whether refusals newer than the last one here were left out.
      "
    `);
  });

  it('takes the head that Slack showed as its witness', async () => {
    const own = await verify(exportedText, '--head', head().slice(0, 12).toUpperCase());
    const other = await verify(exportedText, '--head', 'abcdef012345');

    expect(own).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('The witness names this head'),
    });
    expect(other).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('No entry has the hash abcdef012345'),
    });
  });

  it('says up to which entry an older card is a witness', async () => {
    const { entries } = JSON.parse(exportedText) as { entries: { hash: string }[] };

    const { exitCode, stdout } = await verify(exportedText, '--head', entries[6]?.hash ?? '');

    expect(exitCode).toBe(0);
    expect(stdout).toContain('The witness names entry 7: up to there');
  });

  it.each<[string, (lines: { entries: unknown[]; refusals: unknown[] }) => void, string]>([
    ['removed', ({ entries }) => entries.splice(4, 1), '  Entry 5 was removed.'],
    ['removed', ({ entries }) => entries.pop(), ' was removed, and the head still counts to there.'],
    ['removed', ({ refusals }) => refusals.shift(), '  Refusal 1 was removed.'],
    [
      'added',
      ({ entries }) => entries.push(entries[0]),
      'of the entries one was added: it is a copy of Entry 1.',
    ],
    [
      'moved',
      ({ entries }) => entries.unshift(...entries.splice(3, 1)),
      '  Entry 4 was moved: it stands first.',
    ],
  ])('exits with 1 and names what was %s', async (_, tamper, named) => {
    const tampered = JSON.parse(exportedText) as { entries: unknown[]; refusals: unknown[] };
    tamper(tampered);

    const { exitCode, stdout } = await verify(JSON.stringify(tampered));

    expect(exitCode).toBe(1);
    expect(stdout).toContain('audit.json does not hold: 1 finding.\n');
    expect(stdout).toContain(named);
  });

  it('prints nothing of a tampered file that could command a terminal', async () => {
    const { stdout } = await verify(
      exportedText.replace('"app": "site"', '"app": "\\u001b[2J\\u009b1m\u202eevil"'),
    );

    expect(stdout).toContain('The file says app');
    expect(stdout).not.toMatch(/[^\x20-\x7e\n…]/);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    ['what is no JSON', (text) => text.slice(0, 90), /^audit\.json:\d+:\d+ is not JSON from here on\.\n$/],
    [
      'a word that is none',
      (text) => text.replace('"entries": [', '"entries": [\n    undefined,'),
      /^audit\.json:\d+:5 is not JSON from here on\.\n$/,
    ],
    ['more after its end', (text) => `${text}{}`, /^audit\.json:\d+:1 is not JSON/],
    ['nothing', () => '', /^audit\.json:1:1 is not JSON/],
    [
      'a name that stands twice',
      (text) => text.replace('"app": "site"', '"app": "forged",\n    "app": "site"'),
      /^audit\.json:8:5 has "app" a second time in one object\.\n$/,
    ],
    [
      'a number that is not kept as it is written',
      (text) => text.replace(/"fraction": null|"sequence": 1,/, '"sequence": 1.0,'),
      /has a number that Countersign does not write: 1\.0\./,
    ],
    [
      'what is nested too deep',
      (text) => text.replace('"refusals": [', `"refusals": [${'['.repeat(90)}${']'.repeat(90)}, `),
      /is nested too deep/,
    ],
    [
      'a newer format',
      (text) => text.replace('"formatVersion": 1', '"formatVersion": 2'),
      /formatVersion is "2", and this version of Countersign reads 1/,
    ],
    [
      'another JSON',
      () => '{"name": 1}',
      /is not an audit as countersign audit export writes it:\n {2}"format"/,
    ],
    [
      'a head that is none',
      (text) => text.replace(/"head": \{[^}]*\}/, '"head": {"sequence": "x", "hash": ""}'),
      /\n {2}"head\.sequence": /,
    ],
  ])('exits with 2 for %s, and names the place', async (_, spoil, message) => {
    const { exitCode, stdout, stderr } = await verify(spoil(exportedText));

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('exits with 2 for bytes that are no text, a folder, and a file that is not there', async () => {
    await writeFile(file, Buffer.from([0x7b, 0xff, 0x7d]));
    const answers = [
      await runCli(['audit', 'verify', file]),
      await runCli(['audit', 'verify', folder]),
      await runCli(['audit', 'verify', join(folder, 'none.json')]),
    ];

    expect(answers.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(answers.map(({ stderr }) => stderr).join('')).toMatch(/UTF-8.*EISDIR.*does not exist/s);
  });

  it.each([
    [['audit'], /Say what to do: audit export, audit verify or audit unlocks\./],
    [['audit', 'verfy'], /no command "audit verfy"/],
    [['audit', 'verify'], /Say which file/],
    [['audit', 'export'], /Say which promotion/],
    [['audit', 'verify', 'x', '--head', 'nonsense'], /--head is a hash: 12 to 64 characters/],
  ])('is told how to be used: %j', async (args, message) => {
    const answer = await runCli(args);

    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer.stderr).toMatch(message);
    expect(answer.stderr).toContain('countersign audit ');
  });
});
