import { GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { createClientsByRole } from '../../../src/aws/assume.ts';
import { createQueue } from '../../../src/aws/queue.ts';
import { fetchSecrets } from '../../../src/aws/secrets.ts';
import { expectAnswer, refusalOf } from './answers.ts';
import { type Cloud, cloudNames, credentials, openCloud, region, roles } from './clouds.ts';

async function received({ call, queueUrl }: Cloud): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const answer = await call({
      service: 'sqs',
      target: 'AmazonSQS.ReceiveMessage',
      body: JSON.stringify({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      timeoutMs: 5_000,
    });
    expect(answer.fault).toBeNull();
    const { Messages: messages = [] } = JSON.parse(answer.body) as { Messages?: { Body: string }[] };
    if (messages.length === 0) return bodies;
    bodies.push(...messages.map(({ Body }) => Body));
  }
}

describe.each(cloudNames)('the queue on %s', (name) => {
  it('takes more messages than one call may carry, and gives each of them', async () => {
    await using cloud = await openCloud(name);
    const bodies = Array.from({ length: 23 }, (_, nth) => `{"nth":${nth},"text":"é <&> 😀"}`);
    await createQueue({ call: cloud.call, url: cloud.queueUrl, timeoutMs: 5_000 }).send(
      bodies.map((body) => ({ body })),
    );

    expect((await received(cloud)).sort()).toEqual([...bodies].sort());
  });

  it('shows a message only after its delay', async () => {
    await using cloud = await openCloud(name);
    await createQueue({ call: cloud.call, url: cloud.queueUrl, timeoutMs: 5_000 }).send([
      { body: 'later', delaySeconds: 900 },
      { body: 'now' },
    ]);

    expect(await received(cloud)).toEqual(['now']);
  });

  it('declines a delay that is too long, message by message', async ({ task }) => {
    await using cloud = await openCloud(name);
    const queue = createQueue({ call: cloud.call, url: cloud.queueUrl, timeoutMs: 5_000 });

    expectAnswer(
      { name, task },
      await refusalOf(queue.send([{ body: 'never', delaySeconds: 901 }, { body: 'now' }])),
      'queue.declined',
    );
  });

  it('that is not there is a fault of the configuration', async () => {
    await using cloud = await openCloud(name);
    const url = cloud.queueUrl.replace('countersign', 'nobody');

    expect(
      await refusalOf(createQueue({ call: cloud.call, url, timeoutMs: 5_000 }).send([{ body: 'a' }])),
    ).toBe('queue.refused');
  });
});

describe.each(cloudNames)('secrets on %s', (name) => {
  it('are fetched, decrypted, however many there are', async () => {
    await using cloud = await openCloud(name);
    const many = Array.from({ length: 11 }, (_, nth) => [`MANY_${nth}`, `ssm:/countersign/many/${nth}`]);
    const { values, problems } = await fetchSecrets(
      cloud.call,
      {
        SLACK: 'ssm:/countersign/slack',
        TOKEN: 'secretsmanager:countersign/github#token',
        PLAIN: 'secretsmanager:countersign/plain',
        ...Object.fromEntries(many),
      },
      { timeoutMs: 10_000 },
    );

    expect(problems).toEqual([]);
    expect(values).toEqual({
      SLACK: 'xoxb-1',
      TOKEN: 'ghp_1',
      PLAIN: 'just text',
      ...Object.fromEntries(many.map(([variable], nth) => [variable, `value ${nth}`])),
    });
  });

  it('that are not there are named', async () => {
    await using cloud = await openCloud(name);
    const { values, problems } = await fetchSecrets(
      cloud.call,
      {
        GONE: 'ssm:/countersign/gone',
        THERE: 'ssm:/countersign/signing',
        LOST: 'secretsmanager:countersign/lost',
        KEYLESS: 'secretsmanager:countersign/github#nothing',
      },
      { timeoutMs: 10_000 },
    );

    expect(values).toEqual({ THERE: 'shh' });
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      'GONE_FROM',
      'KEYLESS_FROM',
      'LOST_FROM',
    ]);
    for (const { message } of problems)
      expect(message).toMatch(/which (is not in|has no text)|ResourceNotFoundException/);
  });
});

describe.each(cloudNames)('a role on %s', (name) => {
  it('is taken, and its session signs the calls', async () => {
    await using cloud = await openCloud(name);
    const { world, distributionId } = cloud;
    process.env['AWS_ACCESS_KEY_ID'] = credentials.accessKeyId;
    process.env['AWS_SECRET_ACCESS_KEY'] = credentials.secretAccessKey;
    const clientsFor = createClientsByRole({ own: world.clients, region, nowMs: () => world.clock.nowMs() });
    const clients = clientsFor(roles[name], { promotionId: '01JTEST', digest: 'sha256:abc' });
    const seen = await clients.cloudFrontReads.send(new GetDistributionCommand({ Id: distributionId }));
    const { accessKeyId, sessionToken } = await clients.cloudFrontReads.config.credentials();

    expect(seen.Distribution?.Id).toBe(distributionId);
    expect(accessKeyId).toMatch(/^ASIA[A-Z0-9]+$/);
    expect(sessionToken?.length).toBeGreaterThan(50);
  });
});
