import { describe, expect, it } from 'vitest';
import { githubControlRoutes } from '../../../workspace/github/control-routes.ts';
import { githubInHand } from '../../github/github-in-hand.ts';

describe('the control of the GitHub stand-in', () => {
  it('starts with three releases, the newest first, each green on staging', async () => {
    const { control } = await githubInHand();

    const { releases, repository, workflow } = control.state();

    expect({ repository, workflow }).toEqual({ repository: 'northwind/site', workflow: 'Deploy staging' });
    expect(releases.map((each) => [each.version, each.run?.conclusion])).toEqual([
      ['v1.2.0', 'success'],
      ['v1.1.0', 'success'],
      ['v1.0.0', 'success'],
    ]);
  });

  it('moves a pushed release from queued to its end as time passes, and not otherwise', async () => {
    const { control, clock } = await githubInHand();
    control.pushRelease({ version: 'v1.3.0', conclusion: 'failure' });
    const status = () => control.state().releases[0]?.run;

    expect(status()).toMatchObject({ status: 'queued', conclusion: null });
    await clock.advance(2_000);
    expect(status()).toMatchObject({ status: 'in_progress', conclusion: null });
    await clock.advance(17_999);
    expect(status()).toMatchObject({ status: 'in_progress', conclusion: null });
    await clock.advance(1);
    expect(status()).toMatchObject({ status: 'completed', conclusion: 'failure' });
  });

  it('does not push the same version twice, nor for a stranger', async () => {
    const { control } = await githubInHand();

    expect(() => control.pushRelease({ version: 'v1.2.0' })).toThrow('already has a tag');
    expect(() => control.pushRelease({ version: 'v1.3.0', author: 'stranger' })).toThrow('Nobody');
    expect(control.state().releases).toHaveLength(3);
  });

  it('sets a run by version or by commit, and lets a new attempt move again', async () => {
    const { control, clock } = await githubInHand();
    const sha = control.state().headSha;

    control.setRun({ version: 'v1.2.0', status: 'completed', conclusion: 'cancelled' });
    await clock.advance(3_600_000);
    expect(control.state().releases[0]?.run).toMatchObject({ conclusion: 'cancelled' });

    control.setRun({ sha, status: 'in_progress' });
    expect(control.state().releases[0]?.run).toMatchObject({ status: 'in_progress', conclusion: null });

    control.rerun('v1.2.0', 'success', 10);
    await clock.advance(10_000);
    expect(control.state().releases[0]?.run).toMatchObject({ attempt: 2, conclusion: 'success' });
  });

  it('makes a run for a commit that had none', async () => {
    const { control } = await githubInHand();
    expect(control.removeRuns('v1.2.0')).toBe(1);
    expect(control.state().releases[0]?.run).toBeNull();

    const run = control.setRun({ version: 'v1.2.0', status: 'completed', conclusion: 'failure' });

    expect(control.state().releases[0]?.run).toEqual(run);
  });

  it('refuses what names nothing', async () => {
    const { control } = await githubInHand();

    expect(() => control.setRun({ version: 'v9', status: 'queued' })).toThrow('no tag v9');
    expect(() => control.moveTag('v1.2.0', 'feedfeed')).toThrow('no commit feedfeed');
    expect(() => control.runForOtherCommit('v9')).toThrow('no tag v9');
    control.removeRuns('v1.2.0');
    expect(() => control.rerun('v1.2.0', 'success')).toThrow('No run of v1.2.0');
  });

  it('stands again where it stood after being saved and loaded', async () => {
    const before = await githubInHand();
    before.control.pushRelease({ version: 'v1.3.0' });
    before.control.moveTag('v1.0.0', before.control.state().headSha);
    const saved: unknown = JSON.parse(JSON.stringify(before.control.save()));
    const after = await githubInHand();

    after.control.load(saved);

    expect(after.control.save()).toEqual(saved);
    expect(after.control.state().releases.map(({ version, sha }) => [version, sha])).toEqual(
      before.control.state().releases.map(({ version, sha }) => [version, sha]),
    );
    expect(() => after.control.load({ commits: [] })).toThrow();
    after.control.pushRelease({ version: 'v1.4.0' });
    expect(before.control.state().releases.some((each) => each.version === 'v1.4.0')).toBe(false);
  });
});

describe('the control over HTTP', () => {
  it('has a route for everything the control can do, but saving and loading', async () => {
    const { control } = await githubInHand();

    const offered = Object.keys(githubControlRoutes(control)).sort();

    const able = Object.keys(control).filter((name) => !['save', 'load'].includes(name));
    expect(offered).toEqual(able.sort());
  });

  it('carries out what a panel sends', async () => {
    const { control, clock } = await githubInHand();
    const routes = githubControlRoutes(control);
    const post = (name: string, body: unknown) => {
      const route = routes[name];
      if (route === undefined) throw new Error(`No route ${name}.`);
      return route(body);
    };

    await post('pushRelease', { version: 'v1.3.0', runSeconds: 5 });
    await clock.advance(5_000);
    await post('rerun', { version: 'v1.3.0', conclusion: 'failure', runSeconds: 0 });
    await post('moveTag', { version: 'v1.0.0', toSha: control.state().headSha });
    expect(await post('removeRuns', { version: 'v1.1.0' })).toEqual({ removed: 1 });
    await post('setRun', { version: 'v1.2.0', status: 'queued' });
    await post('runForOtherCommit', { version: 'v1.3.0' });
    await post('down', { forSeconds: 10, how: 'unreachable' });
    await post('rateLimited', { forSeconds: 10, kind: 'secondary' });
    await post('badCredentials', { on: true });
    expect(await post('slow', { ms: 5 })).toEqual({
      down: 'unreachable',
      rateLimited: 'secondary',
      badCredentials: true,
      slowMs: 5,
    });

    const state = control.state();
    const runOf = (version: string) => state.releases.find((each) => each.version === version)?.run;
    expect(runOf('v1.3.0')).toMatchObject({ attempt: 2, conclusion: 'failure' });
    expect(runOf('v1.2.0')).toMatchObject({ status: 'queued' });
    expect(runOf('v1.1.0')).toBeNull();
    expect(await post('state', {})).toEqual(state);
    expect(await post('calls', {})).toEqual([]);
    expect(await post('refused', {})).toEqual([]);
  });

  it.each([
    ['pushRelease', {}],
    ['pushRelease', { version: 'v1.3.0', conclusion: 'great' }],
    ['setRun', { status: 'completed' }],
    ['setRun', { version: 'v1.2.0', sha: 'a', status: 'completed' }],
    ['rerun', { version: 'v1.2.0' }],
    ['down', { forSeconds: -1 }],
    ['badCredentials', { on: 'yes' }],
    ['slow', undefined],
  ])('does not act on a body it cannot read: %s %j', async (name, body) => {
    const { control } = await githubInHand();
    const before = control.state();

    await expect(githubControlRoutes(control)[name]?.(body)).rejects.toThrow();

    expect(control.state()).toEqual(before);
  });
});
