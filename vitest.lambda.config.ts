import { defineConfig } from 'vitest/config';

/** The packaged functions as Lambda runs them: under AWS's own runtime client on Node 22, from `test/peers`. */
export default defineConfig({
  test: {
    include: ['test/lambda/**/*.test.ts'],
    globalSetup: ['test/lambda/package-once.ts'],
    setupFiles: ['test/support/environment.ts'],
    environment: 'node',
    reporters: ['default', './test/peers/telling-reporter.ts'],
    isolate: false,
    // Each file starts processes of its own; more at a time than there are cores would time them out.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
