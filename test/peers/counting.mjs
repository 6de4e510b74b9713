/**
 * What came of one judge's part: its cases by outcome, its divergences by name, and every reason to fail. Where it is
 * `strict`, a judge may not quietly try less: `atLeast` so many cases, and none skipped but for a reason that is listed.
 */
export function counted(judge, { result, code, text }, { strict = false, atLeast } = {}) {
  const cases = result.cases.filter((one) => !isLeftOut(judge, one));
  const of = (state) => cases.filter((one) => one.state === state);
  const failures = of('failed').map((one) => ({ ...one, known: knownFor(judge, one) }));
  const unknown = failures.filter(({ known }) => known === undefined);
  const passed = of('passed').length;
  const skipped = of('skipped');
  const problems = [...result.broken, ...unknown.map(({ name, errors }) => [name, ...errors].join('\n    '))];
  for (const each of judge.divergences ?? [])
    if (each.sometimes !== true && !failures.some(({ known }) => known === each))
      problems.push(`the divergence "${each.name}" did not happen in "${each.test}": take it off the list`);
  const undone = cases.length - passed - failures.length - skipped.length;
  if (undone > 0) problems.push(`${undone} cases were not carried out`);
  if (cases.length === 0) problems.push(`no test ran:\n${text.slice(-3_000)}`);
  if (code !== 0 && failures.length === 0 && problems.length === 0)
    problems.push(`vitest ended with ${code}:\n${text.slice(-3_000)}`);
  if (strict) problems.push(...triedLess(judge, cases, atLeast));
  const met = [
    ...cases.flatMap(({ divergences }) => divergences),
    ...failures.flatMap(({ known }) => known ?? []),
  ];
  return {
    cases: cases.length,
    passed,
    failed: unknown.length,
    skipped: [...tally(skipped, reasonOf)].map(([reason, each]) => ({
      reason,
      count: each.length,
    })),
    divergences: [...tally(met, ({ name }) => name)].map(([name, each]) => ({
      name,
      reason: each[0].reason,
      met: each.length,
    })),
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
    : `${divergences.length}, met ${divergences.reduce((sum, { met }) => sum + met, 0)} times`;

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

/** The table and every divergence with its reason, for people. */
export function pageOf(results) {
  const named = results.flatMap(({ name, divergences }) =>
    divergences.length === 0
      ? []
      : [
          `### ${name}`,
          divergences.map((each) => `- *${each.name}* (met ${each.met} times). ${each.reason}`).join('\n'),
        ],
  );
  return `${[
    '# Judges we did not write',
    'Servers, models and payloads of others, and what they said of our stand-ins and adapters. Made by `npm run test:peers -- --write`. A divergence that is not named here fails; so does a named one that is gone. In CI a case fails too that is skipped for a reason that its judge does not list, and a judge with fewer cases than are written down in `test/peers/cases.json`. Cases that are neither passed nor skipped are those in which a named divergence was met as a failure.',
    tableOf(results),
    '## Divergences by name',
    ...(named.length === 0 ? ['None.'] : named),
  ].join('\n\n')}\n`;
}
