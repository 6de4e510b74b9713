import { execFile } from 'node:child_process';
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, parse, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { sourceHash } from './source-hash.mjs';

const root = resolve(import.meta.dirname, '..');
const dist = join(root, 'dist');
const tools = ['package-lock.json', 'scripts/build.mjs'];

/** Every part that can be built: what it is made from, what shows that it is there, and how to make it. */
const parts = {
  server: bundle('src/handlers/server.ts', 'server.mjs', ['src']),
  workspace: bundle('workspace/main.ts', 'workspace.mjs', ['src', 'workspace']),
  // In pieces, so that a command loads only what it needs: checking a file does not load the AWS SDK.
  cli: bundle('src/cli/main.ts', 'cli.mjs', ['src'], { piecesIn: 'cli' }),
  page: {
    inputs: ['workspace/page', 'vite.config.ts'],
    output: 'page/index.html',
    make: async () => {
      const { build } = await import('vite');
      await build({
        configFile: join(root, 'vite.config.ts'),
        root: join(root, 'workspace/page'),
        logLevel: 'warn',
      });
    },
  },
  site: {
    inputs: ['examples/site'],
    except: ['examples/site/_site'],
    output: '../examples/site/_site/.built-from',
    make: async () => {
      // In a process of its own: the generator talks a lot and keeps the processor busy.
      await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'build-site.mjs')]);
    },
  },
};

function bundle(entry, output, inputs, { piecesIn } = {}) {
  return {
    entry,
    inputs,
    except: ['workspace/page'],
    output,
    make: async () => {
      const { build } = await import('esbuild');
      // The names of pieces change with what is in them.
      if (piecesIn !== undefined) await rm(join(dist, piecesIn), { recursive: true, force: true });
      await build({
        absWorkingDir: root,
        entryPoints: [{ in: entry, out: parse(output).name }],
        outdir: 'dist',
        outExtension: { '.js': parse(output).ext },
        ...(piecesIn === undefined ? {} : { splitting: true, chunkNames: `${piecesIn}/[name]-[hash]` }),
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node20',
        packages: 'external',
        sourcemap: true,
        plugins: [keepPlace],
        logLevel: 'warning',
      });
    },
  };
}

/** A source file that finds other files from where it stands still finds them once it is part of dist/. */
const keepPlace = {
  name: 'keep-place',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[\\/]workspace[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!text.includes('import.meta.')) return undefined;
      const file = relative(root, path).split(sep).join('/');
      const place = {
        'import.meta.dirname': `(import.meta.dirname + ${JSON.stringify(`/../${dirname(file)}`)})`,
        'import.meta.url': `new URL(${JSON.stringify(`../${file}`)}, import.meta.url).href`,
      };
      return {
        loader: 'ts',
        contents: text.replace(/import\.meta\.(?:dirname|url)/g, (expression) => place[expression]),
      };
    });
  },
};

const exists = (path) =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Builds the named parts (all unless told) where their sources changed since they were last built, at the same time.
 * Returns what happened to each: `built`, `fresh` or `absent` (its entry file does not exist yet). Rejects when one fails.
 */
export async function build({ only = Object.keys(parts), log = console.log } = {}) {
  await mkdir(dist, { recursive: true });
  const results = await Promise.all(
    only.map(async (name) => {
      const part = parts[name];
      if (part === undefined)
        throw new Error(`There is no part called "${name}". There are: ${Object.keys(parts).join(', ')}.`);
      if (part.entry !== undefined && !(await exists(join(root, part.entry)))) {
        log(`${name}: ${part.entry} does not exist yet, so dist/${part.output} is not built.`);
        return [name, 'absent'];
      }
      const stampFile = join(dist, `.${name}.hash`);
      const hash = await sourceHash([...part.inputs, ...tools], { except: part.except ?? [] });
      const isFresh =
        (await readFile(stampFile, 'utf8').catch(() => '')) === hash &&
        (await exists(join(dist, part.output)));
      if (isFresh) return [name, 'fresh'];
      const startedMs = performance.now();
      await part.make();
      await writeFile(stampFile, hash);
      log(`${name}: built in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
      return [name, 'built'];
    }),
  );
  // esbuild's helper process would otherwise live as long as the workspace.
  if (results.some(([name, result]) => result === 'built' && parts[name].entry !== undefined)) {
    const { stop } = await import('esbuild');
    await stop();
  }
  return Object.fromEntries(results);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const only = process.argv.slice(2);
  try {
    const results = await build(only.length === 0 ? {} : { only });
    if (Object.values(results).every((result) => result === 'fresh')) {
      console.log(`${relative(process.cwd(), dist)} is up to date.`);
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
