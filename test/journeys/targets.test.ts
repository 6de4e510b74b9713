import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  siteDistributionId,
  stackOwnedDistributionId,
  twoOriginsDistributionId,
} from '../../workspace/aws/cloudfront/seed.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
const github = () => world.workspace.github.control;
const updates = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');
const productionVersion = async () => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};

/** Asks for it, and proves that it was refused with these words before anybody could approve, and that nothing changed. */
async function refuses(command: string, ...says: string[]): Promise<void> {
  await world.command('ada', command);
  await world.until(
    'it is decided',
    async () => !['analyzing', 'validating'].includes((await world.saved()).phase),
    120,
  );
  await world.advance(5);

  expect(await world.saved()).toMatchObject({ phase: 'failed', approvals: [] });
  const card = world.cardText();
  for (const words of says) {
    expect(card).toContain(words);
    expect(world.card().text).toContain(words);
  }
  expect(world.card().text).toContain('Production was not touched');
  expect(card).not.toContain('cs:approve');
  expect(updates()).toEqual([]);
  expect(await productionVersion()).toBe('v1.0.0');
}

describe('a configuration that does not fit the world', () => {
  afterEach(() => world.close());

  const wrong: readonly (readonly [string, string, string, readonly string[]])[] = [
    [
      'a distribution that does not exist',
      siteDistributionId,
      'E0NWNOWHERE',
      ['There is no CloudFront distribution E0NWNOWHERE', 'Correct distributionId'],
    ],
    [
      'a distribution with two origins',
      siteDistributionId,
      twoOriginsDistributionId,
      ['has 2 origins', 'site-origin', 'api-origin', 'originIds'],
    ],
    [
      'a distribution that belongs to another tool',
      siteDistributionId,
      stackOwnedDistributionId,
      ['is looked after by the CloudFormation stack northwind-intranet'],
    ],
    [
      'colours that the distribution does not have',
      'blue: /blue',
      'blue: /azure',
      ['The origin path of', '/blue', 'neither'],
    ],
    [
      'an alarm that does not exist',
      'site-origin-latency',
      'site-latency-typo',
      ['CloudWatch has no alarm named', 'site-latency-typo'],
    ],
    ['a workflow that does not exist', 'deploy-staging.yml', 'deploy-stagging.yml', ['deploy-stagging.yml']],
    ['a repository that does not exist', 'northwind/site', 'northwind/sight', ['northwind/sight']],
    [
      'a version page that is not there',
      'colours:',
      'versionPage: /nowhere/\n          colours:',
      ['blue answers 404', 'there is no proven way back'],
    ],
  ];

  it.each(wrong)(
    'SITE-2 ALL-15 %s: refused, saying which, with production untouched',
    async (_what, right, typo, says) => {
      world = await startJourney({
        pipeline: (text) => {
          expect(text).toContain(right);
          return text.replaceAll(right, typo);
        },
      });

      await refuses('/promote site v1.1.0', ...says);
    },
  );
});

describe('the staging run', () => {
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());
  const shortSha = (version: string) =>
    github()
      .state()
      .releases.find((release) => release.version === version)
      ?.sha.slice(0, 7) ?? 'no such release';

  it('SITE-1 that failed is refused with its end', async () => {
    github().setRun({ version: 'v1.1.0', status: 'completed', conclusion: 'failure' });
    await refuses(
      '/promote site v1.1.0',
      `the newest run of deploy-staging.yml for ${shortSha('v1.1.0')} ended with failure`,
    );
  });

  it.each([
    'cancelled',
    'timed_out',
    'skipped',
    'neutral',
    'action_required',
    'stale',
    'startup_failure',
  ] as const)('SITE-1 that ended %s has not succeeded', async (conclusion) => {
    github().setRun({ version: 'v1.1.0', status: 'completed', conclusion });
    await refuses('/promote site v1.1.0', `ended with ${conclusion}`);
  });

  it.each(['queued', 'in_progress'] as const)('SITE-1 that is %s is not waited for', async (status) => {
    github().setRun({ version: 'v1.1.0', status });
    await refuses('/promote site v1.1.0', `is still running for ${shortSha('v1.1.0')} (${status})`);
  });

  it('SITE-1 a green run that is being run again no longer counts', async () => {
    github().setRun({ version: 'v1.1.0', status: 'completed', conclusion: 'success' });
    github().rerun('v1.1.0', 'success', 600);
    await refuses('/promote site v1.1.0', 'is still running');
  });

  it('SITE-1 that is green for another commit only is refused, naming that commit', async () => {
    github().removeRuns('v1.1.0');
    const other = github().runForOtherCommit('v1.1.0');
    await refuses(
      '/promote site v1.1.0',
      `has not run for ${shortSha('v1.1.0')}`,
      `its newest run is for another commit, ${other.sha.slice(0, 7)}`,
    );
  });

  it('SITE-1 that never was is refused', async () => {
    const runs = github()
      .state()
      .releases.map(({ version }) => github().removeRuns(version));
    expect(runs.length).toBeGreaterThan(0);
    await refuses('/promote site v1.1.0', `has not run for ${shortSha('v1.1.0')}`);
  });

  it('SITE-1 once it is green the same request goes through', async () => {
    github().setRun({ version: 'v1.1.0', status: 'completed', conclusion: 'success' });
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);

    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval' });
    expect(world.thread().join('\n')).toContain(`deploy-staging.yml succeeded for ${shortSha('v1.1.0')}`);
  });

  it('SITE-1 that turns red between the approval and the switch stops it', async () => {
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    await world.advance(5);
    github().setRun({ version: 'v1.1.0', status: 'completed', conclusion: 'failure' });
    await world.until('it stops', async () => (await world.saved()).phase === 'failed', 300);
    await world.advance(5);

    expect(world.card().text).toContain('ended with failure');
    expect(world.card().text).toContain('Production was not touched');
    expect(updates()).toEqual([]);
  });
});

describe('what the idle colour holds', () => {
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  /** Tag, green staging run, and the deployment to the idle colour. */
  async function pushed(version: string): Promise<void> {
    world.workspace.releases.push({ version });
    await world.advance(25);
  }

  it('SITE-3 another version than the one asked for: refused, naming both', async () => {
    await pushed('v1.2.0');
    await refuses('/promote site v1.1.0', 'green should hold v1.1.0, but it holds v1.2.0');
  });

  const bad: readonly (readonly [string, string, string])[] = [
    [
      'a longer version that contains the right one',
      'v1.3.1',
      'green should hold v1.3.1, but it holds v1.3.1-rc.1',
    ],
    ['a page that does not say its version', 'v1.3.2', 'it has no deployment-version meta'],
    ['a page that says two', 'v1.3.3', 'it has 2 deployment-version metas'],
  ];

  it.each(bad)('SITE-3 %s: refused, saying which', async (_what, version, says) => {
    await pushed(version);
    await refuses(`/promote site ${version}`, says);
  });

  it('SITE-2 the version that is live already: nothing to promote', async () => {
    await refuses('/promote site v1.0.0', 'v1.0.0 is live already, from blue');
  });

  it('SITE-3 a version that is tagged and green but was never deployed to the idle colour', async () => {
    world.workspace.github.control.pushRelease({ version: 'v1.9.0', runSeconds: 1 });
    await world.advance(5);
    await refuses('/promote site v1.9.0', 'green should hold v1.9.0');
  });

  it('ALL-15 a rollback to a version that is in neither colour is refused, naming what is there', async () => {
    await world.command('ada', '/rollback site production v0.9.0');
    await world.advance(10);

    expect(await world.saved()).toMatchObject({ phase: 'failed', kind: 'rollback' });
    expect(world.card().text).toContain('v0.9.0 is in neither colour: blue holds v1.0.0');
    expect(updates()).toEqual([]);
  });
});

describe('the live page', () => {
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  it('ALL-15 that does not say which version it is leaves no proven way back: refused', async () => {
    await world.workspace.aws.control.putRelease({ colour: 'blue', version: 'v1.3.2' });
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(10);

    expect(await world.saved()).toMatchObject({ phase: 'failed' });
    expect(world.card().text).toContain('there is no proven way back');
    expect(world.card().text).toContain('Production was not touched');
    expect(updates()).toEqual([]);
  });

  it('ALL-15 that is not what production shows through its cache: refused', async () => {
    await world.workspace.aws.control.putRelease({ colour: 'blue', version: 'v1.0.0' });
    await fetch(world.workspace.aws.productionUrl);
    await world.workspace.aws.control.putRelease({ colour: 'blue', version: 'v1.2.0' });
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(10);

    expect(await world.saved()).toMatchObject({ phase: 'failed' });
    expect(world.card().text).toContain('Production before');
    expect(updates()).toEqual([]);
  });

  it('ALL-13 ALL-15 an alarm that fires before it refuses it, by name', async () => {
    await world.workspace.aws.control.putRelease({ colour: 'blue', version: 'v1.0.0' });
    world.workspace.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(10);

    expect(await world.saved()).toMatchObject({ phase: 'failed' });
    expect(world.card().text).toContain('Alarm site-5xx is in ALARM');
    expect(world.card().text).toContain('Production was not touched');
    expect(updates()).toEqual([]);
  });
});
