// npm run deploy -- --stage STAGE [--region REGION] [--aws-profile NAME] [--param NAME=VALUE]... [--force]: packages and deploys what was packaged.
import { parseArgs } from 'node:util';
import { showHelp } from './help.mjs';
import { installPackages } from './install.mjs';
import { requireNode } from './require-node.mjs';

const usage = `npm run deploy -- --stage STAGE [--region REGION] [--aws-profile NAME] [--param NAME=VALUE]... [--force]
  Packages (npm run package) and deploys exactly that. The region may be AWS_REGION too.
  --force   even if nothing changed, so that changed ids in SSM and secrets are read again`;

showHelp(usage);

/** Throws, saying what is missing, before anything is built. */
function settingsOf(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      'aws-profile': { type: 'string' },
      param: { type: 'string', multiple: true },
      force: { type: 'boolean' },
    },
  });
  const { stage, region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION } = values;
  if (stage === undefined) throw new Error(`Say which stage: --stage prod\n\n${usage}`);
  if (!/^[a-z][a-z0-9-]{0,15}$/.test(stage))
    throw new Error(
      `A stage is up to 16 lower-case letters, digits and dashes, not ${JSON.stringify(stage)}.`,
    );
  if (region === undefined)
    throw new Error(`Say which region: --region eu-central-1, or set AWS_REGION.\n\n${usage}`);
  return { ...values, stage, region };
}

try {
  requireNode();
  const { stage, region, param = [], force, 'aws-profile': profile } = settingsOf(process.argv.slice(2));
  await installPackages();
  const { examplePipeline, packageService, pipelineFile } = await import('./package-service.mjs');
  if ((await pipelineFile()) === examplePipeline) {
    throw new Error(
      'There is no pipeline.yml. Copy examples/pipeline.yml, make it yours, and check it with npx countersign validate.',
    );
  }
  const place = ['--stage', stage, '--region', region, ...param.flatMap((each) => ['--param', each])];
  await packageService({ args: place });
  await import('esbuild').then(({ stop }) => stop());
  const { osls } = await import('./osls.mjs');
  await osls([
    'deploy',
    '--package',
    '.serverless',
    ...place,
    ...(profile === undefined ? [] : ['--aws-profile', profile]),
    ...(force === true ? ['--force'] : []),
  ]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
