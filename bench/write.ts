import { mkdir, writeFile } from 'node:fs/promises';
import type { Finding } from './figure.ts';
import { machineOf } from './machine.ts';
import type { Context } from './site/context.ts';
import { page } from './table.ts';

/** The page and the JSON that goes with it. */
export async function write(findings: readonly Finding[], { rounds, node }: Context): Promise<void> {
  const machine = await machineOf(node);
  await mkdir('docs/proof', { recursive: true });
  await writeFile('docs/performance.md', page(findings, machine, rounds));
  await writeFile('docs/proof/bench.json', `${JSON.stringify({ machine, rounds, findings }, rounded, 1)}\n`);
}

/** Three digits behind the point, and small sums of money whole. */
const rounded = (_key: string, value: unknown) =>
  typeof value === 'number' && Math.abs(value) >= 1 ? Math.round(value * 1000) / 1000 : value;
