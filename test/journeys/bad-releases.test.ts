import { afterEach, describe, expect, it } from 'vitest';
import { userIds } from '../../workspace/slack/people.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const switches = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');
const productionVersion = async () => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};

/** Pushes a release, waits for its staging run, asks for it and approves it. */
async function promote(version: string): Promise<void> {
  world.workspace.releases.push({ version });
  await world.advance(40, 10);
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
}

async function approved(version: string): Promise<void> {
  await promote(version);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}

/** On-call is told by a new message in both channels, with a mention. */
function expectOnCallTold(words: RegExp): void {
  for (const channel of ['deploysSite', 'oncall'] as const) {
    const posts = world.posts(channel).map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
    expect(posts.filter((post) => words.test(post) && post.includes('<!subteam^'))).not.toEqual([]);
  }
}

describe('releases that are caught before the switch', () => {
  it.each([
    ['v1.3.1', 'SITE-7 a longer version that contains the right one', 'v1.3.1-rc.1'],
    ['v1.3.2', 'SITE-3 a page without the meta', 'deployment-version'],
    ['v1.3.3', 'SITE-3 a page with two metas', '2 deployment-version metas'],
  ])('%s: %s is refused, and production is untouched', async (version, _what, said) => {
    world = await startJourney();

    await promote(version);

    expect(await phase()).toBe('failed');
    expect(world.cardText().toLowerCase()).toContain(said.toLowerCase());
    expect(world.cardText()).toContain('Production was not touched');
    expect(switches()).toEqual([]);
    expect(await productionVersion()).toBe('v1.0.0');
  });
});

describe('releases that are caught after the switch', () => {
  it.each([
    ['v1.3.0', 'SITE-7 the wrong version in the meta', /^verifying$/, /v1\.2\.9/],
    ['v1.4.0', 'SITE-7 a page that answers 500', /^verifying$/, /500/],
    // By its alarm or by its metrics, whichever is first: CloudWatch's minutes begin with the clock's.
    ['v1.5.0', 'errors over the limit', /^(deploying|verifying|monitoring)$/, /limit 1 %|site-5xx/],
    ['v1.6.0', 'an alarm', /^(deploying|verifying|monitoring)$/, /site-origin-latency/],
  ])(
    'SITE-8 SITE-9 ALL-7 ALL-9 %s: %s ends rolled back and verified, with its clock and on-call told',
    async (version, _what, from, said) => {
      world = await startJourney();

      await approved(version);
      await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 2_400, 10);

      const saved = await world.saved();
      if (saved.phase !== 'rolled-back') throw new Error(saved.phase);
      const { rollback } = saved;
      expect(rollback.from).toMatch(from);
      expect(rollback.cause.text).toMatch(said);
      expect((rollback.switchedAtMs ?? Number.NaN) - rollback.detectedAtMs).toBeLessThan(30_000);
      expect(rollback.verifiedAtMs).toBeGreaterThan(rollback.settledAtMs ?? Number.NaN);
      expect(world.cardText()).toMatch(/[Dd]etected/);
      expect(world.cardText()).toMatch(/[Dd]ecided/);
      expect(world.cardText()).toMatch(/[Ss]witched/);
      expect(world.cardText()).toMatch(/[Vv]erified/);
      expectOnCallTold(/rolled back/i);
      expect(await productionVersion()).toBe('v1.0.0');
      expect(world.complaints).toEqual([]);
    },
  );

  it('ALL-13 v1.7.0: metrics that go missing are inconclusive: on-call is asked, and silence rolls back', async () => {
    world = await startJourney();
    await approved('v1.7.0');

    await world.until(
      'on-call is asked',
      async () => {
        const saved = await world.saved();
        return saved.phase === 'monitoring' && saved.watch.question !== null;
      },
      2_400,
    );
    expectOnCallTold(/Continue/);

    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 2_400);
    expect(await world.saved()).toMatchObject({ rollback: { cause: { code: 'health.inconclusive' } } });
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-13 on-call can let it go on without data, by a button, and the record says who', async () => {
    world = await startJourney();
    await approved('v1.7.0');
    await world.until(
      'on-call is asked',
      async () => {
        const saved = await world.saved();
        return saved.phase === 'monitoring' && saved.watch.question !== null;
      },
      2_400,
    );

    await world.click('otto', 'cs:answer-continue');
    await world.until('it is promoted', async () => (await phase()) === 'promoted', 1_200);

    expect(await world.saved()).toMatchObject({ watch: { acceptedBy: { userId: userIds.otto } } });
  });
});
