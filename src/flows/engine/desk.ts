import type {
  Catalog,
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
import { MisconfiguredError, RetryableError, TerminalError, UnreadableError } from '../errors.ts';
import type { LiveRecord, Loaded } from '../ports.ts';
import { actorOf } from '../promotion/change.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { openPromotion } from '../promotion/open.ts';
import { hasEnded, isDirty, type PersonClaim, type Promotion } from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
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

  /** A no is told once it is recorded (ALL-11). */
  const refuse = async (
    { promotion, nowMs }: Loaded,
    event: PromotionEvent,
    why: Refusal,
  ): Promise<DecideAnswer> => {
    await store.recordRefusal(promotion, {
      promotionId: promotion.id,
      atMs: Math.max(nowMs, promotion.nowMs),
      actor: actorOf(promotion, event),
      from: promotion.phase,
      to: promotion.phase,
      digest: 'digest' in promotion ? promotion.digest : null,
      event,
      refusal: why,
    });
    return { outcome: 'refused', refusal: why, promotion };
  };

  const decide = async (promotionId: string, event: PromotionEvent): Promise<DecideAnswer> => {
    for (let race = 0; race < races; race += 1) {
      const loaded = await store.load(promotionId);
      if (loaded === undefined) {
        return {
          outcome: 'refused',
          refusal: refusal('promotion.unknown', 'There is no such promotion.', 'Look for its newest card.'),
          promotion: null,
        };
      }
      const { promotion } = loaded;
      if (event.type === 'rollback.claimed' && promotion.phase === 'promoted') {
        const answer = await rollBackEnded(promotion, event.claim);
        return answer.outcome === 'refused' ? refuse(loaded, event, answer.refusal) : answer;
      }
      const applied = await apply(world, promotion, event, loaded.nowMs);
      if (applied.outcome === 'saved') {
        world.hints.wake(promotionId, applied.nowMs);
        return { outcome: 'accepted', promotion: applied.promotion };
      }
      if (applied.outcome === 'refused') return refuse(loaded, event, applied.refusal);
    }
    throw new RetryableError('store.contended', 'Too many changes at once.', { data: { promotionId } });
  };

  /** The Roll Back button of a promotion that has ended well: back to what was live before it. */
  const rollBackEnded = async (ended: Promotion, claim: PersonClaim): Promise<DecideAnswer> => {
    if (!('plan' in ended) || ended.plan === null)
      throw new TerminalError('engine.phase', 'a promoted promotion has a plan');
    const [newest] = await store.liveRecords(ended.app, ended.environment, 1);
    if (newest !== undefined && newest.artifact !== ended.plan.analysis.candidate.release.artifact) {
      const why = refusal(
        'rollback.not-live',
        `This is no longer what is live: ${newest.version} is.`,
        `See /promote status ${ended.app}, and use /rollback ${ended.app} ${ended.environment}.`,
      );
      return { outcome: 'refused', refusal: why, promotion: ended };
    }
    const answer = await open({
      kind: 'rollback',
      app: ended.app,
      environment: ended.environment,
      version: ended.plan.analysis.live.release.version,
      person: claim.person,
      reason: claim.reason,
      dedupeKey: claim.id,
    });
    if (answer.outcome === 'refused') return { ...answer, promotion: ended };
    return { outcome: 'accepted', promotion: answer.promotion };
  };

  const open = async (request: OpenRequest): Promise<OpenAnswer> => {
    const settings = settingsOf(request.app, request.environment);
    if (request.kind === 'rollback') {
      // Before the configuration is asked: what runs is rolled back even where its app has vanished from it.
      const joined = await joinRunning(request);
      if (joined !== undefined) return joined;
    }
    if ('code' in settings) return { outcome: 'refused', refusal: settings };
    const id = `p${world.hash(`${request.person.teamId}|${request.dedupeKey}`).slice(0, idLength)}`;
    const nowMs = await store.now();
    const created = await store.create(openPromotion(id, request, settings, nowMs, world.hash));
    world.hints.wake(id, created.nowMs);
    return { outcome: 'opened', promotion: created.promotion };
  };

  /**
   * `/rollback` while a promotion has changed the environment: without a version, or to where its way back goes, that
   * promotion turns around. To another release a rollback of its own is opened, which takes over once it is planned.
   */
  const joinRunning = async (request: OpenRequest): Promise<OpenAnswer | undefined> => {
    const holderId = await store.holder(`${request.app}#${request.environment}`);
    if (holderId === undefined) return undefined;
    const running = await holderIfReadable(holderId);
    if (
      running === undefined ||
      hasEnded(running) ||
      !isDirty(running) ||
      !('plan' in running) ||
      running.plan === null
    )
      return undefined;
    const { live, candidate } = running.plan.analysis;
    const back = (running.kind === 'promotion' ? live : candidate).release.version;
    if (request.version !== null && request.version !== back) return undefined;
    const claim: PersonClaim = {
      id: world.hash(request.dedupeKey).slice(0, 16),
      does: 'roll-back',
      person: request.person,
      atMs: await store.now(),
      reason: request.reason,
      answer: null,
    };
    const answer = await decide(running.id, { type: 'rollback.claimed', claim });
    return answer.outcome === 'accepted'
      ? { outcome: 'joined', promotion: answer.promotion }
      : { outcome: 'refused', refusal: answer.refusal };
  };

  /** A holder that cannot be read must not stand in the way of asking; the lock decides later. */
  const holderIfReadable = async (id: string): Promise<Promotion | undefined> => {
    try {
      return (await store.load(id))?.promotion;
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

  /** Only asked further where the holder is not among the open promotions already. */
  const stuckAt = async (
    app: string,
    environment: string,
    open: readonly Promotion[],
  ): Promise<StuckLock | undefined> => {
    const { unlocking } = world;
    if (unlocking === undefined) return undefined;
    try {
      const holder = await store.holder(`${app}#${environment}`);
      if (holder === undefined || open.some(({ id }) => id === holder)) return undefined;
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

  const status = async (
    app: string | null,
    environment: string | null,
  ): Promise<readonly EnvironmentStatus[]> => {
    const wanted = catalog.apps
      .filter((entry) => app === null || entry.app === app)
      .flatMap((entry) => entry.environments.map((name) => ({ app: entry.app, environment: name })))
      .filter((entry) => environment === null || entry.environment === environment);
    const lines: EnvironmentStatus[] = [];
    for (const entry of wanted) {
      const live = await newestLive(entry.app, entry.environment);
      const { promotions: recent, unreadable } = await store.survey(entry.app, entry.environment, 20);
      const open = recent.filter((promotion) => !hasEnded(promotion));
      lines.push({
        ...entry,
        live: live === 'unreadable' ? undefined : live,
        unreadable: { promotions: unreadable, live: live === 'unreadable' },
        open,
        lastEnded: recent.find((promotion) => hasEnded(promotion) && promotion.admitted),
        stuck: await stuckAt(entry.app, entry.environment, open),
      });
    }
    return lines;
  };

  return {
    open,
    decide,
    rehearse,
    unlock: unlockTogether,
    status,
    find: async (id) => (await store.load(id))?.promotion,
  };
}

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
