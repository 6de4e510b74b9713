import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packagingFacts } from '../../src/compose/packaging.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-facts-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('what the packaging takes from the product', () => {
  it('leaves the name of the table to the deployment', async () => {
    const facts = await packagingFacts(join(import.meta.dirname, '../../examples/pipeline.yml'));

    expect(facts).toMatchObject({ outcome: 'valid', table: { BillingMode: 'PAY_PER_REQUEST' } });
    expect(facts.outcome === 'valid' && facts.table).not.toHaveProperty('TableName');
  });

  it('is nothing but the problems, each with its line, when the pipeline is wrong', async () => {
    const file = join(folder, 'wrong.yml');
    await writeFile(file, 'version: 2\napps: {}\n');

    const facts = await packagingFacts(file);

    expect(facts).toMatchObject({ outcome: 'invalid' });
    expect(facts.outcome === 'invalid' && facts.problems).toEqual([
      expect.stringContaining(`${file}:1:`),
      expect.stringContaining(`${file}:2:`),
    ]);
  });

  it('names the role of every environment, and is a problem where one has none', async () => {
    const example = join(import.meta.dirname, '../../examples/pipeline.yml');
    const file = join(folder, 'roleless.yml');
    await writeFile(file, (await readFile(example, 'utf8')).replace(/^ +role: arn.*$/m, ''));

    expect(await packagingFacts(example)).toMatchObject({
      environmentRoles: ['arn:aws:iam::111122223333:role/countersign-site-production'],
    });
    expect(await packagingFacts(file)).toEqual({
      outcome: 'invalid',
      problems: [expect.stringMatching(/roleless\.yml apps\.site\.environments\.production: names no role/)],
    });
  });

  it('is a problem too when there is no pipeline', async () => {
    const file = join(folder, 'absent.yml');

    expect(await packagingFacts(file)).toMatchObject({
      outcome: 'invalid',
      problems: [expect.stringContaining('does not exist')],
    });
  });
});
