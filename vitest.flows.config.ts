import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A change in a decision shows in these first; those that live through whole lives are slow. */
const first = ['decisions.test.ts', 'next-action.test.ts', 'step.test.ts', 'tick.test.ts'];
const last = ['engine/unlock.test.ts', 'unsettled.test.ts', 'take-over.test.ts', 'audit-file.test.ts'];

function rankOf({ moduleId }: TestSpecification): number {
  if (first.some((name) => moduleId.endsWith(`/${name}`))) return 0;
  return last.some((name) => moduleId.endsWith(`/${name}`)) ? 2 : 1;
}

class TellingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((one, other) => rankOf(one) - rankOf(other));
  }
}

/** What a change in the flows is tried on over and over: fast, and the same every time. */
export default defineConfig({
  test: {
    include: ['test/flows/**/*.test.ts'],
    // Drawn at random, and slow: they would decide by chance.
    exclude: [
      'test/flows/promotion/random-walk.test.ts',
      'test/flows/engine/closing.test.ts',
      '**/node_modules/**',
    ],
    environment: 'node',
    isolate: false,
    testTimeout: 20_000,
    sequence: { sequencer: TellingFirst },
  },
});
