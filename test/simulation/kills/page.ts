import type { Report } from './kill.ts';
import { scenarioTable, spellCalls, spellPhases, type Tally } from './tally.ts';

export interface Made {
  readonly date: string;
  readonly machine: string;
}

const intro = `# Killed at every await

The real engine, store, targets and announcer play a scenario without any chance in it: the same every time. A point is the moment before or after one call of a process of the bot to the table, AWS, CloudWatch, GitHub, Slack, its directory or a page, and the moment at which a piece of work begins. At each of them the process is killed, for good; another one starts a second later, people whose click got lost click again, and the story goes on to its end. Then every invariant has to hold, and the story has to end as it does when nobody is killed. Made by \`node scripts/kill-points.mjs --singles --pairs --write\`; one run again, with its trace, by \`--only NAME --at POINT\`.`;

const titles = {
  singles: ['Once', 'Every point of every scenario, with Slack\u2019s side.'],
  pairs: [
    'Twice',
    'Every pair of points of the core scenarios: killed at the first, started again, killed at each point after it, started again. One approval, one probe and one reading, a sweep every 90 seconds, and without Slack\u2019s side, so that the pairs can be counted out; the points of the announcer are in the first table only.',
  ],
} as const;

/** The result as it is kept. */
export function pageOf(reports: readonly Report[], { date, machine }: Made): string {
  const parts = reports.flatMap((report) => {
    const [title, about] = titles[report.does];
    const kills = report.does === 'pairs' ? 'pairs' : 'kills';
    return [
      `## ${title}`,
      about,
      scenarioTable(report.tallies, kills),
      ...spellTurns(report.tallies),
      'Points by phase and by the step that was being carried out:',
      spellPhases(report.byPhase),
      'Points by call:',
      spellCalls(report.byCall),
      `${date}, ${report.minutes} minutes, ${machine}.`,
    ];
  });
  return `${[intro, ...parts].join('\n\n')}\n`;
}

function spellTurns(tallies: readonly Tally[]): string[] {
  const lines = tallies.flatMap(({ scenario, turns }) =>
    Object.entries(turns).map(([why, times]) => `- *${scenario}*, ${times} times: ${why}.`),
  );
  return lines.length === 0
    ? []
    : ['Another turn that is as right, and why a kill leads there:', lines.join('\n')];
}
