/**
 * What the end of a part's process says of it. Its verdict is 0 or 1; whatever else it ends with (a signal, an
 * exception, a refused argument, a program that is not installed) means that it came to none.
 */
export function verdictOf({ status }) {
  if (status === 0) return 'holds';
  return status === 1 ? 'does not hold' : 'could not be run';
}

/** Why there is no verdict, for whoever reads the output. */
export const endOf = ({ error, signal, status }) =>
  error === undefined ? (signal ?? `exit code ${status}`) : error.message;

/**
 * The page with what the last run of one part came to in the last cell of its line. Everything else stays as people
 * wrote it; a part without a line gets one below the others.
 */
export function withRun(page, { name, result, about }, came) {
  const lines = page.split('\n');
  const link = `[${name}](${result})`;
  const at = lines.findIndex((line) => line.startsWith(`| ${link} |`));
  if (at >= 0) {
    const [, , what = ''] = cellsOf(lines[at]);
    lines[at] = `| ${link} | ${what.trim()} | ${came} |`;
    return lines.join('\n');
  }
  const last = lines.findLastIndex((line) => line.startsWith('|'));
  if (last < 0) throw new Error('docs/proof/readme.md has no table to put the line of a part in.');
  lines.splice(last + 1, 0, `| ${link} | ${about} | ${came} |`);
  return lines.join('\n');
}

/** Split at what separates cells; a bar within a cell is written with a backslash. */
const cellsOf = (line) => line.split(/(?<!\\)\|/);
