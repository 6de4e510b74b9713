import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPipeline } from '../../src/config/load.ts';
import { packPipeline, readPackaged } from '../../src/config/packaged.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-packaged-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function example() {
  const answer = await readPipeline(join(import.meta.dirname, '../../examples/pipeline.yml'));
  if (answer.outcome !== 'valid') throw new Error('the example is not valid');
  return answer;
}

async function written(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('a packaged pipeline', () => {
  it('says in a function exactly what the file said when it was packaged', async () => {
    const { pipeline, catalog } = await example();

    const packaged = await readPackaged(await written('same.json', packPipeline(pipeline)));

    expect(packaged.apps).toEqual(catalog.apps);
    expect(packaged.defaultEnvironment('site')).toBe(catalog.defaultEnvironment('site'));
    expect(packaged.find('site', 'production')).toStrictEqual(catalog.find('site', 'production'));
  });

  it('is refused when it was packaged for another version, is damaged or is not there', async () => {
    const { pipeline } = await example();
    const older = packPipeline(pipeline).replace('"format":1', '"format":0');

    await expect(readPackaged(await written('older.json', older))).rejects.toThrow(/run npm run package/);
    await expect(readPackaged(await written('cut.json', '{"format":1,'))).rejects.toThrow(/npm run package/);
    await expect(readPackaged(await written('null.json', 'null'))).rejects.toThrow(/npm run package/);
    await expect(readPackaged(await written('empty.json', '{"format":1}'))).rejects.toThrow(
      /npm run package/,
    );
    await expect(readPackaged(join(folder, 'absent.json'))).rejects.toThrow(/npm run package/);
  });

  it('holds no YAML and nothing that is written anew at every packaging', async () => {
    const { pipeline } = await example();
    const file = await written('twice.json', packPipeline(pipeline));

    expect(await readFile(file, 'utf8')).toBe(packPipeline((await example()).pipeline));
  });
});
