import { describe, expect, it } from 'vitest';
import { requestOf, responseOf } from '../../src/compose/gateway.ts';

const body = 'grün 東京';

describe('a request as a gateway passes it on', () => {
  it.each([
    [
      'payload 2.0',
      { rawPath: '/slack/events', requestContext: { stage: '$default', http: { method: 'POST' } } },
    ],
    [
      'payload 2.0 of a named stage',
      { rawPath: '/live/slack/events', requestContext: { stage: 'live', http: { method: 'POST' } } },
    ],
    ['payload 1.0', { path: '/slack/events', httpMethod: 'POST', requestContext: { stage: 'prod' } }],
  ])('is read from %s, plain or as base64', (_, event) => {
    const plain = { ...event, headers: { 'X-Name': 'value' }, body, isBase64Encoded: false };
    const encoded = { ...plain, body: Buffer.from(body).toString('base64'), isBase64Encoded: true };

    for (const each of [plain, encoded]) {
      const { rawBody, ...request } = requestOf(each);
      expect(request).toEqual({ method: 'POST', path: '/slack/events', headers: { 'X-Name': 'value' } });
      expect(rawBody.equals(Buffer.from(body))).toBe(true);
    }
  });

  it('keeps every value of a header that came twice', () => {
    const { headers } = requestOf({
      headers: { 'X-Name': 'last' },
      multiValueHeaders: { 'X-Name': ['first', 'last'], Single: ['one'] },
    });

    expect(headers).toEqual({ 'X-Name': ['first', 'last'], Single: ['one'] });
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [[]],
    [{ headers: null, body: null }],
    [{ rawPath: 7, headers: [], multiValueHeaders: 'x', requestContext: 'x', body: {} }],
    [{ headers: { a: 7, b: ['x', 7] }, isBase64Encoded: true, body: '%%%' }],
  ])('is nothing that could be answered where it is %j', (event) => {
    const { method, path, rawBody } = requestOf(event);

    expect({ method, path, length: rawBody.byteLength }).toEqual({ method: '', path: '', length: 0 });
  });

  it('does not take a folder of the same name for a stage', () => {
    const event = { rawPath: '/slack/events', requestContext: { stage: 'slack', http: { method: 'POST' } } };

    expect(requestOf({ ...event, rawPath: '/slacker/events' }).path).toBe('/slacker/events');
  });

  it('is answered in the form that all of them take', () => {
    expect(responseOf({ status: 200, headers: { a: 'b' }, body: '{}' })).toEqual({
      statusCode: 200,
      headers: { a: 'b' },
      body: '{}',
      isBase64Encoded: false,
    });
  });
});
