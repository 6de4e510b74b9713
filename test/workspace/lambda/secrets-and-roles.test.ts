import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PolicyDocument, TrustDocument } from '../../../workspace/lambda/policies.ts';
import { openCloud, queueUrl } from './account.ts';

const roleArn = 'arn:aws:iam::111122223333:role/countersign-site-production';

describe('the parameter store and the secrets manager', () => {
  it('give parameters decrypted, and name those that are not there', async () => {
    const { cloud, call } = await openCloud();
    cloud.setParameter('/bot/token', 'xoxb-1');

    const many = await call('AmazonSSM.GetParameters', {
      Names: ['/bot/token', '/bot/none'],
      WithDecryption: true,
    });
    const encrypted = await call('AmazonSSM.GetParameter', { Name: '/bot/token' });
    const none = await call('AmazonSSM.GetParameter', { Name: '/bot/none' });

    expect(many.body).toMatchObject({
      InvalidParameters: ['/bot/none'],
      Parameters: [{ Name: '/bot/token', Value: 'xoxb-1', Type: 'SecureString' }],
    });
    expect(JSON.stringify(encrypted.body)).not.toContain('xoxb-1');
    expect(none).toMatchObject({ status: 400, body: { __type: 'ParameterNotFound' } });
  });

  it('refuse eleven names at once, and a key of somebody else', async () => {
    const { cloud, call } = await openCloud();
    cloud.setSecret('bot', '{}');
    cloud.forbid('bot');
    const Names = Array.from({ length: 11 }, (_, index) => `/n${index}`);

    expect((await call('AmazonSSM.GetParameters', { Names })).body['__type']).toBe('ValidationException');
    expect((await call('secretsmanager.GetSecretValue', { SecretId: 'bot' })).body).toEqual({
      __type: 'AccessDeniedException',
      Message: 'Access to KMS is not allowed',
    });
  });

  it('give a secret by its name and by its ARN', async () => {
    const { cloud, call } = await openCloud();
    cloud.setSecret('bot', '{"token":"t"}');
    const byName = await call('secretsmanager.GetSecretValue', { SecretId: 'bot' });
    const byArn = await call('secretsmanager.GetSecretValue', { SecretId: byName.body['ARN'] });
    const none = await call('secretsmanager.GetSecretValue', { SecretId: 'none' });

    expect(byArn.body['SecretString']).toBe('{"token":"t"}');
    expect(none.body['__type']).toBe('ResourceNotFoundException');
  });
});

const trusting = (more: object = {}) =>
  TrustDocument.parse({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'test' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        ...more,
      },
    ],
  });

describe('roles', () => {
  async function openSts() {
    const account = await openCloud();
    const client = new STSClient({
      endpoint: account.aws.apiUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: account.accessKeyId, secretAccessKey: 'secret' },
      maxAttempts: 1,
    });
    onTestFinished(() => client.destroy());
    const assume = (more: Partial<ConstructorParameters<typeof AssumeRoleCommand>[0]> = {}) =>
      client.send(
        new AssumeRoleCommand({
          RoleArn: roleArn,
          RoleSessionName: 'countersign',
          Tags: [{ Key: 'countersign:promotion', Value: 'p1' }],
          ...more,
        }),
      );
    return { ...account, assume };
  }

  it('are assumed with session tags, which are on record', async () => {
    const { cloud, assume, clock } = await openSts();
    cloud.addRole({ arn: roleArn, policies: [], trust: trusting() });

    const { Credentials, AssumedRoleUser } = await assume();

    expect(Credentials?.Expiration?.getTime()).toBe(clock.nowMs() + 3_600_000);
    expect(AssumedRoleUser?.Arn).toBe(
      'arn:aws:sts::111122223333:assumed-role/countersign-site-production/countersign',
    );
    expect(cloud.sessions()).toMatchObject([
      { roleArn, tags: { 'countersign:promotion': 'p1' }, accessKeyId: Credentials?.AccessKeyId },
    ]);
  });

  it('are refused when unknown, when their trust objects, for too long, and with what is not modelled', async () => {
    const { cloud, assume } = await openSts();
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
    const Condition = { StringLike: { 'aws:RequestTag/countersign:plan': '?*' } };
    cloud.addRole({ arn: roleArn, policies: [], trust: trusting({ Condition }) });

    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });
    const Tags = [{ Key: 'countersign:plan', Value: 'd1' }];
    await expect(assume({ Tags, DurationSeconds: 7_200 })).rejects.toMatchObject({ name: 'ValidationError' });
    await expect(assume({ Tags, ExternalId: 'x' })).rejects.toMatchObject({ name: 'ValidationError' });
    expect(cloud.sessions()).toEqual([]);
    await assume({ Tags });
    expect(cloud.sessions()).toHaveLength(1);
  });

  it('are refused to somebody else, and with tags to whom tagging is not allowed', async () => {
    const { cloud, assume } = await openSts();
    cloud.addRole({ arn: roleArn, policies: [], trust: trusting({ Principal: { AWS: 'somebody else' } }) });
    await expect(assume()).rejects.toMatchObject({ name: 'AccessDenied' });

    const untagged = await openSts();
    untagged.cloud.addRole({ arn: roleArn, policies: [], trust: trusting({ Action: 'sts:AssumeRole' }) });
    await expect(untagged.assume()).rejects.toMatchObject({ name: 'AccessDenied' });
    await untagged.assume({ Tags: [] });
    expect(untagged.cloud.sessions()).toHaveLength(1);
  });

  it('that ask for a tag of the session act only with it', async () => {
    const { cloud, assume, call } = await openSts();
    cloud.createQueue({ name: 'work', visibilitySeconds: 30 });
    const policy = PolicyDocument.parse({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Resource: '*',
          Condition: { StringLike: { 'aws:PrincipalTag/countersign:plan': '?*' } },
        },
      ],
    });
    cloud.addRole({ arn: roleArn, policies: [policy], trust: trusting() });
    const send = async (Key: string) => {
      const { Credentials } = await assume({ Tags: [{ Key, Value: 'x' }] });
      const body = { QueueUrl: queueUrl('work'), MessageBody: 'x' };
      return (await call('AmazonSQS.SendMessage', body, Credentials?.AccessKeyId)).status;
    };

    expect(await send('countersign:promotion')).toBe(403);
    expect(await send('countersign:plan')).toBe(200);
  });

  it('may do what their policies say and nothing else; what was refused is on record', async () => {
    const { cloud, call } = await openCloud();
    cloud.createQueue({ name: 'work', visibilitySeconds: 30 });
    cloud.createQueue({ name: 'other', visibilitySeconds: 30 });
    const policy = PolicyDocument.parse({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'sqs:SendMessage',
          Resource: 'arn:aws:sqs:us-east-1:111122223333:work',
        },
      ],
    });
    const { accessKeyId } = cloud.credentialsFor('slack', [policy]);
    const send = (name: string, operation = 'SendMessageBatch') =>
      call(
        `AmazonSQS.${operation}`,
        { QueueUrl: queueUrl(name), Entries: [{ Id: 'a', MessageBody: 'x' }] },
        accessKeyId,
      );

    expect((await send('work')).status).toBe(200);
    expect((await send('other')).status).toBe(403);
    expect((await send('work', 'ReceiveMessage')).status).toBe(403);
    expect(cloud.denials()).toEqual([
      'slack: sqs:SendMessage on arn:aws:sqs:us-east-1:111122223333:other',
      'slack: sqs:ReceiveMessage on arn:aws:sqs:us-east-1:111122223333:work',
    ]);
  });
});
