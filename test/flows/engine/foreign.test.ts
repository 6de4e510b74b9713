import { describe, expect, it } from 'vitest';
import { versionOf } from '../../../src/aws/checks/page.ts';
import { plain } from '../../../src/flows/engine/planner.ts';
import { tick } from '../../../src/flows/engine/tick.ts';
import type { World } from '../../../src/flows/engine/world.ts';
import { hash, passed, walkTo } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

describe('foreign text of any length', () => {
  it('is cut where it enters, so that a promotion can always be saved', () => {
    const huge = 'x'.repeat(600_000);

    const [result] = plain([
      { ...passed(huge), id: 'version', text: huge, link: `https://example.test/${huge}` },
    ]);

    expect(JSON.stringify(result).length).toBeLessThan(1_000);
  });

  it('SITE-7 a version that goes on for ever equals none', () => {
    const version = versionOf(`<meta name="deployment-version" content="v1.1.0${'x'.repeat(600_000)}">`);

    expect(version).toMatchObject({ outcome: 'one', version: expect.stringMatching(/^v1\.1\.0x+…$/) });
    expect(version.outcome === 'one' && version.version.length).toBeLessThan(300);
  });
});

describe('a fault that nobody foresaw', () => {
  it('ALL-9 during a rollback is noted and tried again, so that it is told when it lasts', async () => {
    const { promotion, nowMs } = walkTo('rolling-back');
    const store = createPaperStore(() => nowMs);
    await store.create({
      promotion,
      audit: [],
      announcements: [],
      locks: { does: 'take', keys: ['site#production', 'arn:thing'] },
      handedOver: null,
      live: null,
    });
    const odd = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' });
    const target = { observe: () => Promise.reject(odd) };
    const world = {
      store,
      hash,
      targetOf: () => target,
      configured: () => true,
      elapsedMs: () => 0,
      hints: { wake() {} },
      log: { info() {}, warn() {}, error() {} },
    };

    await expect(tick(world as unknown as World, promotion.id)).rejects.toThrow('certificate');

    const saved = await store.load(promotion.id);
    expect(saved?.promotion.troubles.work).toMatchObject({ code: 'engine.unexpected', tries: 1 });
    expect(saved?.promotion.dueAtMs).toBeGreaterThan(nowMs);
  });
});
