/** Where something stands in a text file, both counted from one. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with a file, said so that a person can mend it without reading code. */
export interface Problem extends Position {
  /** As in the file: `apps.site.environments.production.approvals.people[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly code: ProblemCode;
  /** Reads on after the path: "must be a whole number, not text". */
  readonly message: string;
  /** The known word that comes nearest to the one written. */
  readonly nearest?: string;
}

export type ProblemCode =
  | 'unreadable'
  | 'too-large'
  | 'syntax'
  | 'empty'
  | 'duplicate-key'
  | 'unknown-key'
  | 'missing'
  | 'wrong-type'
  | 'bad-value'
  | 'out-of-range'
  | 'duration'
  | 'slack-id'
  | 'address'
  | 'unknown-kind'
  | 'wrong-place'
  | 'nobody'
  | 'too-few-people'
  | 'repeated'
  | 'undefined-reference'
  | 'shared-resource';

/** One level down in a path: a key after a dot, a position in a list in brackets. */
export function below(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  return path === '' ? step : `${path}.${step}`;
}

/** `pipeline.yml:12:7 apps.site…: message (did you mean "approvals"?)`, which editors turn into a link. */
export function problemLine(file: string, problem: Problem): string {
  const { line, column, path, message, nearest } = problem;
  const subject = path === '' ? '' : `${path}: `;
  const hint = nearest === undefined ? '' : ` (did you mean "${nearest}"?)`;
  return `${file}:${line}:${column} ${subject}${message}${hint}`;
}

/** In the order of the file, each once: what several environments inherit is wrong in one place only. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const byKey = new Map<string, Problem>();
  for (const problem of problems) {
    const key = JSON.stringify([problem.line, problem.column, problem.path, problem.code]);
    if (!byKey.has(key)) byKey.set(key, problem);
  }
  return [...byKey.values()].sort(
    (left, right) => left.line - right.line || left.column - right.column || order(left.path, right.path),
  );
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
