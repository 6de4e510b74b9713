#!/usr/bin/env node
// npx countersign: the command line, built from its sources when they have changed. Works from any folder.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { installPackages } from './install.mjs';
import { requireNode } from './require-node.mjs';

// The SDK's own switch for the eight lines that it writes about Node 20 before any answer; package.json says which Node
// Countersign supports, and only this one warning goes.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const root = resolve(import.meta.dirname, '..');

try {
  requireNode();
  // Standard output belongs to the command.
  const log = (line) => console.error(line);
  await installPackages({ log });
  const { build } = await import('./build.mjs');
  await build({ only: ['cli'], log });
  await import(pathToFileURL(join(root, 'dist/cli.mjs')).href);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
