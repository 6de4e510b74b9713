import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import './divergences.ts';
import type { Reporter, TestModule } from 'vitest/node';
import { commitHere } from './heard.mjs';

/** Writes every case of a judge's part, with the divergences it met, for `scripts/peers.mjs` to count. */
export default class TellingReporter implements Reporter {
  readonly #startedMs = Date.now();
  readonly #commit = commitHere();

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly { readonly message?: string }[]) {
    const file = process.env['COUNTERSIGN_JUDGE_RESULT'];
    if (file === undefined) return;
    const cases = modules.flatMap((module) =>
      [...module.children.allTests()].map((test) => {
        const result = test.result();
        return {
          name: test.fullName,
          state: result.state,
          note: result.state === 'skipped' ? (result.note ?? null) : null,
          errors: (result.errors ?? []).map(({ message }) => message),
          divergences: test.meta().divergences ?? [],
        };
      }),
    );
    const broken = [
      // Of hooks, too: what they should have prepared was not carried out.
      ...modules
        .flatMap((module) => [module, ...module.children.allSuites()])
        .flatMap((one) => one.errors().map(({ message }) => message)),
      ...unhandled.map(({ message = 'an error without words' }) => message),
    ];
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ commit: this.#commit, startedMs: this.#startedMs, cases, broken }));
  }
}
