import { access, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { bundleFunctions, functions } from './bundle-functions.mjs';
import { bundle, inPlace, root } from './bundled.mjs';
import { osls } from './osls.mjs';
import { zipFolder } from './zip-folder.mjs';

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
 * CloudFormation template in .serverless/. `args` go to osls; another `place` than the repository gets all that is
 * made. Rejects with everything that is wrong.
 */
export async function packageService({ args = [], place = root, pipeline, log = console.log } = {}) {
  await checkParameters(args);
  const file = pipeline ?? (await pipelineFile());
  if (file === examplePipeline)
    log(`There is no pipeline.yml; ${relative(root, file)} is packaged, to look at and not to deploy.`);
  const facts = await writeFacts(file, join(place, 'dist/package'), log);

  const bundles = join(place, 'dist/functions');
  const artifacts = join(place, 'dist/artifacts');
  for (const folder of [bundles, artifacts]) await rm(folder, { recursive: true, force: true });
  await mkdir(artifacts, { recursive: true });
  await bundleFunctions({ outdir: bundles });
  const sizes = [];
  for (const name of functions) {
    await writeFile(join(bundles, name, 'pipeline.json'), facts.pipeline);
    sizes.push([name, await zipFolder(join(bundles, name), join(artifacts, `${name}.zip`))]);
  }

  await writeTemplate({ args, place });
  log(`Packaged in ${relative(process.cwd(), join(place, '.serverless'))}/:`);
  for (const [name, bytes] of sizes)
    log(`  ${`${name}.zip`.padEnd(12)}${(bytes / 1024).toFixed(0).padStart(6)} KB`);
}

/** osls passes over a parameter that it does not know. Throws, with those that there are. */
async function checkParameters(args) {
  const { params } = parse(await readFile(join(root, 'serverless.yml'), 'utf8'));
  const known = Object.values(params).flatMap((each) => Object.keys(each));
  const given = args.flatMap((each, index) => (args[index - 1] === '--param' ? [each] : []));
  for (const each of given) {
    const [name, value] = each.split('=', 2);
    if (!known.includes(name) || value === undefined)
      throw new Error(
        `There is no parameter ${name}. There are: ${[...new Set(known)].join(', ')}, as NAME=VALUE.`,
      );
    if (name === 'secretStore' && !secretStores.includes(value))
      throw new Error(`secretStore must be ${secretStores.join(' or ')}, not ${value}.`);
    if (name === 'keepWarm' && !['true', 'false'].includes(value))
      throw new Error(`keepWarm must be true or false, not ${value}.`);
  }
}
const secretStores = ['ssm', 'secretsmanager'];

/** Has osls make the template for artifacts that are there already. */
export async function writeTemplate({ args = [], place = root }) {
  if (place !== root) {
    for (const part of ['serverless.yml', 'deploy']) {
      await cp(join(root, part), join(place, part), { recursive: true });
    }
  }
  await osls(['package', ...args], { cwd: place });
  // osls leaves artifacts that it did not make where they are; whoever takes the package wants all of it.
  for (const name of functions)
    await copyFile(join(place, `dist/artifacts/${name}.zip`), join(place, `.serverless/${name}.zip`));
}

/** What the product knows and serverless.yml takes from it. */
async function writeFacts(file, folder, log) {
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
  await mkdir(folder, { recursive: true });
  const write = (name, value) => writeFile(join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  await write('table.json', answer.table);
  await write('environment-roles.json', answer.environmentRoles);
  return answer;
}
