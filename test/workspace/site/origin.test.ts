import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createSiteOrigin } from '../../../workspace/site/origin.ts';
import { readRelease, releases } from '../../../workspace/site/releases.ts';

async function openOrigin() {
  const clock = createWorkspaceClock({ startMs: Date.parse('2026-03-02T09:00:00Z'), speed: 0 });
  const origin = await createSiteOrigin(
    { clock },
    { blue: { version: 'v1.0.0' }, green: { version: 'v1.1.0' } },
  );
  const url = await origin.listen();
  onTestFinished(async () => {
    await origin.close();
    clock.close();
  });
  return { origin, url };
}

describe('releases of the example site', () => {
  it('are built, each with its own look, and every asset that a page names is there', async () => {
    const looks = new Set<string>();
    for (const { version } of releases) {
      const files = await readRelease(version);
      for (const page of ['/index.html', '/pricing/index.html', '/about/index.html', '/404.html']) {
        const html = files.get(page)?.body.toString() ?? '';
        const base = new URL(page, 'http://site');
        const assets = [...html.matchAll(/(?:href|src)="([^"]*\.(?:css|js))"/g)].map(
          ([, link]) => new URL(link ?? '', base).pathname,
        );
        expect(assets).toHaveLength(2);
        for (const asset of assets) expect(files.get(asset)).toMatchObject({ hashed: true });
        looks.add(assets[0] ?? '');
      }
      expect(files.get('/robots.txt')?.hashed).toBe(false);
    }
    expect(looks.size).toBe(releases.length);
  });

  it('are the same in the generator and in the table of what can be pushed', async () => {
    const file = new URL('../../../examples/site/releases.json', import.meta.url);
    expect(Object.keys(JSON.parse(await readFile(file, 'utf8')))).toEqual(
      releases.map(({ version }) => version),
    );
  });
});

describe('the origin', () => {
  it('holds one version per colour, and a put replaces it', async () => {
    const { origin, url } = await openOrigin();
    expect(await (await fetch(`${url}/blue/`)).text()).toContain('content="v1.0.0"');
    expect(await (await fetch(`${url}/green/pricing/`)).text()).toContain('content="v1.1.0"');
    await origin.put('green', 'v1.2.0');
    expect(await (await fetch(`${url}/green/index.html`)).text()).toContain('content="v1.2.0"');
    expect(origin.holds('green').version).toBe('v1.2.0');
  });

  it('keeps the assets of the version that was there before, for pages already loaded', async () => {
    const { origin, url } = await openOrigin();
    const html = await (await fetch(`${url}/green/`)).text();
    const sheet = /href="(assets\/[^"]*\.css)"/.exec(html)?.[1] ?? 'none';
    await origin.put('green', 'v1.2.0');
    expect((await fetch(`${url}/green/${sheet}`)).status).toBe(200);
    expect((await fetch(`${url}/blue/${sheet}`)).status).toBe(200);
    expect((await fetch(`${url}/blue/assets/site.0000000000.css`)).status).toBe(404);
  });

  it('says how long each thing may be kept', async () => {
    const { url } = await openOrigin();
    const control = async (path: string) => (await fetch(`${url}${path}`)).headers.get('cache-control');
    expect(await control('/blue/')).toBe('public, max-age=0, s-maxage=86400');
    expect(await control('/blue/api/stock.json')).toBe('no-store');
    expect(await control('/blue/robots.txt')).toBeNull();
  });

  it('misbehaves only for the CDN, and only once it has been live for a while', async () => {
    const { origin } = await openOrigin();
    await origin.put('green', 'v1.5.0');
    const stock = (atMs: number, headers: Record<string, string> = { 'x-amz-cf-id': 'x' }) =>
      origin.respond({ path: '/green/api/stock.json', headers, atMs }).status;
    expect([stock(0), stock(89_000), stock(90_000), stock(91_000, {})]).toEqual([200, 200, 503, 200]);
    expect(stock(90_000 + 6 * 60_000)).toBe(200);
  });

  it('redirects to the page when the slash is missing, and knows no third colour', async () => {
    const { url } = await openOrigin();
    expect((await fetch(`${url}/blue/pricing`)).url).toBe(`${url}/blue/pricing/`);
    expect((await fetch(`${url}/red/`)).status).toBe(404);
    expect((await fetch(`${url}/blue/`, { method: 'PUT' })).status).toBe(405);
  });
});
