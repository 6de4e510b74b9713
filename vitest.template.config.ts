import { defineConfig } from 'vitest/config';

/** What is deployed, read from the package itself: packaged anew for this run, which takes seconds. */
export default defineConfig({
  test: {
    include: ['test/template/**/*.test.ts'],
    globalSetup: ['test/template/package-once.ts'],
    environment: 'node',
    isolate: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
