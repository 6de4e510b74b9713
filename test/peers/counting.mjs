/**
 * What came of one judge's part: its cases by outcome, its divergences by name, and every reason to fail. Where it is
 * `strict`, a judge may not quietly try less: `atLeast` so many cases, and none skipped but for a reason that is listed;
 * and every divergence is met as often as is written in `written`, so that neither one that has become wider nor a look
 * that was taken away stays unseen.
 */
export function counted(judge, { result, code, text }, { strict = false, atLeast, written = {} } = {}) {
  const cases = result.cases.filter((one) => !isLeftOut(judge, one));
  const of = (state) => cases.filter((one) => one.state === state);
  const failures = of('failed').map((one) => ({ ...one, known: knownFor(judge, one) }));
  const unknown = failures.filter(({ known }) => known === undefined);
  const passed = of('passed').length;
  const skipped = of('skipped');
  const problems = [...result.broken, ...unknown.map(({ name, errors }) => [name, ...errors].join('\n    '))];
  for (const { name, test, says } of judge.divergences ?? [])
    if (test === '' || says === '')
      problems.push(`the divergence "${name}" would excuse everything: it names no test or no words`);
  for (const each of judge.divergences ?? [])
    if (each.sometimes !== true && !failures.some(({ known }) => known === each))
      problems.push(`the divergence "${each.name}" did not happen in "${each.test}": take it off the list`);
  const undone = cases.length - passed - failures.length - skipped.length;
  if (undone > 0) problems.push(`${undone} cases were not carried out`);
  if (cases.length === 0) problems.push(`no test ran:\n${text.slice(-3_000)}`);
  if (code !== 0 && failures.length === 0 && problems.length === 0)
    problems.push(`vitest ended with ${code}:\n${text.slice(-3_000)}`);
  const met = [
    ...cases.flatMap(({ divergences }) => divergences),
    ...failures.flatMap(({ known }) => known ?? []),
  ];
  const divergences = [...tally(met, ({ name }) => name)].map(([name, each]) => ({
    name,
    reason: each[0].reason,
    met: each.length,
  }));
  if (strict) problems.push(...triedLess(judge, cases, atLeast), ...metOtherwise(divergences, written));
  return {
    cases: cases.length,
    passed,
    failed: unknown.length,
    skipped: [...tally(skipped, reasonOf)].map(([reason, each]) => ({
      reason,
      count: each.length,
    })),
    divergences,
    problems,
  };
}

const reasonOf = ({ note }) => note ?? 'no reason given';

function triedLess({ skips = [] }, cases, atLeast) {
  const problems = [];
  if (atLeast === undefined)
    problems.push(`${cases.length} cases, and nowhere is written how many it must be: run with --write`);
  else if (cases.length < atLeast)
    problems.push(`${cases.length} cases, where ${atLeast} are written down: it tries less than it did`);
  const skipped = cases.filter(({ state }) => state === 'skipped');
  for (const [reason, each] of tally(skipped, reasonOf)) {
    const { atMost = 0 } = skips.find((one) => one.reason === reason) ?? {};
    if (each.length > atMost)
      problems.push(
        [
          `${each.length} cases skipped (${reason}), where ${atMost} may be:`,
          ...each.map(({ name }) => name),
        ].join('\n    '),
      );
  }
  return problems;
}

/** How often a divergence must be met: exactly so often, or between two numbers where that depends on the machine. */
const bounds = (written) =>
  typeof written === 'number' ? { atLeast: written, atMost: written } : { atLeast: 0, ...written };

function metOtherwise(divergences, written) {
  const names = new Set([...Object.keys(written), ...divergences.map(({ name }) => name)]);
  return [...names].flatMap((name) => {
    const { met = 0 } = divergences.find((each) => each.name === name) ?? {};
    if (written[name] === undefined)
      return [
        `the divergence "${name}" was met ${spellTimes(met)}, and nowhere is written how often: run with --write`,
      ];
    const { atLeast, atMost } = bounds(written[name]);
    if (met > atMost)
      return [
        `the divergence "${name}" was met ${spellTimes(met)}, where ${atMost} are written down: it excuses more`,
      ];
    if (met < atLeast)
      return [
        `the divergence "${name}" was met ${spellTimes(met)}, where ${atLeast} are written down: it is seen less`,
      ];
    return [];
  });
}

/** Judges that are written down and of which nothing is left. */
export const goneJudges = (known, judges) =>
  Object.keys(known).filter((id) => !judges.some((judge) => judge.id === id));

/** How often each divergence is met from now on, by judge. What is met less often is only lowered by hand. */
export function metWritten(known, results) {
  const heard = results.filter(({ missing }) => missing === null);
  const raised = heard.map(({ id, divergences }) => {
    const before = known[id] ?? {};
    const now = divergences.map(({ name, met }) => {
      const { atMost } = bounds(before[name] ?? 0);
      const most = Math.max(met, atMost);
      return [name, typeof before[name] === 'object' ? { ...before[name], atMost: most } : most];
    });
    return [id, Object.fromEntries(Object.entries({ ...before, ...Object.fromEntries(now) }).sort())];
  });
  const all = { ...known, ...Object.fromEntries(raised) };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, names]) => Object.keys(names).length > 0)
      .sort(),
  );
}

/** How many cases each judge must have from now on. What became fewer is only lowered by hand. */
export function writtenDown(known, results) {
  const heard = results.filter(({ missing }) => missing === null);
  const raised = heard.map(({ id, cases }) => [id, Math.max(cases, known[id] ?? 0)]);
  return Object.fromEntries(Object.entries({ ...known, ...Object.fromEntries(raised) }).sort());
}

/** What a name pattern leaves out is not this judge's case. */
const isLeftOut = ({ names }, { name, state, note }) =>
  names !== undefined && state === 'skipped' && note === null && !new RegExp(names).test(name);

const knownFor = ({ divergences = [] }, { name, errors }) =>
  divergences.find(({ test, says }) => name.includes(test) && errors.some((error) => error.includes(says)));

function tally(items, nameOf) {
  const groups = new Map();
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item]);
  return groups;
}

/** How many cases nobody heard; a judge that is missing counts as one. */
export const skippedOf = ({ missing, skipped }) =>
  missing === null ? skipped.reduce((sum, { count }) => sum + count, 0) : 1;

const spellSkips = ({ missing, skipped }) => {
  if (missing !== null) return `missing: ${missing}`;
  if (skipped.length === 0) return '0';
  return skipped.map(({ reason, count }) => `${count}: ${reason}`).join('; ');
};

const spellDivergences = ({ divergences }) =>
  divergences.length === 0
    ? '0'
    : `${divergences.length}, met ${spellTimes(divergences.reduce((sum, { met }) => sum + met, 0))}`;

const spellTimes = (times) => (times === 1 ? 'once' : `${times} times`);

/** The table as Markdown, which is readable as text too. */
export function tableOf(results) {
  const rows = results.map((one) => [
    one.name,
    one.version,
    one.judges,
    String(one.cases),
    String(one.passed),
    String(one.failed),
    spellSkips(one),
    spellDivergences(one),
  ]);
  const head = [
    'judge',
    'version',
    'what of ours',
    'cases',
    'passed',
    'failed',
    'skipped',
    'named divergences',
  ];
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join(
    '\n',
  );
}

/** The table and every divergence with its reason, for people; `made` says of which commit, and when. */
export function pageOf(results, made) {
  const named = results.flatMap(({ name, divergences }) =>
    divergences.length === 0
      ? []
      : [
          `### ${name}`,
          divergences
            .map(
              ({ name: divergence, met, reason }) =>
                `- *${divergence.replaceAll('*', '\\*')}* (met ${spellTimes(met)}). ${reason}`,
            )
            .join('\n'),
        ],
  );
  return `${[
    '# Judges we did not write',
    'Servers, models and payloads of others, and what they said of our stand-ins and adapters. Made by `npm run test:peers -- --write`. A divergence that is not named here fails; so does a named one that is gone. In CI a case fails too that is skipped for a reason that its judge does not list, and a judge with fewer cases than are written down in `test/peers/cases.json`, and so does a divergence that is met more often or less often than is written in `test/peers/met.json`. Cases that are neither passed nor skipped are those in which a named divergence was met as a failure.',
    'A case that fails says that what others wrote and what we wrote do not agree: a call that AWS, GitHub or Slack would refuse, an answer of a stand-in that their own readers cannot read, a message that Slack would not show. Who of the two is wrong is found out in the vendor’s documentation; where it is the judge, the divergence gets a name and the reason here.',
    `${made}`,
    tableOf(results),
    '## Divergences by name',
    ...(named.length === 0 ? ['None.'] : named),
  ].join('\n\n')}\n`;
}
