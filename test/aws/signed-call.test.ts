import { createHash, createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPost } from '../../src/aws/post.ts';
import { type AwsCredentials, createSignedCall, type SignedService } from '../../src/aws/signed-call.ts';
import { scriptedServer } from './scripted-server.ts';

const credentials = {
  accessKeyId: 'AKIATESTTESTTEST',
  secretAccessKey: 'hush',
  sessionToken: 'session-token',
};
const request = { service: 'dynamodb', target: 'DynamoDB_20120810.GetItem', body: '{"Key":"ü"}' } as const;
const timeoutMs = 2_000;

const callTo = (url: string, given: AwsCredentials = credentials) =>
  createSignedCall({ region: 'eu-west-1', credentials: given, endpointOf: () => url });

/** Signature Version 4 worked out anew from what arrived. Source: IAM user guide, "Create a signed AWS API request". */
function signatureOf(
  arrived: { path: string; headers: Readonly<Record<string, unknown>>; body: string },
  service: SignedService,
): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const authorization = String(arrived.headers['authorization']);
  const signedHeaders = /SignedHeaders=([^,]+)/.exec(authorization)?.[1] ?? '';
  const time = String(arrived.headers['x-amz-date']);
  const scope = `${time.slice(0, 8)}/eu-west-1/${service}/aws4_request`;
  const lines = signedHeaders.split(';').map((name) => `${name}:${String(arrived.headers[name])}\n`);
  const canonical = ['POST', arrived.path, '', lines.join(''), signedHeaders, hash(arrived.body)].join('\n');
  const key = [time.slice(0, 8), 'eu-west-1', service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${credentials.secretAccessKey}`,
  );
  return hmac(key, `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`).toString('hex');
}

describe('a signed call', () => {
  it.each(['dynamodb', 'sqs', 'ssm', 'secretsmanager'] as const)(
    'to %s signs the bytes, the operation, the host and the session token',
    async (service) => {
      await using server = await scriptedServer((response) => response.end('{}'));

      const answer = await callTo(server.url)({ ...request, service, timeoutMs });

      const [arrived] = server.requests;
      if (arrived === undefined) throw new Error('nothing arrived');
      expect(answer).toMatchObject({ status: 200, body: '{}', fault: null });
      expect(arrived.body).toBe(request.body);
      expect(arrived.headers['x-amz-security-token']).toBe('session-token');
      const authorization = arrived.headers.authorization ?? '';
      for (const name of ['host', 'x-amz-target', 'x-amz-security-token', 'x-amz-date', 'content-type']) {
        expect(/SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';')).toContain(name);
      }
      expect(authorization).toContain(`Signature=${signatureOf(arrived, service)}`);
    },
  );

  it('without a session token sends none', async () => {
    await using server = await scriptedServer((response) => response.end('{}'));
    const { accessKeyId, secretAccessKey } = credentials;

    await callTo(server.url, { accessKeyId, secretAccessKey })({ ...request, timeoutMs });

    expect(server.requests[0]?.headers).not.toHaveProperty('x-amz-security-token');
  });

  it.each([
    ['{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}', {}, 'ThrottlingException'],
    ['{"__type":"ExpiredTokenException"}', {}, 'ExpiredTokenException'],
    ['{"code":"AccessDenied"}', {}, 'AccessDenied'],
    ['{}', { 'x-amzn-errortype': 'ParameterNotFound:http://internal/coral' }, 'ParameterNotFound'],
    ['<html>busy</html>', {}, 'http-400'],
    ['[]', {}, 'http-400'],
    ['', {}, 'http-400'],
  ])('names what went wrong in %j', async (body, headers, fault) => {
    await using server = await scriptedServer((response) => response.writeHead(400, headers).end(body));

    expect(await callTo(server.url)({ ...request, timeoutMs })).toMatchObject({ status: 400, body, fault });
  });

  it('throws when no answer comes in time, and when it breaks off', async () => {
    await using silent = await scriptedServer(() => {});
    await using cut = await scriptedServer((response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"Item"');
      setImmediate(() => response.destroy());
    });

    await expect(callTo(silent.url)({ ...request, timeoutMs: 30 })).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    await expect(callTo(cut.url)({ ...request, timeoutMs })).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('a connection', () => {
  it('is kept from call to call, and given up once it rested for longer than it may live', async () => {
    let connections = 0;
    const server = createServer((_, response) => response.end('{}'));
    server.on('connection', () => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    let nowMs = 0;
    const post = createPost({ nowMs: () => nowMs });
    const once = () => post({ url, headers: {}, body: '', timeoutMs });

    await once();
    nowMs += 15_000;
    await once();
    expect(connections).toBe(1);
    nowMs += 25_000;
    await once();
    expect(connections).toBe(2);

    server.closeAllConnections();
    server.close();
  });
});
