import { databaseOf } from '../compose/database.ts';
import { createLog } from '../compose/log.ts';
import { createServer } from '../compose/server.ts';
import { processEnvironment, readServerEnv } from '../config/env.ts';
import { readPipeline } from '../config/load.ts';
import { problemLine } from '../config/problem.ts';
import { MisconfiguredError } from '../flows/errors.ts';

const sweepEveryMs = 250;

/** Says everything that is wrong with the set-up at once, and starts nothing. */
function refuseToStart(problems: readonly string[]): void {
  for (const problem of problems) console.error(problem);
  console.error(
    `Countersign did not start: ${problems.length === 1 ? 'one problem' : `${problems.length} problems`}.`,
  );
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const settings = readServerEnv(processEnvironment());
  if (settings.outcome === 'invalid') {
    return refuseToStart(settings.problems.map(({ variable, message }) => `${variable} ${message}`));
  }
  const { env } = settings;
  const pipeline = await readPipeline(env.pipelineFile);
  if (pipeline.outcome === 'invalid') {
    return refuseToStart(pipeline.problems.map((problem) => problemLine(env.pipelineFile, problem)));
  }
  const log = createLog(env.logLevel);
  const server = createServer({ env, catalog: pipeline.catalog, dynamo: databaseOf(env), log, sweepEveryMs });
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    void server.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', end);
  process.on('SIGINT', end);
  try {
    const { port } = await server.start();
    log.info({ port, socketMode: port === null }, 'Countersign is ready');
  } catch (error) {
    if (!(error instanceof MisconfiguredError)) throw error;
    await server.stop();
    return refuseToStart([error.message]);
  }
}

await main();
