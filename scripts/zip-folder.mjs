import { createWriteStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

/** The first time that a zip file can tell; times of files say nothing about what is in them. */
const mtime = new Date(1980, 0, 1);
/** Lambda reads them as another user than the one that packed them. */
const mode = 0o100644;

/** Packs everything below a folder and tells the size; the same files make the same bytes. */
export async function zipFolder(folder, file) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const zip = new ZipFile();
  for (const path of paths) {
    const name = relative(folder, path).split(sep).join('/');
    zip.addFile(path, name, { mtime, mode, forceDosTimestamp: true, compressionLevel: 9 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
  return (await stat(file)).size;
}
