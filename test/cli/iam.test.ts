import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { changed, validPipeline } from '../config/valid-pipeline.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-iam-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const role = 'arn:aws-us-gov:iam::123456789012:role/countersign-site';
const plain = join(folder, 'plain.yml');
writeFileSync(plain, validPipeline);
const named = join(folder, 'named.yml');
writeFileSync(
  named,
  changed(
    '        approvals:\n          required: 2',
    `        role: ${role}\n        approvals:\n          required: 2`,
  ),
);

const iam = (...args: string[]) => runCli(['iam', ...args]);
const parsed = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await iam(...args);
  if (exitCode !== 0) throw new Error(stdout + stderr);
  return JSON.parse(stdout);
};

describe('countersign iam', () => {
  it('prints who may take the role, and only in the name of a promotion', async () => {
    const trust = await parsed('production', 'site', '--file', named, '--stage', 'prod', '--only', 'trust');

    expect(trust).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'CountersignOnly',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws-us-gov:iam::123456789012:role/countersign-prod-tick' },
          Action: ['sts:AssumeRole', 'sts:TagSession'],
          Condition: { StringLike: { 'aws:RequestTag/countersign:promotion': '?*' } },
        },
      ],
    });
  });

  it('prints what its target and checks do, each once, and changes only under a signed plan', async () => {
    const { Statement } = await parsed('production', 'site', '--file', named, '--only', 'permissions');
    const Resource = ['arn:aws-us-gov:cloudfront::123456789012:distribution/E2NORTHWIND01'];

    expect(Statement).toEqual([
      {
        Sid: 'LookAtTheDistribution',
        Effect: 'Allow',
        Action: [
          'cloudfront:GetDistribution',
          'cloudfront:GetInvalidation',
          'cloudfront:ListTagsForResource',
        ],
        Resource,
      },
      {
        Sid: 'SwitchTheDistribution',
        Effect: 'Allow',
        Action: ['cloudfront:CreateInvalidation', 'cloudfront:UpdateDistribution'],
        Resource,
        Condition: { StringLike: { 'aws:PrincipalTag/countersign:plan': '?*' } },
      },
      {
        Sid: 'ReadAlarms',
        Effect: 'Allow',
        Action: ['cloudwatch:DescribeAlarms'],
        Resource: ['*'],
        Condition: { StringEquals: { 'aws:RequestedRegion': ['us-east-1'] } },
      },
    ]);
  });

  it('of an environment that reads nothing from CloudWatch needs nothing of it', async () => {
    const {
      role: none,
      trustPolicy,
      permissionsPolicy,
    } = await parsed('staging', '--file', plain, '--account', '210987654321');

    expect({ none, trustPolicy }).toEqual({ none: null, trustPolicy: null });
    expect(permissionsPolicy.Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual([
      'LookAtTheDistribution',
      'SwitchTheDistribution',
    ]);
    expect(JSON.stringify(permissionsPolicy)).toContain(
      'arn:aws:cloudfront::210987654321:distribution/E2STAGING0001',
    );
    expect(JSON.stringify(permissionsPolicy)).not.toContain('PrincipalTag');
  });

  it('takes another worker by its ARN, in whatever account', async () => {
    const worker = 'arn:aws:iam::999999999999:role/bot';
    const { trustPolicy } = await parsed('production', 'site', '--file', named, '--worker', worker);

    expect(trustPolicy.Statement[0].Principal).toEqual({ AWS: worker });
  });

  it.each([
    ['no environment', [], 2, 'Say which environment.'],
    ['no account', ['staging', '--file', plain], 2, 'names no role, so the account is not known'],
    ['nobody who takes the role', ['production', 'site', '--file', named], 2, 'Say who takes the role'],
    [
      'two who do',
      ['production', 'site', '--stage', 'a', '--worker', 'arn:aws:iam::999999999999:role/b'],
      2,
      'not both',
    ],
    ['a worker that is none', ['production', 'site', '--worker', 'bot'], 2, '--worker is the ARN of a role'],
    ['an account that is none', ['staging', '--account', '12'], 2, 'twelve digits'],
    ['another word for --only', ['staging', '--only', 'all'], 2, '--only is trust or permissions'],
    ['a stage that is none', ['staging', '--stage', '../x'], 2, '--stage is the name of a stage'],
    ['several apps', ['production', '--file', named], 1, 'site, shop each have an environment production'],
    ['a misspelt environment', ['produktion', 'shop', '--file', plain], 1, 'Did you mean production?'],
    ['a misspelt app', ['production', 'sit', '--file', plain], 1, 'There is no app sit. Did you mean site?'],
    ['a file that is none', ['production', '--file', join(folder, 'none.yml')], 1, 'does not exist'],
    [
      'trust for no role',
      ['staging', '--file', plain, '--account', '210987654321', '--only', 'trust'],
      1,
      'nothing to be trusted',
    ],
  ])('with %s prints no policy and says why', async (_what, args, exitCode, text) => {
    const answer = await iam(...args);

    expect(answer.exitCode).toBe(exitCode);
    expect(answer.stdout + answer.stderr).toContain(text);
    expect(answer.stdout).not.toContain('2012-10-17');
  });
});
