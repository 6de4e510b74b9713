import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import Eleventy from '@11ty/eleventy';
import { configureSite } from '../examples/site/eleventy.config.mjs';

const siteFolder = join(import.meta.dirname, '../examples/site');
const outputFolder = join(siteFolder, '_site');

/**
 * Builds every version named in examples/site/releases.json into examples/site/_site/<version>/.
 * Does nothing when all are there already, made from the same sources. Returns the folder.
 */
export async function buildSite({ log = () => {} } = {}) {
  const stampFile = join(outputFolder, '.built-from');
  const sources = await hashOfSources();
  if ((await readFile(stampFile, 'utf8').catch(() => '')) === sources) return outputFolder;

  const versions = Object.keys(JSON.parse(await readFile(join(siteFolder, 'releases.json'), 'utf8')));
  // Built aside and moved into place, so that another process never reads half a site.
  const buildFolder = join(siteFolder, `_site.${process.pid}`);
  await rm(buildFolder, { recursive: true, force: true });
  for (const version of versions) {
    const eleventy = new Eleventy(join(siteFolder, 'pages'), join(buildFolder, version), {
      quietMode: true,
      config: (eleventyConfig) => configureSite(eleventyConfig, version),
    });
    await eleventy.write();
    log(`built ${version}`);
  }
  await mkdir(buildFolder, { recursive: true });
  await writeFile(join(buildFolder, '.built-from'), sources);
  await rm(outputFolder, { recursive: true, force: true });
  await rename(buildFolder, outputFolder).catch(async (error) => {
    await rm(buildFolder, { recursive: true, force: true });
    const builtByAnother = (await readFile(stampFile, 'utf8').catch(() => '')) === sources;
    if (!builtByAnother) throw error;
  });
  return outputFolder;
}

async function hashOfSources() {
  const hash = createHash('sha256');
  for (const file of await sourceFiles(siteFolder)) {
    hash
      .update(relative(siteFolder, file))
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  }
  hash.update(await readFile(join(import.meta.dirname, '../node_modules/@11ty/eleventy/package.json')));
  return hash.digest('hex');
}

async function sourceFiles(folder) {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('_site') && entry.name !== 'readme.md')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => {
        const path = join(folder, entry.name);
        return entry.isDirectory() ? sourceFiles(path) : [path];
      }),
  );
  return nested.flat();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const startedMs = performance.now();
  const folder = await buildSite({ log: console.log });
  console.log(
    `${relative(process.cwd(), folder)} is ready (${Math.round(performance.now() - startedMs)} ms)`,
  );
}
