// npm run judge-template [cfn-lint|cfn-guard]: what others think of the packaged template: AWS's cfn-lint and cfn-guard,
// where they are to be had.
import { spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bundled.mjs';
import { packageService } from './package-service.mjs';

const guardFolder = join(root, 'test/peers/cfn-guard');
const guardPackage = join(guardFolder, 'node_modules/@cdklabs/cdk-validator-cfnguard');

/** osls names dependencies that CloudFormation would find by itself; that is said twice and harms nobody. */
const lintExceptions = ['W3005'];

/**
 * Of AWS Control Tower's rules those that a bot like this can keep. Not among them: rules that want a VPC (ours would
 * need a way out to Slack and GitHub, and holds nothing to protect in one), a KMS key of one's own for logs and for
 * the deployment bucket (a choice of whoever installs it), an authorizer in front of Slack and GitHub (they sign each
 * request instead, and the functions check that), logging, locks and life cycles of the deployment bucket (osls
 * removes old packages), and rules that read `Fn::Join` as nothing (lambda-pr-2, s3-pr-8; test/template holds the
 * former).
 */
const guardRules = [
  'apigateway/ct-apigateway-pr-4', // access logs
  'cloudwatch/ct-cloudwatch-pr-1', // alarms do something
  'cloudwatch/ct-cloudwatch-pr-2', // logs are kept for a year
  'cloudwatch/ct-cloudwatch-pr-4', // alarms are switched on
  'dynamodb/ct-dynamodb-pr-1', // point-in-time recovery
  'dynamodb/ct-dynamodb-pr-2', // encrypted
  'identityandaccessmanagement/ct-iam-pr-1', // no wildcard on everything
  'identityandaccessmanagement/ct-iam-pr-5', // no wildcard of a service
  's3/ct-s3-pr-1', // nothing public
  's3/ct-s3-pr-5', // no access lists
  's3/ct-s3-pr-11', // versions
  'sqs/ct-sqs-pr-1', // dead letters
  'sqs/ct-sqs-pr-2', // encrypted
];

const place = await mkdtemp(join(tmpdir(), 'countersign-template-'));
try {
  await packageService({
    args: ['--stage', 'prod'],
    place,
    pipeline: join(root, 'examples/pipeline.yml'),
    log: () => {},
  });
  await import('esbuild').then(({ stop }) => stop());
  const template = join(place, '.serverless/cloudformation-template-update-stack.json');
  const judges = { 'cfn-lint': lint, 'cfn-guard': guard };
  const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(judges);
  const verdicts = [];
  for (const name of names) verdicts.push(await judges[name](template));
  for (const { text } of verdicts) console.log(text);
  console.log(
    `${verdicts.filter(({ outcome }) => outcome === 'skipped').length} of ${verdicts.length} judges skipped`,
  );
  process.exitCode = verdicts.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
} finally {
  await rm(place, { recursive: true, force: true });
}

async function lint(template) {
  const version = await run('cfn-lint', ['--version']);
  if (version.code !== 0)
    return { outcome: 'skipped', text: 'cfn-lint: skipped, it is not installed (pip install cfn-lint)' };
  const { code, told } = await run('cfn-lint', ['--ignore-checks', ...lintExceptions, '--', template]);
  return code === 0
    ? { outcome: 'passed', text: `${version.told.trim()}: nothing to complain about` }
    : { outcome: 'failed', text: `${version.told.trim()}:\n${told}` };
}

async function guard(template) {
  const program = await guardProgram();
  if (program === undefined)
    return { outcome: 'skipped', text: 'cfn-guard: skipped, npm could not fetch it' };
  const failed = [];
  for (const rule of guardRules) {
    const rules = join(guardPackage, 'rules/control-tower/cfn-guard', `${rule}.guard`);
    const { code, told } = await run(program, [
      'validate',
      '-d',
      template,
      '-r',
      rules,
      '--show-summary',
      'all',
    ]);
    // A rule that found nothing to judge has not been kept.
    if (code !== 0 || !/Status = PASS/.test(told)) failed.push(`${rule}:\n${told}`);
  }
  return failed.length === 0
    ? { outcome: 'passed', text: `cfn-guard: ${guardRules.length} rules kept` }
    : {
        outcome: 'failed',
        text: `cfn-guard: ${failed.length} of ${guardRules.length} rules not kept\n${failed.join('\n')}`,
      };
}

/** Where the program for this machine is; undefined when it cannot be had. */
async function guardProgram() {
  const system = { linux: 'ubuntu', darwin: 'macos' }[process.platform];
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
  if (system === undefined || processor === undefined) return undefined;
  const program = join(guardPackage, 'bin', system, processor, 'cfn-guard');
  if (await isThere(program)) return program;
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', guardFolder]);
  return (await isThere(program)) ? program : undefined;
}

function isThere(file) {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** What a program wrote and how it ended; one that is not there ended with 127. */
function run(command, args) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        told += chunk;
      });
    }
    child.once('error', () => done({ code: 127, told }));
    child.once('close', (code) => done({ code: code ?? 1, told }));
  });
}
