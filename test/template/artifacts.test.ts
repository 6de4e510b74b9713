import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readPackaged } from '../../src/config/packaged.ts';
import { unpackArtifact } from '../../workspace/lambda/artifact.ts';

const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];
const artifact = (name: string, place = inject('packagedIn')) => join(place, '.serverless', `${name}.zip`);
const digest = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-artifacts-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('artifacts', () => {
  it.each(functions)('%s.zip holds its own handler and the pipeline, and no other function', async (name) => {
    const paths = await unpackArtifact(artifact(name), join(folder, name));

    expect(paths).toContain('pipeline.json');
    expect(paths.filter((path) => new RegExp(`^${name}\\.mjs$`).test(path))).toHaveLength(1);
    const others = functions.filter((each) => each !== name);
    expect(paths.filter((path) => others.some((other) => path.startsWith(`${other}.`)))).toEqual([]);
    expect(paths.filter((path) => /\.(ts|ya?ml|env|md)$|node_modules/.test(path))).toEqual([]);
  });

  it.each(functions)('%s.zip holds the pipeline as it was validated', async (name) => {
    await unpackArtifact(artifact(name), join(folder, name));

    const catalog = await readPackaged(join(folder, name, 'pipeline.json'));

    expect(catalog.apps).toEqual([{ app: 'site', environments: ['production'] }]);
    expect(catalog.find('site', 'production')?.definition.target.kind).toBe('cloudfront-blue-green');
  });

  it.each(functions)('%s.zip is the same to the byte when packaged again, elsewhere', async (name) => {
    expect(await digest(artifact(name, inject('packagedForSecretsManagerIn')))).toBe(
      await digest(artifact(name)),
    );
  });

  it('do not depend on when their files were written', async () => {
    const script = '../../scripts/zip-folder.mjs';
    const { zipFolder } = (await import(script)) as {
      zipFolder(folder: string, file: string): Promise<number>;
    };
    const packed = await mkdtemp(join(folder, 'packed-'));
    await writeFile(join(packed, 'b.js'), 'b');
    await writeFile(join(packed, 'a.js'), 'a');
    const bytes = await zipFolder(packed, join(folder, 'one.zip'));
    await utimes(join(packed, 'a.js'), 1_000_000_000, 1_000_000_000);
    await zipFolder(packed, join(folder, 'two.zip'));

    expect(bytes).toBe((await readFile(join(folder, 'one.zip'))).byteLength);
    expect(await digest(join(folder, 'two.zip'))).toBe(await digest(join(folder, 'one.zip')));
    expect(await unpackArtifact(join(folder, 'two.zip'), join(folder, 'two'))).toEqual(['a.js', 'b.js']);
  });
});
