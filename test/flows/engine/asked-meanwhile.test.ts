import { expect, it } from 'vitest';
import { tick } from '../../../src/flows/engine/tick.ts';
import { hasEnded } from '../../../src/flows/promotion/promotion.ts';
import { createSmallWorld } from './small-world.ts';

function createGate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

it('ALL-8 a rollback does not bring back what another one takes out while it is asked for, however slow that one’s last look', async () => {
  const world = createSmallWorld();
  await world.promote('v1.1.0', ({ phase }) => phase === 'promoted');
  const opened = await world.open('rollback', 'v1.0.0');
  if (opened.outcome !== 'opened') throw new Error(opened.outcome);
  const { id } = opened.promotion;
  await world.until(
    id,
    (now) => now.phase === 'rolling-back' && now.rollback.verification?.passedInARow === 1,
  );
  const [probing, answered] = [createGate(), createGate()];
  const { checks } = world.world;
  const { run } = checks;
  checks.run = async (...given: Parameters<typeof run>) => {
    checks.run = run;
    probing.open();
    await answered.opened;
    return run(...given);
  };
  world.pass(30);
  const ending = tick(world.world, id);
  await probing.opened;
  world.pass(2);

  const asked = await world.open('rollback', 'v1.1.0');
  if (asked.outcome !== 'opened') throw new Error(asked.outcome);
  world.pass(1);
  answered.open();
  await ending;
  const end = await world.until(asked.promotion.id, hasEnded);

  expect(await world.load(id)).toMatchObject({ phase: 'rolled-back' });
  expect(end).toMatchObject({ phase: 'failed', ending: { code: 'rollback.overtaken' } });
  expect(world.production.version).toBe('v1.0.0');
});
