import type { z } from 'zod';
import { TargetConfig } from '../aws/targets/config.ts';
import { type CheckSpec, Definition } from '../flows/promotion/plan.ts';
import { addressProblems } from './addresses.ts';
import { describe, unknownKey } from './explain.ts';
import { withAddress } from './inherit.ts';
import {
  type CheckPlace,
  type CheckRules,
  checkKinds,
  resourceOf,
  rulesOfCheck,
  targetKinds,
  targetSchema,
} from './kinds.ts';
import { entryOf, type Located, type LocatedMapping } from './located.ts';
import { nearest } from './nearest.ts';
import { checkKeys } from './pipeline.ts';
import { below, type Problem } from './problem.ts';
import { read } from './read.ts';
import { writtenKeys } from './shape.ts';

export interface TargetEntry {
  readonly target: Definition['target'];
  /** What it changes, for telling that two environments change the same thing. */
  readonly resource: string;
}

/** Reads what an environment deploys to; undefined when it cannot be read, with the reasons in `problems`. */
export function readTarget(node: Located, problems: Problem[]): TargetEntry | undefined {
  const kind = kindOf(node, targetKinds, 'target', problems);
  const schema = kind === undefined ? undefined : targetSchema(kind);
  if (kind === undefined || schema === undefined || node.kind !== 'mapping') return undefined;
  const settings = readSettings(node, ['kind'], schema, problems);
  const parsed = TargetConfig.safeParse({ kind, settings });
  if (settings === undefined || !parsed.success) return undefined;
  return { target: { kind, settings }, resource: resourceOf(parsed.data) };
}

/** Reads one gate, check or reading. `taken` are the ids of its environment so far; its own is added. */
export function readCheck(
  node: Located,
  place: CheckPlace,
  target: Located | undefined,
  taken: Set<string>,
  problems: Problem[],
): CheckSpec | undefined {
  const kind = kindOf(node, checkKinds, 'check', problems);
  const rules = kind === undefined ? undefined : rulesOfCheck(kind);
  if (kind === undefined || rules === undefined || node.kind !== 'mapping') return undefined;
  if (!rules.places.includes(place)) {
    const kindNode = entryOf(node, 'kind') ?? node;
    problems.push({
      ...kindNode.at,
      path: kindNode.path,
      code: 'wrong-place',
      message: `${kind} cannot stand under ${written[place]}, only under ${rules.places.map((each) => written[each]).join(', ')}`,
    });
  }
  const settings = readSettings(withAddress(node, target, rules), checkKeys, rules.schema, problems);
  if (settings === undefined) return undefined;
  const id = ownText(node, 'id') ?? firstFree(kind, taken);
  if (taken.has(id)) {
    const idNode = entryOf(node, 'id') ?? node;
    problems.push({
      ...idNode.at,
      path: idNode.path,
      code: 'repeated',
      message: `is ${id} as for another check of this environment`,
    });
  }
  taken.add(id);
  return {
    id,
    kind,
    title: ownText(node, 'title') ?? titleOf(rules, settings),
    essential: rules.essential,
    settings,
  };
}

const written: Record<CheckPlace, string> = {
  gates: 'gates',
  verify: 'verify.checks',
  watch: 'watch.readings',
};

function kindOf(
  node: Located,
  known: readonly string[],
  what: string,
  problems: Problem[],
): string | undefined {
  const kindNode = entryOf(node, 'kind');
  // That it is missing or no text was reported by the environment's schema.
  if (kindNode?.kind !== 'scalar' || typeof kindNode.value !== 'string') return undefined;
  if (known.includes(kindNode.value)) return kindNode.value;
  const near = nearest(kindNode.value, known);
  problems.push({
    ...kindNode.at,
    path: kindNode.path,
    code: 'unknown-kind',
    message: `is no kind of ${what}: ${describe(kindNode)}; there are ${known.join(', ')}`,
    ...(near === undefined ? {} : { nearest: near }),
  });
  return undefined;
}

/** Only JSON can be pinned in a promotion. */
const Settings = Definition.shape.target.shape.settings;
type Settings = z.infer<typeof Settings>;

function readSettings(
  node: LocatedMapping,
  ownKeys: readonly string[],
  schema: z.ZodType,
  problems: Problem[],
): Settings | undefined {
  const entries = new Map([...node.entries].filter(([key]) => !ownKeys.includes(key)));
  const answer = read({ ...node, entries }, schema);
  const found = [...addressProblems(node), ...(answer.outcome === 'wrong' ? answer.problems : [])];
  problems.push(
    ...found.map((problem) => {
      // The adapter's schema does not know the keys that every entry has.
      const key = [...entries.keys()].find((each) => below(node.path, each) === problem.path);
      return problem.code === 'unknown-key' && key !== undefined && problem.nearest === undefined
        ? unknownKey(key, node, [...ownKeys, ...writtenKeys(schema)])
        : problem;
    }),
  );
  return answer.outcome === 'wrong' || found.length > 0 ? undefined : Settings.parse(answer.value);
}

function ownText(node: LocatedMapping, key: string): string | undefined {
  const own = entryOf(node, key);
  return own?.kind === 'scalar' && typeof own.value === 'string' ? own.value : undefined;
}

function firstFree(kind: string, taken: ReadonlySet<string>): string {
  let id = kind;
  for (let count = 2; taken.has(id); count += 1) id = `${kind}-${count}`;
  return id;
}

/** Says which where the kind alone would not: two workflows are two gates. */
function titleOf({ title }: CheckRules, { workflow }: Settings): string {
  return typeof workflow === 'string' ? `${title} ${workflow}` : title;
}
