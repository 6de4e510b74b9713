import { commandVersion, pythonVersion } from '../finders.mjs';

export const judges = [
  {
    id: 'aws-moto',
    name: 'moto, AWS',
    judges: 'AWS adapters, and the stand-in beside it',
    files: ['test/peers/aws/{cloudfront,cloudwatch,services}.test.ts'],
    from: null,
    version() {
      commandVersion('moto_server', ['--help'], /usage/);
      return pythonVersion('moto');
    },
  },
];
