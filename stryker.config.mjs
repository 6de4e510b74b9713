/** Mutation testing of the flows: every decision is changed in turn, and a test has to notice. */
export default {
  mutate: ['src/flows/**/*.ts'],
  testRunner: 'flows',
  plugins: ['./scripts/mutation-runner.mjs', './scripts/mutation-rules.mjs'],
  ignorers: ['wording'],
  // It rewrites a tsconfig through the compiler's interface, which TypeScript 7 does not have; nothing here needs one.
  tsconfigFile: 'none',
  coverageAnalysis: 'perTest',
  // What is worked out while a module loads (schemas, tables of codes) would need the whole suite in a fresh process each.
  ignoreStatic: true,
  incremental: true,
  incrementalFile: '.stryker/incremental.json',
  tempDirName: '.stryker/tmp',
  ignorePatterns: ['bench', 'dist', 'docs', 'models', 'test-results', 'examples/site'],
  concurrency: 2,
  // Endless loops are counted, so time is only for what waits for ever; a busy machine must not look like that.
  timeoutMS: 20_000,
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'json'],
  clearTextReporter: { logTests: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: '.stryker/mutation.json' },
};
