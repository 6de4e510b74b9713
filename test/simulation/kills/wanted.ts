import { fileToWrite, readOptions, refusal, wholeNumber } from '../../../scripts/arguments.mjs';
import { scenarios } from '../scenarios/all.ts';
import { coreScenarios } from '../scenarios/core.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Tried } from './page.ts';

/** What somebody asked `npm run kills` for. */
export type Wanted =
  /** One run again, with its trace; no points at all where nobody is to be killed. */
  | {
      readonly does: 'show';
      readonly scenario: Scenario;
      readonly at: readonly number[];
      readonly pairs: boolean;
    }
  /** The page of a run whose figures are in a file; what that does not say may be given. */
  | {
      readonly does: 'page';
      readonly file: string;
      readonly write: boolean;
      readonly given: Partial<Tried>;
    }
  | {
      readonly does: 'kill';
      readonly singles: readonly Scenario[] | null;
      readonly pairs: readonly Scenario[] | null;
      readonly workers: number;
      readonly json: string | undefined;
      readonly write: boolean;
      readonly tried: Tried;
    };

const options = {
  singles: { type: 'boolean', default: false },
  pairs: { type: 'boolean', default: false },
  workers: { type: 'string', default: '2' },
  json: { type: 'string' },
  only: { type: 'string' },
  at: { type: 'string' },
  every: { type: 'string' },
  write: { type: 'boolean', default: false },
  page: { type: 'string' },
  commit: { type: 'string' },
} as const;

/** Refuses, in one line, whatever would try nothing, or other things than were asked for. */
export function wantedKills(args: readonly string[]): Wanted {
  const { singles, pairs, only, at, write, page, json, commit, ...given } = readOptions(args, options);
  const every = given.every === undefined ? undefined : wholeNumber('--every', given.every);
  const workers = wholeNumber('--workers', given.workers);
  if (page !== undefined) {
    if (singles || pairs || only !== undefined || at !== undefined || json !== undefined)
      throw refusal('--page takes what a run left: with it only --every, --commit and --write.');
    return {
      does: 'page',
      file: page,
      write,
      given: { ...(every === undefined ? {} : { every }), ...(commit === undefined ? {} : { commit }) },
    };
  }
  if (at !== undefined) {
    if (only === undefined)
      throw refusal(`--at ${at}: --only NAME is missing. Scenarios: ${spellNames(scenarios)}.`);
    if (write || json !== undefined || every !== undefined)
      throw refusal('--at shows one run: leave out --write, --json and --every.');
    const points = at.split(',').map((point) => wholeNumber('--at', point, { from: 0 }));
    const [scenario] = scenariosOf(pairs ? 'pairs' : 'singles', only);
    if (scenario === undefined) throw refusal(`--only ${only}: there is no such scenario.`);
    return {
      does: 'show',
      scenario,
      at: points.filter((point) => point > 0).sort((one, other) => one - other),
      pairs,
    };
  }
  if (!singles && !pairs) throw refusal('Either --singles or --pairs or both; or --only NAME --at POINT.');
  if (write && only !== undefined)
    throw refusal('--write is for every scenario: leave out --only, or do not write.');
  return {
    does: 'kill',
    singles: singles ? scenariosOf('singles', only) : null,
    pairs: pairs ? scenariosOf('pairs', only) : null,
    workers,
    json: fileToWrite('--json', json),
    write,
    tried: { every: every ?? 1, only: only ?? null, commit: commit ?? null },
  };
}

function scenariosOf(does: 'singles' | 'pairs', only: string | undefined): readonly Scenario[] {
  const all = does === 'pairs' ? coreScenarios : scenarios;
  if (only === undefined) return all;
  const found = all.find(({ name }) => name === only);
  if (found !== undefined) return [found];
  throw refusal(
    `--only "${only}": there is no such scenario${does === 'pairs' ? ' that is killed in pairs' : ''}. There are: ${spellNames(all)}.`,
  );
}

const spellNames = (all: readonly Scenario[]) => all.map(({ name }) => `"${name}"`).join(', ');
