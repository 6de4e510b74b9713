// npm start: the try-it-out workspace. Runs on plain Node before any package is installed.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages } from './install.mjs';
import { requireNode } from './require-node.mjs';

const root = resolve(import.meta.dirname, '..');
const dataDir = join(root, '.countersign');
const usage = `npm start [-- options]
  --reset       forget everything the workspace remembers (.countersign/) and begin afresh
  --speed N     virtual seconds per real second (10 unless told)
  --no-bot      start the workspace without the bot, to run your own with npm run serve
Environment: COUNTERSIGN_WORKSPACE_PORT, the port of the page (4400 unless told).`;

await main().catch((error) => {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
});

async function main() {
  requireNode();
  const options = parseArguments(process.argv.slice(2));
  if (options.help) {
    console.log(usage);
    return;
  }
  await installPackages();
  const { build } = await import('./build.mjs');
  const built = await build({ only: ['server', 'workspace', 'page', 'site'] });

  // Node 20 is meant to work here; what the AWS SDK needs from 2027 on is no news for somebody who tries this out.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const { startWorkspace } = await import(pathToFileURL(join(root, 'dist/workspace.mjs')).href);
  const workspace = await startWorkspace({
    port: options.port,
    dataDir,
    reset: options.reset,
    spawnBot: options.bot && built.server !== 'absent',
    ...(options.speed === undefined ? {} : { speed: options.speed }),
  });

  let closingSinceMs;
  const close = () => {
    if (closingSinceMs !== undefined) {
      // npm passes on a Ctrl-C that this process got from the terminal already; only a later one means "at once".
      if (performance.now() - closingSinceMs > 1_000) process.exit(130);
      return;
    }
    closingSinceMs = performance.now();
    workspace.close().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
  process.on('SIGHUP', close);

  console.log(`
Countersign is running at  ${workspace.url}

Three things to try:
  1. As Ada Park, type  /promote site v1.1.0
  2. Act as Grace Okoro, then as Lin Wei, and approve it; watch production change.
  3. Push the bad release v1.4.0 from the panel, promote it, and watch it come back.

Ctrl-C ends everything; npm start continues where it stopped, npm start -- --reset begins afresh.`);
}

function parseArguments(args) {
  const options = { reset: false, bot: true, help: false, speed: undefined, port: portFromEnvironment() };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (arg === '--reset') options.reset = true;
    else if (arg === '--no-bot') options.bot = false;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (arg === '--speed') {
      options.speed = Number(args[++index]);
      if (!(options.speed >= 0 && options.speed <= 600))
        throw new Error('--speed takes a number from 0 to 600.');
    } else throw new Error(`Unknown option ${arg}.\n\n${usage}`);
  }
  return options;
}

function portFromEnvironment() {
  const given = process.env.COUNTERSIGN_WORKSPACE_PORT;
  if (given === undefined || given === '') return 4400;
  const port = Number(given);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`COUNTERSIGN_WORKSPACE_PORT is "${given}"; it must be a port number from 1 to 65535.`);
  }
  return port;
}
