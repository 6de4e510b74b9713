import { defineConfig } from 'vitest/config';

/** One judge's part, started by `scripts/peers.mjs`, which says whose, and collects what came of it. */
const files: string[] = JSON.parse(process.env['COUNTERSIGN_JUDGE_FILES'] ?? '["test/peers/**/*.test.ts"]');

export default defineConfig({
  test: {
    include: files,
    exclude: ['**/node_modules/**'],
    environment: 'node',
    isolate: false,
    fileParallelism: false,
    setupFiles: ['test/support/environment.ts'],
    reporters: ['default', './test/peers/telling-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
