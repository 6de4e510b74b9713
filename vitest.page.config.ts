import { defineConfig } from 'vitest/config';

/** The page in Chromium: slow beside the other tests, and in need of a browser, so it has a run of its own. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    environment: 'node',
    reporters: ['default', './test/peers/telling-reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 90_000,
    // Each test goes on where the one before it stopped.
    bail: 1,
  },
});
