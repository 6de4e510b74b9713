// node scripts/bundle-functions.mjs: bundles the functions into dist/functions and shows what each of them is made of.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { root } from './bundled.mjs';

export const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];

const stub = (name) => join(import.meta.dirname, 'stubs', name);

/** What may not be in a function, whatever led to it; and how many bytes it may have. */
const limits = {
  slack: {
    mostBytes: 320_000,
    banned: [
      '@aws-sdk/',
      '@smithy/',
      '@octokit/',
      '@slack/oauth/',
      '@slack/socket-mode/',
      '@slack/web-api/',
      'express/',
      'iconv-lite/',
      'jsonwebtoken/',
      'pino/',
      'raw-body/',
      'undici/',
      'yaml/',
    ],
  },
};

/** Parts of packages that Lambda never runs. Bolt's own entry loads Express, the OAuth pages and Socket Mode's undici. */
const stubs = {
  slack: [
    [/^@slack\/bolt$/, 'bolt.cjs'],
    [/^@slack\/web-api$/, 'web-api.cjs'],
    [/\/receivers\/(HTTPReceiver|SocketModeReceiver)$/, 'no-receiver.cjs'],
    [/^zod$/, 'zod.mjs'],
  ],
};

/**
 * Bundles each function into a folder of its own: `NAME.mjs`, which Lambda imports and waits for, so that all of the
 * start happens while the processor is not yet throttled; and what it is made of as CommonJS, which loads faster than
 * the same code as modules. Rejects when one holds what it must not hold, or more than it may. Answers esbuild's
 * metafiles, which are kept beside the folders.
 */
export async function bundleFunctions({ outdir, only = functions }) {
  const metafiles = await Promise.all(
    only.map(async (name) => {
      const metafile = await bundleFunction(name, join(outdir, name));
      await writeFile(join(outdir, `${name}.metafile.json`), JSON.stringify(metafile));
      const problems = problemsOf(name, metafile);
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return [name, metafile];
    }),
  );
  return Object.fromEntries(metafiles);
}

async function bundleFunction(name, folder) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const handlers = join(root, 'src/handlers');
  const handler = await readFile(join(handlers, `${name}.ts`), 'utf8');
  const { made, parts } = splitHandler(handler);
  await writeFile(join(folder, `${name}.mjs`), made);
  return bundleParts({
    stubbed: name,
    contents: parts,
    resolveDir: handlers,
    outfile: join(folder, 'parts.cjs'),
  });
}

/** Bundles what these lines of TypeScript name as a function has it, with the same stubs; answers the metafile. */
export async function bundleParts({ stubbed, contents, resolveDir, outfile }) {
  const { metafile } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir, sourcefile: `${stubbed}-parts.ts`, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    minify: true,
    // The SDK's and zod's modules can be shaken; what they have for `main` cannot.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    // A function of zod's that its stub does not have.
    logOverride: { 'import-is-undefined': 'error' },
    plugins: [shakable, namedOnly, replacing(stubs[stubbed] ?? [])],
  });
  return metafile;
}

const named = /^import \{([^}]*)\} from '(\.\.?\/[^']+)';$/gm;

/** A handler is a few lines over what it imports: those stay a module, for its top-level await, and the rest does not. */
function splitHandler(text) {
  const imports = [...text.matchAll(named)];
  const names = imports.flatMap(([, list]) => list.split(',').map((each) => each.trim())).filter(Boolean);
  const rest = text.replaceAll(named, '').trim();
  if (/^import\b|\bfrom '/m.test(rest))
    throw new Error('A handler imports by name, from our own files only.');
  return {
    // Required and not imported: for names of what is imported, Node reads all of a CommonJS file twice.
    made: [
      "import { createRequire } from 'node:module';",
      `const { ${names.join(', ')} } = createRequire(import.meta.url)('./parts.cjs');`,
      `${rest}\n`,
    ].join('\n'),
    parts: imports.map(([, list, from]) => `export {${list}} from '${from}';`).join('\n'),
  };
}

/** zod keeps all of itself, forty languages included, for whoever imports its namespace as a value. */
const shakable = {
  name: 'shakable',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      return {
        loader: 'ts',
        contents: text.replace(/^import \{ z \} from 'zod';$/m, "import * as z from 'zod';"),
      };
    });
  },
};

/** Packages that look at their own description want their name and version. */
const namedOnly = {
  name: 'named-only',
  setup(esbuild) {
    esbuild.onLoad({ filter: /[\\/]node_modules[\\/].*package\.json$/ }, async ({ path }) => {
      const { name, version } = JSON.parse(await readFile(path, 'utf8'));
      return { loader: 'json', contents: JSON.stringify({ name, version }) };
    });
  },
};

const replacing = (replaced) => ({
  name: 'replacing',
  setup(esbuild) {
    for (const [filter, by] of replaced) esbuild.onResolve({ filter }, () => ({ path: stub(by) }));
  },
});

/** What is wrong with a bundle, by its metafile. */
export function problemsOf(name, metafile) {
  const { banned = [], mostBytes = Number.POSITIVE_INFINITY } = limits[name] ?? {};
  const [output] = Object.values(metafile.outputs);
  const held = banned.filter((each) =>
    Object.keys(metafile.inputs).some((path) => path.includes(`node_modules/${each}`)),
  );
  return [
    ...held.map((each) => `The function ${name} must not hold ${each.replace(/\/$/, '')}.`),
    ...(output.bytes > mostBytes
      ? [`The function ${name} has ${output.bytes} bytes; ${mostBytes} at most.`]
      : []),
  ];
}

/** How many bytes of a bundle come from where, the most first: packages whole, our own by folder. */
export function sizesByModule(metafile) {
  const [output] = Object.values(metafile.outputs);
  const sizes = new Map();
  let counted = 0;
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const module = moduleOf(path);
    sizes.set(module, (sizes.get(module) ?? 0) + bytesInOutput);
    counted += bytesInOutput;
  }
  const sorted = [...sizes].sort(([, one], [, other]) => other - one);
  return [...sorted, ["names and esbuild's own", output.bytes - counted], ['in all', output.bytes]];
}

function moduleOf(path) {
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
  if (inPackage !== null) return inPackage[1];
  return path.startsWith('src/') ? path.split('/').slice(0, 2).join('/') : path;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [only = functions.join(',')] = process.argv.slice(2);
  const metafiles = await bundleFunctions({ outdir: resolve(root, 'dist/functions'), only: only.split(',') });
  for (const [name, metafile] of Object.entries(metafiles)) {
    console.log(name);
    for (const [module, bytes] of sizesByModule(metafile))
      console.log(`  ${module.padEnd(28)}${String(bytes).padStart(9)}`);
  }
}
