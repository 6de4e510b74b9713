import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/**
 * SHA-256 over names and contents of files and folders, given relative to the repository.
 * What does not exist counts as absent rather than as an error, so that its appearance changes the hash.
 */
export async function sourceHash(inputs, { except = [] } = {}) {
  const left = new Set(except.map((path) => resolve(root, path)));
  const files = (await Promise.all(inputs.map((input) => filesUnder(resolve(root, input), left))))
    .flat()
    .sort();
  const hash = createHash('sha256');
  const contents = await Promise.all(files.map((file) => readFile(file)));
  for (const [index, file] of files.entries()) {
    hash
      .update(relative(root, file))
      .update('\0')
      .update(contents[index] ?? '')
      .update('\0');
  }
  return hash.digest('hex');
}

async function filesUnder(path, left) {
  if (left.has(path)) return [];
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return undefined;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries === undefined) return [path];
  const nested = await Promise.all(entries.map((entry) => filesUnder(join(path, entry.name), left)));
  return nested.flat();
}
