// npm run package -- [--stage STAGE]: everything that a deployment needs, in .serverless/, made without network or account.
import { showHelp } from './help.mjs';
import { installPackages } from './install.mjs';
import { requireNode } from './require-node.mjs';

showHelp(`npm run package -- [--stage STAGE] [--region REGION] [--param NAME=VALUE]...
  Everything that a deployment needs, in .serverless/, made without network or account. The parameters are those
  under params in serverless.yml.`);

try {
  requireNode();
  await installPackages();
  const { packageService } = await import('./package-service.mjs');
  await packageService({ args: process.argv.slice(2) });
  // esbuild's helper process would otherwise keep this one.
  await import('esbuild').then(({ stop }) => stop());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
