import { GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { callAws } from '../../src/aws/clients.ts';
import { translateAwsError } from '../../src/aws/errors.ts';
import { ConflictError, MisconfiguredError, RetryableError, TerminalError } from '../../src/flows/errors.ts';
import { scriptedServer } from './scripted-server.ts';
import { clientsFor } from './site-world.ts';

const named = (name: string, more: object = {}): Error => Object.assign(new Error('said so'), { name }, more);

const read = (url: string) => {
  const client = clientsFor(url).cloudFrontWrites;
  return callAws('cloudfront:GetDistribution', (options) =>
    client.send(new GetDistributionCommand({ Id: 'E1' }), options),
  );
};

const xmlError = (code: string) =>
  `<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`;

describe('errors of AWS', () => {
  it.each([
    ['Throttling', RetryableError, 'aws.throttled'],
    ['TooManyRequestsException', RetryableError, 'aws.throttled'],
    ['InternalServiceFault', RetryableError, 'aws.unavailable'],
    ['TimeoutError', RetryableError, 'aws.unreachable'],
    ['AbortError', RetryableError, 'aws.unreachable'],
    ['TooManyInvalidationsInProgress', RetryableError, 'aws.busy'],
    ['PreconditionFailed', ConflictError, 'aws.precondition-failed'],
    ['InvalidIfMatchVersion', ConflictError, 'aws.precondition-failed'],
    ['AccessDenied', MisconfiguredError, 'aws.access-denied'],
    ['ExpiredToken', MisconfiguredError, 'aws.credentials'],
    ['CredentialsProviderError', MisconfiguredError, 'aws.credentials'],
    ['NoSuchDistribution', MisconfiguredError, 'aws.not-found'],
    ['IllegalUpdate', TerminalError, 'aws.request-invalid'],
    ['InvalidationBatchAlreadyExists', TerminalError, 'aws.token-reused'],
  ])('ALL-16 takes %s for what it is', (name, kind, code) => {
    const error = translateAwsError('service:Call', named(name));
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ code, data: { operation: 'service:Call', name, message: 'said so' } });
  });

  it.each([
    ['ECONNRESET', { code: 'ECONNRESET' }, 'aws.unreachable'],
    ['a name that could not be looked up', { code: 'ENOTFOUND' }, 'aws.unreachable'],
    ['status 429 under a new name', { $metadata: { httpStatusCode: 429 } }, 'aws.throttled'],
    ['status 503 under a new name', { $metadata: { httpStatusCode: 503 } }, 'aws.unavailable'],
    ['a fault of the server', { $fault: 'server', $metadata: {} }, 'aws.unavailable'],
    ['status 403 under a new name', { $metadata: { httpStatusCode: 403 } }, 'aws.access-denied'],
    ['status 412 under a new name', { $metadata: { httpStatusCode: 412 } }, 'aws.precondition-failed'],
    ['status 400 under a new name', { $metadata: { httpStatusCode: 400 } }, 'aws.refused'],
  ])('ALL-16 knows %s without knowing the name', (_what, more, code) => {
    expect(translateAwsError('service:Call', named('BrandNew', more))).toMatchObject({ code });
  });

  it('never decides by the words of a message', () => {
    const bug = new TypeError('Throttling: AccessDenied, ECONNRESET, please retry');
    expect(translateAwsError('service:Call', bug)).toBe(bug);
  });

  it('is not led astray by names that every object has', () => {
    const odd = named('constructor');
    expect(translateAwsError('service:Call', odd)).toBe(odd);
  });

  it('ALL-16 a throttled call says how long AWS asked us to wait', async () => {
    await using server = await scriptedServer((response) => {
      response.writeHead(429, { 'content-type': 'text/xml', 'retry-after': '7' });
      response.end(xmlError('Throttling'));
    });
    const call = read(server.url);
    await expect(call).rejects.toBeInstanceOf(RetryableError);
    await expect(call).rejects.toMatchObject({
      code: 'aws.throttled',
      retryAfterMs: 7000,
      data: { status: 429, requestId: 'r-1' },
    });
  });

  it.each([
    [502, '<html><body>Bad gateway', 'aws.unavailable'],
    [200, '<html><body>Please log in', 'aws.answer-unreadable'],
    [500, '', 'aws.unavailable'],
  ])('ALL-16 a proxy that answers %i with a page of its own is retried', async (status, body, code) => {
    await using server = await scriptedServer((response) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    });
    const call = read(server.url);
    await expect(call).rejects.toBeInstanceOf(RetryableError);
    await expect(call).rejects.toMatchObject({ code });
  });

  it('ALL-16 a connection cut before the answer is unreachable, not a failure of ours', async () => {
    await using server = await scriptedServer((response) => response.socket?.destroy());
    await expect(read(server.url)).rejects.toMatchObject({ code: 'aws.unreachable' });
    expect(server.requests).toHaveLength(1);
  });

  it('ALL-16 nobody listening is unreachable', async () => {
    await expect(read('http://127.0.0.1:9')).rejects.toMatchObject({ code: 'aws.unreachable' });
  });
});
