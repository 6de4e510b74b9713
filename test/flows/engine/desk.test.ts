import { describe, expect, it } from 'vitest';
import type { Catalog, OpenRequest } from '../../../src/flows/desk.ts';
import { createDesk, type DeskWorld } from '../../../src/flows/engine/desk.ts';
import { RetryableError, UnreadableError } from '../../../src/flows/errors.ts';
import type { LiveRecord, PromotionStore } from '../../../src/flows/ports.ts';
import { lockKeys, type Promotion } from '../../../src/flows/promotion/promotion.ts';
import {
  ada,
  analysis,
  claim,
  grace,
  hash,
  newRelease,
  oldRelease,
  passed,
  policy,
  startMs,
  walkTo,
} from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

const definition = walkTo('analyzing').promotion.definition;
const catalog: Catalog = {
  apps: [
    { app: 'site', environments: ['staging', 'production'] },
    { app: 'shop', environments: ['production'] },
  ],
  find: (app, environment) =>
    (app === 'site' && environment !== 'moon') || (app === 'shop' && environment === 'production')
      ? { app, environment, definition, policy }
      : undefined,
  defaultEnvironment: () => 'production',
};
const request: OpenRequest = {
  kind: 'promotion',
  app: 'site',
  environment: 'production',
  version: 'v1.1.0',
  person: ada,
  reason: null,
  dedupeKey: 'trigger-1',
};
const looking: DeskWorld['looking'] = {
  targetOf: () => ({
    analyze: async () => ({ outcome: 'analyzed', analysis }),
    validate: async () => [{ ...passed('candidate'), text: 'x'.repeat(900) }],
    observe: async () => ({ outcome: 'done', text: '' }),
    act: async () => ({ reference: null }),
  }),
  checks: { isAlarm: () => false, run: async ({ id }) => passed(id) },
  releases: { resolve: async () => ({ outcome: 'absent', nearest: [] }) },
};
const record = (artifact: string, version = 'v1.1.0'): LiveRecord => ({
  app: 'site',
  environment: 'production',
  version,
  artifact,
  promotionId: 'p1',
  atMs: startMs,
  replaced: null,
});

/** A desk over promotions that are there already and hold their locks while they are open. */
async function deskOver(
  promotions: readonly Promotion[] = [],
  also: { store?: Partial<PromotionStore>; world?: Partial<DeskWorld>; holds?: boolean } = {},
) {
  const paper = createPaperStore(() => startMs);
  for (const promotion of promotions) {
    await paper.create({
      promotion,
      audit: [],
      announcements: [],
      locks: also.holds === false ? null : { does: 'take', keys: lockKeys(promotion) },
      handedOver: null,
      live: null,
    });
  }
  const woken: (readonly [string, number])[] = [];
  const desk = createDesk({
    store: { ...paper, ...also.store },
    hash,
    hints: { wake: (id, atMs) => woken.push([id, atMs]) },
    log: { info() {}, warn() {}, error() {} },
    catalog,
    nearest: (word, words) => words.find((other) => other.startsWith(word.slice(0, 2))),
    looking: null,
    ...also.world,
  });
  return { desk, paper, woken };
}

describe('asking for a promotion', () => {
  it('opens it, once for each delivery of the same request, and brings its first tick near', async () => {
    const { desk, paper, woken } = await deskOver();

    const first = await desk.open(request);
    const again = await desk.open(request);
    const other = await desk.open({ ...request, dedupeKey: 'trigger-2' });
    const stranger = await desk.open({ ...request, person: { teamId: 'T2', userId: 'UADA' } });

    if (first.outcome !== 'opened' || again.outcome !== 'opened') throw new Error('not opened');
    expect(first.promotion.id).toMatch(/^p[0-9a-f]{10}$/);
    expect(again.promotion.id).toBe(first.promotion.id);
    expect(new Set(paper.history.map(({ id }) => id)).size).toBe(3);
    expect([other.outcome, stranger.outcome]).toEqual(['opened', 'opened']);
    expect(woken[0]).toEqual([first.promotion.id, startMs]);
    expect(first.promotion).toMatchObject({ phase: 'analyzing', requester: ada, policy, definition });
  });

  it('ALL-1 of an app or environment that is not there is refused with the nearest word, or all of them', async () => {
    const { desk, paper } = await deskOver();
    const refusal = async (also: Partial<OpenRequest>) => {
      const answer = await desk.open({ ...request, ...also });
      return answer.outcome === 'refused' ? answer.refusal : null;
    };

    expect(await refusal({ app: 'sites' })).toMatchObject({
      code: 'app.unknown',
      next: 'Did you mean site?',
    });
    expect(await refusal({ app: 'zzz' })).toMatchObject({
      code: 'app.unknown',
      next: 'Known are: site, shop.',
    });
    expect(await refusal({ environment: 'moon' })).toMatchObject({
      code: 'environment.unknown',
      next: 'Known are: staging, production.',
    });
    expect(paper.history).toEqual([]);
  });
});

describe('ALL-8 asking for a rollback while the environment is held', () => {
  const back = (version: string | null): OpenRequest => ({
    ...request,
    kind: 'rollback',
    version,
    person: grace,
    reason: 'it is broken',
    dedupeKey: 'trigger-9',
  });

  it('turns the promotion around that has changed it, without a version or to where its way back goes', async () => {
    for (const version of [null, oldRelease.version]) {
      const { desk } = await deskOver([walkTo('verifying').promotion]);

      const answer = await desk.open(back(version));

      expect(answer).toMatchObject({
        outcome: 'joined',
        promotion: {
          id: 'p1',
          claims: [
            {
              id: hash('trigger-9').slice(0, 16),
              does: 'roll-back',
              person: grace,
              reason: 'it is broken',
              atMs: startMs,
              answer: null,
            },
          ],
        },
      });
    }
  });

  it('joins a rollback that goes there already, and is told so', async () => {
    const running = { ...walkTo('rolling-back').promotion, kind: 'rollback' as const };
    const { desk } = await deskOver([running]);

    expect(await desk.open(back(newRelease.version))).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.running' },
    });
    expect(await desk.open(back(oldRelease.version))).toMatchObject({ outcome: 'opened' });
  });

  it('to another release opens one of its own', async () => {
    const { desk } = await deskOver([walkTo('verifying').promotion]);

    expect(await desk.open(back('v0.9.0'))).toMatchObject({
      outcome: 'opened',
      promotion: { kind: 'rollback', version: 'v0.9.0' },
    });
  });

  it('opens one of its own where nothing was changed, nothing is held, or the holder has ended', async () => {
    const untouched = await deskOver([walkTo('waiting').promotion]);
    const early = await deskOver([walkTo('analyzing').promotion]);
    const free = await deskOver([walkTo('verifying').promotion], { holds: false });
    const ended = await deskOver([walkTo('promoted').promotion]);
    const nobody = await deskOver([], { store: { holder: async () => 'gone' } });

    for (const { desk } of [untouched, early, free, ended, nobody]) {
      expect(await desk.open(back(null))).toMatchObject({ outcome: 'opened' });
    }
  });

  it('opens one of its own where the holder cannot be read: the lock decides later', async () => {
    const holder = async () => 'p9';
    const unreadable = { load: () => Promise.reject(new UnreadableError('store.unreadable', 'no')), holder };
    const away = { load: () => Promise.reject(new RetryableError('store.unreachable', 'no')), holder };

    expect(await (await deskOver([], { store: unreadable })).desk.open(back(null))).toMatchObject({
      outcome: 'opened',
    });
    await expect((await deskOver([], { store: away })).desk.open(back(null))).rejects.toMatchObject({
      code: 'store.unreachable',
    });
  });

  it('a promotion asked for meanwhile turns nothing around', async () => {
    const { desk } = await deskOver([walkTo('verifying').promotion]);

    expect(await desk.open({ ...request, version: null })).toMatchObject({
      outcome: 'opened',
      promotion: { kind: 'promotion' },
    });
  });
});

describe('a click', () => {
  it('is decided and saved at once, and brings the next tick near', async () => {
    const { desk, woken } = await deskOver([walkTo('monitoring').promotion]);

    const answer = await desk.decide('p1', { type: 'rollback.claimed', claim: claim('roll-back', grace) });

    expect(answer).toMatchObject({ outcome: 'accepted', promotion: { claims: [{ does: 'roll-back' }] } });
    expect(woken).toEqual([['p1', startMs]]);
  });

  it('on a promotion that is not there is refused', async () => {
    const { desk } = await deskOver();

    expect(await desk.decide('p404', { type: 'notice.delivered' })).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'promotion.unknown' },
      promotion: null,
    });
  });

  it('that loses a race is decided anew, eight times at most', async () => {
    const { promotion } = walkTo('monitoring');
    let conflicts = 0;
    const losing = (times: number): Partial<PromotionStore> => ({
      save: async () => {
        conflicts += 1;
        return conflicts <= times ? { outcome: 'conflict' } : { outcome: 'saved', nowMs: startMs };
      },
    });
    const event = { type: 'rollback.claimed' as const, claim: claim('roll-back', grace) };

    const lucky = await deskOver([promotion], { store: losing(7) });
    expect(await lucky.desk.decide('p1', event)).toMatchObject({ outcome: 'accepted' });
    expect(conflicts).toBe(8);

    conflicts = 0;
    const unlucky = await deskOver([promotion], { store: losing(100) });
    await expect(unlucky.desk.decide('p1', event)).rejects.toMatchObject({
      code: 'store.contended',
      data: { promotionId: 'p1' },
    });
    expect(conflicts).toBe(8);
  });

  it('that is refused is recorded with the plan it was about', async () => {
    const recorded: Parameters<PromotionStore['recordRefusal']>[1][] = [];
    const recordRefusal: PromotionStore['recordRefusal'] = async (_promotion, entry) => {
      recorded.push(entry);
      return { outcome: 'recorded' };
    };
    const { promotion, nowMs } = walkTo('monitoring');
    const { desk } = await deskOver([promotion], { store: { recordRefusal } });
    const early = await deskOver([walkTo('analyzing').promotion], { store: { recordRefusal } });

    await desk.decide('p1', { type: 'cancellation.claimed', claim: claim('cancel', grace) });
    await early.desk.decide('p1', { type: 'rollback.claimed', claim: claim('roll-back', grace) });

    expect(recorded).toMatchObject([
      { promotionId: 'p1', atMs: nowMs, digest: 'digest' in promotion ? promotion.digest : '' },
      { digest: null, from: 'analyzing', to: 'analyzing' },
    ]);
  });
});

describe('the Roll Back button of a release that was promoted', () => {
  const click = { type: 'rollback.claimed' as const, claim: claim('roll-back', grace, { reason: 'broken' }) };

  it('opens a rollback to what was live before it', async () => {
    const { desk } = await deskOver([walkTo('promoted').promotion], {
      holds: false,
      store: { liveRecords: async () => [record(newRelease.artifact)] },
    });

    expect(await desk.decide('p1', click)).toMatchObject({
      outcome: 'accepted',
      promotion: {
        kind: 'rollback',
        app: 'site',
        environment: 'production',
        version: oldRelease.version,
        requester: grace,
        reason: 'broken',
      },
    });
  });

  it('opens one as well where nothing is known to be live', async () => {
    const { desk } = await deskOver([walkTo('promoted').promotion], { holds: false });

    expect(await desk.decide('p1', click)).toMatchObject({ outcome: 'accepted' });
  });

  it('is refused once another release is live, naming it', async () => {
    const { desk } = await deskOver([walkTo('promoted').promotion], {
      store: { liveRecords: async () => [record('cccc2222', 'v1.2.0')] },
    });

    expect(await desk.decide('p1', click)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.not-live', text: expect.stringContaining('v1.2.0') },
      promotion: { id: 'p1' },
    });
  });

  it('is refused without naming one when people closed a later release by hand', async () => {
    const closed = { ...record('cccc2222', 'v1.2.0'), replaced: 'cccc2222' };
    const { desk } = await deskOver([walkTo('promoted').promotion], {
      store: { liveRecords: async () => [closed] },
    });

    const answer = await desk.decide('p1', click);

    expect(answer).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.not-live', text: expect.stringContaining('not known') },
    });
    expect(answer.outcome === 'refused' && answer.refusal.text).not.toContain('v1.2.0 is');
  });

  it('is refused when its environment is not configured any more', async () => {
    const { desk } = await deskOver([walkTo('promoted').promotion], {
      holds: false,
      world: { catalog: { ...catalog, find: () => undefined } },
    });

    expect(await desk.decide('p1', click)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'environment.unknown' },
      promotion: { id: 'p1' },
    });
  });
});

describe('a rehearsal', () => {
  const rehearsed = { ...request, kind: 'rollback' as const };

  it('plans as a promotion would, with foreign words cut, and saves nothing', async () => {
    const { desk, paper } = await deskOver([], { world: { looking } });
    const answer = await desk.rehearse(rehearsed);

    expect(answer).toMatchObject({ outcome: 'planned', analysis, policy });
    expect(answer.outcome === 'planned' && answer.results[0]?.text).toHaveLength(500);
    expect(paper.history).toEqual([]);
  });

  it('is refused as a promotion would be', async () => {
    const { desk } = await deskOver([], { world: { looking } });

    expect(await desk.rehearse({ ...rehearsed, app: 'zzz' })).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'app.unknown' },
    });
    expect(await desk.rehearse(request)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'release.unknown' },
    });
  });

  it('says what could not be reached instead of failing, but hides no fault of ours', async () => {
    const over = async (error: Error) => {
      const targetOf = () => ({
        ...looking.targetOf(definition, { promotionId: 'p', digest: null }),
        analyze: () => Promise.reject(error),
      });
      return (await deskOver([], { world: { looking: { ...looking, targetOf } } })).desk.rehearse(rehearsed);
    };

    expect(await over(new RetryableError('aws.throttled', 'AWS is throttling.'))).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'aws.throttled', text: 'AWS is throttling.' },
    });
    await expect(over(new Error('odd'))).rejects.toThrow('odd');
  });

  it('is not possible where targets may not be looked at', async () => {
    const { desk } = await deskOver();

    await expect(desk.rehearse(rehearsed)).rejects.toMatchObject({ code: 'engine.no-looking' });
  });
});

describe('the status', () => {
  const nowhere = (app: string, environment: string) => ({ app, environment, open: [], live: undefined });

  it('names every environment in its order, or those that are asked for', async () => {
    const { desk } = await deskOver();
    const names = async (app: string | null, environment: string | null) =>
      (await desk.status(app, environment)).map((line) => `${line.app} ${line.environment}`);

    expect(await names(null, null)).toEqual(['site staging', 'site production', 'shop production']);
    expect(await names('site', null)).toEqual(['site staging', 'site production']);
    expect(await names(null, 'production')).toEqual(['site production', 'shop production']);
    expect(await names('shop', 'staging')).toEqual([]);
  });

  it('tells what is live, what is open, and what ended last, of those who were admitted', async () => {
    const admitted = { ...walkTo('rejected').promotion, id: 'p2', admitted: true };
    const stranger = { ...walkTo('rejected').promotion, id: 'p0', admitted: false };
    const { desk } = await deskOver([stranger, walkTo('monitoring').promotion, admitted], {
      holds: false,
      store: { liveRecords: async () => [record('aaaa0000', 'v1.0.0')] },
    });

    const [line] = await desk.status('site', 'production');

    expect(line).toMatchObject({
      live: { version: 'v1.0.0' },
      open: [{ id: 'p1' }],
      lastEnded: { id: 'p2' },
      unreadable: { promotions: 0, live: false },
      stuck: undefined,
      unseen: undefined,
    });
  });

  it('says of a damaged history that it cannot be read, and hides no other environment for it', async () => {
    const liveRecords: PromotionStore['liveRecords'] = async (app) => {
      if (app === 'site') throw new UnreadableError('store.unreadable', 'no');
      return [];
    };
    const { desk } = await deskOver([], { store: { liveRecords } });

    expect(await desk.status(null, 'production')).toMatchObject([
      { ...nowhere('site', 'production'), unreadable: { promotions: 0, live: true } },
      { ...nowhere('shop', 'production'), unreadable: { promotions: 0, live: false } },
    ]);
  });

  it('is an error when the store cannot be reached', async () => {
    const liveRecords = () => Promise.reject(new RetryableError('store.unreachable', 'no'));
    const { desk } = await deskOver([], { store: { liveRecords } });

    await expect(desk.status(null, null)).rejects.toMatchObject({ code: 'store.unreachable' });
  });
});

describe('finding one promotion', () => {
  it('answers it, or that it is not there', async () => {
    const { desk } = await deskOver([walkTo('verifying').promotion]);

    expect(await desk.find('p1')).toMatchObject({ id: 'p1', phase: 'verifying' });
    expect(await desk.find('p404')).toBeUndefined();
  });

  it('unlocking is not possible where locks may not be freed', async () => {
    const { desk } = await deskOver();
    const wish = { app: 'site', environment: 'production', person: ada, reason: 'stuck' };

    await expect(desk.unlock(wish)).rejects.toMatchObject({ code: 'engine.no-unlocking' });
    expect(await desk.unlock({ ...wish, app: 'zzz' })).toMatchObject({ refusal: { code: 'app.unknown' } });
  });
});
