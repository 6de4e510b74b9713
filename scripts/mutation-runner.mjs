import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { chai, expect } from 'vitest';

/**
 * Runs the tests of the flows for Stryker, loaded once per worker: a change is switched on and off in the code that is
 * there, where Vitest would begin anew for each, which takes ten times as long. It knows as much of Vitest as these
 * tests use: `describe`, `it`, `it.each` and `expect` with snapshots. What it does not know fails the first run, in
 * which nothing is changed and everything has to pass.
 */

/** Stryker's words for how a test ended. */
const passed = 0;
const failed = 1;

/** Drawn at random, and slow: they would decide by chance. */
const excluded = ['promotion/random-walk.test.ts', 'engine/closing.test.ts'];
/** A change in a decision shows in these first; those that live through whole lives are slow. */
const first = ['decisions.test.ts', 'next-action.test.ts', 'step.test.ts', 'tick.test.ts'];
const last = ['engine/unlock.test.ts', 'unsettled.test.ts', 'take-over.test.ts', 'audit-file.test.ts'];

function rankOf(file) {
  if (first.some((name) => file.endsWith(`/${name}`))) return 0;
  return last.some((name) => file.endsWith(`/${name}`)) ? 2 : 1;
}

const { format } = createRequire(import.meta.resolve('vitest'))('@vitest/pretty-format');

/** As Vitest writes a snapshot. */
const written = (value) =>
  format(value, {
    printBasicPrototype: false,
    escapeString: false,
    escapeRegex: false,
    printFunctionName: false,
  });

function createSnapshots() {
  const files = new Map();
  const load = (file) => {
    const there = files.get(file);
    if (there !== undefined) return there;
    const exports = {};
    const path = join(dirname(file), '__snapshots__', `${basename(file)}.snap`);
    new Function('exports', readFileSync(path, 'utf8'))(exports);
    files.set(file, exports);
    return exports;
  };
  return { expected: (file, name) => load(file)[name]?.trim() };
}

/** What `it.each` calls a case: `%s` in turn, `$name` of its first value. */
function titleOf(template, values) {
  let index = 0;
  return template
    .replace(/%[sd]/g, () => String(values[index++]))
    .replace(/\$(\w+)/g, (_, key) => String(values[0]?.[key]));
}

/** Collects tests as their files are loaded. */
function createHarness() {
  const tests = [];
  const names = [];
  let file = '';
  const describe = (name, body) => {
    names.push(name);
    body();
    names.pop();
  };
  const it = (name, body) => {
    const inFile = [...names, name];
    tests.push({
      id: `${file}#${inFile.join(' ')}`,
      name: inFile.join(' '),
      snapshot: inFile.join(' > '),
      file,
      body,
    });
  };
  it.each = (cases) => (template, body) => {
    for (const given of cases) {
      const values = Array.isArray(given) ? given : [given];
      it(titleOf(template, values), () => body(...values));
    }
  };
  return {
    tests,
    api: { describe, it, expect },
    enter(name) {
      file = name;
    },
  };
}

async function bundle(files, outfile) {
  const loads = files.map((name) => `enter(${JSON.stringify(name)}); await import('./${name}');`);
  const vitest = {
    name: 'vitest',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', namespace: 'harness' }));
      onLoad({ filter: /.*/, namespace: 'harness' }, () => ({
        contents: 'export const { describe, it, expect } = globalThis.countersignHarness.api;',
      }));
    },
  };
  await build({
    stdin: {
      contents: `export async function load(enter) {\n${loads.join('\n')}\n}`,
      resolveDir: process.cwd(),
      sourcefile: 'all-tests.mjs',
    },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: false,
    logLevel: 'error',
    plugins: [vitest],
  });
}

async function loadTests(harness) {
  const files = readdirSync('test/flows', { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && !excluded.includes(name))
    .map((name) => `test/flows/${name}`)
    .sort((one, other) => rankOf(one) - rankOf(other) || (one < other ? -1 : 1));
  const outfile = resolve(`.stryker-flows-${process.env.STRYKER_MUTATOR_WORKER ?? 0}.mjs`);
  await bundle(files, outfile);
  globalThis.countersignHarness = harness;
  const { load } = await import(pathToFileURL(outfile).href);
  await load(harness.enter);
}

function addSnapshots(harness) {
  const snapshots = createSnapshots();
  chai.util.addMethod(chai.Assertion.prototype, 'toMatchSnapshot', function toMatchSnapshot() {
    const running = harness.running;
    running.snapshots += 1;
    const name = `${running.test.snapshot} ${running.snapshots}`;
    if (snapshots.expected(running.test.file, name) !== written(this._obj).trim())
      throw new Error(`not as in the snapshot: ${name}`);
  });
}

/** In their order, until one fails. */
async function runTests(harness, isChosen, begins) {
  const results = [];
  for (const test of harness.tests) {
    if (!isChosen(test.id)) continue;
    begins(test.id);
    harness.running = { test, snapshots: 0 };
    const startedAt = performance.now();
    let failureMessage;
    try {
      await test.body();
    } catch (error) {
      failureMessage = error instanceof Error ? error.message : String(error);
    }
    const { id, name, file } = test;
    const timeSpentMs = performance.now() - startedAt;
    const status = failureMessage === undefined ? passed : failed;
    results.push({ id, name, fileName: resolve(file), timeSpentMs, status, failureMessage });
    if (status === failed) break;
  }
  return results;
}

function createRunner() {
  const harness = createHarness();
  // Where Stryker and the changed code meet: what it writes into that code looks here which change is on.
  globalThis.__stryker__ ??= {};
  const meeting = globalThis.__stryker__;
  return {
    // No change is on while the tests are loaded (`ignoreStatic`), so there never is anything to load anew.
    capabilities: () => ({ reloadEnvironment: true }),
    async init() {
      process.env.NODE_ENV = 'test';
      // A test that has failed may leave work behind which nobody waits for.
      process.on('unhandledRejection', () => {});
      addSnapshots(harness);
      await loadTests(harness);
    },
    async dryRun() {
      const tests = await runTests(
        harness,
        () => true,
        (id) => {
          meeting.currentTestId = id;
        },
      );
      meeting.currentTestId = undefined;
      return { status: 'complete', tests, mutantCoverage: meeting.mutantCoverage };
    },
    async mutantRun({ activeMutant, testFilter, hitLimit }) {
      const chosen = testFilter === undefined ? undefined : new Set(testFilter);
      Object.assign(meeting, { hitCount: 0, hitLimit, activeMutant: activeMutant.id });
      const results = await runTests(
        harness,
        (id) => chosen?.has(id) ?? true,
        () => {},
      );
      const { hitCount } = meeting;
      Object.assign(meeting, { hitCount: undefined, hitLimit: undefined, activeMutant: undefined });
      if (hitLimit !== undefined && hitCount > hitLimit)
        return { status: 'timeout', reason: `Hit limit reached (${hitCount}/${hitLimit})` };
      const killer = results.find(({ status }) => status === failed);
      const nrOfTests = results.length;
      return killer === undefined
        ? { status: 'survived', nrOfTests }
        : { status: 'killed', killedBy: [killer.id], failureMessage: killer.failureMessage, nrOfTests };
    },
  };
}

export const strykerPlugins = [{ kind: 'TestRunner', name: 'flows', factory: createRunner }];
