import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verdictOf, withRun } from '../../scripts/proof-page.mjs';

const run = promisify(execFile);
const scripts = resolve(import.meta.dirname, '../../scripts');
const page = await readFile(resolve(import.meta.dirname, '../../docs/proof/readme.md'), 'utf8');
const part = { name: 'simulation', result: 'simulation.md', about: 'random histories' };

describe('the page of what was proven', () => {
  it('keeps every line but that of the part, and what people wrote in its second cell', () => {
    const before = page.split('\n');
    const after = withRun(page, part, 'holds, 5 histories').split('\n');

    expect(after).toHaveLength(before.length);
    const changed = after.filter((line, nth) => line !== before[nth]);
    expect(changed).toEqual([
      '| [simulation](simulation.md) | random histories of the real code | holds, 5 histories |',
    ]);
  });

  it('gets a line below the others for a part that has none', () => {
    const after = withRun(page, { ...part, name: 'another', result: 'another.md' }, 'holds').split('\n');

    expect(after.filter((line) => !page.includes(line))).toEqual([
      '| [another](another.md) | random histories | holds |',
    ]);
    expect(() => withRun('# Nothing\n', part, 'holds')).toThrow('has no table');
  });

  it.each([
    [{ status: 0 }, 'holds'],
    [{ status: 1 }, 'does not hold'],
    [{ status: 2 }, 'could not be run'],
    [{ status: 70 }, 'could not be run'],
    [{ status: null, signal: 'SIGKILL' }, 'could not be run'],
  ])('takes a process that ended with %j for one that says: %s', (ended, verdict) => {
    expect(verdictOf(ended)).toBe(verdict);
  });
});

describe('npm run prove', () => {
  let folder = '';
  const written = () => readFile(join(folder, 'docs/proof/readme.md'), 'utf8');
  /** Runs the real script beside a part of this text. */
  const prove = async (text: string, ...args: string[]) => {
    await writeFile(join(folder, 'scripts/simulate.mjs'), text);
    await writeFile(join(folder, 'docs/proof/readme.md'), page);
    const asked = [join(folder, 'scripts/prove.mjs'), '--only', 'simulation', ...args];
    return new Promise<{ code: unknown; stdout: string; stderr: string }>((done) => {
      execFile(process.execPath, asked, (error, stdout, stderr) =>
        done({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign prove-'));
    await mkdir(join(folder, 'scripts'));
    await mkdir(join(folder, 'docs/proof'), { recursive: true });
    for (const name of ['prove', 'arguments', 'help', 'proof-page', 'crash-code'])
      await cp(join(scripts, `${name}.mjs`), join(folder, `scripts/${name}.mjs`));
    const as = ['-c', 'user.name=a', '-c', 'user.email=a@b.c', '-c', 'commit.gpgsign=false'];
    await run('git', ['init', '--quiet'], { cwd: folder });
    await run('git', [...as, 'commit', '--quiet', '--allow-empty', '-m', 'One'], { cwd: folder });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['process.exitCode = 0', 0, 'holds', /\| holds, 5 histories: \d+ s on [\d-]+, commit [0-9a-f]+ \|/],
    ['process.exitCode = 1', 1, 'DOES NOT HOLD', /\| \*\*does not hold\*\*, 5 histories: /],
  ])('writes the line of a part that comes to a verdict: %s', async (text, code, said, line) => {
    const ended = await prove(text, '--histories', '5', '--write');

    expect(ended).toMatchObject({ code, stderr: '' });
    expect(ended.stdout).toContain(`== simulation: ${said}, `);
    const after = (await written()).split('\n').filter((each) => !page.split('\n').includes(each));
    expect(after).toEqual([expect.stringMatching(line)]);
  });

  it.each([
    ['const used = () => late; used(); const late = 1;', 'exit code 70'],
    ["import { nothing } from 'node:fs';", 'exit code 70'],
    ['process.exit(2)', 'exit code 2'],
    ["process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", 'SIGKILL'],
  ])('takes no crash for a verdict, and leaves the page alone: %s', async (text, how) => {
    const ended = await prove(text, '--histories', '5', '--write');

    expect(ended.code).toBe(2);
    expect(ended.stdout).toContain(`== simulation: COULD NOT BE RUN (${how}); nothing is known`);
    expect(await written()).toBe(page);
  });
});
