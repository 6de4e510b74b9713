import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/** Lambda quotas: what an artifact may unpack to. */
const unpackedLimitBytes = 250 * 1024 * 1024;

/**
 * Unpacks a deployment artifact as Lambda does, and tells the paths inside. Knows stored and deflated entries, which
 * is all that packagers write; throws on anything else, on paths that lead out, and on more than Lambda takes.
 */
export async function unpackArtifact(zipFile: string, folder: string): Promise<string[]> {
  const zip = await readFile(zipFile);
  const end = zip.lastIndexOf(Buffer.from('504b0506', 'hex'));
  if (end < 0 || zip.readUInt32LE(end) !== endOfDirectory) throw new Error(`${zipFile} is not a zip file.`);
  const entries = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  let unpackedBytes = 0;
  const paths: string[] = [];
  for (let index = 0; index < entries; index += 1) {
    if (zip.readUInt32LE(at) !== directoryEntry) throw new Error(`${zipFile} has a broken directory.`);
    const method = zip.readUInt16LE(at + 10);
    const packedBytes = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const path = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const header = zip.readUInt32LE(at + 42);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    if (path.endsWith('/')) continue;
    if (normalize(path).startsWith('..') || path.startsWith('/'))
      throw new Error(`${zipFile}: ${path} leads out.`);
    const from = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    const packed = zip.subarray(from, from + packedBytes);
    if (method !== 0 && method !== 8) throw new Error(`${zipFile}: ${path} is packed by method ${method}.`);
    const content = method === 0 ? packed : inflateRawSync(packed);
    unpackedBytes += content.byteLength;
    if (unpackedBytes > unpackedLimitBytes) throw new Error(`${zipFile} unpacks to more than 250 MB.`);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    paths.push(path);
  }
  return paths;
}
