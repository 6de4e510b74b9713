import { createDesk } from '../../src/flows/engine/desk.ts';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import { hasEnded, isDirty, type Person, type Promotion } from '../../src/flows/promotion/promotion.ts';
import { ada, claim, grace, hash, lin, newRelease, policy, startMs } from '../flows/promotion/walk.ts';
import { createKillPoints, Killed } from './kill-points.ts';
import { createPaperSite, type PaperSite, type SiteFault } from './paper-site.ts';
import { createPaperStore, type PaperStore } from './paper-store.ts';

export interface Scenario {
  readonly name: string;
  readonly fault: SiteFault;
  /** Somebody cancels in the wait timer. */
  readonly cancels?: boolean;
  readonly ends: Promotion['phase'];
}

export interface Story {
  readonly promotion: Promotion;
  readonly store: PaperStore;
  readonly site: PaperSite;
  readonly awaits: number;
  readonly killedAt: string | undefined;
}

const check = (id: string) => ({ id, kind: id, title: id, essential: id === 'version', settings: {} });
const silent = { info() {}, warn() {}, error() {} };
const longestStoryMs = 4 * 3_600_000;

/**
 * One promotion from the command to its end on virtual time, killed once at the given await and started again. People
 * click again when they got no answer, as people do.
 */
export async function play(scenario: Scenario, killAt: number | undefined): Promise<Story> {
  let nowMs = startMs;
  const now = () => nowMs;
  const store = createPaperStore(now);
  const site = createPaperSite(now, scenario.fault);
  const kills = createKillPoints();
  const settings = {
    app: 'site',
    environment: 'production',
    policy,
    definition: {
      repository: 'northwind/site',
      target: { kind: 'paper', settings: {} },
      gates: [check('staging')],
      checks: [check('version')],
      readings: [check('errors'), check('alarm')],
    },
  };
  const world: World = {
    store: kills.wrap('store', store),
    targetOf: () => kills.wrap('target', site.target),
    checks: kills.wrap('checks', site.checks),
    releases: kills.wrap('releases', {
      resolve: async (_repository: string, version: string) => ({
        outcome: 'found' as const,
        version,
        commit: newRelease.commit ?? fail(),
      }),
    }),
    directory: kills.wrap('directory', { kindOf: async () => 'member' as const, membersOf: async () => [] }),
    configured: () => true,
    elapsedMs: () => 0,
    hints: { wake() {} },
    hash,
    log: silent,
  };
  const desk = createDesk({
    ...world,
    catalog: {
      apps: [{ app: 'site', environments: ['production'] }],
      find: () => settings,
      defaultEnvironment: () => 'production',
    },
    nearest: () => undefined,
    looking: null,
  });

  let killedAt: string | undefined;
  /** Runs one thing a person or the sweep does; a kill ends it there, and the caller may do it again. */
  const alive = async <T>(doing: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      killedAt = kills.where();
      kills.restart();
      return undefined;
    }
  };
  const insist = async <T>(doing: () => Promise<T>): Promise<T> => (await alive(doing)) ?? (await doing());

  const sweep = async () => {
    const { ids } = await store.due(100);
    for (const id of ids) await alive(() => tick(world, id));
  };
  const current = async (id: string) => (await store.load(id))?.promotion ?? fail();

  kills.arm(killAt);
  const request = {
    kind: 'promotion' as const,
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    person: ada,
    reason: null,
    dedupeKey: 'trigger',
  };
  const opened = await insist(() => desk.open(request));
  if (opened.outcome !== 'opened') throw new Error('not opened');
  const { id } = opened.promotion;

  const click = async (person: Person, claimId: string) => {
    const promotion = await current(id);
    if (promotion.phase !== 'awaiting-approval') return;
    const event = {
      type: 'approval.claimed' as const,
      claim: claim('approve', person, { id: claimId, atMs: nowMs }),
      round: promotion.round,
      digest: promotion.digest.slice(0, 12),
    };
    await insist(() => desk.decide(id, event));
  };

  for (const deadlineMs = nowMs + longestStoryMs; nowMs < deadlineMs; nowMs += 5_000) {
    await sweep();
    const promotion = await current(id);
    if (hasEnded(promotion) || promotion.phase === 'rollback-failed') break;
    if (promotion.phase === 'awaiting-approval') {
      const given = promotion.approvals.length + promotion.claims.length;
      if (given < 2) await click(given === 0 ? grace : lin, `click-${nowMs}`);
    }
    if (promotion.phase === 'waiting' && promotion.noticeAtMs === null) {
      await insist(() => desk.decide(id, { type: 'notice.delivered' }));
    }
    if (promotion.phase === 'waiting' && scenario.cancels === true && promotion.claims.length === 0) {
      await insist(() =>
        desk.decide(id, { type: 'cancellation.claimed', claim: claim('cancel', ada, { atMs: nowMs }) }),
      );
    }
  }
  return { promotion: await current(id), store, site, awaits: kills.passed(), killedAt };
}

function fail(): never {
  throw new Error('the story has no such thing');
}

/** What must be true of every story, however it went (durable.md: invariants). Answers the broken ones. */
export function brokenInvariants({ promotion, store, site }: Story): string[] {
  const broken: string[] = [];
  const hold = (invariant: string, holds: boolean) => {
    if (!holds) broken.push(invariant);
  };
  const saved = store.history.filter(({ id }) => id === promotion.id);
  const forward = site.writes.filter(({ to }) => to === 'green');
  hold('a forward act is applied at most once', forward.length <= 1);
  hold(
    'a forward act was claimed before, with two approvals of this plan, none by the requester',
    forward.every(({ key }) =>
      saved.some(
        (one) =>
          'steps' in one &&
          one.steps['switch']?.claim?.key === key &&
          new Set(one.approvals.map(({ person }) => person.userId)).size >= 2 &&
          one.approvals.every(({ person }) => person.userId !== one.requester.userId),
      ),
    ),
  );
  hold(
    'an end before the first change leaves the target alone',
    isDirty(promotion) || site.writes.length === 0,
  );
  hold(
    'promoted means that production points at the release',
    promotion.phase !== 'promoted' || site.path() === 'green',
  );
  hold(
    'rolled back means that production points at the old release',
    promotion.phase !== 'rolled-back' || site.path() === 'blue',
  );
  hold(
    'rolled back means that something was written back',
    promotion.phase !== 'rolled-back' || site.writes.some(({ to }) => to === 'blue'),
  );
  hold(
    'every save raises the revision by one',
    saved.every((one, index) => one.revision === index + 1),
  );
  hold(
    'time never runs backwards',
    saved.every((one, index) => index === 0 || one.nowMs >= (saved[index - 1]?.nowMs ?? 0)),
  );
  hold(
    'the obligation to roll back is never dropped',
    saved.every((one, index) => index === 0 || !isDirty(saved[index - 1] ?? one) || isDirty(one)),
  );
  hold(
    'an open promotion is always due',
    saved.every((one) => hasEnded(one) || one.dueAtMs !== null),
  );
  hold(
    'an ended promotion holds no lock',
    !hasEnded(promotion) || ![...store.locks.values()].includes(promotion.id),
  );
  const chain = store.entries.filter(({ promotionId }) => promotionId === promotion.id);
  hold(
    'the audit chain has no gap',
    chain.every((entry, index) => entry.sequence === index + 1),
  );
  hold(
    'the audit chain hangs together',
    chain.every((entry, index) => entry.previous === (chain[index - 1]?.hash ?? '')),
  );
  hold('the audit head is in the promotion', promotion.audit.head === chain.at(-1)?.hash);
  hold(
    'announcements are numbered without a gap',
    store.announcements.every((entry, index) => entry.sequence === index + 1),
  );
  return broken;
}
