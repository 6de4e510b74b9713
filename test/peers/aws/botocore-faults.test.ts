/** Every no of CloudFront and CloudWatch, provoked: its code, its status, and that it comes at all. And every time told. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siteDistributionId as Id } from '../../../workspace/aws/cloudfront/seed.ts';
import { createSiteWorld, type SiteWorld, startMs } from '../../aws/site-world.ts';
import { type Botocore, startBotocore } from './botocore.ts';
import { commonCodes } from './refusal-codes.ts';

type Fields = Readonly<Record<string, unknown>>;
type Service = 'cloudfront' | 'cloudwatch';

let world: SiteWorld & AsyncDisposable;
let boto: Botocore;
let config: Fields;
let etag: string;
const provoked = new Set<string>();

beforeAll(async () => {
  world = await createSiteWorld();
  boto = await startBotocore(world.aws.apiUrl);
  const read = await answered('cloudfront', 'GetDistributionConfig', { Id });
  config = read['DistributionConfig'] as Fields;
  etag = String(read['ETag']);
});
afterAll(async () => {
  boto.close();
  await world[Symbol.asyncDispose]();
});

/** In a protocol that every botocore speaks. */
const call = (service: Service, operation: string, input: Fields = {}) =>
  boto.call(service, operation, input, service === 'cloudwatch' ? 'json' : undefined);

async function answered(service: Service, operation: string, input: Fields = {}) {
  const { answer, refusal, problems } = await call(service, operation, input);
  expect([problems, refusal], operation).toEqual([[], null]);
  return answer ?? {};
}

async function refused(service: Service, operation: string, input: Fields = {}) {
  const { refusal, problems } = await call(service, operation, input);
  expect(problems, operation).toEqual([]);
  if (refusal === null)
    throw new Error(`${operation} was not refused: ${JSON.stringify(input).slice(0, 200)}`);
  const { code, status, message, isModelled } = refusal;
  expect(isModelled || commonCodes.has(code), `${operation} knows ${code}`).toBe(true);
  expect(message).not.toBe('');
  provoked.add(code);
  return `${code} ${status}`;
}

/** Each operation, asked rightly. */
const operations: readonly (readonly [Service, string, () => Fields])[] = [
  ['cloudfront', 'GetDistribution', () => ({ Id })],
  ['cloudfront', 'GetDistributionConfig', () => ({ Id })],
  ['cloudfront', 'ListDistributions', () => ({})],
  [
    'cloudfront',
    'ListTagsForResource',
    () => ({ Resource: `arn:aws:cloudfront::111122223333:distribution/${Id}` }),
  ],
  ['cloudfront', 'ListInvalidations', () => ({ DistributionId: Id })],
  ['cloudfront', 'CreateInvalidation', () => ({ DistributionId: Id, InvalidationBatch: batch(['/*']) })],
  [
    'cloudfront',
    'GetInvalidation',
    () => ({ DistributionId: Id, Id: world.aws.control.state().invalidations[0]?.id }),
  ],
  ['cloudfront', 'UpdateDistribution', () => ({ Id, IfMatch: etag, DistributionConfig: config })],
  ['cloudwatch', 'GetMetricData', () => ({ ...between(-5, 0), MetricDataQueries: [query('a')] })],
  ['cloudwatch', 'DescribeAlarms', () => ({})],
  ['cloudwatch', 'DescribeAlarmHistory', () => ({})],
  ['cloudwatch', 'SetAlarmState', () => ({ AlarmName: 'site-5xx', StateValue: 'OK', StateReason: 'judged' })],
  [
    'cloudwatch',
    'PutMetricData',
    () => ({ Namespace: 'Judged', MetricData: [{ MetricName: 'a', Value: 1 }] }),
  ],
  ['cloudwatch', 'PutMetricAlarm', () => ({ ...alarm, AlarmName: 'judged' })],
  ['cloudwatch', 'PutCompositeAlarm', () => ({ AlarmName: 'both', AlarmRule: 'ALARM("site-5xx")' })],
];

const batch = (paths: readonly string[], more: Fields = {}) => ({
  CallerReference: paths.join(),
  Paths: { Quantity: paths.length, Items: paths },
  ...more,
});
const at = (minutes: number) => new Date(world.clock.nowMs() + minutes * 60_000).toISOString();
const between = (from: number, to: number) => ({ StartTime: at(from), EndTime: at(to) });
const query = (name: string) => ({
  Id: name,
  MetricStat: { Metric: { Namespace: 'Judged', MetricName: 'a' }, Period: 60, Stat: 'Sum' },
});
const alarm = {
  Namespace: 'Judged',
  MetricName: 'a',
  Statistic: 'Sum',
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: 'GreaterThanThreshold',
};

/** Members that tell a time which is not about now. */
const timesIn = (value: unknown): readonly number[] => {
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\dT[\d:.]+/.test(value) ? [Date.parse(value)] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(timesIn);
};

describe('every operation', () => {
  it.for(operations)(
    '%s %s is answered, and tells no time but the workspace’s',
    async ([service, operation, input]) => {
      const told = timesIn(await answered(service, operation, input()));
      // That clock is not today's; what was there before it began is of the day before.
      const [from, to] = [startMs - 2 * 86_400_000, world.clock.nowMs() + 1];
      expect(told.filter((ms) => !(ms >= from && ms <= to)).map((ms) => new Date(ms).toISOString())).toEqual(
        [],
      );
      if (/^(GetDistribution|UpdateDistribution|(Create|Get)Invalidation|DescribeAlarms)$/.test(operation))
        expect(told).not.toEqual([]);
    },
  );

  it.for(operations)(
    '%s %s is refused as AWS does when throttled, denied and down',
    async ([service, operation, input]) => {
      const { control } = world.aws;
      control.throttle({ service, count: 1 });
      const throttled = await refused(service, operation, input());
      control.deny({ operation });
      const denied = await refused(service, operation, input());
      control.deny({ operation, on: false });
      control.down({ service, forSeconds: 60 });
      const down = await refused(service, operation, input());
      control.clearFaults();

      const [code = '', status] = throttled.split(' ');
      expect(await boto.throttlingCodes()).toContain(code);
      expect(status).toBe('400');
      expect(denied).toMatch(/^AccessDenied(Exception)? 403$/);
      expect(down).toBe('ServiceUnavailable 503');
    },
  );
});

describe('what CloudFront refuses', () => {
  const update = (more: Fields, about: Fields = {}) =>
    refused('cloudfront', 'UpdateDistribution', {
      Id,
      IfMatch: etag,
      DistributionConfig: { ...config, ...more },
      ...about,
    });
  const invalidate = (InvalidationBatch: Fields) =>
    refused('cloudfront', 'CreateInvalidation', { DistributionId: Id, InvalidationBatch });
  beforeAll(async () => {
    await world.seconds(300);
    etag = String((await answered('cloudfront', 'GetDistributionConfig', { Id }))['ETag']);
  });

  it.each([[['index.html']], [['/a*b']], [['/**']], [['/good', 'bad']], [['']]])(
    'invalidation paths: %s',
    async (paths) => {
      expect(await invalidate(batch(paths, { CallerReference: 'paths' }))).toBe('InvalidArgument 400');
    },
  );

  it('batches without paths, without a reference, of another quantity, and too many wildcards', async () => {
    expect(await invalidate(batch([], { CallerReference: 'none' }))).toBe('InvalidArgument 400');
    expect(await invalidate(batch(['/a'], { CallerReference: '' }))).toBe('InvalidArgument 400');
    expect(
      await invalidate(batch(['/a'], { CallerReference: 'q', Paths: { Quantity: 2, Items: ['/a'] } })),
    ).toBe('InconsistentQuantities 400');
    expect(await invalidate(batch(Array.from({ length: 16 }, (_, nth) => `/${nth}/*`)))).toBe(
      'TooManyInvalidationsInProgress 400',
    );
    await answered('cloudfront', 'CreateInvalidation', {
      DistributionId: Id,
      InvalidationBatch: batch(['/a'], { CallerReference: 'taken' }),
    });
    expect(await invalidate(batch(['/b'], { CallerReference: 'taken' }))).toBe(
      'InvalidationBatchAlreadyExists 400',
    );
  });

  it('what is not there', async () => {
    const gone = 'E0NOTTHERE';
    for (const operation of ['GetDistribution', 'GetDistributionConfig'])
      expect(await refused('cloudfront', operation, { Id: gone })).toBe('NoSuchDistribution 404');
    expect(await refused('cloudfront', 'ListInvalidations', { DistributionId: gone })).toBe(
      'NoSuchDistribution 404',
    );
    expect(await refused('cloudfront', 'GetInvalidation', { DistributionId: Id, Id: 'I0' })).toBe(
      'NoSuchInvalidation 404',
    );
    expect(
      await refused('cloudfront', 'ListTagsForResource', {
        Resource: 'arn:aws:cloudfront::1:distribution/E0',
      }),
    ).toBe('NoSuchResource 404');
    expect(await refused('cloudfront', 'ListDistributions', { Marker: gone })).toBe('InvalidArgument 400');
    expect(await refused('cloudfront', 'DeleteDistribution', { Id, IfMatch: etag })).toBe(
      'UnsupportedOperation 400',
    );
  });

  it('configurations', async () => {
    const behaviour = config['DefaultCacheBehavior'] as Fields;
    expect(await update({}, { IfMatch: 'E0OLD' })).toBe('PreconditionFailed 412');
    expect(await update({}, { IfMatch: '' })).toBe('InvalidIfMatchVersion 400');
    expect(await update({ Comment: 'x'.repeat(129) })).toBe('InvalidArgument 400');
    expect(await update({ CallerReference: 'another' })).toBe('IllegalUpdate 400');
    expect(await update({ Origins: { Quantity: 0, Items: [] } })).toBe('InvalidArgument 400');
    expect(await update({ Aliases: { Quantity: 7, Items: ['a.example'] } })).toBe(
      'InconsistentQuantities 400',
    );
    expect(await update({ DefaultCacheBehavior: { ...behaviour, TargetOriginId: 'none' } })).toBe(
      'NoSuchOrigin 404',
    );
    expect(await update({ DefaultCacheBehavior: { ...behaviour, CachePolicyId: 'none' } })).toBe(
      'NoSuchCachePolicy 404',
    );
  });
});

describe('what CloudWatch refuses', () => {
  const read = (more: Fields) =>
    refused('cloudwatch', 'GetMetricData', { ...between(-5, 0), MetricDataQueries: [query('a')], ...more });

  it('times that do not follow each other, and queries of one name', async () => {
    expect(await read(between(0, -5))).toBe('ValidationError 400');
    expect(await read(between(-5, -5))).toBe('ValidationError 400');
    expect(await read({ MetricDataQueries: [query('a'), query('a')] })).toBe('ValidationError 400');
    expect(await read({ MetricDataQueries: [query('Upper')] })).toBe('ValidationError 400');
    expect(await read({ MetricDataQueries: [] })).toBe('ValidationError 400');
  });

  it('names together with a prefix, and more than a hundred records', async () => {
    const describeAlarms = (input: Fields) => refused('cloudwatch', 'DescribeAlarms', input);
    expect(await describeAlarms({ AlarmNames: ['a'], AlarmNamePrefix: 'a' })).toBe('ValidationError 400');
    for (const MaxRecords of [0, 101])
      expect(await describeAlarms({ MaxRecords })).toBe('ValidationError 400');
    expect(await describeAlarms({ AlarmNames: Array.from({ length: 101 }, (_, nth) => `${nth}`) })).toBe(
      'ValidationError 400',
    );
    expect(await describeAlarms({ NextToken: 'nonsense' })).toBe('InvalidNextToken 400');
    expect(await refused('cloudwatch', 'DescribeAlarmHistory', { MaxRecords: 101 })).toMatch(/ 400$/);
  });

  it('what is not there, what is AWS’s own, what is too little', async () => {
    const write = (Namespace: string, datum: Fields) =>
      refused('cloudwatch', 'PutMetricData', { Namespace, MetricData: [{ MetricName: 'a', ...datum }] });
    expect(await write('AWS/EC2', { Value: 1 })).toBe('InvalidParameterValue 400');
    expect(await write('Judged', {})).toBe('MissingParameter 400');
    expect(
      await refused('cloudwatch', 'SetAlarmState', { AlarmName: 'gone', StateValue: 'OK', StateReason: 'x' }),
    ).toBe('ResourceNotFound 404');
    expect(await refused('cloudwatch', 'PutCompositeAlarm', { AlarmName: 'bad', AlarmRule: 'ALARM(' })).toBe(
      'ValidationError 400',
    );
    expect(await refused('cloudwatch', 'ListMetrics')).toBe('InvalidAction 400');
  });
});

describe('what no SDK would send', () => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=AKIATEST/20260303/us-east-1/cloudfront/aws4_request';
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const answer = await fetch(`${world.aws.apiUrl}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const [, code = ''] = /(?:<Code>|"__type":"(?:[\w.]+#)?)(\w+)/.exec(await answer.text()) ?? [];
    expect(commonCodes.has(code), code).toBe(true);
    provoked.add(code);
    return `${code} ${answer.status}`;
  };
  const invalidations = `/2020-05-31/distribution/${Id}/invalidation`;
  const target = { 'x-amz-target': 'GraniteServiceVersion20100801.DescribeAlarms' };

  it('unsigned calls, and bodies that cannot be read', async () => {
    expect(await send('GET', `/2020-05-31/distribution/${Id}`, {})).toBe('MissingAuthenticationToken 403');
    expect(await send('POST', '/', target, '{}')).toBe('MissingAuthenticationToken 403');
    expect(await send('POST', invalidations, { authorization }, '<a>')).toBe('MalformedXML 400');
    expect(await send('POST', invalidations, { authorization }, '<A></A>')).toBe('MalformedInput 400');
    expect(await send('POST', '/', { authorization, ...target }, '{')).toBe('SerializationException 400');
  });
});

describe('every code in the sources of the stand-in', () => {
  const folder = new URL('../../../workspace/aws/', import.meta.url);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const codes = new Set(
    sources.flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/AwsRefusal\(\s*'(\w+)'/g)].map(
        ([, code = '']) => code,
      ),
    ),
  );
  /** A mistake of the stand-in's own; nobody can ask for one. */
  const unasked = ['InternalFailure'];

  it('was provoked here', () => {
    expect(codes.size).toBeGreaterThan(20);
    expect([...codes].filter((code) => !provoked.has(code)).sort()).toEqual(unasked);
    expect(unasked.every((code) => commonCodes.has(code))).toBe(true);
  });
});
