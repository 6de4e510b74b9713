import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAst } from 'vite';
import { describe, expect, it } from 'vitest';

const folder = resolve(import.meta.dirname, '../../scripts');

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const isFunction = ({ type }: Node) =>
  ['ArrowFunctionExpression', 'FunctionExpression', 'FunctionDeclaration'].includes(type);

const childrenOf = (node: Node) =>
  Object.entries(node).flatMap(([key, value]) => {
    const isFixed = node['computed'] === false && node['shorthand'] !== true;
    if (isFixed && ((key === 'property' && node.type === 'MemberExpression') || key === 'key')) return [];
    return (Array.isArray(value) ? value : [value]).filter(isNode);
  });

/** Names of its own that a function gives to what it is handed and to what it makes. */
function ownOf(node: Node): Set<string> {
  const params = Array.isArray(node['params']) ? node['params'].filter(isNode) : [];
  const made = (within: Node): Node[] =>
    childrenOf(within).flatMap((child) => {
      const id = child.type === 'VariableDeclarator' ? child['id'] : undefined;
      return [...(isNode(id) ? [id] : []), ...(isFunction(child) ? [] : made(child))];
    });
  return new Set([...params, ...made(node)].flatMap((each) => [...namesIn(each, true)]));
}

/**
 * Every name of the module that may be come to when this is: what functions hold counts where they are handed to a call,
 * and `whole` says that it counts everywhere.
 */
function namesIn(node: Node, whole: boolean): Set<string> {
  if (node.type === 'Identifier' && typeof node['name'] === 'string') return new Set([node['name']]);
  if (isFunction(node) && !whole) return new Set();
  const isCall = ['CallExpression', 'NewExpression'].includes(node.type);
  const found = new Set(childrenOf(node).flatMap((child) => [...namesIn(child, whole || isCall)]));
  if (isFunction(node)) for (const own of ownOf(node)) found.delete(own);
  return found;
}

/** The same of a function that is called: a function that it only makes is not. */
function namesRunBy(node: Node): Set<string> {
  const found = new Set(childrenOf(node).flatMap((child) => [...namesIn(child, false)]));
  for (const own of ownOf(node)) found.delete(own);
  return found;
}

/** Constants of a module that a statement above them may come to, itself or by the functions that it names. */
function usedTooEarly(text: string): string[] {
  const statements = (parseAst(text) as unknown as { readonly body: readonly Node[] }).body.map((each) =>
    isNode(each['declaration']) ? each['declaration'] : each,
  );
  const held = new Map<string, ReadonlySet<string>>();
  const madeAt = new Map<string, number>();
  const runs: { readonly at: number; readonly names: ReadonlySet<string> }[] = [];
  for (const [at, statement] of statements.entries()) {
    const { type, id, declarations } = statement;
    if (type === 'ImportDeclaration') continue;
    if (type === 'FunctionDeclaration' && isNode(id)) held.set(String(id['name']), namesRunBy(statement));
    else if (type !== 'VariableDeclaration') runs.push({ at, names: namesIn(statement, false) });
    if (!Array.isArray(declarations)) continue;
    for (const { id: pattern, init } of declarations as { id: Node; init: Node | null }[]) {
      if (init !== null) runs.push({ at, names: namesIn(init, false) });
      for (const name of namesIn(pattern, true)) {
        madeAt.set(name, at);
        if (init !== null) held.set(name, isFunction(init) ? namesRunBy(init) : namesIn(init, true));
      }
    }
  }
  const early = new Set<string>();
  for (const { at, names } of runs) {
    const reached = new Set(names);
    for (const name of reached) {
      if ((madeAt.get(name) ?? -1) > at) early.add(name);
      for (const further of held.get(name) ?? []) reached.add(further);
    }
  }
  return [...early];
}

describe('a constant below what uses it', () => {
  it('is found behind functions, and in none of the scripts', () => {
    const below =
      'await main();\nfunction main() { return show(); }\nconst show = () => text;\nconst text = 1;';
    expect(usedTooEarly(below)).toEqual(['show', 'text']);
    expect(usedTooEarly('const text = 1;\nconst show = () => text;\nawait show();')).toEqual([]);

    const names = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
    expect(names.length).toBeGreaterThan(30);
    const found = names.map(
      (name) => [name, usedTooEarly(readFileSync(join(folder, name), 'utf8'))] as const,
    );
    expect(found.filter(([, early]) => early.length > 0)).toEqual([]);
  });
});
