import { describe, expect, it } from 'vitest';
import { createAwsChecks } from '../../../src/aws/checks/index.ts';
import { assetsOf, createFetchPage, versionOf } from '../../../src/aws/checks/page.ts';
import type { CheckContext } from '../../../src/flows/ports.ts';
import type { CheckSpec } from '../../../src/flows/promotion/plan.ts';
import { scriptedServer } from '../scripted-server.ts';
import { clientsFor, createSiteWorld } from '../site-world.ts';

const release = (version: string) => ({ version, commit: null, artifact: `sha256:${version}` });
const definition = {
  repository: null,
  target: { kind: 'none', settings: {} },
  gates: [],
  checks: [],
  readings: [],
};
const context = (about: Partial<CheckContext> = {}): CheckContext => ({
  promotionId: '01JTEST',
  digest: null,
  definition,
  expected: release('1.4.1'),
  previous: release('1.4.0'),
  changedAtMs: 0,
  judgedUntilMs: null,
  nowMs: 0,
  ...about,
});
const spec = (kind: string, settings: CheckSpec['settings']): CheckSpec => ({
  id: 'c1',
  kind,
  title: 'A check',
  essential: true,
  settings,
});

const run = (kind: string, settings: CheckSpec['settings'], about: Partial<CheckContext> = {}) =>
  createAwsChecks({ clients: clientsFor('http://127.0.0.1:9'), fetchPage: createFetchPage() }).run(
    spec(kind, settings),
    context(about),
  );

/** An address where nobody listens any more. */
async function silentAddress(): Promise<string> {
  await using server = await scriptedServer((response) => response.end());
  return server.url;
}

const meta = (content: string) => `<meta name="deployment-version" content="${content}">`;
const page = (head: string) => `<!doctype html><html><head>${head}</head><body><h1>Shop</h1></body></html>`;

async function versionResult(html: string, status = 200, about: Partial<CheckContext> = {}) {
  await using server = await scriptedServer((response) => {
    response.writeHead(status, { 'content-type': 'text/html' }).end(html);
  });
  return await run('version-meta', { url: `${server.url}/` }, about);
}

describe('the version of a page', () => {
  it('SITE-7 passes for exactly the expected version', async () => {
    expect(await versionResult(page(meta('1.4.1')))).toEqual({
      id: 'c1',
      title: 'A check',
      outcome: 'passed',
      text: 'The page shows version 1.4.1.',
      link: expect.stringMatching(/^http:/),
      urgent: false,
    });
  });

  it.each([
    [
      'a longer version that contains the right one',
      meta('1.4.10'),
      'The page shows version "1.4.10", 1.4.1 was expected.',
    ],
    [
      'a pre-release of the right one',
      meta('1.4.1-rc.1'),
      'The page shows version "1.4.1-rc.1", 1.4.1 was expected.',
    ],
    [
      'the right one with a blank behind it',
      meta('1.4.1 '),
      'The page shows version "1.4.1 ", 1.4.1 was expected.',
    ],
    [
      'the right one with another name before it',
      meta('v1.4.1'),
      'The page shows version "v1.4.1", 1.4.1 was expected.',
    ],
    [
      'no meta',
      '<meta name="description" content="1.4.1">',
      'The page has no deployment-version meta; version 1.4.1 was expected.',
    ],
    [
      'a meta that is only a comment',
      `<!-- ${meta('1.4.1')} -->`,
      'The page has no deployment-version meta; version 1.4.1 was expected.',
    ],
    [
      'a meta inside a script',
      `<script>const a = '${meta('1.4.1')}'</script>`,
      'The page has no deployment-version meta; version 1.4.1 was expected.',
    ],
    [
      'two metas that agree',
      meta('1.4.1') + meta('1.4.1'),
      'The page has 2 deployment-version metas (1.4.1 and 1.4.1); exactly one, 1.4.1, was expected.',
    ],
    [
      'two metas that do not',
      meta('1.4.1') + meta('1.4.0'),
      'The page has 2 deployment-version metas (1.4.1 and 1.4.0); exactly one, 1.4.1, was expected.',
    ],
    ['an empty meta', meta(''), 'The page shows version "", 1.4.1 was expected.'],
  ])('SITE-7 %s is refused', async (_what, head, text) => {
    expect(await versionResult(page(head))).toMatchObject({ outcome: 'failed', text });
  });

  it('SITE-7 the version before it is stale, which a cache may show for a while', async () => {
    expect(await versionResult(page(meta('1.4.0')))).toMatchObject({ outcome: 'stale' });
    expect(await versionResult(page(meta('1.4.0')), 200, { previous: null })).toMatchObject({
      outcome: 'failed',
    });
  });

  it.each([404, 403, 500, 503, 301])('SITE-7 status %i fails, whatever the page says', async (status) => {
    expect(await versionResult(page(meta('1.4.1')), status)).toMatchObject({
      outcome: 'failed',
      text: `The page answers ${status} instead of 200; version 1.4.1 was expected.`,
    });
  });

  it('SITE-7 a redirect is not followed', async () => {
    await using server = await scriptedServer((response, { path }) => {
      if (path === '/') response.writeHead(302, { location: '/other' }).end();
      else response.writeHead(200).end(page(meta('1.4.1')));
    });
    const result = await run('version-meta', { url: `${server.url}/` });
    expect(result).toMatchObject({ outcome: 'failed', text: expect.stringContaining('302 (to /other)') });
    expect(server.requests).toHaveLength(1);
  });

  it('ALL-13 nobody answering is inconclusive, never a pass', async () => {
    expect(await run('version-meta', { url: `${await silentAddress()}/` })).toMatchObject({
      outcome: 'inconclusive',
      text: 'No answer: connection refused.',
    });
  });

  it('ALL-13 an answer that never ends is inconclusive', async () => {
    await using server = await scriptedServer((response) => {
      response.writeHead(200).write(page(meta('1.4.1')));
    });
    expect(await run('version-meta', { url: `${server.url}/`, timeoutMs: 150 })).toMatchObject({
      outcome: 'inconclusive',
      text: 'No answer: no answer within 150 ms.',
    });
  });

  it('ALL-13 an answer that breaks off is inconclusive', async () => {
    await using server = await scriptedServer((response) => {
      response.writeHead(200, { 'content-length': '5000' });
      response.write(page(meta('1.4.1')), () => response.socket?.destroy());
    });
    expect(await run('version-meta', { url: `${server.url}/` })).toMatchObject({ outcome: 'inconclusive' });
  });

  it('SITE-7 a page longer than 2 MB is not read to its end', async () => {
    const result = await versionResult(page(meta('1.4.1')) + 'x'.repeat(3 * 1024 * 1024));
    expect(result).toMatchObject({ outcome: 'failed', text: 'The page is longer than 2 MB.' });
  });

  it('asks as nobody but itself, without a query that would prove nothing', async () => {
    await using server = await scriptedServer((response) => response.end(page(meta('1.4.1'))));
    await run('version-meta', { url: `${server.url}/` });
    expect(server.requests[0]).toMatchObject({
      path: '/',
      headers: expect.objectContaining({ 'user-agent': 'countersign/01JTEST' }),
    });
  });

  it('SITE-7 an edge that still holds the old page is stale until it was invalidated', async () => {
    await using world = await createSiteWorld();
    const checks = createAwsChecks({ clients: world.clients, fetchPage: createFetchPage() });
    const look = () =>
      checks.run(
        spec('version-meta', { url: world.aws.productionUrl }),
        context({ expected: release('v1.1.0'), previous: release('v1.0.0') }),
      );
    expect(await look()).toMatchObject({ outcome: 'stale' });
    world.aws.control.editByHand({ what: 'origin-path', value: '/green' });
    await world.seconds(600);
    expect(await look()).toMatchObject({ outcome: 'stale' });
  });
});

describe('pages and assets', () => {
  const assets = '<link rel="stylesheet" href="a.css"><script src="/b.js"></script><img src="c.png">';
  const serve = (routes: Record<string, [number, string]>) =>
    scriptedServer((response, { path }) => {
      const [status, body] = routes[path] ?? [404, 'nothing'];
      response.writeHead(status).end(body);
    });

  it('SITE-7 passes when named pages and assets answer', async () => {
    await using server = await serve({
      '/': [200, page(assets)],
      '/about': [200, 'about'],
      '/a.css': [200, 'a'],
      '/b.js': [200, 'b'],
      '/c.png': [200, 'c'],
    });
    expect(await run('http', { baseUrl: server.url, pages: ['/', '/about'] })).toMatchObject({
      outcome: 'passed',
      text: '/, /about and 3 assets answer 200.',
    });
  });

  it.each<[string, Record<string, [number, string]>, string]>([
    ['a page answers 500', { '/': [500, 'no'] }, '/ answers 500 instead of 200.'],
    ['a page is empty', { '/': [200, ''] }, '/ answers 200 with nothing in it.'],
    [
      'an asset is gone',
      { '/': [200, page('<script src="/b.js"></script>')] },
      '/b.js answers 404 instead of 200.',
    ],
    [
      'a page refers to no asset at all',
      { '/': [200, page('')] },
      '/ refers to no assets of its own, 3 were to be fetched.',
    ],
  ])('SITE-7 fails when %s', async (_what, routes, text) => {
    await using server = await serve(routes);
    expect(await run('http', { baseUrl: server.url })).toMatchObject({ outcome: 'failed', text });
  });

  it('ALL-13 is inconclusive when nobody answers', async () => {
    expect(await run('http', { baseUrl: await silentAddress() })).toMatchObject({
      outcome: 'inconclusive',
      text: '/: no answer (connection refused).',
    });
  });

  it('ALL-13 a failure beside a silence is a failure', async () => {
    await using server = await scriptedServer((response, { path }) => {
      if (path === '/silent') response.socket?.destroy();
      else response.writeHead(500).end('no');
    });
    const result = await run('http', { baseUrl: server.url, pages: ['/silent', '/broken'] });
    expect(result).toMatchObject({ outcome: 'failed', text: expect.stringMatching(/^\/broken answers 500/) });
  });

  it('SITE-7 is fine with the example site, from production', async () => {
    await using world = await createSiteWorld();
    const checks = createAwsChecks({ clients: world.clients, fetchPage: createFetchPage() });
    const settings = { baseUrl: world.aws.productionUrl, pages: ['/', '/pricing/'], assets: 2 };
    expect(await checks.run(spec('http', settings), context())).toMatchObject({
      outcome: 'passed',
      text: '/, /pricing/ and 2 assets answer 200.',
    });
  });

  it('takes only what lies on the site itself for an asset', () => {
    const html = page(
      `${assets}<script src="https://cdn.example.com/x.js"></script><img src="data:image/png;base64,AA">
       <link rel="canonical" href="/"><a href="/shop">shop</a><script src="/b.js"></script>`,
    );
    expect(assetsOf(html, '/deep/index.html')).toEqual(['/deep/a.css', '/b.js', '/deep/c.png']);
  });

  it('reads a name in whatever case, an attribute in whatever quotes', () => {
    expect(versionOf("<META NAME=Deployment-Version content='1.0'>")).toEqual({
      outcome: 'one',
      version: '1.0',
    });
  });
});

describe('a check that cannot be read', () => {
  it.each([
    ['of another kind', spec('tarot', {})],
    ['with a setting it does not know', spec('version-meta', { url: 'http://x.example', strictly: false })],
    ['without what it needs', spec('http', {})],
    ['with an address that is no web address', spec('version-meta', { url: 'file:///etc/passwd' })],
  ])('is a matter of configuration: %s', async (_what, odd) => {
    const checks = createAwsChecks({
      clients: clientsFor('http://127.0.0.1:9'),
      fetchPage: createFetchPage(),
    });
    await expect(checks.run(odd, context())).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'check.settings-invalid',
    });
  });
});
