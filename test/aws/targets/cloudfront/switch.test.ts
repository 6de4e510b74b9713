import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../../../src/flows/promotion/plan.ts';
import type { StepClaim } from '../../../../src/flows/promotion/promotion.ts';
import { siteDistributionId } from '../../../../workspace/aws/cloudfront/seed.ts';
import { createLateReads } from '../../late-reads.ts';
import { createSiteWorld, preconditionOf, type SiteWorld, stepOf } from '../../site-world.ts';

const site = (world: SiteWorld) => {
  const found = world.aws.control.state().distributions.find(({ id }) => id === siteDistributionId);
  if (found === undefined) throw new Error('the site is gone');
  return found;
};
const pathOf = (world: SiteWorld) => site(world).origins[0]?.path;
/** What an act would be conditional on at this moment. */
const conditionNow = (world: SiteWorld) => `${site(world).etag}@${site(world).lastModifiedMs}`;
/** Reads may lag this long, so nobody is blamed sooner for what may have been there before the step began. */
const catchUpSeconds = 120;
const writes = (world: SiteWorld) =>
  world.operations().filter((each) => each === 'UpdateDistribution').length;

/** The engine's round: look, claim, act. */
async function perform(
  world: SiteWorld,
  step: Step,
  direction: 'forward' | 'back' = 'forward',
): Promise<StepClaim> {
  const claim = world.claim(step, preconditionOf(await world.observe(step, { direction })));
  await world.act(step, claim, direction);
  return claim;
}

describe('the switch', () => {
  it('SITE-5 changes the origin path and the mark in one update and nothing else, and is then done', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const before = site(world);
    const claim = await perform(world, step);
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'done',
      text: 'CloudFront accepted origin path /green (green) at 04:00:00 UTC.',
    });
    expect(writes(world)).toBe(1);
    expect(site(world).comment).toMatch(
      /^northwind lamps production \[countersign live=green v=v1\.1\.0 \S+\]$/,
    );
    const { etag: _etag, lastModifiedMs: _modified, edges: _edges, status: _status, ...rest } = before;
    expect(site(world)).toMatchObject({
      ...rest,
      comment: expect.any(String),
      origins: [{ id: 'site-origin', path: '/green' }],
    });
    // Everything that the distribution says of itself came back as it was, to the last field.
    expect((await world.analyze({ version: 'v1.0.0', kind: 'rollback' })).fingerprint).toBe(
      step.settings['fingerprint'],
    );
  });

  it('SITE-5 ALL-20 fails no visitor', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    await perform(world, step);
    await world.seconds(600);
    const report = world.aws.control.probeReport();
    expect(report.requests).toBeGreaterThan(300);
    expect(report.failed).toEqual([]);
  });

  it('ALL-16 a read that is older than our write shows "before" under the claimed ETag, and the repeat does nothing', async () => {
    await using world = await createSiteWorld({ delays: { readStaleSeconds: 30 } });
    const step = stepOf(await world.analyze(), 'switch');
    const claim = await perform(world, step);
    await world.seconds(10);
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'before',
      precondition: claim.precondition,
      older: true,
    });
    await expect(world.act(step, { ...claim, attempt: 2 })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'aws.precondition-failed',
    });
    await world.seconds(30);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
    expect(pathOf(world)).toBe('/green');
  });

  it('ALL-16 a write whose answer was lost is found done by looking', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    world.aws.control.loseAnswer({ operation: 'UpdateDistribution' });
    await expect(world.act(step, claim)).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'aws.unreachable',
    });
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
    expect(writes(world)).toBe(1);
  });

  it('SITE-5 an ETag that moved for nothing is not somebody’s change: another claim goes through', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    world.aws.control.editByHand({ what: 'comment', value: 'new words' });
    await world.seconds(5);
    await expect(world.act(step, claim)).rejects.toMatchObject({ code: 'aws.precondition-failed' });
    const again = preconditionOf(await world.observe(step, { claim }));
    expect(again).not.toBe(claim.precondition);
    await expect(world.act(step, claim)).rejects.toMatchObject({ code: 'site.changed-meanwhile' });
    await world.act(step, { ...claim, attempt: 2, precondition: again });
    expect(site(world).comment).toMatch(/^new words \[countersign /);
  });

  it('SITE-5 is one call right after the look, and reads again where another look was newer', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    world.aws.control.clearCalls();

    await world.act(step, claim);
    expect(world.operations()).toEqual(['UpdateDistribution']);
    await world.seconds(5);
    await world.observe(step, { claim });
    await expect(world.act(step, claim)).rejects.toMatchObject({ code: 'site.changed-meanwhile' });
    expect(world.operations().filter((each) => each === 'UpdateDistribution')).toHaveLength(1);
  });

  it('SITE-5 stops at somebody else’s change and says what it was', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    world.aws.control.editByHand({ what: 'price-class' });
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'foreign',
      text: 'Somebody else changed the distribution: PriceClass is "PriceClass_200" instead of "PriceClass_100".',
    });
    await expect(world.act(step, claim)).rejects.toMatchObject({ name: 'ConflictError' });
    await expect(world.act(step, { ...claim, precondition: conditionNow(world) })).rejects.toMatchObject({
      name: 'ConflictError',
    });
    expect(writes(world)).toBe(0);
    expect(pathOf(world)).toBe('/blue');
  });

  it('SITE-5 a change made between the read and the write is refused by CloudFront itself', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    // Reads do not show it yet, so only the ETag can tell.
    world.aws.control.setDelays({ readStaleSeconds: 60 });
    world.aws.control.editByHand({ what: 'price-class' });
    await expect(world.act(step, claim)).rejects.toMatchObject({ code: 'aws.precondition-failed' });
    expect(pathOf(world)).toBe('/blue');
    expect(site(world).priceClass).toBe('PriceClass_200');
  });

  it('SITE-5 never sends a stale body under a fresh ETag', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    world.aws.control.setDelays({ readStaleSeconds: 60 });
    world.aws.control.editByHand({ what: 'price-class' });
    const fresh = conditionNow(world);
    await expect(world.act(step, world.claim(step, fresh))).rejects.toMatchObject({
      code: 'site.changed-meanwhile',
    });
    expect(writes(world)).toBe(0);
    expect(site(world).priceClass).toBe('PriceClass_200');
  });

  it('SITE-5 a path that somebody else moved to the same place is theirs, not ours', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    world.aws.control.editByHand({ what: 'origin-path', value: '/green' });
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({
      outcome: 'foreign',
      text: expect.stringContaining('/green already, but not by this promotion'),
    });
  });

  it('SITE-5 a switch that somebody took back by hand is theirs to decide: it is not made once more', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = await perform(world, step);
    world.aws.control.editByHand({ what: 'origin-path', value: '/blue' });
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({
      outcome: 'foreign',
      text: expect.stringContaining('Somebody else took the switch back: the origin path is /blue again'),
    });
  });

  it('SITE-5 a path that is neither colour is named', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const startedAtMs = world.clock.nowMs();
    world.aws.control.editByHand({ what: 'origin-path', value: '/purple' });
    await world.seconds(catchUpSeconds);
    expect(await world.observe(step, { startedAtMs })).toEqual({
      outcome: 'foreign',
      text: 'Somebody else moved the origin path: site-origin is /purple, which is neither /blue nor /green.',
    });
  });

  it('does not act without a claim', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    await expect(world.act(step, world.claim(step, null))).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'site.act-without-claim',
    });
    expect(writes(world)).toBe(0);
  });

  it('ALL-16 a missing permission is a person’s to mend', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    world.aws.control.deny({ operation: 'UpdateDistribution' });
    await expect(perform(world, step)).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'aws.access-denied',
    });
  });

  it('without marks leaves the comment alone and takes a new path after a claim for its own', async () => {
    await using world = await createSiteWorld({ settings: { marker: false } });
    const step = stepOf(await world.analyze(), 'switch');
    const startedAtMs = world.clock.nowMs();
    const claim = await perform(world, step);
    await world.seconds(5);
    expect(site(world).comment).toBe('northwind lamps production');
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
    await world.seconds(catchUpSeconds);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'foreign' });
  });
});

describe('the switch, once it was done', () => {
  async function switched() {
    const world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'switch');
    const claim = await perform(world, step);
    await world.seconds(200);
    return { world, step, claim };
  }

  it('SITE-5 holds while the live colour holds what was approved, read through its preview', async () => {
    const { world: opened, step, claim } = await switched();
    await using world = opened;
    expect(await world.observe(step, { claim, seenDone: true })).toMatchObject({ outcome: 'done' });
    await world.aws.control.putRelease({ colour: 'green', version: 'v1.1.0' });
    expect(await world.observe(step, { claim, seenDone: true })).toMatchObject({ outcome: 'done' });
  });

  it('SITE-5 another release in the live colour is somebody’s change, and named', async () => {
    const { world: opened, step, claim } = await switched();
    await using world = opened;
    await world.aws.control.putRelease({ colour: 'green', version: 'v1.2.0' });
    const text = 'Somebody replaced what lies in green: v1.2.0 instead of v1.1.0.';
    expect(await world.observe(step, { claim, seenDone: true })).toEqual({ outcome: 'foreign', text });
    // Plans from before the content was noted know the name.
    const { artifact: _content, ...settings } = step.settings;
    const older = { ...step, settings };
    expect(await world.observe(older, { claim, seenDone: true })).toEqual({ outcome: 'foreign', text });
    // Until then it is the switch that is waited for, whatever the colour holds.
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
  });

  it('SITE-5 other content under the same name is somebody’s change as well', async () => {
    const { world: opened, step, claim } = await switched();
    await using world = opened;
    const rebuilt = { ...step, settings: { ...step.settings, artifact: 'sha256:what-was-approved' } };
    expect(await world.observe(rebuilt, { claim, seenDone: true })).toEqual({
      outcome: 'foreign',
      text: 'Somebody replaced what lies in green: other content under the name v1.1.0 than was approved.',
    });
  });

  it('SITE-5 a path that somebody moved is told before what lies there', async () => {
    const { world: opened, step, claim } = await switched();
    await using world = opened;
    await world.aws.control.putRelease({ colour: 'green', version: 'v1.2.0' });
    world.aws.control.editByHand({ what: 'origin-path', value: '/blue' });
    await world.seconds(5);
    expect(await world.observe(step, { claim, seenDone: true })).toMatchObject({
      outcome: 'foreign',
      text: expect.stringContaining('Somebody else took the switch back'),
    });
  });

  it.each([
    ['a page without a version', 'v1.3.2', 'site.live-content-unclear'],
    ['no answer', null, 'site.preview-unreachable'],
  ])(
    'ALL-13 nobody is blamed for %s on its preview, and it is not taken for held',
    async (_what, shown, code) => {
      const { world: opened, step, claim } = await switched();
      await using world = opened;
      if (shown !== null) await world.aws.control.putRelease({ colour: 'green', version: shown });
      const away = { blue: 'http://127.0.0.1:9/', green: 'http://127.0.0.1:9/' };
      const nowMs = world.clock.nowMs();
      const look = (seenDone: boolean) =>
        world.target.observe(shown === null ? world.define({ previews: away }) : world.definition, {
          promotionId: '01JTEST',
          tookOverFrom: null,
          step,
          direction: 'forward',
          claim,
          seenDone,
          startedAtMs: nowMs,
          nowMs,
        });
      await expect(look(true)).rejects.toMatchObject({ name: 'RetryableError', code });
      expect(await look(false)).toMatchObject({ outcome: 'done' });
    },
  );
});

describe.each([true, false])('the switch back, with marks: %s', (marker) => {
  const back = 'back' as const;
  const world = () => createSiteWorld({ settings: { marker } });

  it('SITE-8 brings the old path back', async () => {
    await using here = await world();
    const analysis = await here.analyze();
    await perform(here, stepOf(analysis, 'switch'));
    await here.seconds(200);
    const step = stepOf(analysis, 'switch-back');
    const claim = await perform(here, step, back);
    await here.seconds(5);
    expect(await here.observe(step, { claim, direction: back })).toMatchObject({ outcome: 'done' });
    expect(pathOf(here)).toBe('/blue');
  });

  it('ALL-7 writes even when the path looks old, and so fences off a switch still on its way', async () => {
    await using here = await world();
    const analysis = await here.analyze();
    const forward = stepOf(analysis, 'switch');
    const late = here.claim(forward, preconditionOf(await here.observe(forward)));
    const step = stepOf(analysis, 'switch-back');
    const before = site(here).etag;
    expect(await here.observe(step, { direction: back })).toEqual({
      outcome: 'before',
      precondition: conditionNow(here),
    });
    const claim = await perform(here, step, back);
    await here.seconds(5);
    expect(site(here).etag).not.toBe(before);
    expect(await here.observe(step, { claim, direction: back })).toMatchObject({ outcome: 'done' });
    await expect(here.act(forward, late)).rejects.toMatchObject({ name: 'ConflictError' });
    expect(pathOf(here)).toBe('/blue');
  });

  it('ALL-7 changes something in the configuration even where the path is old already', async () => {
    await using here = await world();
    const step = stepOf(await here.analyze(), 'switch-back');
    const before = site(here).comment;
    await perform(here, step, back);
    expect(site(here).comment).not.toBe(before);
  });

  it('ALL-7 is not done under the very ETag it claimed, whatever mark an earlier attempt left', async () => {
    await using here = await world();
    const step = stepOf(await here.analyze(), 'switch-back');
    const first = await perform(here, step, back);
    await here.seconds(5);
    const precondition = conditionNow(here);
    expect(await here.observe(step, { direction: back })).toEqual({ outcome: 'before', precondition });
    const second = here.claim(step, precondition, { key: first.key });
    expect(await here.observe(step, { claim: second, direction: back })).toEqual({
      outcome: 'before',
      precondition,
      older: true,
    });
    const comment = site(here).comment;
    await here.act(step, second, back);
    await here.seconds(5);
    expect(site(here).comment).not.toBe(comment);
    expect(await here.observe(step, { claim: second, direction: back })).toMatchObject({ outcome: 'done' });
  });

  it('ALL-7 a switch that lands between look and act is seen, and undone by the next claim', async () => {
    await using here = await world();
    const analysis = await here.analyze();
    const forward = stepOf(analysis, 'switch');
    const late = here.claim(forward, preconditionOf(await here.observe(forward)));
    const step = stepOf(analysis, 'switch-back');
    const claim = here.claim(step, preconditionOf(await here.observe(step, { direction: back })));
    await here.act(forward, late);
    await here.seconds(5);
    await expect(here.act(step, claim, back)).rejects.toMatchObject({ name: 'ConflictError' });
    const precondition = preconditionOf(await here.observe(step, { claim, direction: back }));
    const next = { ...claim, attempt: 2, precondition };
    await here.act(step, next, back);
    await here.seconds(5);
    expect(await here.observe(step, { claim: next, direction: back })).toMatchObject({ outcome: 'done' });
    expect(pathOf(here)).toBe('/blue');
  });

  it('SITE-5 does not overwrite what somebody else changed meanwhile', async () => {
    await using here = await world();
    const analysis = await here.analyze();
    await perform(here, stepOf(analysis, 'switch'));
    here.aws.control.editByHand({ what: 'price-class' });
    await here.seconds(5);
    const step = stepOf(analysis, 'switch-back');
    const startedAtMs = here.clock.nowMs();
    await here.seconds(catchUpSeconds);
    expect(await here.observe(step, { direction: back, startedAtMs })).toMatchObject({
      outcome: 'foreign',
      text: expect.stringContaining('PriceClass'),
    });
    await expect(here.act(step, here.claim(step, conditionNow(here)), back)).rejects.toMatchObject({
      name: 'ConflictError',
    });
    expect(pathOf(here)).toBe('/green');
  });

  it('ALL-16 a lost answer is found done by looking', async () => {
    await using here = await world();
    const analysis = await here.analyze();
    await perform(here, stepOf(analysis, 'switch'));
    await here.seconds(5);
    const step = stepOf(analysis, 'switch-back');
    const claim = here.claim(step, preconditionOf(await here.observe(step, { direction: back })));
    here.aws.control.loseAnswer({ operation: 'UpdateDistribution' });
    await expect(here.act(step, claim, back)).rejects.toMatchObject({ code: 'aws.unreachable' });
    await here.seconds(5);
    expect(await here.observe(step, { claim, direction: back })).toMatchObject({ outcome: 'done' });
  });

  it('ALL-8 a rollback that stands by itself goes to the other colour', async () => {
    await using here = await world();
    const analysis = await here.analyze({ kind: 'rollback', version: 'v1.1.0' });
    const step = stepOf(analysis, 'switch-back');
    const claim = await perform(here, step, back);
    await here.seconds(5);
    expect(await here.observe(step, { claim, direction: back })).toMatchObject({ outcome: 'done' });
    expect(pathOf(here)).toBe('/green');
  });
});

describe('the switch back', () => {
  it('with marks is not done by somebody who moved the path back: the fence must be ours', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    await perform(world, stepOf(analysis, 'switch'));
    await world.seconds(5);
    const step = stepOf(analysis, 'switch-back');
    const claim = world.claim(step, preconditionOf(await world.observe(step, { direction: 'back' })));
    world.aws.control.editByHand({ what: 'origin-path', value: '/blue' });
    world.aws.control.editByHand({ what: 'comment', value: 'back by hand' });
    await world.seconds(5);
    expect(await world.observe(step, { claim, direction: 'back' })).toEqual({
      outcome: 'before',
      precondition: conditionNow(world),
    });
  });

  it('ALL-9 goes to no colour that holds another version by now, or other content under the same name', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    await perform(world, stepOf(analysis, 'switch'));
    await world.seconds(5);
    const step = stepOf(analysis, 'switch-back');
    const look = (seen: Step) => world.observe(seen, { direction: 'back' });
    const rebuilt = { ...step, settings: { ...step.settings, artifact: 'sha256:another-build' } };
    const { artifact: _content, ...stored } = step.settings;
    const older = { ...step, settings: stored };

    expect(await look(rebuilt)).toEqual({
      outcome: 'failed',
      code: 'site.way-back-gone',
      text: 'The way back is gone: blue should hold v1.0.0 as it was when the plan was made, but holds other content under that name. Production was left as it is. Put that very build of v1.0.0 back into blue, then use Try Again.',
    });
    expect(await look(step)).toMatchObject({ outcome: 'before' });
    expect(await look(older)).toMatchObject({ outcome: 'before' });

    await world.aws.control.putRelease({ colour: 'blue', version: 'v1.2.0' });
    for (const seen of [step, older]) {
      expect(await look(seen)).toEqual({
        outcome: 'failed',
        code: 'site.way-back-gone',
        text: 'The way back is gone: blue should hold v1.0.0, but blue holds v1.2.0. Production was left as it is. Put v1.0.0 back into blue, then use Try Again.',
      });
    }
    await world.aws.control.putRelease({ colour: 'blue', version: 'v1.0.0' });
    expect(await look(step)).toMatchObject({ outcome: 'before' });
  });

  const seenBehind = async (previewUrl: string) => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    await perform(world, stepOf(analysis, 'switch'));
    await world.seconds(5);
    const step = stepOf(analysis, 'switch-back');
    const definition = world.define({ previews: { blue: previewUrl, green: previewUrl } });
    const nowMs = world.clock.nowMs();
    return await world.target.observe(definition, {
      promotionId: '01JTEST',
      tookOverFrom: null,
      step,
      direction: 'back',
      claim: null,
      seenDone: false,
      startedAtMs: nowMs,
      nowMs,
    });
  };

  it('ALL-9 is taken where the preview of its colour does not answer', async () => {
    expect(await seenBehind('http://127.0.0.1:9/')).toMatchObject({ outcome: 'before' });
  });

  it.each([
    [401, 'before'],
    [302, 'before'],
    [403, 'failed'],
    [404, 'failed'],
  ] as const)(
    'ALL-9 where its preview answers %d, is %s: a login says nothing of the colour, that nothing is there does',
    async (status, outcome) => {
      const gateway = createServer((_request, response) =>
        response.writeHead(status, { location: '/login' }).end('Sign in'),
      );
      await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
      try {
        const address = gateway.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        expect(await seenBehind(`http://127.0.0.1:${port}`)).toMatchObject({ outcome });
      } finally {
        gateway.close();
      }
    },
  );

  it('without marks does not take a read from before the switch for its own work', async () => {
    await using world = await createSiteWorld({ settings: { marker: false } });
    const step = stepOf(await world.analyze(), 'switch-back');
    await world.seconds(600);
    // What is read is the configuration before the switch; what was claimed is the one after it.
    const claim = world.claim(step, 'EAFTERSWITCH');
    expect(await world.observe(step, { claim, direction: 'back' })).toEqual({
      outcome: 'before',
      precondition: conditionNow(world),
    });
  });
});

describe.each([true, false])('a read that is older than what is known, with marks: %s', (marker) => {
  /** Another promotion has gone to green. What reads showed before and after that is kept. */
  async function switchedEarlier() {
    const world = await createSiteWorld({ settings: { marker } });
    const before = createLateReads(world.clients.cloudFrontReads);
    const after = createLateReads(world.clients.cloudFrontReads);
    const analysis = await world.analyze();
    const step = stepOf(analysis, 'switch');
    await before.keep(siteDistributionId);
    await world.act(step, world.claim(step, conditionNow(world), { key: 'another#switch' }));
    await world.seconds(5);
    await after.keep(siteDistributionId);
    const back = stepOf(analysis, 'switch-back');
    const takeBack = () =>
      world.act(back, world.claim(back, conditionNow(world), { key: 'another#back' }), 'back');
    return { world, before, after, step, takeBack };
  }

  it('ALL-16 that shows an earlier switch to the same path is nobody’s doing, and nothing is claimed by it', async () => {
    const { world: opened, after: late, step, takeBack } = await switchedEarlier();
    await using world = opened;
    await takeBack();
    await world.seconds(40);
    const startedAtMs = world.clock.nowMs();
    late.show();
    expect(await world.observe(step, { startedAtMs })).toEqual({
      outcome: 'applying',
      text: expect.stringMatching(/^Looking again, as CloudFront may be answering late\. .* \/green already/),
      fraction: null,
    });
    late.hide();
    await world.seconds(5);
    expect(await world.observe(step, { startedAtMs })).toEqual({
      outcome: 'before',
      precondition: conditionNow(world),
    });
  });

  it('ALL-16 that shows an earlier switch to the same path after a claim is neither our own nor somebody else’s', async () => {
    const { world: opened, after: late, step, takeBack } = await switchedEarlier();
    await using world = opened;
    await takeBack();
    await world.seconds(10);
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    late.show();
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'before',
      precondition: claim.precondition,
      older: true,
    });
    late.hide();
    await world.act(step, claim);
    late.show();
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'before' });
    late.hide();
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
  });

  it('ALL-16 that follows a claim of an even older one is waited out for two minutes, and then believed', async () => {
    const { world: opened, before: late, step } = await switchedEarlier();
    await using world = opened;
    await world.seconds(70);
    const startedAtMs = world.clock.nowMs();
    late.show();
    const claim = world.claim(step, preconditionOf(await world.observe(step)));
    late.hide();
    expect(await world.observe(step, { claim, startedAtMs })).toMatchObject({ outcome: 'applying' });
    await world.seconds(119);
    expect(await world.observe(step, { claim, startedAtMs })).toMatchObject({ outcome: 'applying' });
    await world.seconds(1);
    // Without marks nothing tells an earlier switch from our own; what is there for two minutes is where we wanted it.
    const outcome = marker ? 'foreign' : 'done';
    expect(await world.observe(step, { claim, startedAtMs })).toMatchObject({ outcome });
  });

  it('SITE-5 somebody else’s change before a claim is told at once when it was made well after the step began, else within two minutes', async () => {
    await using world = await createSiteWorld({ settings: { marker } });
    const step = stepOf(await world.analyze(), 'switch');
    const startedAtMs = world.clock.nowMs();
    await world.seconds(10);
    world.aws.control.editByHand({ what: 'price-class' });
    await world.seconds(109);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'applying' });
    await world.seconds(1);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'foreign' });
    const againMs = world.clock.nowMs();
    await world.seconds(61);
    world.aws.control.editByHand({ what: 'origin-path', value: '/purple' });
    await world.seconds(5);
    expect(await world.observe(step, { startedAtMs: againMs })).toMatchObject({ outcome: 'foreign' });
  });

  it('SITE-5 after a claim our own switch and somebody else’s change are told at once, though AWS’s clock is 50 s behind', async () => {
    await using world = await createSiteWorld({ settings: { marker } });
    const step = stepOf(await world.analyze(), 'switch');
    const claim = world.claim(step, conditionNow(world), { claimedAtMs: world.clock.nowMs() + 50_000 });
    await world.act(step, claim);
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
    world.aws.control.editByHand({ what: 'price-class' });
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'foreign' });
  });

  it('ALL-16 an ETag that CloudFront moved by itself needs another claim, and is still known to be from before our write', async () => {
    await using world = await createSiteWorld({ settings: { marker } });
    const late = createLateReads(world.clients.cloudFrontReads);
    const step = stepOf(await world.analyze(), 'switch');
    await late.keep(siteDistributionId);
    const { lastModifiedMs } = site(world);
    const claim = await perform(world, step);
    late.show('EMOVED');
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'before',
      precondition: `EMOVED@${lastModifiedMs}`,
      older: true,
    });
  });

  it('ALL-16 a claim of an earlier version of the bot, which kept the ETag alone, is carried on', async () => {
    await using world = await createSiteWorld({ settings: { marker } });
    const late = createLateReads(world.clients.cloudFrontReads);
    const step = stepOf(await world.analyze(), 'switch');
    await late.keep(siteDistributionId);
    const claim = world.claim(step, site(world).etag);
    await world.act(step, claim);
    late.show();
    expect(await world.observe(step, { claim })).toEqual({
      outcome: 'before',
      precondition: claim.precondition,
      older: true,
    });
    late.hide();
    await world.seconds(5);
    expect(await world.observe(step, { claim })).toMatchObject({ outcome: 'done' });
    expect(writes(world)).toBe(1);
  });
});
