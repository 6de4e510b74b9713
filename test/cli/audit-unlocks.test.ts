import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { unlockNoticeId } from '../../src/flows/notices.ts';
import { decideUnlock, standingStatement } from '../../src/flows/unlock.ts';
import { textOf } from '../../src/store/items.ts';
import { createLocks } from '../../src/store/locks.ts';
import { keys } from '../../src/store/table.ts';
import { validPipeline } from '../config/valid-pipeline.ts';
import { ada, grace, hash, lin, policy, startMs } from '../flows/promotion/walk.ts';
import { startCliTable } from './table.ts';

let table: Awaited<ReturnType<typeof startCliTable>>;

beforeAll(async () => {
  table = await startCliTable();
  const { transport } = table;
  const locks = createLocks({ transport, nonce: () => randomUUID(), hash });
  const held = { ...keys.lock('site#production'), holder: { S: 'p1' }, epoch: { N: '1' } };
  await transport.write({ does: 'put', item: held });
  for (const person of [grace, lin]) {
    const seen = await locks.look('site', 'production', async () => []);
    if (seen.held === null) throw new Error('nobody holds it');
    const granted = { outcome: 'granted', evidence: 'named' } as const;
    const wish = {
      seen: { ...seen, held: seen.held },
      because: 'gone',
      person,
      reason: `Its record\u001b[2J is gone, ${'x'.repeat(80)}`,
      standing: granted,
      firstStanding: standingStatement(seen) === null ? null : granted,
    } as const;
    const decided = decideUnlock(wish, hash);
    if (decided.outcome === 'refused') throw new Error(decided.refusal.code);
    const { entry } = decided;
    const { channel, onCall } = policy;
    const notice = { id: unlockNoticeId(entry), topic: 'unlock', entry, channel, onCall } as const;
    expect(await locks.record(wish.seen, notice)).toBe('recorded');
  }
  const refusal = { code: 'person.not-allowed', text: 'No.', next: 'Ask.' };
  const refused = {
    app: 'site',
    environment: 'production',
    person: ada,
    reason: 'Now',
    refusal,
    atMs: startMs,
  };
  await locks.recordRefusal(refused);
});
afterAll(() => table.close());

describe('countersign audit unlocks', () => {
  it('ALL-11 shows who freed the lock, why and when, and who was refused', async () => {
    const { exitCode, stdout } = await runCli(['audit', 'unlocks', 'site', 'production']);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^1 {2}2026-11-21 09:00:0\d UTC {2}"UGRACE" wanted it freed from "p1" \(gone\): "Its record/m,
    );
    expect(stdout).toMatch(
      /^2 {2}2026-11-21 09:00:0\d UTC {2}"ULIN" freed it from "p1" \(gone\): .*x{80}" {2}[0-9a-f]{12}$/m,
    );
    expect(stdout).toMatch(/^refused 1 {2}2026-11-21 09:00:00 UTC {2}"UADA", person\.not-allowed: "Now"/m);
    expect(stdout).toContain('is complete up to its last line, and unchanged.');
    expect(stdout).not.toContain('\u001b');
  });

  it.each([
    [
      'changed',
      keys.unlock('site', 'production', 1),
      (body: string) => body.replace('UGRACE', 'UMALLORY'),
      'Line 1',
    ],
    [
      'moved',
      keys.unlock('site', 'production', 2),
      (body: string) => body.replace('"sequence":2', '"sequence":3'),
      'Line 2',
    ],
    [
      'changed',
      keys.unlockRefusal('site', 'production', 1),
      (body: string) => body.replace('UADA', 'UEVE'),
      'Refusal 1',
    ],
  ])('ALL-11 finds a line that was %s', async (_what, key, change, named) => {
    const { item } = await table.transport.get(key);
    if (item === undefined) throw new Error('no such line');
    const changed = change(textOf(item, 'body') ?? '');
    expect(changed).not.toBe(textOf(item, 'body'));
    await table.transport.write({ does: 'put', item: { ...item, body: { S: changed } } });

    const { exitCode, stdout } = await runCli(['audit', 'unlocks', 'site', 'production']);
    await table.transport.write({ does: 'put', item });

    expect(exitCode).toBe(1);
    expect(stdout).toContain(`${named} does not hold`);
  });

  it('says that nothing is recorded, and asks for both words', async () => {
    expect(await runCli(['audit', 'unlocks', 'site', 'staging'])).toMatchObject({
      exitCode: 0,
      stdout:
        'Nobody has asked to free the lock of "site" "staging", or no environment has these names: see pipeline.yml.\n',
    });
    expect((await runCli(['audit', 'unlocks', 'site'])).exitCode).toBe(2);
    expect((await runCli(['audit', 'unlocks', 'a', 'b', 'c'])).stderr).toContain('one word too many');
  });

  it.each([
    [['site', 'prodcution'], 1, /: There is no environment prodcution\. Did you mean production\?\n$/],
    [['site', 'prod'], 1, /: There is no environment prod\. There are: staging, production\.\n$/],
    [['shop2', 'production'], 1, /: There is no app shop2\. Did you mean shop\?\n$/],
    [['site', 'staging'], 0, /^Nobody has asked to free the lock of "site" "staging"/],
    [['site', 'production'], 0, /is complete up to its last line/],
  ])('asks the pipeline file for names that nothing is recorded under: %j', async (words, code, said) => {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-unlocks-'));
    const file = join(folder, 'pipeline.yml');
    await writeFile(file, validPipeline);
    vi.stubEnv('COUNTERSIGN_PIPELINE', file);
    const answer = await runCli(['audit', 'unlocks', ...words]);
    vi.stubEnv('COUNTERSIGN_PIPELINE', undefined);
    await rm(folder, { recursive: true });

    expect(answer).toMatchObject({ exitCode: code, stderr: '' });
    expect(answer.stdout).toMatch(said);
  });
});
