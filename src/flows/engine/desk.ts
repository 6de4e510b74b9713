import type {
  Catalog,
  Close,
  DecideAnswer,
  Desk,
  EnvironmentSettings,
  EnvironmentStatus,
  OpenAnswer,
  OpenRequest,
  Rehearsal,
  StuckLock,
  UnlockAnswer,
  UnlockRequest,
} from '../desk.ts';
import { ifReadable, MisconfiguredError, RetryableError, TerminalError, UnreadableError } from '../errors.ts';
import type { LiveRecord, Loaded, RefusalHead } from '../ports.ts';
import { actorOf } from '../promotion/change.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { openPromotion } from '../promotion/open.ts';
import {
  hasEnded,
  isDirty,
  type PersonClaim,
  type Promotion,
  type PromotionIn,
} from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
import type { Repeated } from '../receipt.ts';
import type { UnlockEntry } from '../unlock.ts';
import { closing } from './closing.ts';
import { analyze, plain, validate } from './planner.ts';
import { apply } from './save.ts';
import { stuckLock, type UnlockWorld, unlock } from './unlock.ts';
import type { World } from './world.ts';

/** How often a lost race is run again before the person is asked to. */
const races = 8;
const idLength = 10;

export interface DeskWorld extends Pick<World, 'store' | 'hash' | 'hints' | 'log'> {
  readonly catalog: Catalog;
  /** The nearest of some words, or undefined when none is near. */
  readonly nearest: (word: string, words: readonly string[]) => string | undefined;
  /** Only for dry runs; null where looking at targets is not allowed. */
  readonly looking: Pick<World, 'targetOf' | 'checks' | 'releases'> | null;
  /** Only for two-person unlock. */
  readonly unlocking?: Pick<UnlockWorld, 'locks' | 'directory'>;
}

/** A promotion as it was read, and where its refusals end: null before the first, undefined where that is not known. */
interface Looked extends Loaded {
  readonly newest: RefusalHead | null | undefined;
}

export function createDesk(world: DeskWorld): Desk {
  const { store, catalog } = world;

  const settingsOf = (app: string, environment: string): EnvironmentSettings | Refusal => {
    const known = catalog.apps.find((entry) => entry.app === app);
    if (known === undefined) {
      const apps = catalog.apps.map((entry) => entry.app);
      return unknownWord(world, 'app.unknown', `There is no app called ${app}.`, app, apps);
    }
    const settings = catalog.find(app, environment);
    return (
      settings ??
      unknownWord(
        world,
        'environment.unknown',
        `${app} has no environment called ${environment}.`,
        environment,
        known.environments,
      )
    );
  };

  /** A request that is to be closed is in a hurry: what a no would need is read together with the promotion. */
  const look = async (promotionId: string, hurried: boolean): Promise<Looked | undefined> => {
    const [loaded, newest] = await Promise.all([
      store.load(promotionId),
      // It may turn out not to be needed: whoever does need it reads it again, and finds what stands in the way.
      hurried ? store.newestRefusal(promotionId).catch(() => undefined) : undefined,
    ]);
    return loaded === undefined ? undefined : { ...loaded, newest };
  };

  /** A no is told once it is recorded (ALL-11). */
  const refuse = async (
    { promotion, nowMs, newest }: Looked,
    event: PromotionEvent,
    why: Refusal,
    close: Close<DecideAnswer> | undefined,
  ): Promise<DecideAnswer | Repeated> => {
    const entry = {
      promotionId: promotion.id,
      atMs: Math.max(nowMs, promotion.nowMs),
      actor: actorOf(promotion, event),
      from: promotion.phase,
      to: promotion.phase,
      digest: 'digest' in promotion ? promotion.digest : null,
      event,
      refusal: why,
    };
    const answer = { outcome: 'refused', refusal: why, promotion } as const;
    const recorded = await closing(close?.(answer), null, (receipt) =>
      store.recordRefusal(promotion, entry, { before: newest, receipt }),
    );
    return recorded.outcome === 'repeated' ? recorded : answer;
  };

  const decide = async (
    promotionId: string,
    event: PromotionEvent,
    close?: Close<DecideAnswer>,
    seen?: Looked,
  ): Promise<DecideAnswer | Repeated> => {
    for (let race = 0; race < races; race += 1) {
      const looked = race === 0 && seen !== undefined ? seen : await look(promotionId, close !== undefined);
      if (looked === undefined) {
        return {
          outcome: 'refused',
          refusal: refusal('promotion.unknown', 'There is no such promotion.', 'Look for its newest card.'),
          promotion: null,
        };
      }
      const { promotion } = looked;
      if (event.type === 'rollback.claimed' && promotion.phase === 'promoted')
        return rollBackEnded(promotion, looked, event, close);
      const applied = await apply(
        world,
        promotion,
        event,
        looked.nowMs,
        close && ((next) => close(accepted(next))),
      );
      if (applied.outcome === 'saved') {
        world.hints.wake(promotionId, applied.nowMs);
        return accepted(applied.promotion);
      }
      if (applied.outcome === 'repeated') return applied;
      if (applied.outcome === 'refused') return refuse(looked, event, applied.refusal, close);
    }
    throw new RetryableError('store.contended', 'Too many changes at once.', { data: { promotionId } });
  };

  /** The Roll Back button of a promotion that has ended well: back to what was live before it. */
  const rollBackEnded = async (
    ended: PromotionIn<'promoted'>,
    looked: Looked,
    event: Extract<PromotionEvent, { claim: PersonClaim }>,
    close: Close<DecideAnswer> | undefined,
  ): Promise<DecideAnswer | Repeated> => {
    const { nowMs } = looked;
    const { claim } = event;
    const { app, environment } = ended;
    const [[newest], holderId] = await Promise.all([
      store.liveRecords(app, environment, 1),
      store.holder(`${app}#${environment}`),
    ]);
    if (newest !== undefined && newest.artifact !== ended.plan.analysis.candidate.release.artifact) {
      const why = refusal(
        'rollback.not-live',
        newest.replaced === newest.artifact
          ? `What is live now is not known: ${newest.version} was left to people since, who closed it by hand.`
          : `This is no longer what is live: ${newest.version} is.`,
        `See /promote status ${app}, and use /rollback ${app} ${environment}.`,
      );
      return refuse(looked, event, why, close);
    }
    const request: OpenRequest = {
      kind: 'rollback',
      app,
      environment,
      version: ended.plan.analysis.live.release.version,
      person: claim.person,
      reason: claim.reason,
      dedupeKey: claim.id,
    };
    const answer = await openAt(
      request,
      { nowMs, holderId },
      // A no is recorded with this card as well, and closed there.
      close && ((next) => (next.outcome === 'refused' ? undefined : close(accepted(next.promotion)))),
    );
    if (answer.outcome === 'repeated') return answer;
    if (answer.outcome === 'refused') return refuse(looked, event, answer.refusal, close);
    return accepted(answer.promotion);
  };

  const open = async (request: OpenRequest, close?: Close<OpenAnswer>): Promise<OpenAnswer | Repeated> => {
    const { app, environment, kind } = request;
    const [nowMs, holderId] = await Promise.all([
      store.now(),
      kind === 'rollback' ? store.holder(`${app}#${environment}`) : undefined,
    ]);
    return openAt(request, { nowMs, holderId }, close);
  };

  /** Opens it as of what was read; `holderId` is whoever holds the environment, where a rollback asks. */
  const openAt = async (
    request: OpenRequest,
    { nowMs, holderId }: { readonly nowMs: number; readonly holderId: string | undefined },
    close: Close<OpenAnswer> | undefined,
  ): Promise<OpenAnswer | Repeated> => {
    if (holderId !== undefined) {
      // Before the configuration is asked: what runs is rolled back even where its app has vanished from it.
      const joined = await joinRunning(request, holderId, nowMs, close);
      if (joined !== undefined) return joined;
    }
    const settings = settingsOf(request.app, request.environment);
    if ('code' in settings) return { outcome: 'refused', refusal: settings };
    const id = `p${world.hash(`${request.person.teamId}|${request.dedupeKey}`).slice(0, idLength)}`;
    const change = openPromotion(id, request, settings, nowMs, world.hash, holderId);
    const { promotion } = change;
    const created = await closing(
      close?.({ outcome: 'opened', promotion }),
      { promotionId: id, revision: promotion.revision },
      (receipt) => store.create(change, receipt),
    );
    if (created.outcome === 'repeated') return created;
    world.hints.wake(id, created.nowMs);
    return { outcome: 'opened', promotion: created.promotion };
  };

  /**
   * `/rollback` while a promotion has changed the environment: without a version, or to where its way back goes, that
   * promotion turns around. To another release a rollback of its own is opened, which takes over once it is planned.
   */
  const joinRunning = async (
    request: OpenRequest,
    holderId: string,
    nowMs: number,
    close: Close<OpenAnswer> | undefined,
  ): Promise<OpenAnswer | Repeated | undefined> => {
    const looked = await lookIfReadable(holderId, close !== undefined);
    const running = looked?.promotion;
    if (running === undefined || hasEnded(running) || !isDirty(running) || !('steps' in running))
      return undefined;
    const { live, candidate } = running.plan.analysis;
    const back = (running.kind === 'promotion' ? live : candidate).release.version;
    if (request.version !== null && request.version !== back) return undefined;
    const claim: PersonClaim = {
      id: world.hash(request.dedupeKey).slice(0, 16),
      does: 'roll-back',
      person: request.person,
      atMs: nowMs,
      reason: request.reason,
      answer: null,
    };
    const joined = (answer: DecideAnswer): OpenAnswer =>
      answer.outcome === 'accepted'
        ? { outcome: 'joined', promotion: answer.promotion }
        : { outcome: 'refused', refusal: answer.refusal };
    const answer = await decide(
      running.id,
      { type: 'rollback.claimed', claim },
      close && ((next) => close(joined(next))),
      looked,
    );
    return answer.outcome === 'repeated' ? answer : joined(answer);
  };

  /** A holder that cannot be read must not stand in the way of asking; the lock decides later. */
  const lookIfReadable = async (id: string, hurried: boolean): Promise<Looked | undefined> => {
    try {
      return await look(id, hurried);
    } catch (error) {
      if (error instanceof UnreadableError) return undefined;
      throw error;
    }
  };

  const rehearse = async (request: Omit<OpenRequest, 'dedupeKey'>): Promise<Rehearsal> => {
    const settings = settingsOf(request.app, request.environment);
    if ('code' in settings) return { outcome: 'refused', refusal: settings };
    if (world.looking === null)
      throw new MisconfiguredError('engine.no-looking', 'This function may not look at targets.');
    const looking = { ...world.looking, hash: world.hash };
    const plan = {
      kind: request.kind,
      promotionId: 'rehearsal',
      digest: null,
      app: request.app,
      environment: request.environment,
      version: request.version,
      definition: settings.definition,
      policy: settings.policy,
      history: await store.liveRecords(request.app, request.environment, 20),
      nowMs: await store.now(),
    };
    try {
      const analyzed = await analyze(looking, plan);
      if (analyzed.outcome === 'refused') return analyzed;
      const validated = await validate(looking, plan, analyzed.analysis);
      return {
        outcome: 'planned',
        analysis: analyzed.analysis,
        results: plain(validated.results),
        policy: settings.policy,
      };
    } catch (error) {
      if (
        !(
          error instanceof RetryableError ||
          error instanceof MisconfiguredError ||
          error instanceof TerminalError
        )
      )
        throw error;
      return {
        outcome: 'refused',
        refusal: refusal(error.code, error.message, 'Try again when this works again.'),
      };
    }
  };

  const unlockTogether = async (request: UnlockRequest): Promise<UnlockAnswer> => {
    const settings = settingsOf(request.app, request.environment);
    if ('code' in settings) return { outcome: 'refused', refusal: settings };
    if (world.unlocking === undefined)
      throw new MisconfiguredError('engine.no-unlocking', 'This function may not free locks.');
    return unlock({ ...world, ...world.unlocking }, settings, request);
  };

  const stuckAt = async (app: string, environment: string): Promise<StuckLock | undefined> => {
    const { unlocking } = world;
    if (unlocking === undefined) return undefined;
    try {
      return await stuckLock({ store, ...unlocking }, app, environment);
    } catch (error) {
      // The row of the lock itself: whoever comes across it holds and reports it.
      if (error instanceof UnreadableError) return undefined;
      throw error;
    }
  };

  /** One environment's damaged history must not hide the others. */
  const newestLive = async (
    app: string,
    environment: string,
  ): Promise<LiveRecord | 'unreadable' | undefined> => {
    try {
      return (await store.liveRecords(app, environment, 1))[0];
    } catch (error) {
      if (error instanceof UnreadableError) return 'unreadable';
      throw error;
    }
  };

  /** Who was freed by two people because nobody could tell what it had changed, newest first. */
  const freedUnread = async (app: string, environment: string): Promise<readonly UnlockEntry[]> => {
    const { unlocking } = world;
    if (unlocking === undefined) return [];
    try {
      const entries = await unlocking.locks.history(app, environment);
      return entries.filter(({ does, because }) => does === 'free' && because !== 'ended').reverse();
    } catch (error) {
      if (error instanceof UnreadableError) return [];
      throw error;
    }
  };

  /** Whoever changes an environment holds its lock until it has recorded what is live, or until two people take it away. */
  const unseenChange = async (
    live: LiveRecord | undefined,
    stuck: StuckLock | undefined,
    freed: readonly UnlockEntry[],
  ): Promise<EnvironmentStatus['unseen']> => {
    if (stuck !== undefined && stuck.because !== 'ended') return stuck;
    const since = freed.filter(({ atMs }) => live === undefined || atMs >= live.atMs);
    for (const { holder, because } of since)
      if ((await ifReadable(() => store.load(holder))) === undefined) return { holder, because };
    return undefined;
  };

  const status = async (
    app: string | null,
    environment: string | null,
  ): Promise<readonly EnvironmentStatus[]> => {
    const wanted = catalog.apps
      .filter((entry) => app === null || entry.app === app)
      .flatMap((entry) => entry.environments.map((name) => ({ app: entry.app, environment: name })))
      .filter((entry) => environment === null || entry.environment === environment);
    return Promise.all(wanted.map(statusOf));
  };

  /** Everything of one environment is read at once: somebody waits for it. */
  const statusOf = async (entry: {
    readonly app: string;
    readonly environment: string;
  }): Promise<EnvironmentStatus> => {
    const { app, environment } = entry;
    const [live, { promotions: recent, unreadable }, stuck, freed] = await Promise.all([
      newestLive(app, environment),
      store.survey(app, environment, 20),
      stuckAt(app, environment),
      freedUnread(app, environment),
    ]);
    const known = live === 'unreadable' ? undefined : live;
    return {
      ...entry,
      live: known,
      unreadable: { promotions: unreadable, live: live === 'unreadable' },
      open: recent.filter((promotion) => !hasEnded(promotion)),
      lastEnded: recent.find((promotion) => hasEnded(promotion) && promotion.admitted),
      stuck,
      unseen: await unseenChange(known, stuck, freed),
    };
  };

  return {
    open,
    decide: (promotionId, event, close) => decide(promotionId, event, close),
    rehearse,
    unlock: unlockTogether,
    status,
    find: async (id) => (await store.load(id))?.promotion,
  };
}

const accepted = (promotion: Promotion) => ({ outcome: 'accepted', promotion }) as const;

function unknownWord(
  world: DeskWorld,
  code: string,
  text: string,
  word: string,
  known: readonly string[],
): Refusal {
  const near = world.nearest(word, known);
  return refusal(
    code,
    text,
    near === undefined ? `Known are: ${known.join(', ')}.` : `Did you mean ${near}?`,
  );
}
