import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyLimitBytes, checkRequest } from '../../src/bot/gate.ts';
import { commandFields, form, gateSettings, secret, signed, slackHeaders } from './signed.ts';

const nowMs = Date.UTC(2026, 10, 21, 14, 0, 0);
const body = form(commandFields());
const check = (request: Parameters<typeof checkRequest>[0], settings = gateSettings) =>
  checkRequest(request, nowMs, settings);
const code = (outcome: ReturnType<typeof checkRequest>) =>
  outcome.outcome === 'refused' ? `${outcome.status} ${outcome.code}` : outcome.kind;

describe('the gate lets in', () => {
  it('a signed command, with its fields and a hash that names the delivery', () => {
    const outcome = check(signed({ body, nowMs }));
    expect(outcome).toMatchObject({
      kind: 'command',
      contentType: 'application/x-www-form-urlencoded',
      body,
    });
    expect(outcome).toHaveProperty('fields.text', 'site v1.1.0');
    expect(outcome).toHaveProperty('signatureHash', expect.stringMatching(/^[0-9a-f]{64}$/));
    expect(JSON.stringify(outcome)).not.toContain(slackHeaders({ body, nowMs })['x-slack-signature']);
  });

  it('an interaction, its payload opened, even of another workspace (which is refused in words later)', () => {
    const payload = {
      type: 'block_actions',
      api_app_id: 'A0COUNTER',
      team: { id: 'T0PARTNER' },
      user: { id: 'U1' },
    };
    const outcome = check(signed({ body: form({ payload: JSON.stringify(payload) }), nowMs }));
    expect(outcome).toMatchObject({ kind: 'interaction', fields: payload });
  });

  it.each([-300, 300])('a timestamp %i seconds away, at the border of the window', (offsetSeconds) => {
    expect(code(check(signed({ body, nowMs, offsetSeconds })))).toBe('command');
  });

  it('content types with parameters, and JSON in UTF-8 that is not ASCII', () => {
    const contentType = 'application/x-www-form-urlencoded; charset=utf-8';
    expect(code(check(signed({ body, nowMs, contentType })))).toBe('command');
    const json = JSON.stringify({
      type: 'event_callback',
      api_app_id: 'A0COUNTER',
      team_id: 'T0COUNTER',
      event: { text: 'grüße 日本' },
    });
    const outcome = check(signed({ body: json, nowMs, contentType: 'application/json; charset=utf-8' }));
    expect(outcome).toHaveProperty('fields.event.text', 'grüße 日本');
  });

  it('a request signed with the previous secret while secrets are exchanged', () => {
    const request = signed({ body, nowMs, secret: 'old' });
    expect(code(check(request))).toBe('401 signature.wrong');
    expect(code(check(request, { ...gateSettings, secrets: { current: secret, previous: 'old' } }))).toBe(
      'command',
    );
  });

  it('headers in any case', () => {
    const upper = Object.fromEntries(
      Object.entries(slackHeaders({ body, nowMs })).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(
      code(check({ method: 'POST', path: '/slack/events', headers: upper, rawBody: Buffer.from(body) })),
    ).toBe('command');
  });

  it('the challenge of a new address, but only signed', () => {
    const challenge = JSON.stringify({ type: 'url_verification', challenge: 'abc', token: 'x' });
    const request = signed({ body: challenge, nowMs, contentType: 'application/json' });
    expect(check(request)).toEqual({ outcome: 'accepted', kind: 'url-verification', challenge: 'abc' });
    expect(code(check({ ...request, headers: { 'content-type': 'application/json' } }))).toBe(
      '401 signature.missing',
    );
  });

  it('an unsigned look at the certificate, which carries nothing else', () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const unsigned = (text: string) =>
      code(check({ method: 'POST', path: '/slack/events', headers, rawBody: Buffer.from(text) }));
    expect(unsigned('ssl_check=1')).toBe('ssl-check');
    expect(unsigned('ssl_check=1&token=abc')).toBe('ssl-check');
    expect(unsigned(`ssl_check=1&${body}`)).toBe('401 signature.missing');
    expect(unsigned('ssl_check=true')).toBe('401 signature.missing');
    expect(unsigned('ssl_check=11')).toBe('401 signature.missing');
  });
});

describe('the gate refuses', () => {
  it.each([
    ['an unsigned request', { 'x-slack-signature': undefined }, '401 signature.missing'],
    ['a request without a time', { 'x-slack-request-timestamp': undefined }, '401 signature.missing'],
    ['a signature that comes twice', { 'X-Slack-Signature': 'v0=00' }, '401 signature.missing'],
    ['a list of signatures', { 'x-slack-signature': ['v0=00', 'v0=11'] }, '401 signature.missing'],
    ['a signature in capitals', { 'x-slack-signature': `v0=${'A'.repeat(64)}` }, '401 signature.malformed'],
    ['a short signature', { 'x-slack-signature': 'v0=abcd' }, '401 signature.malformed'],
    ['a time that is no number', { 'x-slack-request-timestamp': '1e9' }, '401 timestamp.malformed'],
    ['a time with a sign', { 'x-slack-request-timestamp': '+173000000' }, '401 timestamp.malformed'],
    ['a wrong signature', { 'x-slack-signature': `v0=${'0'.repeat(64)}` }, '401 signature.wrong'],
  ])('%s', (_name, headers, expected) => {
    expect(code(check(signed({ body, nowMs, headers })))).toBe(expected);
  });

  it.each([-301, 301, 31_536_000])('a timestamp %i seconds away, although it is signed', (offsetSeconds) => {
    expect(code(check(signed({ body, nowMs, offsetSeconds })))).toBe('401 timestamp.outside-window');
  });

  it('a valid signature of another version', () => {
    expect(code(check(signed({ body, nowMs, version: 'v9' })))).toBe('401 signature.malformed');
  });

  it('an old request replayed with the border between time and body moved', () => {
    const oldTimestamp = Math.floor(nowMs / 1000) - 86_400;
    const fresh = String(Math.floor(nowMs / 1000));
    const forged = '&command=/promote&text=site v6.6.6';
    const captured = `{"text":":${fresh}:${forged}"}`;
    const digest = createHmac('sha256', secret).update(`v0:${oldTimestamp}:${captured}`).digest('hex');
    const [beforeBorder] = captured.split(`:${fresh}:`);
    const request = {
      method: 'POST',
      path: '/slack/events',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': fresh,
        'x-slack-signature': `v0:${oldTimestamp}:${beforeBorder}=${digest}`,
      },
      rawBody: Buffer.from(`${forged}"}`),
    };
    expect(code(check(request))).toBe('401 signature.malformed');
  });

  it('a body that was changed after it was signed', () => {
    expect(code(check({ ...signed({ body, nowMs }), rawBody: Buffer.from(`${body}&x=1`) }))).toBe(
      '401 signature.wrong',
    );
  });

  it('everything while the secret is missing, even what is signed with an empty one', () => {
    const request = signed({ body, nowMs, secret: '' });
    expect(code(check(request, { ...gateSettings, secrets: { current: '', previous: '' } }))).toBe(
      '401 signature.wrong',
    );
  });

  it('another path, another method, too many bytes', () => {
    expect(code(check(signed({ body, nowMs, path: '/admin' })))).toBe('404 path.unknown');
    expect(code(check(signed({ body, nowMs, method: 'GET' })))).toBe('405 method.not-post');
    expect(code(check(signed({ body: 'a'.repeat(bodyLimitBytes + 1), nowMs })))).toBe('413 body.too-large');
  });

  it.each([
    ['malformed JSON', 'application/json', '{"type":'],
    ['JSON that is no object', 'application/json', '[1]'],
    ['a payload that is no JSON', 'application/x-www-form-urlencoded', 'payload=%7B'],
    ['a field that comes twice', 'application/x-www-form-urlencoded', `${body}&text=site+v6.6.6`],
  ])('%s', (_name, contentType, text) => {
    expect(code(check(signed({ body: text, nowMs, contentType })))).toBe('400 body.malformed');
  });

  it('a body whose base64 was not undone, and bytes that are no UTF-8', () => {
    expect(
      code(check({ ...signed({ body, nowMs }), rawBody: Buffer.from(Buffer.from(body).toString('base64')) })),
    ).toBe('401 signature.wrong');
    expect(
      code(check(signed({ body: Buffer.from([0x7b, 0xff, 0x7d]), nowMs, contentType: 'application/json' }))),
    ).toMatch(/^400/);
  });

  it('another content type', () => {
    expect(code(check(signed({ body, nowMs, contentType: 'text/plain' })))).toBe(
      '400 content-type.unsupported',
    );
  });

  it('requests for another app or another workspace', () => {
    expect(code(check(signed({ body: form(commandFields({ api_app_id: 'A0OTHER' })), nowMs })))).toBe(
      '401 app.unknown',
    );
    expect(code(check(signed({ body: form(commandFields({ team_id: 'T0OTHER' })), nowMs })))).toBe(
      '401 team.unknown',
    );
    const event = JSON.stringify({ type: 'event_callback', api_app_id: 'A0COUNTER', team_id: 'T0OTHER' });
    expect(code(check(signed({ body: event, nowMs, contentType: 'application/json' })))).toBe(
      '401 team.unknown',
    );
  });
});

it('the gate answers whatever comes, and lets nothing unsigned through', () => {
  fc.assert(
    fc.property(
      fc.anything(),
      fc.anything(),
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom('/slack/events', '/', '/slack/events?x=1'),
      (headers, method, bytes, path) => {
        const request = { method: fc.stringify(method), path, headers, rawBody: Buffer.from(bytes) };
        const outcome = checkRequest(request as Parameters<typeof checkRequest>[0], nowMs, gateSettings);
        expect(outcome.outcome).toBe('refused');
        const odd = { ...request, method: 'POST' } as Parameters<typeof checkRequest>[0];
        expect(checkRequest(odd, nowMs, gateSettings).outcome).toBe('refused');
      },
    ),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('application/json', 'application/x-www-form-urlencoded'),
      (text, contentType) => {
        expect(() => check(signed({ body: text, nowMs, contentType }))).not.toThrow();
      },
    ),
  );
});
