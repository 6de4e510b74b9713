import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { readTemplate } from './template.ts';

const template = readTemplate(inject('packagedIn'));
const fileOf = (name: string) =>
  JSON.parse(readFileSync(join(inject('packagedIn'), '.serverless', name), 'utf8')) as Readonly<
    Record<string, unknown>
  >;

describe('a deployment', () => {
  // osls first makes a stack of the bucket alone and would pass the whole stack's parameters to it, which
  // CloudFormation refuses.
  it('passes no parameter, since each has what it is without one', () => {
    const { service } = fileOf('serverless-state.json');

    expect(JSON.stringify(service)).not.toContain('stackParameters');
    expect(fileOf('cloudformation-template-create-stack.json')['Parameters']).toBeUndefined();
    for (const [name, { Default }] of Object.entries(template.parameters))
      expect(Default, name).toEqual(expect.any(String));
  });

  it('names no account but those that the pipeline names, and no person’s machine', () => {
    const account = /\b\d{12}\b/g;
    const role = 'arn:aws:iam::111122223333:role/countersign-site-production';

    expect(template.text.replaceAll(role, '').match(account)).toBeNull();
    expect(template.text).not.toMatch(/\/home\/|\/Users\/|\/tmp\//);
  });

  it('keeps the bucket of its packages to itself', () => {
    const [bucket] = template.ofType('AWS::S3::Bucket');

    expect(bucket?.properties).toMatchObject({
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: expect.any(Object),
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });

  it('tells where Slack, GitHub and the roles of the environments are to be pointed', () => {
    const { SlackUrl, GithubWebhookUrl, TickRoleArn } = template.outputs;

    expect(SlackUrl).toMatch(/^https:\/\/\S+\.execute-api\.eu-central-1\.amazonaws\.com$/);
    expect(GithubWebhookUrl).toBe(`${SlackUrl}/github/webhooks`);
    expect(TickRoleArn).toBe('arn:aws:iam::111122223333:role/countersign-test-tick');
  });
});
