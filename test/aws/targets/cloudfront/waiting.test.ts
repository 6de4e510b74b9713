import { describe, expect, it } from 'vitest';
import type { Analysis } from '../../../../src/flows/promotion/plan.ts';
import { siteDistributionId } from '../../../../workspace/aws/cloudfront/seed.ts';
import { createLateReads } from '../../late-reads.ts';
import { createSiteWorld, preconditionOf, type SiteWorld, stepOf } from '../../site-world.ts';

async function switched(world: SiteWorld): Promise<Analysis> {
  const analysis = await world.analyze();
  const step = stepOf(analysis, 'switch');
  await world.act(step, world.claim(step, preconditionOf(await world.observe(step))));
  return analysis;
}

describe('settling', () => {
  it('SITE-6 waits until CloudFront has delivered it, and says how long it takes', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await switched(world), 'settle');
    await world.seconds(5);
    const startedAtMs = world.clock.nowMs();
    await world.seconds(70);
    expect(await world.observe(step, { startedAtMs })).toEqual({
      outcome: 'applying',
      text: 'CloudFront is delivering it: 1 min 10 s so far, usually about 5 min.',
      fraction: 70 / 300,
    });
    await world.seconds(120);
    expect(await world.observe(step, { startedAtMs })).toEqual({
      outcome: 'done',
      text: 'CloudFront has delivered it everywhere, after 3 min 10 s.',
    });
  });

  it('SITE-6 does not take the Deployed of the configuration before for its own', async () => {
    await using world = await createSiteWorld({ delays: { readStaleSeconds: 60 } });
    const step = stepOf(await switched(world), 'settle');
    await world.seconds(5);
    // The read still shows the old configuration, with status Deployed.
    expect(await world.observe(step)).toMatchObject({ outcome: 'applying' });
  });

  it('SITE-6 believes an old modification only once reads had time to catch up', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await switched(world), 'settle');
    // The bot was down for ten minutes between the switch and the next look.
    await world.seconds(600);
    const startedAtMs = world.clock.nowMs();
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'applying' });
    await world.seconds(120);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'done' });
  });

  it('SITE-5 tells when somebody moves the path or changes the configuration meanwhile', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await switched(world), 'settle');
    const startedAtMs = world.clock.nowMs();
    world.aws.control.editByHand({ what: 'origin-path', value: '/blue' });
    await world.seconds(130);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({
      outcome: 'foreign',
      text: 'Somebody else moved the origin path: site-origin is /blue, /green was expected.',
    });
    world.aws.control.editByHand({ what: 'price-class' });
    await world.seconds(5);
    expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'foreign' });
  });

  it.each([
    ['a change', { what: 'enabled', value: 'false' }, { what: 'enabled', value: 'true' }],
    ['another path', { what: 'origin-path', value: '/purple' }, { what: 'origin-path', value: '/blue' }],
  ] as const)(
    'ALL-16 waits out an old read that shows %s from before the switch',
    async (_what, change, undo) => {
      await using world = await createSiteWorld({ delays: { deploySeconds: 20 } });
      const late = createLateReads(world.clients.cloudFrontReads);
      world.aws.control.editByHand(change);
      await world.seconds(5);
      await late.keep(siteDistributionId);
      world.aws.control.editByHand(undo);
      await world.seconds(30);
      const step = stepOf(await switched(world), 'settle');
      const startedAtMs = world.clock.nowMs();
      late.show();
      await world.seconds(110);
      expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'applying' });
      late.hide();
      await world.seconds(300);
      expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'done' });
    },
  );

  it.each([
    { what: 'price-class' },
    { what: 'origin-path', value: '/blue' },
    { what: 'origin-path', value: '/purple' },
  ] as const)(
    'SITE-5 tells $what $value by somebody else at once when its time says so, else within two minutes',
    async (edit) => {
      await using world = await createSiteWorld();
      const step = stepOf(await switched(world), 'settle');
      const longAgoMs = world.clock.nowMs();
      await world.seconds(61);
      const startedAtMs = world.clock.nowMs();
      world.aws.control.editByHand(edit);
      await world.seconds(5);
      expect(await world.observe(step, { startedAtMs: longAgoMs })).toMatchObject({ outcome: 'foreign' });
      expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'applying' });
      await world.seconds(115);
      expect(await world.observe(step, { startedAtMs })).toMatchObject({ outcome: 'foreign' });
    },
  );

  it('acts on nothing', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'settle');
    await expect(world.act(step, world.claim(step, null))).rejects.toMatchObject({
      code: 'site.nothing-to-do',
    });
  });
});

describe('the invalidation', () => {
  it('SITE-6 is ordered under the key of its claim and awaited', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate');
    const startedAtMs = world.clock.nowMs();
    expect(await world.observe(step)).toEqual({ outcome: 'before', precondition: null });
    const claim = world.claim(step, null);
    const { reference } = await world.act(step, claim);
    expect(world.aws.control.state().invalidations).toMatchObject([
      { id: reference, callerReference: claim.key, paths: ['/*'] },
    ]);
    await world.seconds(30);
    const waiting = await world.observe(step, { claim: { ...claim, reference }, startedAtMs });
    expect(waiting).toMatchObject({ outcome: 'applying', fraction: 0.25 });
    await world.seconds(40);
    expect(await world.observe(step, { claim: { ...claim, reference }, startedAtMs })).toMatchObject({
      outcome: 'done',
    });
  });

  it('ALL-16 a lost answer is repaired by ordering the same again, which makes no second one', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate');
    const claim = world.claim(step, null);
    world.aws.control.loseAnswer({ operation: 'CreateInvalidation' });
    await expect(world.act(step, claim)).rejects.toMatchObject({ code: 'aws.unreachable' });
    await world.seconds(10);
    expect(await world.observe(step, { claim })).toEqual({ outcome: 'before', precondition: null });
    const { reference } = await world.act(step, { ...claim, attempt: 2 });
    expect(world.aws.control.state().invalidations.map(({ id }) => id)).toEqual([reference]);
  });

  it('SITE-8 the early one is done as soon as it is taken', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate-early');
    const claim = world.claim(step, null);
    const { reference } = await world.act(step, claim, 'back');
    world.aws.control.clearCalls();
    expect(await world.observe(step, { claim: { ...claim, reference }, direction: 'back' })).toEqual({
      outcome: 'done',
      text: `CloudFront took invalidation ${reference}.`,
    });
    expect(world.operations()).toEqual([]);
  });

  it('is ordered again when CloudFront does not know it', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate');
    const claim = { ...world.claim(step, null), reference: 'INOTTHERE' };
    expect(await world.observe(step, { claim })).toEqual({ outcome: 'before', precondition: null });
  });

  it('ALL-16 waits when too many invalidations run already', async () => {
    await using world = await createSiteWorld({ delays: { invalidationSeconds: 600 } });
    const step = stepOf(await world.analyze(), 'invalidate');
    for (let count = 0; count < 15; count += 1) {
      await world.act(step, world.claim(step, null, { key: `another#${count}` }));
    }
    await expect(world.act(step, world.claim(step, null))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'aws.busy',
    });
  });

  it('ends at once when its key was used for other paths, which would be a mistake of ours', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate');
    await world.act(step, world.claim(step, null));
    const other = { ...step, settings: { ...step.settings, paths: ['/other'] } };
    await expect(world.act(other, world.claim(step, null))).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'aws.token-reused',
    });
  });

  it('throws for settings that it did not write', async () => {
    await using world = await createSiteWorld();
    const step = stepOf(await world.analyze(), 'invalidate');
    const odd = { ...step, settings: { action: 'dance' } };
    await expect(world.observe(odd)).rejects.toMatchObject({ code: 'target.step-unreadable' });
  });
});
