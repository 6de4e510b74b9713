import { refusal } from '../../../scripts/arguments.mjs';
import type { Report } from './kill.ts';
import { scenarioTable, spellCalls, spellPhases, type Tally } from './tally.ts';

/** Which points were tried, and of what code. */
export interface Tried {
  /** Each Nth point only. */
  readonly every: number;
  /** The one scenario that was tried; null where it was all of them. */
  readonly only: string | null;
  /** Null where nothing says. */
  readonly commit: string | null;
}

export interface Made extends Tried {
  readonly date: string;
  readonly machine: string;
}

const intro = `# Killed at every await

The real engine, store, targets and announcer play a scenario without any chance in it: the same every time. A point is the moment before or after one call of a process of the bot to the table, AWS, CloudWatch, GitHub, Slack, its directory or a page, and the moment at which a piece of work begins. At each of them the process is killed, for good; another one starts a second later, people whose click got lost click again, and the story goes on to its end. Then every invariant has to hold, and the story has to end as it does when nobody is killed.`;

const howToRead =
  '*Skipped* means not tried: nobody was killed there, and nothing is known of it. One run again, with its trace: `npm run kills -- --only NAME --at POINT`, with `--pairs` `--at POINT,POINT`.';

const titles = { singles: 'Once', pairs: 'Twice' } as const;

/** What these points are, worked out from what was asked for. */
function spellTried(does: Report['does'], { every, only }: Tried): string {
  const which = every === 1 ? 'Every' : 'Not every';
  const left =
    every === 1 ? '' : ` Only one in ${every} points was tried: 1, ${1 + every}, ${1 + 2 * every} and so on.`;
  if (does === 'singles') {
    const of = only === null ? 'every scenario' : `the one scenario "${only}"`;
    return `${which} point of ${of}, with Slack\u2019s side.${left}`;
  }
  const of = only === null ? 'the core scenarios' : `the one scenario "${only}"`;
  const firsts =
    every === 1
      ? ''
      : ` Only one in ${every} points was tried as the first of a pair: 1, ${1 + every}, ${1 + 2 * every} and so on; pairs of the others are not counted here.`;
  return `${which} pair of points of ${of}: killed at the first, started again, killed at each point after it, started again.${firsts} One approval, one probe and one reading, a sweep every 90 seconds, and without Slack\u2019s side, so that the pairs can be counted out; the points of the announcer are met by single kills only.`;
}

/** The result as it is kept. */
export function pageOf(reports: readonly Report[], made: Made): string {
  const { date, machine, every, only, commit } = made;
  const command = [
    'npm run kills --',
    ...reports.map(({ does }) => `--${does}`),
    ...(only === null ? [] : [`--only "${only}"`]),
    ...(every === 1 ? [] : [`--every ${every}`]),
  ].join(' ');
  const of = commit === null ? 'which commit that was is not written down' : `commit ${commit}`;
  const parts = reports.flatMap((report) => {
    const kills = report.does === 'pairs' ? 'pairs' : 'kills';
    return [
      `## ${titles[report.does]}`,
      spellTried(report.does, made),
      scenarioTable(report.tallies, kills),
      ...spellTurns(report.tallies),
      'Points by phase and by the step that was being carried out:',
      spellPhases(report.byPhase),
      'Points by call:',
      spellCalls(report.byCall),
      `${date}, ${report.minutes} minutes, ${machine}.`,
    ];
  });
  return `${[intro, `Made by \`${command}\`, ${of}. ${howToRead}`, ...parts].join('\n\n')}\n`;
}

/**
 * What a run left as JSON. Earlier ones do not say which points they tried, nor of what commit: that has to be given, and
 * what a file says itself counts more.
 */
export function madeOf(
  file: string,
  left: unknown,
  given: Partial<Tried>,
): Made & { readonly reports: readonly Report[] } {
  const known = (left ?? {}) as Partial<Made & { readonly reports: readonly Report[] }>;
  const { date, machine, reports } = known;
  if (date === undefined || machine === undefined || !Array.isArray(reports) || reports.length === 0)
    throw refusal(`--page ${file}: these are no figures of a run, as --json leaves them.`);
  const every = known.every ?? given.every;
  if (every === undefined)
    throw refusal(
      `--page ${file}: it does not say which points were tried; give --every N as its run had it (1).`,
    );
  if (reports.some((report) => !fits(report, every)))
    throw refusal(`--page ${file}: other points were tried there than with --every ${every}.`);
  return {
    date,
    machine,
    reports,
    every,
    only: known.only ?? alone(reports),
    commit: known.commit ?? given.commit ?? null,
  };
}

/** Whether that is how many kills there are with each Nth point only; of pairs nothing says it. */
function fits({ does, tallies }: Report, every: number): boolean {
  return does === 'pairs' || tallies.every(({ points, runs }) => runs === Math.ceil(points / every));
}

/** The one scenario that these are of. */
function alone(reports: readonly Report[]): string | null {
  const names = new Set(reports.flatMap(({ tallies }) => tallies.map(({ scenario }) => scenario)));
  const [only] = names;
  return names.size === 1 && only !== undefined ? only : null;
}

function spellTurns(tallies: readonly Tally[]): string[] {
  const lines = tallies.flatMap(({ scenario, turns }) =>
    Object.entries(turns).map(([why, times]) => `- *${scenario}*, ${times} times: ${why}.`),
  );
  return lines.length === 0
    ? []
    : ['Another turn that is as right, and why a kill leads there:', lines.join('\n')];
}
