// npm run package -- [--stage STAGE]: everything that a deployment needs, in .serverless/, made without network or account.
import { access, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle, inPlace, root } from './bundled.mjs';
import { installPackages } from './install.mjs';
import { osls } from './osls.mjs';
import { requireNode } from './require-node.mjs';
import { zipFolder } from './zip-folder.mjs';

const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];
const facts = join(root, 'dist/package');
const bundles = join(root, 'dist/functions');
const artifacts = join(root, 'dist/artifacts');
const packaged = join(root, '.serverless');
export const examplePipeline = join(root, 'examples/pipeline.yml');

/** The file that would be packaged: as told, or pipeline.yml, or the example. */
export async function pipelineFile(environment = process.env) {
  const given = environment.COUNTERSIGN_PIPELINE;
  if (given !== undefined && given.trim() !== '') return given;
  const own = join(root, 'pipeline.yml');
  const isThere = await access(own).then(
    () => true,
    () => false,
  );
  return isThere ? own : examplePipeline;
}

/**
 * Validates the pipeline with the product's own loader, bundles and zips the functions, and has osls make the
 * CloudFormation template. `args` go to osls. Rejects with everything that is wrong.
 */
export async function packageService({ args = [], log = console.log } = {}) {
  const file = await pipelineFile();
  if (file === examplePipeline)
    log(`There is no pipeline.yml; ${relative(root, file)} is packaged, to look at and not to deploy.`);
  const { pipeline } = await writeFacts(file, log);

  const { bundleFunctions } = await import('./bundle-functions.mjs');
  await rm(bundles, { recursive: true, force: true });
  await bundleFunctions({ outdir: bundles });
  await rm(artifacts, { recursive: true, force: true });
  await mkdir(artifacts, { recursive: true });
  const sizes = [];
  for (const name of functions) {
    const folder = join(bundles, name);
    await writeFile(join(folder, 'pipeline.json'), pipeline);
    sizes.push([name, await zipFolder(folder, join(artifacts, `${name}.zip`))]);
  }

  await osls(['package', ...args]);
  // osls leaves artifacts that it did not make where they are; whoever takes the package wants all of it.
  for (const name of functions) await copyFile(join(artifacts, `${name}.zip`), join(packaged, `${name}.zip`));

  log(`Packaged in ${relative(root, packaged)}/:`);
  for (const [name, bytes] of sizes)
    log(`  ${`${name}.zip`.padEnd(12)}${(bytes / 1024).toFixed(0).padStart(6)} KB`);
}

/** What the product knows and serverless.yml takes from it. */
async function writeFacts(file, log) {
  const answer = await inPlace('packaging', async (place) => {
    const outfile = join(place, 'packaging.mjs');
    await bundle('src/compose/packaging.ts', outfile);
    const { packagingFacts } = await import(pathToFileURL(outfile).href);
    return packagingFacts(file);
  });
  if (answer.outcome === 'invalid') {
    throw new Error([...answer.problems, '', 'The pipeline file is wrong; nothing was packaged.'].join('\n'));
  }
  for (const warning of answer.warnings) log(`warning ${warning}`);
  await mkdir(facts, { recursive: true });
  const write = (name, value) => writeFile(join(facts, name), `${JSON.stringify(value, null, 2)}\n`);
  await write('table.json', answer.table);
  await write('environment-roles.json', answer.environmentRoles);
  return answer;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    requireNode();
    await installPackages();
    await packageService({ args: process.argv.slice(2) });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  } finally {
    // esbuild's helper process would otherwise keep this one.
    await import('esbuild').then(({ stop }) => stop());
  }
}
