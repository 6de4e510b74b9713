import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/lambda/**', 'test/peers/**', 'test/template/**', '**/node_modules/**'],
    environment: 'node',
    maxWorkers: 2,
    // Loading the SDK and Bolt anew for each of many files took a third of the suite's time.
    isolate: false,
    setupFiles: ['test/support/environment.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
