/** GitHub's webhooks as Octokit collected them, signed as GitHub signs them, at our gate and at the function behind it. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createGithubHook } from '../../../src/compose/github.ts';
import { createMetrics } from '../../../src/compose/metrics.ts';
import { createWebhookGate } from '../../../src/github/webhooks.ts';
import { catalog } from '../../bot/catalog.ts';
import { fakeDeliveries, fakeLog } from '../../bot/fakes.ts';
import { at, promotionIn } from '../../bot/promotions.ts';

const fromHere = createRequire(import.meta.url);
const file = fromHere
  .resolve('@octokit/webhooks-examples/package.json')
  .replace('package.json', 'api.github.com/index.json');
const Payload = z.looseObject({
  action: z.string().optional(),
  repository: z.looseObject({ full_name: z.string().optional() }).nullish(),
});
type Payload = z.infer<typeof Payload>;
const samples = z
  .array(z.object({ name: z.string(), examples: z.array(Payload) }))
  .parse(JSON.parse(readFileSync(file, 'utf8')));

const secret = 'It’s a secret: 秘密';
const path = '/github/webhooks';

/** GitHub, "Validating webhook deliveries": HMAC with SHA-256 over the bytes of the body, in hexadecimal. */
const signature = (body: string | Buffer, key = secret) =>
  `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;

let deliveries = 0;
const headersFor = (event: string, body: string | Buffer, more: Record<string, string> = {}) => {
  deliveries += 1;
  return {
    'Content-Type': 'application/json',
    'User-Agent': 'GitHub-Hookshot/044aadd',
    'X-GitHub-Delivery': `72d3162e-cc78-11e3-81ab-${String(deliveries).padStart(12, '0')}`,
    'X-GitHub-Event': event,
    'X-Hub-Signature-256': signature(body),
    ...more,
  };
};

describe('every sample, signed', () => {
  const letIn = createWebhookGate(secret);

  it.each(samples.map(({ name, examples }) => [name, examples] as const))('%s', async (event, examples) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const payload of examples) {
      for (const body of [JSON.stringify(payload), JSON.stringify(payload, null, 2)]) {
        const headers = headersFor(event, body);
        const rawBody = Buffer.from(body);
        expect(await letIn({ headers, rawBody })).toEqual({
          outcome: 'genuine',
          delivery: headers['X-GitHub-Delivery'],
          event,
          action: payload.action ?? null,
          repository: payload.repository?.full_name ?? null,
        });
        const touched = Buffer.from(rawBody);
        touched[Math.floor(touched.length / 2)] = (touched[Math.floor(touched.length / 2)] ?? 0) ^ 1;
        for (const wrong of [
          { headers, rawBody: touched },
          { headers, rawBody: Buffer.concat([rawBody, Buffer.from('\n')]) },
          { headers: { ...headers, 'X-Hub-Signature-256': signature(body, 'another secret') }, rawBody },
        ])
          expect(await letIn(wrong)).toMatchObject({ outcome: 'refused', status: 401 });
      }
    }
  });
});

describe('a signature that is not GitHub’s', () => {
  const letIn = createWebhookGate(secret);
  const [
    {
      name: event,
      examples: [payload],
    } = { name: '', examples: [] as Payload[] },
  ] = samples;
  const body = JSON.stringify(payload);
  const otherwise = (text: string, at: number) =>
    text.slice(0, at) + (text.at(at) === '0' ? '1' : '0') + text.slice(at).slice(1);
  const old = `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`;

  it.each<[string, Record<string, string>]>([
    ['is none', { 'X-Hub-Signature-256': '' }],
    ['is of the old kind alone', { 'X-Hub-Signature-256': '', 'X-Hub-Signature': old }],
    ['is of the old kind in the new place', { 'X-Hub-Signature-256': old }],
    ['is in capitals', { 'X-Hub-Signature-256': signature(body).toUpperCase() }],
    ['has something behind it', { 'X-Hub-Signature-256': `${signature(body)}0` }],
    ['is right but for its last digit', { 'X-Hub-Signature-256': otherwise(signature(body), -1) }],
    [
      'is right but for its first digit',
      { 'X-Hub-Signature-256': otherwise(signature(body), 'sha256='.length) },
    ],
    ['is one without a key', { 'X-Hub-Signature-256': signature(body, '') }],
  ])('%s', async (_what, more) => {
    const headers = headersFor(event, body, more);
    expect(await letIn({ headers, rawBody: Buffer.from(body) })).toMatchObject({
      outcome: 'refused',
      status: 401,
    });
  });

  it('comes twice', async () => {
    const headers = { ...headersFor(event, body), 'x-hub-signature-256': signature(body, 'another') };
    expect(await letIn({ headers, rawBody: Buffer.from(body) })).toMatchObject({
      outcome: 'refused',
      status: 401,
    });
  });

  it('covers every byte: letters outside of ASCII as they were sent', async () => {
    const greeting = JSON.stringify({
      action: 'opened',
      title: 'Grüße 東京 🗼',
      repository: { full_name: 'a/b' },
    });
    const headers = headersFor('issues', greeting);
    expect(await letIn({ headers, rawBody: Buffer.from(greeting) })).toMatchObject({
      outcome: 'genuine',
      repository: 'a/b',
    });
    expect(await letIn({ headers, rawBody: Buffer.from(greeting, 'latin1') })).toMatchObject({ status: 401 });
  });
});

describe('the function behind the gate, for a promotion that waits for this repository', () => {
  const waiting = promotionIn('validating');

  function hook(found: () => Promise<(typeof waiting)[]> = async () => [waiting]) {
    const looks: string[] = [];
    const deliver = createGithubHook({
      secret,
      catalog: {
        ...catalog,
        apps: [{ app: 'site', environments: ['production'] }],
        find: (app, environment) => {
          const settings = catalog.find(app, environment);
          return (
            settings && {
              ...settings,
              definition: { ...settings.definition, repository: 'codertocat/hello-world' },
            }
          );
        },
      },
      store: { list: found },
      deliveries: fakeDeliveries(),
      queue: {
        send: async (messages) => {
          looks.push(...messages.map(({ body }) => body));
        },
      },
      metrics: createMetrics(fakeLog(), { service: 'countersign', stage: 'test' }),
      nowMs: () => at(0),
      log: fakeLog(),
    });
    return { deliver, looks };
  }

  const eventOf = (event: string, payload: unknown, more: Record<string, string> = {}) => {
    const body = JSON.stringify(payload);
    return {
      version: '2.0',
      rawPath: path,
      headers: Object.fromEntries(
        Object.entries(headersFor(event, body, more)).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      requestContext: { http: { method: 'POST', path } },
      body: Buffer.from(body).toString('base64'),
      isBase64Encoded: true,
    };
  };

  /** Events that may change what a gate answers; of the rest GitHub may send as many as it likes. */
  const telling: Record<string, (payload: Payload) => boolean> = {
    workflow_run: ({ action }) => action === 'completed',
    check_suite: ({ action }) => action === 'completed',
    check_run: ({ action }) => action === 'completed',
    release: ({ action }) => action === 'published',
    status: () => true,
    deployment_status: () => true,
    create: () => true,
  };

  it.each(samples.map(({ name, examples }) => [name, examples] as const))('%s', async (event, examples) => {
    for (const payload of examples) {
      const { deliver, looks } = hook();
      const delivered = eventOf(event, payload);
      const { statusCode } = await deliver(delivered);
      expect(statusCode).toBe(event === 'ping' ? 200 : 202);
      const repository = payload.repository?.full_name?.toLowerCase();
      const wanted = telling[event]?.(payload) === true && repository === 'codertocat/hello-world';
      expect(looks).toHaveLength(wanted ? 1 : 0);
      // GitHub or a person may send it again.
      await deliver(delivered);
      expect(looks).toHaveLength(wanted ? 1 : 0);
    }
  });

  it('brings a look for at least one sample of each that is telling', () => {
    for (const [event, tells] of Object.entries(telling)) {
      const { examples = [] } = samples.find(({ name }) => name === event) ?? {};
      expect([
        event,
        examples.some(
          (payload) => tells(payload) && /codertocat\/hello-world/i.test(payload.repository?.full_name ?? ''),
        ),
      ]).toEqual([event, true]);
    }
  });

  it('asks GitHub to try again when the store cannot be reached', async () => {
    const { examples = [] } = samples.find(({ name }) => name === 'workflow_run') ?? {};
    const completed = examples.find((payload) => telling['workflow_run']?.(payload));
    const { deliver } = hook(() => Promise.reject(new Error('down')));
    expect(await deliver(eventOf('workflow_run', completed))).toMatchObject({ statusCode: 500 });
  });
});
