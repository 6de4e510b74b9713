import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Catalog, EnvironmentSettings } from '../flows/desk.ts';
import { createCatalog, type Pipeline } from './catalog.ts';
import { readCheck, readTarget } from './entries.ts';
import { withDefaults } from './inherit.ts';
import { entryOf, type Located, locate } from './located.ts';
import { meaningProblems } from './meaning.ts';
import { Environment, PipelineFile, policyOf } from './pipeline.ts';
import { below, inFileOrder, type Problem } from './problem.ts';
import { read } from './read.ts';

export type PipelineAnswer =
  | {
      readonly outcome: 'valid';
      readonly pipeline: Pipeline;
      readonly catalog: Catalog;
      /** Allowed, and seldom meant. */
      readonly warnings: readonly Problem[];
    }
  | { readonly outcome: 'invalid'; readonly problems: readonly Problem[] };

const fileStart = { line: 1, column: 1, path: '' } as const;

/** Reads a pipeline file; a file that cannot be read is a problem of the same kind as one that says nonsense. */
export async function readPipeline(file: string): Promise<PipelineAnswer> {
  const invalid = (code: Problem['code'], message: string): PipelineAnswer => ({
    outcome: 'invalid',
    problems: [{ ...fileStart, code, message }],
  });
  try {
    const { size } = await stat(file);
    if (size > 1_000_000)
      return invalid('too-large', 'is larger than 1 MB; a pipeline file has a few kilobytes');
    return parsePipeline(await readFile(file, 'utf8'), basename(file));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return invalid('unreadable', unreadable[code] ?? `cannot be read (${code})`);
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; examples/pipeline.yml is one to start from',
  EISDIR: 'is a folder; name the file itself',
  EACCES: 'may not be read by this user',
};

/**
 * Reads the text of a pipeline file and reports everything that is wrong with it at once, in the order of the file.
 * Only what is no YAML at all hides the rest. Never throws.
 */
export function parsePipeline(text: string, fileName: string): PipelineAnswer {
  const located = locate(text);
  if (located.outcome === 'unreadable')
    return { outcome: 'invalid', problems: inFileOrder(located.problems) };
  const { root } = located;
  if (root.kind !== 'mapping') {
    const isEmpty = root.kind === 'scalar' && root.value === null;
    const problem: Problem = isEmpty
      ? {
          ...fileStart,
          code: 'empty',
          message: `${fileName} is empty; examples/pipeline.yml is one to start from`,
        }
      : {
          ...fileStart,
          code: 'wrong-type',
          message: 'must be a mapping that begins with version: 1 and apps:',
        };
    return { outcome: 'invalid', problems: [problem] };
  }

  const problems: Problem[] = [...located.problems];
  const defaults = entryOf(root, 'defaults');
  if (defaults !== undefined) problems.push(...defaultsProblems(defaults));

  const merged = withDefaults(root);
  const answer = read(merged, PipelineFile);
  if (answer.outcome === 'wrong') problems.push(...answer.problems);

  const resources = new Map<string, Located>();
  const warnings: Problem[] = [];
  const apps = entriesOf(entryOf(merged, 'apps'));
  if (apps.length === 0 && entryOf(merged, 'apps')?.kind === 'mapping') {
    problems.push(nothingIn(entryOf(merged, 'apps') ?? merged, 'app'));
  }
  const definitions = new Map<string, EnvironmentSettings['definition']>();
  for (const [app, appNode] of apps) {
    const environmentsNode = entryOf(appNode, 'environments');
    const environments = entriesOf(environmentsNode);
    if (environments.length === 0 && environmentsNode?.kind === 'mapping') {
      problems.push(nothingIn(environmentsNode, 'environment'));
    }
    for (const [environment, node] of environments) {
      problems.push(...meaningProblems(node));
      const found = readDefinition(appNode, node, problems);
      if (found === undefined) continue;
      definitions.set(JSON.stringify([app, environment]), found.definition);
      const other = resources.get(found.resource);
      if (other !== undefined) {
        const target = entryOf(node, 'target') ?? node;
        warnings.push({
          ...target.at,
          path: target.path,
          code: 'shared-resource',
          message: `changes ${found.resource}, as does ${other.path} in line ${other.at.line}; their promotions will wait for each other`,
        });
      }
      resources.set(found.resource, entryOf(node, 'target') ?? node);
    }
  }
  if (problems.length > 0 || answer.outcome === 'wrong') {
    return { outcome: 'invalid', problems: inFileOrder(problems) };
  }

  const pipeline: Pipeline = {
    apps: Object.entries(answer.value.apps).map(([app, { environments }]) => ({
      app,
      environments: Object.entries(environments).flatMap(([environment, file]) => {
        const definition = definitions.get(JSON.stringify([app, environment]));
        return definition === undefined ? [] : [{ app, environment, definition, policy: policyOf(file) }];
      }),
    })),
  };
  return { outcome: 'valid', pipeline, catalog: createCatalog(pipeline), warnings: inFileOrder(warnings) };
}

function entriesOf(node: Located | undefined): [string, Located][] {
  if (node?.kind !== 'mapping') return [];
  return [...node.entries].map(([key, entry]) => [key, entry.node]);
}

function nothingIn(node: Located, what: string): Problem {
  return {
    ...node.at,
    path: node.path,
    code: 'empty',
    message: `names no ${what}; there must be at least one`,
  };
}

/** A wrong default is wrong even while every environment says otherwise. */
function defaultsProblems(defaults: Located): Problem[] {
  const answer = read(defaults, Environment);
  return answer.outcome === 'read' ? [] : answer.problems.filter(({ code }) => code !== 'missing');
}

/** Reads what an environment deploys to and everything that is looked at, with every problem on the way. */
function readDefinition(appNode: Located, node: Located, problems: Problem[]) {
  const found: Problem[] = [];
  const targetNode = entryOf(node, 'target');
  const target = targetNode === undefined ? undefined : readTarget(targetNode, found);
  const ids = new Set<string>();
  const list = (place: 'gates' | 'verify' | 'watch', listNode: Located | undefined) =>
    (listNode?.kind === 'list' ? listNode.items : []).flatMap(
      (item) => readCheck(item, place, targetNode, ids, found) ?? [],
    );
  const gatesNode = entryOf(node, 'gates');
  const gates = list('gates', gatesNode);
  const checks = list('verify', entryOf(entryOf(node, 'verify'), 'checks'));
  const readings = list('watch', entryOf(entryOf(node, 'watch'), 'readings'));
  const checksNode = entryOf(entryOf(node, 'verify'), 'checks');
  if (
    checksNode !== undefined &&
    checks.length > 0 &&
    checks.every(({ kind }) => kind === 'cloudwatch-alarms')
  ) {
    found.push({
      ...checksNode.at,
      path: checksNode.path,
      code: 'empty',
      message:
        'names alarms alone, which say nothing of what production shows; name a check that looks at it',
    });
  }

  const repositoryNode = entryOf(appNode, 'repository');
  const repository =
    repositoryNode?.kind === 'scalar' && typeof repositoryNode.value === 'string'
      ? repositoryNode.value
      : null;
  const roleNode = entryOf(node, 'role');
  const role =
    roleNode?.kind === 'scalar' && typeof roleNode.value === 'string' ? { role: roleNode.value } : {};
  const workflow = gates.find(({ kind }) => kind === 'github-workflow');
  if (workflow !== undefined && repositoryNode === undefined) {
    found.push({
      ...appNode.at,
      path: below(appNode.path, 'repository'),
      code: 'undefined-reference',
      message: `is missing, and the gate ${workflow.id} in line ${gatesNode?.at.line ?? appNode.at.line} looks for runs in it; write owner/name`,
    });
  }
  problems.push(...found);
  if (target === undefined || found.length > 0) return undefined;
  return {
    definition: { repository, ...role, target: target.target, gates, checks, readings },
    resource: target.resource,
  };
}
