import { describe, expect, it } from 'vitest';
import type { Analysis, CheckResult } from '../../../../src/flows/promotion/plan.ts';
import { createSiteWorld, type SiteWorld } from '../../site-world.ts';

const validate = async (
  world: SiteWorld,
  analysis: Analysis,
  definition = world.definition,
): Promise<Record<string, CheckResult>> => {
  const results = await world.target.validate(definition, analysis, world.clock.nowMs());
  expect(new Set(results.map(({ id }) => id)).size).toBe(results.length);
  return Object.fromEntries(results.map((result) => [result.id, result]));
};

describe('the validation of a static site', () => {
  it('SITE-3 passes when the idle colour holds exactly the version, with its assets and pages, and the way back is there', async () => {
    await using world = await createSiteWorld({ settings: { pages: ['/', '/pricing/'] } });
    const results = await validate(world, await world.analyze());
    expect(Object.values(results).map(({ id, outcome, text }) => [id, outcome, text])).toEqual([
      ['candidate-version', 'passed', 'green holds exactly v1.1.0.'],
      [
        'candidate-assets',
        'passed',
        expect.stringMatching(/^\d of \d assets were fetched and answer 200\.$/),
      ],
      ['candidate-page:/', 'passed', '/ answers 200.'],
      ['candidate-page:/pricing/', 'passed', '/pricing/ answers 200.'],
      ['way-back', 'passed', 'blue still holds v1.0.0.'],
    ]);
  });

  it.each([
    ['another version', 'v1.2.0', 'v1.1.0', 'green should hold v1.1.0, but it holds v1.2.0.'],
    [
      'a longer version that contains the right one',
      'v1.3.1',
      'v1.3.1',
      'green should hold v1.3.1, but it holds v1.3.1-rc.1.',
    ],
    ['no version', 'v1.3.2', 'v1.3.2', 'green should hold v1.3.2, but it has no deployment-version meta.'],
    [
      'two versions',
      'v1.3.3',
      'v1.3.3',
      'green should hold v1.3.3, but it has 2 deployment-version metas (v1.3.3 and v1.3.2).',
    ],
  ])('SITE-3 fails when the idle colour holds %s', async (_what, held, version, text) => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.0.0', green: held } });
    const results = await validate(world, await world.analyze({ version }));
    expect(results['candidate-version']).toMatchObject({ outcome: 'failed', text });
  });

  it('ALL-3 fails when the content changed under the same version since the plan was made', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    const results = await validate(world, {
      ...analysis,
      candidate: {
        ...analysis.candidate,
        release: { ...analysis.candidate.release, artifact: 'sha256:other' },
      },
    });
    expect(results['candidate-version']).toMatchObject({
      outcome: 'failed',
      text: 'green holds v1.1.0, but with other content than when the plan was made.',
    });
  });

  it('SITE-3 fails for a named page that is not there', async () => {
    await using world = await createSiteWorld({ settings: { pages: ['/', '/shop/'] } });
    const results = await validate(world, await world.analyze());
    expect(results['candidate-page:/shop/']).toMatchObject({
      outcome: 'failed',
      text: '/shop/ answers 404 instead of 200.',
    });
  });

  it('ALL-15 fails when the colour to go back to holds something else by now', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    await world.aws.control.putRelease({ colour: 'blue', version: 'v1.2.0' });
    expect((await validate(world, analysis))['way-back']).toMatchObject({
      outcome: 'failed',
      text: 'Rolling back needs v1.0.0 in blue, but blue holds v1.2.0.',
    });
  });

  it('ALL-13 is inconclusive, not passed, where a preview does not answer', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    const definition = world.define({
      previews: { blue: 'http://127.0.0.1:9/', green: 'http://127.0.0.1:9/' },
    });
    const results = await validate(world, analysis, definition);
    expect(Object.values(results).map(({ id, outcome }) => [id, outcome])).toEqual([
      ['candidate-version', 'inconclusive'],
      ['candidate-page:/', 'inconclusive'],
      ['way-back', 'inconclusive'],
    ]);
  });

  it('ALL-8 a rollback does not need what it leaves', async () => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.3.2', green: 'v1.1.0' } });
    const results = await validate(world, await world.analyze({ kind: 'rollback', version: 'v1.1.0' }));
    expect(results['way-back']).toBeUndefined();
    expect(results['candidate-version']?.outcome).toBe('passed');
  });
});
