import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createGateway, type GatewayKind } from '../../../workspace/lambda/gateway.ts';
import { startMs } from './account.ts';
import { scriptedFunction, throttled } from './scripted-function.ts';

const kinds: GatewayKind[] = ['rest', 'http', 'function-url'];

async function openGateway(
  kind: GatewayKind,
  script: () => unknown = () => ({ statusCode: 200, body: 'ok' }),
) {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const target = scriptedFunction(script);
  const gateway = await createGateway({
    kind,
    clock,
    routes: [{ method: 'POST', path: '/slack/events', target }],
  });
  onTestFinished(async () => {
    await gateway.close();
    clock.close();
  });
  const post = async (
    body: string | Buffer,
    headers: Record<string, string> = {},
    path = '/slack/events',
  ) => {
    const response = await fetch(gateway.url + path, { method: 'POST', body, headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return { gateway, target, post };
}

const form = { 'content-type': 'application/x-www-form-urlencoded', 'X-Slack-Signature': 'v0=abc' };

describe('what a function gets', () => {
  it('payload 1.0: the body as it is, headers in their case, and both spellings of several', async () => {
    const { target, post } = await openGateway('rest');

    await post('text=hi%20there', form);

    const [event] = target.events;
    expect(event).toMatchObject({
      resource: '/slack/events',
      path: '/slack/events',
      httpMethod: 'POST',
      queryStringParameters: null,
      body: 'text=hi%20there',
      isBase64Encoded: false,
      requestContext: { stage: 'prod', identity: { sourceIp: '203.0.113.7' }, requestTimeEpoch: startMs },
    });
    expect(event?.['multiValueHeaders']).toMatchObject({ 'X-Slack-Signature': ['v0=abc'] });
    expect(event).not.toHaveProperty('version');
  });

  it.each(['http', 'function-url'] as const)(
    '%s, payload 2.0: lower-case headers, and a form as base64',
    async (kind) => {
      const { target, post } = await openGateway(kind);

      await post('text=hi%20there', form, '/slack/events?a=1&a=2');

      expect(target.events[0]).toMatchObject({
        version: '2.0',
        rawPath: '/slack/events',
        rawQueryString: 'a=1&a=2',
        queryStringParameters: { a: '1,2' },
        headers: { 'x-slack-signature': 'v0=abc' },
        requestContext: { http: { method: 'POST', path: '/slack/events' }, timeEpoch: startMs },
        body: Buffer.from('text=hi%20there').toString('base64'),
        isBase64Encoded: true,
      });
    },
  );

  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/x-www-form-urlencoded; charset=utf-8', true],
    ['application/octet-stream', true],
    ['application/vnd.api+json', true],
  ])('payload 2.0 with %s is base64: %s', async (type, isBase64Encoded) => {
    const { target, post } = await openGateway('http');

    await post('{"ä":1}', { 'content-type': type });

    const [event] = target.events;
    expect(event?.['isBase64Encoded']).toBe(isBase64Encoded);
    const body = String(event?.['body']);
    expect(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString()).toBe('{"ä":1}');
  });
});

describe('what the caller gets', () => {
  it.each(kinds)('%s: the answer of the function, decoded', async (kind) => {
    const body = Buffer.from('grün').toString('base64');
    const { post } = await openGateway(kind, () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'x-one': 1 },
      body,
      isBase64Encoded: true,
    }));

    const answer = await post('x');

    expect(answer).toMatchObject({ status: 201, text: 'grün' });
    expect(answer.headers.get('x-one')).toBe('1');
  });

  it.each([
    ['rest', 502],
    ['http', 500],
    ['function-url', 502],
  ] as const)('%s: a function that failed is %i', async (kind, status) => {
    const { post } = await openGateway(kind, () => {
      throw new Error('boom');
    });

    const answer = await post('x');

    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain('boom');
  });

  it.each([
    ['rest', 502],
    ['http', 200],
    ['function-url', 200],
  ] as const)('%s: an answer without a status is %i', async (kind, status) => {
    const { post } = await openGateway(kind, () => ({ hello: 1 }));

    expect(await post('x')).toMatchObject({ status, ...(status === 200 ? { text: '{"hello":1}' } : {}) });
  });

  it.each([
    ['rest', 500],
    ['http', 503],
    ['function-url', 429],
  ] as const)('%s: no free instance is %i', async (kind, status) => {
    const { post } = await openGateway(kind, () => throttled);

    expect((await post('x')).status).toBe(status);
  });

  it('no route: 403 of a REST API, 404 of an HTTP API, and the function itself at its own address', async () => {
    const rest = await openGateway('rest');
    const http = await openGateway('http');
    const url = await openGateway('function-url');

    expect((await rest.post('x', {}, '/elsewhere')).status).toBe(403);
    expect((await http.post('x', {}, '/elsewhere')).status).toBe(404);
    expect((await url.post('x', {}, '/elsewhere')).status).toBe(200);
    expect([...rest.target.events, ...http.target.events]).toEqual([]);
  });

  it.each(kinds)('%s: what Lambda would not take is refused before it', async (kind) => {
    const { target, post } = await openGateway(kind);

    const answer = await post('x'.repeat(6_300_000), { 'content-type': 'text/plain' });

    expect(answer.status).toBe(413);
    expect(target.events).toEqual([]);
  });
});
