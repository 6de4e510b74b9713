import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return filesUnder(path);
    return /\.tsx?$/.test(name) ? [path] : [];
  });
}

interface Import {
  readonly file: string;
  /** A path relative to the repository, or the name of a package. */
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => ({
    file,
    target: specifier.startsWith('.') ? relative(root, resolve(root, dirname(file), specifier)) : specifier,
  }));
}

const sources = filesUnder('src');
const layerOf = (path: string) => path.split('/')[1] ?? '';
const isLocal = ({ target }: Import) => target.startsWith('src/');
const local = sources.flatMap(importsOf).filter(isLocal);

/** Who may import whom (design: layout). `config` takes only the schemas of targets, checks and gates. */
const mayImport: Record<string, readonly string[]> = {
  flows: ['flows'],
  bot: ['bot', 'flows'],
  store: ['store', 'flows'],
  aws: ['aws', 'flows'],
  github: ['github', 'flows'],
  config: ['config', 'flows'],
  compose: ['compose', 'bot', 'store', 'aws', 'github', 'config', 'flows'],
  handlers: ['handlers', 'compose', 'config', 'flows'],
  cli: ['cli', 'compose', 'config', 'flows'],
};
const schemasForConfig = /^src\/(aws\/(targets|checks)\/(.+\/)?config\.ts|github\/gate-config\.ts)$/;

describe('layers', () => {
  it.each(Object.keys(mayImport))('src/%s imports only the layers below it', (layer) => {
    const allowed = mayImport[layer] ?? [];

    const strangers = local
      .filter(({ file }) => layerOf(file) === layer)
      .filter(({ target }) => !allowed.includes(layerOf(target)))
      .filter(({ target }) => !(layer === 'config' && schemasForConfig.test(target)));

    expect(strangers).toEqual([]);
  });

  it('every folder of src is a layer with a rule', () => {
    const folders = new Set(sources.map(layerOf));

    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
  });

  it('src/flows knows no package but zod, no clock, no randomness and no I/O', () => {
    const flows = sources.filter((file) => layerOf(file) === 'flows');
    const packages = flows.flatMap(importsOf).filter((entry) => !isLocal(entry) && entry.target !== 'zod');
    const impure = flows.filter((file) =>
      /\bDate\.now\b|new Date\(\)|Math\.random|\bprocess\.|\bsetTimeout\b|\bsetInterval\b|\bfetch\(|console\./.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );

    expect({ packages, impure }).toEqual({ packages: [], impure: [] });
  });

  it('src never imports the workspace or a test', () => {
    const outside = sources
      .flatMap(importsOf)
      .filter(({ target }) => /^(workspace|test|bench)\//.test(target));

    expect(outside).toEqual([]);
  });

  it('only src/config/env.ts reads the environment', () => {
    const readers = sources.filter((file) =>
      /process\.env|from 'node:process'/.test(readFileSync(join(root, file), 'utf8')),
    );

    expect(readers.filter((file) => file !== 'src/config/env.ts')).toEqual([]);
  });

  it('only src/store/table.ts spells the keys of the table', () => {
    const spellers = sources.filter((file) =>
      /['"`](pk|sk)['"`]|\b(pk|sk)\b\s*[:=]/.test(readFileSync(join(root, file), 'utf8')),
    );

    expect(spellers.filter((file) => file !== 'src/store/table.ts')).toEqual([]);
  });

  it('steps are known to the flows by what they do, never by kind of target', () => {
    const kinds = /cloudfront|lambda|cloudformation|amplify|fargate|\becs\b/i;
    const knowing = sources
      .filter((file) => layerOf(file) === 'flows')
      .filter((file) => kinds.test(readFileSync(join(root, file), 'utf8')));

    expect(knowing).toEqual([]);
  });

  it('nothing is called utils, helpers, common or services', () => {
    const vague = [...sources, ...filesUnder('workspace')].filter((file) =>
      /(^|\/)(utils?|helpers?|common|services)(\.|\/)/.test(file),
    );

    expect(vague).toEqual([]);
  });
});
