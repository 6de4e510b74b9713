import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../src/aws/queue.ts';
import { createGithubHook } from '../../src/compose/github.ts';
import { createMetrics } from '../../src/compose/metrics.ts';
import { parseWork } from '../../src/compose/work.ts';
import { RetryableError } from '../../src/flows/errors.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import type { Receipt } from '../../src/flows/receipt.ts';
import { fakeLog } from '../bot/fakes.ts';
import { policy, startMs, walkTo, walkToUntouchedDeployment } from '../flows/promotion/walk.ts';

const secret = 'a secret between GitHub and us';

function startHook(promotions: readonly Promotion[] = []) {
  const sent: QueueMessage[] = [];
  const log = fakeLog();
  const receipts: Receipt[] = [];
  const touched: string[] = [];
  const away = new Set<string>();
  const touch = (what: string) => {
    touched.push(what);
    if (away.has(what)) throw new RetryableError('store.unreachable', 'away');
  };
  const settings = (app: string, environment: string, repository: string | null) => ({
    app,
    environment,
    policy,
    definition: { repository, target: { kind: 'paper', settings: {} }, gates: [], checks: [], readings: [] },
  });
  const known = [
    settings('site', 'staging', 'Northwind/Site'),
    settings('site', 'production', 'northwind/site'),
    settings('shop', 'production', 'northwind/shop'),
    settings('bare', 'production', null),
  ];
  const handle = createGithubHook({
    secret,
    catalog: {
      apps: ['site', 'shop', 'bare'].map((app) => ({
        app,
        environments: known.filter((each) => each.app === app).map((each) => each.environment),
      })),
      find: (app, environment) => known.find((each) => each.app === app && each.environment === environment),
      defaultEnvironment: () => 'production',
    },
    store: {
      async list(app, environment) {
        touch(`list ${app} ${environment}`);
        return promotions.filter((each) => each.app === app && each.environment === environment);
      },
    },
    deliveries: {
      async keep(receipt) {
        touch('keep');
        if (receipts.some(({ id }) => id === receipt.id)) return { outcome: 'repeated', body: '' };
        receipts.push(receipt);
        return { outcome: 'kept' };
      },
    },
    queue: { send: async (messages) => void sent.push(...messages) },
    metrics: createMetrics(log, null, () => 0),
    nowMs: () => startMs,
    log,
  });
  return { handle, touched, log, receipts, away, looks: () => sent.map(({ body }) => parseWork(body)) };
}

const completed = {
  action: 'completed',
  repository: { full_name: 'northwind/site' },
  workflow_run: { id: 1 },
};
const sign = (body: string | Buffer, key = secret) =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

function delivered(
  body: unknown,
  options: {
    headers?: Record<string, string>;
    event?: string;
    base64?: boolean;
    method?: string;
    path?: string;
  } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    version: '2.0',
    rawPath: options.path ?? '/github/webhooks',
    requestContext: { http: { method: options.method ?? 'POST' }, stage: '$default' },
    headers: {
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-github-event': options.event ?? 'workflow_run',
      'x-hub-signature-256': sign(text),
      ...options.headers,
    },
    body: options.base64 === true ? Buffer.from(text).toString('base64') : text,
    isBase64Encoded: options.base64 === true,
  };
}

describe('GitHub’s webhooks', () => {
  it('bring a look of what still asks GitHub for that repository, and of nothing else', async () => {
    const analyzing = walkTo('analyzing').promotion;
    const untouched = { ...walkToUntouchedDeployment().promotion, id: 'p2' };
    const elsewhere = { ...walkTo('analyzing').promotion, id: 'p3', app: 'shop' };
    const changed = { ...walkTo('monitoring').promotion, id: 'p4' };
    const ended = { ...walkTo('rejected').promotion, id: 'p5' };
    const hook = startHook([analyzing, untouched, elsewhere, changed, ended]);

    const answer = await hook.handle(delivered(completed));

    expect(answer.statusCode).toBe(202);
    expect(hook.touched).toEqual(['list site staging', 'list site production', 'keep']);
    expect(hook.looks()).toMatchObject([
      { does: 'look', promotionId: 'p1', revision: null },
      { does: 'look', promotionId: 'p2', revision: null },
    ]);
  });

  it('are read as bytes, in base64 as well', async () => {
    const hook = startHook([walkTo('analyzing').promotion]);

    await hook.handle(delivered({ ...completed, sender: { name: 'Åsa 🚀' } }, { base64: true }));

    expect(hook.looks()).toHaveLength(1);
  });

  it('work once, however often one is delivered', async () => {
    const hook = startHook([walkTo('analyzing').promotion]);

    await hook.handle(delivered(completed));
    const again = await hook.handle(delivered(completed));

    expect(again.statusCode).toBe(202);
    expect(hook.looks()).toHaveLength(1);
    expect(hook.receipts[0]?.expiresAtMs).toBeGreaterThan(startMs + 3 * 24 * 3_600_000);
  });

  it.each([
    ['without a signature', delivered(completed, { headers: { 'x-hub-signature-256': '' } })],
    [
      'signed with another secret',
      delivered(completed, { headers: { 'x-hub-signature-256': sign(JSON.stringify(completed), 'other') } }),
    ],
    [
      'with the signature of another body',
      delivered(completed, { headers: { 'x-hub-signature-256': sign('{}') } }),
    ],
    [
      'with the older signature only',
      delivered(completed, { headers: { 'x-hub-signature-256': 'sha1=0123' } }),
    ],
    ['with an empty body', delivered('')],
    [
      'whose bytes are no text',
      {
        ...delivered('x', { base64: true }),
        body: '/w==',
        headers: { 'x-hub-signature-256': sign(Buffer.from([0xff])) },
      },
    ],
  ])('%s are answered 401 without touching the table', async (_how, event) => {
    const hook = startHook([walkTo('analyzing').promotion]);

    expect((await hook.handle(event)).statusCode).toBe(401);
    expect(hook.touched).toEqual([]);
    expect(hook.log.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  });

  it.each([
    ['on another path', delivered(completed, { path: '/slack/events' }), 404],
    ['by another method', delivered(completed, { method: 'GET' }), 405],
    ['of more than a megabyte', delivered({ more: 'x'.repeat(1_000_000) }), 413],
    ['that are no JSON', delivered('not JSON'), 400],
    ['without a delivery id', delivered(completed, { headers: { 'x-github-delivery': '' } }), 400],
    ['that are no request at all', 'nonsense', 404],
  ])('%s are refused with %3$i', async (_how, event, status) => {
    const hook = startHook();

    expect((await hook.handle(event)).statusCode).toBe(status);
    expect(hook.touched).toEqual([]);
  });

  it.each([
    ['a ping', delivered({ zen: 'Design for failure.' }, { event: 'ping' }), 200],
    ['a run that only began', delivered({ ...completed, action: 'requested' }), 202],
    ['an event that nobody waits for', delivered(completed, { event: 'issues' }), 202],
    ['a word that every object has', delivered(completed, { event: 'constructor' }), 202],
    ['one of a whole organisation', delivered({ action: 'completed' }), 202],
  ])('answer %s and leave the table alone', async (_what, event, status) => {
    const hook = startHook([walkTo('analyzing').promotion]);

    expect((await hook.handle(event)).statusCode).toBe(status);
    expect(hook.touched).toEqual([]);
  });

  it('are answered 500 while the table is away, and no error of the function', async () => {
    const hook = startHook();
    hook.away.add('keep');

    expect((await hook.handle(delivered(completed))).statusCode).toBe(500);
    expect(hook.log.lines.find(({ level }) => level === 'error')?.data).toMatchObject({
      code: 'store.unreachable',
    });
  });

  it('bring their look when they are delivered again after the table was away', async () => {
    const hook = startHook([walkTo('analyzing').promotion]);
    hook.away.add('list site production');
    expect((await hook.handle(delivered(completed))).statusCode).toBe(500);

    hook.away.clear();

    expect((await hook.handle(delivered(completed))).statusCode).toBe(202);
    expect(hook.looks()).toHaveLength(1);
  });
});
