import type { z } from 'zod';
import { durationSetting, formatDurationMs, writtenKey } from './duration.ts';
import type { Located } from './located.ts';
import { nearest } from './nearest.ts';
import { below, type Problem, type ProblemCode } from './problem.ts';
import { schemaAt, writtenKeys } from './shape.ts';

type Issue = z.core.$ZodIssue;

/** Turns one issue of zod's into what a person reads beside the file. */
export function explain(issue: Issue, root: Located, schema: z.ZodType): Problem[] {
  const found = find(root, issue.path);
  const at = { line: found.node.at.line, column: found.node.at.column };
  const path = found.missing.reduce<string>(
    (text, step) => below(text, typeof step === 'number' ? step : writtenKey(String(step))),
    found.node.path,
  );
  const isMissing = found.missing.length > 0;
  const say = (code: ProblemCode, message: string, near?: string): Problem[] => [
    { ...at, path, code, message, ...(near === undefined ? {} : { nearest: near }) },
  ];

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, found.node, writtenKeys(schemaAt(schema, issue.path))));
    case 'invalid_type':
      if (isMissing) return say('missing', `is missing; it must be ${named(issue.expected)}`);
      return say('wrong-type', `must be ${named(issue.expected)}, not ${describe(found.node)}`);
    case 'invalid_value': {
      const choices = issue.values.map((value) => inUnits(value, issue.path));
      const choice = choices.length === 1 ? (choices[0] ?? '') : `one of ${choices.join(', ')}`;
      if (isMissing) return say('missing', `is missing; it must be ${choice}`);
      const written = textIn(found.node);
      // Numbers beside numbers say by themselves what they are.
      const isNumber = found.node.kind === 'scalar' && typeof found.node.value === 'number';
      const isAlike = isNumber && issue.values.every((value) => typeof value === 'number');
      const what = isAlike ? writtenText(found.node) : describe(found.node);
      return say('bad-value', `must be ${choice}, not ${what}`, nearest(written, choices));
    }
    case 'too_small':
    case 'too_big': {
      const isSmall = issue.code === 'too_small';
      const limit = Number(isSmall ? issue.minimum : issue.maximum);
      if (issue.origin === 'array' || issue.origin === 'record' || issue.origin === 'string') {
        const unit = issue.origin === 'string' ? 'character' : 'entry';
        const counted = `${limit} ${limit === 1 ? unit : unit === 'entry' ? 'entries' : 'characters'}`;
        if (isSmall && limit === 1) return say('empty', 'must not be empty');
        return say('out-of-range', `must have at ${isSmall ? 'least' : 'most'} ${counted}`);
      }
      const text = inUnits(limit, issue.path);
      const bound =
        issue.inclusive === false ? (isSmall ? 'more than' : 'less than') : isSmall ? 'at least' : 'at most';
      return say('out-of-range', `must be ${bound} ${text}, not ${writtenText(found.node)}`);
    }
    case 'not_multiple_of':
      return say('out-of-range', `must be a multiple of ${issue.divisor}`);
    case 'invalid_format':
      if (issue.format === 'url') {
        return say('address', 'must be an address such as https://www.example.com');
      }
      return say(
        'bad-value',
        issue.message.startsWith('Invalid')
          ? `does not have the right form: ${describe(found.node)}`
          : issue.message,
      );
    case 'invalid_union':
      return explainUnion(issue, found.node, root, schema, say);
    case 'invalid_key': {
      const key = String(issue.path.at(-1));
      const parent = find(root, issue.path.slice(0, -1)).node;
      const keyAt = parent.kind === 'mapping' ? parent.entries.get(key)?.keyAt : undefined;
      const reason = issue.issues[0]?.message ?? 'cannot be used as a name';
      return [{ ...(keyAt ?? at), path: below(parent.path, key), code: 'bad-value', message: reason }];
    }
    case 'invalid_element':
      return say('bad-value', issue.message);
    case 'custom':
      return say(codeIn(issue.params) ?? 'bad-value', issue.message);
  }
}

/** Of a choice between a word and a mapping, the side that the person meant is the one to talk about. */
function explainUnion(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  node: Located,
  root: Located,
  schema: z.ZodType,
  say: (code: ProblemCode, message: string, near?: string) => Problem[],
): Problem[] {
  const meant = issue.errors
    .filter((branch) => branch.every((each) => each.path.length > 0 || each.code === 'unrecognized_keys'))
    .sort((left, right) => left.length - right.length)[0];
  if (meant !== undefined) {
    return meant.flatMap((each) => explain({ ...each, path: [...issue.path, ...each.path] }, root, schema));
  }
  const words = issue.errors.flatMap((branch) =>
    branch.flatMap((each) => (each.code === 'invalid_value' ? each.values.map(String) : [])),
  );
  const allowsMapping = issue.errors.some((branch) =>
    branch.some((each) => each.code === 'invalid_type' && each.expected === 'object'),
  );
  const keys = writtenKeys(schemaAt(schema, issue.path));
  const choice = [...words, ...(allowsMapping ? [`a mapping (${keys.join(', ')})`] : [])].join(', or ');
  if (find(root, issue.path).missing.length > 0) return say('missing', `is missing; it must be ${choice}`);
  const written = textIn(node);
  return say('bad-value', `must be ${choice}, not ${describe(node)}`, nearest(written, words));
}

/** A key that nobody asked for, with the known key it was probably meant to be. */
export function unknownKey(key: string, mapping: Located, known: readonly string[]): Problem {
  const near = nearest(key, known);
  const keyAt = mapping.kind === 'mapping' ? mapping.entries.get(key)?.keyAt : undefined;
  const list = known.length === 0 ? '' : `; known here: ${known.join(', ')}`;
  return {
    ...(keyAt ?? mapping.at),
    path: below(mapping.path, key),
    code: 'unknown-key',
    message: `is not a key here${near === undefined ? list : ''}`,
    ...(near === undefined ? {} : { nearest: near }),
  };
}

/** As deep as the file goes along a path, and what of the path it lacks. */
function find(root: Located, path: readonly PropertyKey[]): { node: Located; missing: PropertyKey[] } {
  let node = root;
  for (const [index, step] of path.entries()) {
    const key = String(step);
    const next: Located | undefined =
      node.kind === 'list'
        ? node.items[Number(step)]
        : node.kind === 'mapping'
          ? (node.entries.get(key) ?? node.entries.get(writtenKey(key)))?.node
          : undefined;
    if (next === undefined) return { node, missing: path.slice(index) };
    node = next;
  }
  return { node, missing: [] };
}

/** A limit or choice as it would be written there. */
function inUnits(value: unknown, path: readonly PropertyKey[]): string {
  const duration = durationSetting(String(path.at(-1)));
  return duration === undefined || typeof value !== 'number'
    ? String(value)
    : formatDurationMs(value * duration.unitMs);
}

const names: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function named(type: string): string {
  return names[type] ?? type;
}

/** What was written, for a sentence: `text ("two")`. */
export function describe(node: Located): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`;
  if (node.value === null) return 'nothing';
  if (typeof node.value === 'string') return `text (${JSON.stringify(cut(node.value))})`;
  return typeof node.value === 'number' ? `a number (${node.value})` : String(node.value);
}

function writtenText(node: Located): string {
  return node.kind === 'scalar' ? cut(String(node.value)) : describe(node);
}

function textIn(node: Located): string {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : '';
}

function cut(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

const ownCodes: readonly ProblemCode[] = [
  'slack-id',
  'repeated',
  'nobody',
  'too-few-people',
  'out-of-range',
  'empty',
];

function codeIn(params: Record<string, unknown> | undefined): ProblemCode | undefined {
  return ownCodes.find((code) => code === params?.['code']);
}
