import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ControlRefusal, type ControlServer, createControlServer } from '../../workspace/control.ts';

let folder: string;
let server: ControlServer;
const done: unknown[] = [];

beforeEach(async () => {
  done.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'page-'));
  await mkdir(join(folder, 'page/assets'), { recursive: true });
  await writeFile(join(folder, 'page/index.html'), '<!doctype html>the page');
  await writeFile(join(folder, 'page/assets/a.js'), 'export {}');
  await writeFile(join(folder, 'secret.json'), '"outside the page"');
  server = await createControlServer({
    port: 0,
    pageFolder: join(folder, 'page'),
    snapshot: (user) => ({ seenBy: user ?? 'nobody' }),
    areas: {
      lamp: {
        light: async (body) => {
          done.push(z.strictObject({ on: z.boolean() }).parse(body));
          return { lit: true };
        },
        steal: async () => {
          throw new ControlRefusal('The lamp is not here.');
        },
      },
    },
  });
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

/** With node:http, since fetch does not let one write Host and Origin. */
function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const url = new URL(server.url);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: url.port, method, path, headers: options.headers ?? {} },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  send('POST', path, { body, headers: { 'content-type': 'application/json', ...headers } });

describe('the control API', () => {
  it('carries out what is posted to an area and name', async () => {
    const answer = await post('/control/lamp/light', '{"on":true}');
    expect([answer.status, JSON.parse(answer.text), done]).toEqual([200, { lit: true }, [{ on: true }]]);
  });

  it('names what there is when the area or the name is unknown', async () => {
    const area = await post('/control/moon/light', '{}');
    const name = await post('/control/lamp/break', '{}');
    const inherited = await post('/control/lamp/constructor', '{}');
    expect([area.status, name.status, inherited.status]).toEqual([404, 404, 404]);
    expect(area.text).toContain('There are: lamp.');
    expect(name.text).toContain('It has: light, steal.');
  });

  it('answers 400 with the place of the mistake, and 409 for what cannot be done now', async () => {
    const wrong = await post('/control/lamp/light', '{"on":"yes"}');
    const broken = await post('/control/lamp/light', '{"on":');
    const refused = await post('/control/lamp/steal', '{}');
    expect([wrong.status, broken.status, refused.status]).toEqual([400, 400, 409]);
    expect(wrong.text).toContain('on');
    expect(JSON.parse(refused.text)).toEqual({ error: 'The lamp is not here.' });
    expect(done).toEqual([]);
  });

  it.each(['evil.example', '127.0.0.1', '127.0.0.1.evil.example'])(
    'tells nothing to somebody who calls it %s',
    async (host) => {
      const state = await send('GET', '/control/state?user=U1', { headers: { host } });
      const page = await send('GET', '/', { headers: { host } });
      expect([state.status, page.status]).toEqual([421, 421]);
      expect(state.text).not.toContain('seenBy');
    },
  );

  it.each([
    { origin: 'http://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ])('takes no orders from another page: %o', async (headers) => {
    const answer = await post('/control/lamp/light', '{"on":true}', headers);
    expect([answer.status, done]).toEqual([403, []]);
  });

  it('takes orders from its own page and from scripts', async () => {
    const page = await post('/control/lamp/light', '{"on":true}', {
      origin: server.url,
      'sec-fetch-site': 'same-origin',
    });
    const script = await post('/control/lamp/light', '{"on":false}');
    expect([page.status, script.status]).toEqual([200, 200]);
  });

  it('takes nothing that a form could send', async () => {
    const answer = await send('POST', '/control/lamp/light', {
      body: '{"on":true}',
      headers: { 'content-type': 'text/plain' },
    });
    expect([answer.status, done]).toEqual([415, []]);
  });

  it('changes nothing on GET', async () => {
    const answer = await send('GET', '/control/lamp/light');
    expect([answer.status, answer.headers['allow'], done]).toEqual([405, 'POST', []]);
  });

  it('gives each person their own view of the state', async () => {
    const ada = await send('GET', '/control/state?user=U0ADA');
    const nobody = await send('GET', '/control/state');
    expect([JSON.parse(ada.text), JSON.parse(nobody.text)]).toEqual([
      { seenBy: 'U0ADA' },
      { seenBy: 'nobody' },
    ]);
  });

  it('turns a burst of changes into one event', async () => {
    const response = await fetch(`${server.url}/control/events`);
    const reader = response.body?.getReader();
    if (reader === undefined) throw new Error('There is no stream.');
    const next = async () => new TextDecoder().decode((await reader.read()).value);
    const greeting = await next();
    for (let change = 0; change < 20; change += 1) server.changed();
    const burst = await next();
    await reader.cancel();
    expect([greeting, burst]).toEqual(['event: changed\ndata: {}\n\n', 'event: changed\ndata: {}\n\n']);
  });
});

describe('the files of the page', () => {
  it('come with a policy that allows nothing from elsewhere', async () => {
    const answer = await send('GET', '/');
    const policy = String(answer.headers['content-security-policy']);
    expect(answer.text).toContain('the page');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toContain('unsafe');
  });

  it('stay inside their folder', async () => {
    const paths = ['/../secret.json', '/%2e%2e/secret.json', '/assets/..%2f..%2fsecret.json', '/%zz.json'];
    for (const path of paths) {
      const answer = await send('GET', path);
      expect(answer.text).not.toContain('outside the page');
    }
  });

  it('are kept for good only where their name changes with them', async () => {
    const page = await send('GET', '/');
    const asset = await send('GET', '/assets/a.js');
    expect(page.headers['cache-control']).toBe('no-store');
    expect(asset.headers['cache-control']).toContain('immutable');
  });
});
