import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { arch, platform } from 'node:process';
import type { Engine } from './engine.ts';
import { startProcessEngine } from './process-engine.ts';

/** Path of the engine's binary for this platform, or undefined when npm installed none. */
export function findNativeEngine(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${platform}-${arch}/dynoxide`);
  } catch {
    return undefined;
  }
}

/**
 * Dynoxide: a DynamoDB on SQLite, as a process of its own. Throws when it is not installed here or does not answer
 * within five seconds.
 */
export async function startNativeEngine(options: { readonly dataDir: string | null }): Promise<Engine> {
  const { dataDir } = options;
  const binary = findNativeEngine();
  if (binary === undefined)
    throw new Error(`No native DynamoDB engine for ${platform}-${arch} is installed.`);
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true });
  const kept = dataDir === null ? [] : ['--db-path', join(dataDir, 'dynamodb.sqlite')];
  return startProcessEngine({
    kind: 'native',
    title: 'The native DynamoDB engine',
    command: binary,
    args: (port) => ['--host', '127.0.0.1', '--port', String(port), ...kept],
    startWithinMs: 5_000,
  });
}
