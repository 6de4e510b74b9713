import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = import.meta.dirname;

/**
 * The shop as it is in one version: `VERSION=v1.1.0 npx eleventy --config=examples/site/eleventy.config.mjs`,
 * or with the version given by the script that builds them all.
 * Links are relative, so that the same files work under `/green/` on the preview host and at the root of production.
 */
export async function configureSite(eleventyConfig, version) {
  const releases = JSON.parse(await readFile(join(root, 'releases.json'), 'utf8'));
  const release = releases[version];
  if (release === undefined) throw new Error(`examples/site/releases.json has no ${version}`);

  const assets = await hashedAssets(release.theme);
  eleventyConfig.addGlobalData('release', { version, deploymentVersions: [version], ...release });
  // Names go in as data: Eleventy keeps a layout, with its filters, for all versions built in one process.
  eleventyConfig.addGlobalData('css', `/assets/${assets.css.file}`);
  eleventyConfig.addGlobalData('script', `/assets/${assets.script.file}`);
  eleventyConfig.addFilter('link', relativeLink);
  eleventyConfig.on('eleventy.after', async ({ directories }) => {
    const folder = join(directories.output, 'assets');
    await mkdir(folder, { recursive: true });
    await Promise.all(Object.values(assets).map(({ file, text }) => writeFile(join(folder, file), text)));
  });
}

async function hashedAssets(theme) {
  const css = (await readFile(join(root, 'assets/site.css'), 'utf8'))
    .replace('ACCENT', theme.accent)
    .replace('GROUND', theme.ground)
    .replace('INK', theme.ink)
    .replace('GLOW', theme.glow);
  const js = await readFile(join(root, 'assets/site.js'), 'utf8');
  return {
    css: { file: `site.${contentHash(css)}.css`, text: css },
    script: { file: `site.${contentHash(js)}.js`, text: js },
  };
}

const relativeLink = (path, from, fromRoot) =>
  fromRoot || !from ? path : '../'.repeat(from.split('/').length - 2) + path.slice(1) || './';

const contentHash = (text) => createHash('sha256').update(text).digest('hex').slice(0, 10);

export default async function configure(eleventyConfig) {
  const version = process.env.VERSION;
  if (version !== undefined) await configureSite(eleventyConfig, version);
}

export const config = {
  dir: { input: join(root, 'pages'), output: join(root, '_site', process.env.VERSION ?? 'unversioned') },
};
