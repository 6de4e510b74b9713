import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { commandVersion } from '../finders.mjs';

const guardFolder = new URL('../cfn-guard/', import.meta.url);
const guardPackage = new URL('node_modules/@cdklabs/cdk-validator-cfnguard/package.json', guardFolder);

const judge = (name) => ({
  id: name,
  name,
  judges: 'the packaged template',
  files: ['test/peers/template/rules.test.ts'],
  names: `^${name}`,
});

/** In a folder of its own, since npm would bring the whole CDK with it. */
function guardVersion() {
  if (!existsSync(guardPackage))
    spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: guardFolder,
      stdio: 'ignore',
    });
  if (!existsSync(guardPackage)) throw new Error('npm could not fetch @cdklabs/cdk-validator-cfnguard');
  return `package ${JSON.parse(readFileSync(guardPackage, 'utf8')).version}`;
}

export const judges = [
  {
    ...judge('cfn-lint'),
    // PyPI's. The cfn-lint of npm is another program, which finds faults in templates that are right.
    from: null,
    version: () => commandVersion('cfn-lint', ['--version'], /(\d+\.\d+\.\d+)/),
  },
  { ...judge('cfn-guard'), from: 'npm', version: guardVersion },
];
