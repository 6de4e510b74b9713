import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { scriptedServer } from '../../aws/scripted-server.ts';
import { leavingSrc } from '../leaving/leaving.mjs';
import { type Botocore, startBotocore, type Told } from './botocore.ts';
import { type Cloud, openCloud, parameterNames, roles, secretNames } from './clouds.ts';
import { commonCodes } from './refusal-codes.ts';

/** Services to which this botocore only speaks the query protocol, which our SDK speaks no more. */
const old = new Set<string>();
const isOld = (service: string) => old.has(service);
const tooOld = (service: string) => `this botocore speaks to ${service} in the old query protocol`;

let cloud: Cloud & AsyncDisposable;
let boto: Botocore;
const called = new Set<string>();

beforeAll(async () => {
  cloud = await openCloud('our stand-in');
  boto = await startBotocore(cloud.url);
});
afterAll(async () => {
  boto.close();
  await cloud[Symbol.asyncDispose]();
});

type Answer = Readonly<Record<string, unknown>>;
type Call = (operation: string, input?: Answer) => Promise<Answer>;

const callerOf =
  (service: string, protocol?: 'json') =>
  async (operation: string, input?: Answer): Promise<Told> => {
    const told = await boto.call(service, operation, input, protocol);
    expect(told.problems, `${service}:${operation}`).toEqual([]);
    called.add(`${service}:${operation}`);
    return told;
  };

/** Calls that must be answered, in a shape that the models find nothing wrong with. */
const answers =
  (service: string, protocol?: 'json'): Call =>
  async (operation, input) => {
    const { answer, refusal } = await callerOf(service, protocol)(operation, input);
    if (answer === null) throw new Error(`${service}:${operation}: ${refusal?.code} ${refusal?.message}`);
    return answer;
  };

/** Calls that must be refused, with a code that the models know. */
const refuses = (service: string, protocol?: 'json') => async (operation: string, input?: Answer) => {
  const { refusal } = await callerOf(service, protocol)(operation, input);
  if (refusal === null) throw new Error(`${service}:${operation} was not refused`);
  expect(refusal.isModelled || commonCodes.has(refusal.code), `${operation} knows ${refusal.code}`).toBe(
    true,
  );
  expect(refusal.message).not.toBe('');
  return `${refusal.code} ${refusal.status}`;
};

describe('boto3 reads CloudFront', () => {
  const cloudfront = answers('cloudfront');
  const no = refuses('cloudfront');
  const Id = siteDistributionId;

  it('distributions, whole and as a list, and their tags', async () => {
    const { Distribution: one } = await cloudfront('GetDistribution', { Id });
    const { DistributionList: list } = await cloudfront('ListDistributions', { MaxItems: '2' });
    const { Tags: tags } = await cloudfront('ListTagsForResource', {
      Resource: (one as { ARN: string }).ARN,
    });

    expect(one).toMatchObject({ Id, DistributionConfig: { Enabled: true, PriceClass: 'PriceClass_100' } });
    expect(list).toMatchObject({ IsTruncated: true, Quantity: 2, MaxItems: 2 });
    expect(tags).toMatchObject({ Items: [{ Key: 'app' }, { Key: 'environment' }] });
  });

  it('a configuration that it read and gives back', async () => {
    const { DistributionConfig: config, ETag } = await cloudfront('GetDistributionConfig', { Id });
    const written = await cloudfront('UpdateDistribution', {
      Id,
      IfMatch: ETag,
      DistributionConfig: { ...(config as Answer), Comment: 'by boto3 <&>' },
    });

    expect(written).toMatchObject({
      Distribution: {
        Status: 'InProgress',
        DistributionConfig: { ...(config as Answer), Comment: 'by boto3 <&>' },
      },
    });
    expect(written['ETag']).not.toBe(ETag);
    await cloud.world.seconds(5);
    expect(await cloudfront('GetDistributionConfig', { Id })).toMatchObject({ ETag: written['ETag'] });
  });

  it('invalidations, ordered, looked at and listed', async () => {
    const { Invalidation: made } = await cloudfront('CreateInvalidation', {
      DistributionId: Id,
      InvalidationBatch: { CallerReference: 'boto3', Paths: { Quantity: 1, Items: ['/*'] } },
    });
    const { Invalidation: seen } = await cloudfront('GetInvalidation', {
      DistributionId: Id,
      Id: (made as { Id: string }).Id,
    });
    const { InvalidationList: list } = await cloudfront('ListInvalidations', { DistributionId: Id });

    expect(seen).toMatchObject({ Status: 'InProgress', InvalidationBatch: { CallerReference: 'boto3' } });
    expect(list).toMatchObject({ Quantity: 1 });
  });

  it('its refusals', async () => {
    await cloud.world.seconds(5);
    const { DistributionConfig: config, ETag } = await cloudfront('GetDistributionConfig', { Id });
    const update = (more: Answer, about: Answer = {}) =>
      no('UpdateDistribution', {
        Id,
        IfMatch: ETag,
        DistributionConfig: { ...(config as Answer), ...more },
        ...about,
      });

    expect(await no('GetDistribution', { Id: 'E0NOTTHERE' })).toBe('NoSuchDistribution 404');
    expect(await no('GetDistributionConfig', { Id: 'E0NOTTHERE' })).toBe('NoSuchDistribution 404');
    expect(await no('GetInvalidation', { DistributionId: Id, Id: 'I0' })).toBe('NoSuchInvalidation 404');
    expect(await no('ListTagsForResource', { Resource: 'arn:aws:cloudfront::1:distribution/E0' })).toBe(
      'NoSuchResource 404',
    );
    expect(await update({}, { IfMatch: 'E0OLD' })).toBe('PreconditionFailed 412');
    expect(await update({}, { IfMatch: '' })).toBe('InvalidIfMatchVersion 400');
    expect(await update({ Comment: 'x'.repeat(129) })).toBe('InvalidArgument 400');
    expect(await update({ CallerReference: 'another' })).toBe('IllegalUpdate 400');
    expect(
      await no('CreateInvalidation', {
        DistributionId: Id,
        InvalidationBatch: { CallerReference: 'boto3', Paths: { Quantity: 1, Items: ['/other'] } },
      }),
    ).toBe('InvalidationBatchAlreadyExists 400');
    expect(
      await no('CreateInvalidation', {
        DistributionId: Id,
        InvalidationBatch: { CallerReference: 'quantity', Paths: { Quantity: 2, Items: ['/other'] } },
      }),
    ).toBe('InconsistentQuantities 400');
    expect(await no('CreateDistribution', { DistributionConfig: config as Answer })).toBe(
      'UnsupportedOperation 400',
    );
  });
});

describe.each([undefined, 'json'] as const)('boto3 reads CloudWatch, protocol %s', (protocol) => {
  const cloudwatch = answers('cloudwatch', protocol);
  const no = refuses('cloudwatch', protocol);
  const spoken = async (skip: (condition: boolean, reason: string) => void) => {
    const { protocol: its } = await boto.call('cloudwatch', 'DescribeAlarms', {}, protocol);
    skip(its === 'query', tooOld('cloudwatch'));
  };

  it('alarms of both kinds, their states and their history', async ({ skip }) => {
    await spoken(skip);
    const one = `one-${protocol}`;
    await cloudwatch('PutMetricAlarm', {
      AlarmName: one,
      AlarmDescription: 'é',
      Namespace: 'Judged',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'Site', Value: 'a' }],
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 2,
      Threshold: 0.5,
      ComparisonOperator: 'GreaterThanThreshold',
    });
    await cloudwatch('PutCompositeAlarm', { AlarmName: `both-${protocol}`, AlarmRule: `ALARM("${one}")` });
    await cloudwatch('SetAlarmState', { AlarmName: one, StateValue: 'ALARM', StateReason: 'boto3' });
    const all = await cloudwatch('DescribeAlarms', { AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] });
    const { AlarmHistoryItems: items } = await cloudwatch('DescribeAlarmHistory', { AlarmName: one });

    expect(all['MetricAlarms']).toContainEqual(
      expect.objectContaining({
        AlarmName: one,
        StateValue: 'ALARM',
        Threshold: 0.5,
        StateUpdatedTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      }),
    );
    expect(all['CompositeAlarms']).toContainEqual(expect.objectContaining({ AlarmName: `both-${protocol}` }));
    expect(items).toContainEqual(
      expect.objectContaining({
        HistoryItemType: 'StateUpdate',
        Timestamp: expect.stringMatching(/^\d{4}-/),
      }),
    );
  });

  it('metrics, with their times', async ({ skip }) => {
    await spoken(skip);
    const endMs = Math.floor(cloud.world.clock.nowMs() / 60_000) * 60_000;
    const at = (minutes: number) => new Date(endMs + minutes * 60_000).toISOString();
    const MetricName = `Errors-${protocol}`;
    await cloudwatch('PutMetricData', {
      Namespace: 'Judged',
      MetricData: [
        { MetricName, Value: 1.5, Timestamp: at(-2) },
        {
          MetricName,
          StatisticValues: { SampleCount: 2, Sum: 7, Minimum: 3, Maximum: 4 },
          Timestamp: at(-1),
        },
      ],
    });
    const { MetricDataResults: results } = await cloudwatch('GetMetricData', {
      MetricDataQueries: [
        { Id: 'sum', MetricStat: { Metric: { Namespace: 'Judged', MetricName }, Period: 60, Stat: 'Sum' } },
        {
          Id: 'none',
          MetricStat: { Metric: { Namespace: 'Judged', MetricName: 'None' }, Period: 60, Stat: 'Sum' },
        },
      ],
      StartTime: at(-5),
      EndTime: at(0),
      ScanBy: 'TimestampAscending',
    });

    expect(results).toMatchObject([
      { Id: 'sum', Values: [1.5, 7], StatusCode: 'Complete' },
      { Id: 'none', Values: [], Timestamps: [] },
    ]);
    const [sum] = results as { Timestamps: string[] }[];
    expect(sum?.Timestamps.map((text) => Date.parse(text))).toEqual([endMs - 120_000, endMs - 60_000]);
  });

  it('its refusals', async ({ skip }) => {
    await spoken(skip);

    expect(await no('SetAlarmState', { AlarmName: 'gone', StateValue: 'OK', StateReason: 'x' })).toMatch(
      /^ResourceNotFound/,
    );
    expect(
      await no('PutMetricData', { Namespace: 'AWS/EC2', MetricData: [{ MetricName: 'a', Value: 1 }] }),
    ).toMatch(/^InvalidParameterValue/);
    expect(await no('PutCompositeAlarm', { AlarmName: 'bad', AlarmRule: 'ALARM(' })).toMatch(
      /^ValidationError/,
    );
    expect(await no('ListMetrics', {})).toMatch(/^InvalidAction/);
  });
});

describe('boto3 reads SQS', () => {
  const sqs = answers('sqs');
  const no = refuses('sqs');
  const spoken = async (skip: (condition: boolean, reason: string) => void) => {
    const { protocol } = await boto.call('sqs', 'GetQueueAttributes', { QueueUrl: cloud.queueUrl });
    if (protocol === 'query') old.add('sqs');
    skip(isOld('sqs'), tooOld('sqs'));
  };

  it('messages, one by one and in batches', async ({ skip }) => {
    await spoken(skip);
    const { queueUrl: QueueUrl } = cloud;
    const { MD5OfMessageBody: hash } = await sqs('SendMessage', { QueueUrl, MessageBody: 'é <&>' });
    const sent = await sqs('SendMessageBatch', {
      QueueUrl,
      Entries: [
        { Id: 'a', MessageBody: 'a' },
        { Id: 'b', MessageBody: 'b', DelaySeconds: 901 },
      ],
    });
    const { Messages: messages } = await sqs('ReceiveMessage', {
      QueueUrl,
      MaxNumberOfMessages: 10,
      AttributeNames: ['All'],
    });
    const { Attributes: attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
    const [first, second] = messages as { ReceiptHandle: string; Body: string }[];
    await sqs('ChangeMessageVisibility', {
      QueueUrl,
      ReceiptHandle: first?.ReceiptHandle,
      VisibilityTimeout: 60,
    });
    await sqs('DeleteMessage', { QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    const deleted = await sqs('DeleteMessageBatch', {
      QueueUrl,
      Entries: [{ Id: 'x', ReceiptHandle: second?.ReceiptHandle }],
    });

    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(sent).toMatchObject({ Successful: [{ Id: 'a' }], Failed: [{ Id: 'b', SenderFault: true }] });
    expect([first?.Body, second?.Body].sort()).toEqual(['a', 'é <&>']);
    expect(attributes).toMatchObject({ ApproximateNumberOfMessagesNotVisible: '2' });
    expect(deleted).toMatchObject({ Successful: [{ Id: 'x' }] });
  });

  it('its refusals', async ({ skip }) => {
    await spoken(skip);
    const QueueUrl = cloud.queueUrl.replace('countersign', 'nobody');

    expect(await no('SendMessage', { QueueUrl, MessageBody: 'a' })).toMatch(
      /QueueDoesNotExist|NonExistentQueue/,
    );
    expect(await no('DeleteMessage', { QueueUrl: cloud.queueUrl, ReceiptHandle: 'nonsense' })).toMatch(
      /^ReceiptHandleIsInvalid/,
    );
    expect(await no('SendMessageBatch', { QueueUrl: cloud.queueUrl, Entries: [] })).toMatch(
      /EmptyBatchRequest/,
    );
    expect(await no('PurgeQueue', { QueueUrl: cloud.queueUrl })).toMatch(/UnsupportedOperation/);
  });
});

describe('boto3 reads parameters, secrets and sessions', () => {
  it('parameters', async () => {
    const [Name] = parameterNames;
    const ssm = answers('ssm');

    expect(await ssm('GetParameter', { Name, WithDecryption: true })).toMatchObject({
      Parameter: { Name, Type: 'SecureString', Value: 'xoxb-1', Version: 1 },
    });
    expect(await ssm('GetParameters', { Names: [Name, '/gone'] })).toMatchObject({
      InvalidParameters: ['/gone'],
    });
  });

  it('secrets', async () => {
    const [SecretId] = secretNames;

    expect(await answers('secretsmanager')('GetSecretValue', { SecretId })).toMatchObject({
      Name: SecretId,
      VersionStages: ['AWSCURRENT'],
    });
  });

  it('sessions', async () => {
    const asked = {
      RoleArn: roles['our stand-in'],
      RoleSessionName: 'boto3',
      Tags: [{ Key: 'a', Value: 'b' }],
    };

    expect(await answers('sts')('AssumeRole', asked)).toMatchObject({
      Credentials: {
        AccessKeyId: expect.stringMatching(/^ASIA/),
        Expiration: expect.stringMatching(/^\d{4}-/),
      },
      AssumedRoleUser: { Arn: expect.stringMatching(/^arn:aws:sts::/) },
    });
  });

  it('their refusals', async () => {
    expect(await refuses('secretsmanager')('GetSecretValue', { SecretId: 'gone' })).toBe(
      'ResourceNotFoundException 400',
    );
    expect(await refuses('secretsmanager')('ListSecrets')).toMatch(/^UnknownOperationException/);
    expect(
      await refuses('ssm')('GetParameters', { Names: Array.from({ length: 11 }, (_, nth) => `/${nth}`) }),
    ).toMatch(/^ValidationException/);
    expect(
      await refuses('sts')('AssumeRole', { RoleArn: `${roles['our stand-in']}-x`, RoleSessionName: 'boto3' }),
    ).toMatch(/^AccessDenied 403/);
  });
});

describe('boto3’s models', () => {
  it('find what is missing, strange or of another type', async ({ skip }) => {
    const xml = `<Distribution xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Id>E1</Id><Nonsense>1</Nonsense></Distribution>`;
    await using server = await scriptedServer((response, { body }) =>
      body.includes('SecretId')
        ? response.writeHead(200).end('{"Name":1,"Nonsense":1}')
        : response.writeHead(200, { 'content-type': 'text/xml' }).end(xml),
    );
    const other = await startBotocore(server.url);
    const cloudfront = await other.call('cloudfront', 'GetDistribution', { Id: 'E1' });
    const secret = await other.call('secretsmanager', 'GetSecretValue', { SecretId: 'a' });
    other.close();

    expect(cloudfront.problems.join('\n')).toMatch(/Missing required parameter[\s\S]*DomainName/);
    expect(secret.problems.join('\n')).toMatch(/Invalid type[\s\S]*Name/);
    skip(Number(boto.version.split('.')[1]) < 43, 'this botocore is older than what the SDK says');
    for (const { problems } of [cloudfront, secret])
      expect(problems.join('\n')).toContain('Nonsense is in no model');
  });
});

describe('what the readmes promise', () => {
  /** Rows of the table of services: `| CloudFront | ... | GetDistribution, ... |`. */
  const promised = (readme: string, services: Readonly<Record<string, string>>) =>
    readFileSync(new URL(`../../../workspace/${readme}/readme.md`, import.meta.url), 'utf8')
      .split('\n')
      .flatMap((line) => {
        const cells = line.split('|').map((cell) => cell.trim());
        const service = services[cells[1] ?? ''];
        if (service === undefined) return [];
        const operations = cells.at(-2)?.match(/\b[A-Z][a-z]+[A-Z][A-Za-z]+\b/g) ?? [];
        return operations.filter((name) => name !== 'SecureStrings').map((name) => `${service}:${name}`);
      });

  const services = {
    aws: { CloudFront: 'cloudfront', CloudWatch: 'cloudwatch' },
    lambda: { SQS: 'sqs', SSM: 'ssm', 'Secrets Manager': 'secretsmanager', STS: 'sts' },
  };
  const all = [...promised('aws', services.aws), ...promised('lambda', services.lambda)];
  let leaving: readonly string[];

  beforeAll(() => {
    leaving = leavingSrc().aws.map(({ name }) => name);
  }, 180_000);

  it.for(Object.values({ ...services.aws, ...services.lambda }))(
    'was called by boto3, every operation of %s',
    (service, { skip }) => {
      const its = all.filter((operation) => operation.startsWith(`${service}:`));
      expect(its).not.toEqual([]);
      skip(isOld(service), tooOld(service));
      expect(its.filter((operation) => !called.has(operation))).toEqual([]);
    },
  );

  it.for(Object.values({ ...services.aws, ...services.lambda }))(
    'is all there is of %s: every other operation that the model knows is refused',
    async (service, { skip }) => {
      skip(isOld(service), tooOld(service));
      const others = (await boto.operationsOf(service)).filter(
        ({ name }) => !all.includes(`${service}:${name}`),
      );
      expect(others).not.toEqual([]);
      const notRefused: string[] = [];
      for (const { name, labels } of others) {
        const input = Object.fromEntries(labels.map((label) => [label, 'X']));
        const { refusal } = await boto.call(
          service,
          name,
          input,
          service === 'cloudwatch' ? 'json' : undefined,
        );
        if (refusal === null) notRefused.push(name);
      }
      expect(notRefused).toEqual([]);
    },
  );

  it('is all that our sources send to AWS, and boto3 called it', () => {
    const sent = leaving.filter((name) => !name.startsWith('dynamodb:'));

    expect(sent).not.toEqual([]);
    expect(sent.filter((operation) => !all.includes(operation))).toEqual([]);
    expect(
      sent.filter((operation) => !called.has(operation) && !isOld(operation.replace(/:.*/, ''))),
    ).toEqual([]);
  });
});
