import { commandVersion, pythonVersion, pythonWith } from '../finders.mjs';

export const judges = [
  {
    id: 'aws-moto',
    name: 'moto, AWS',
    judges: 'AWS adapters, and the stand-in beside it',
    files: ['test/peers/aws/driven.test.ts'],
    // Neither npm nor Debian has it.
    from: null,
    version() {
      commandVersion('moto_server', ['--help'], /usage/);
      return pythonVersion('moto');
    },
  },
  {
    id: 'botocore',
    name: 'boto3 and its models',
    judges: 'AWS and DynamoDB stand-ins, every answer',
    files: ['test/peers/aws/botocore*.test.ts'],
    from: 'Debian',
    version: () => pythonVersion('boto3'),
    env: () => ({ COUNTERSIGN_PYTHON: pythonWith('boto3') }),
    // Debian's, of 2023.
    skips: [
      { reason: 'this botocore speaks to cloudwatch in the old query protocol', atMost: 3 },
      { reason: 'this botocore speaks to sqs in the old query protocol', atMost: 4 },
      { reason: 'this botocore is older than what the SDK says', atMost: 1 },
    ],
  },
];
