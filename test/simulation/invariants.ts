import { hash } from 'node:crypto';
import type { AuditEntry } from '../../src/flows/promotion/audit.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Promotion, PromotionIn } from '../../src/flows/promotion/promotion.ts';
import { artifactOf, type Cloud, type CloudChange, type Site, type Version } from './cloud.ts';
import type { Coverage } from './coverage.ts';
import type { Kernel } from './kernel.ts';
import type { People } from './outside.ts';
import type { Deployment, Service } from './service.ts';
import { groups } from './setup.ts';
import { type ClaimSeen, type LockSeen, readWrite, type Shadow, type Write } from './shadow.ts';
import type { SlackModel } from './slack-model.ts';
import type { Applied, RowChange, TableModel } from './table-model.ts';
import { createTruth } from './truth.ts';
import { brokenWish, isNamedWish } from './wishes.ts';

/** The invariants of durable.md §10 by their numbers there, and what else must hold. */
export const invariantNames = {
  'I1 approved': 'a forward act was claimed before, under enough approvals of this very plan by others',
  'I1 rights': 'whoever approved had the right to when it was looked at before the first change',
  'I2 once': 'where the provider compares, each forward step is applied at most once',
  'I2 quiescent': 'where it does not, production shows what was recorded once late requests are over',
  'I3 untouched': 'what ended untouched was never claimed and never acts',
  'I4 dirty': 'the obligation to take back is never dropped',
  'I5 ended': 'what has ended never changes',
  'I6 back': 'once rolled back the release is never live again by our hand',
  'I7 promoted': 'promoted means seen on the target after the last claim and through the whole watch',
  'I7 true': 'what passed was good in the world too: its page, its alarm, its metrics',
  'I7 turns': 'what was seen to fail turns it around in the same save',
  'I7 asked': 'a watch that does not end is brought before people in time',
  'I8 lock': 'one holder per lock, every claim holds all of them, and none is left behind',
  'I9 one claim': 'at most one act is open at a time',
  'I10 foreign': "where the provider compares, somebody else's change is never overwritten",
  'I11 revision': 'every save raises the revision by one',
  'I12 audit': 'the audit chain has no gap, its hashes hold, its head is in the promotion',
  'I12 fold': 'replaying the audited events gives the stored promotion',
  'I14 due': 'what is open is due, and soon once production was changed',
  'I15 ends': 'once nothing goes wrong any more, everything ends or waits for people',
  'I16 times':
    'not expired early, nothing claimed late, nothing claimed before the countdown was seen and over',
  'I17 card': 'in the end the card shows the end',
  'I17 told': 'everything is told, in its order, and twice only where it was unsure',
  'I18 paged': 'on-call hears of what waits for them',
  'I19 without Slack':
    'what a person named in the configuration says about a rollback never waits for the directory',
  'I19 obeyed': 'a wish that was taken is obeyed or answered, and none that waits is overruled',
  'I20 newer': 'what a newer version wrote is left alone',
  clock: "inside one promotion time never runs backwards, and never ahead of the store's",
  sound: 'the simulator itself was asked for nothing that it does not know',
} as const;
export type Invariant = keyof typeof invariantNames;

export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
  readonly atMs: number;
}

export interface Watcher {
  readonly shadows: Map<string, Shadow>;
  readonly violations: Violation[];
  readonly locks: Map<string, LockSeen>;
  fail(invariant: Invariant, text: string): void;
  /** Called for every saved promotion. */
  onSaved: ((shadow: Shadow, before: Promotion | undefined, events: readonly AuditEntry[]) => void) | null;
}

export interface WatchedWorld {
  readonly kernel: Kernel;
  readonly table: TableModel;
  readonly cloud: Cloud;
  readonly service: Service;
  readonly slack: SlackModel;
  readonly people: People;
  readonly coverage: Coverage;
  readonly shows: boolean;
  /** Whether the configuration has ever been another one. */
  readonly reconfigured: () => boolean;
}

const endPhases: ReadonlySet<string> = new Set([
  'promoted',
  'rolled-back',
  'rejected',
  'expired',
  'cancelled',
  'failed',
  'superseded',
  'resolved',
]);
const untouchedEnds: ReadonlySet<string> = new Set(['rejected', 'expired', 'cancelled', 'failed']);
const dirtyEnds: ReadonlySet<string> = new Set(['promoted', 'rolled-back', 'resolved', 'superseded']);

export const ended = ({ phase }: Promotion) => endPhases.has(phase);
const dirtyOf = (promotion: Promotion) => 'dirty' in promotion && promotion.dirty;

const sha256 = (text: string) => hash('sha256', text);
const markOf = (version: Version): string | undefined =>
  /\[countersign [^\]]*?([0-9a-f]{12})\.[0-9a-f]{6}\]/.exec(version.config.Comment ?? '')?.[1];

/** How long a read may be behind, in the worst weather that is made here. */
const stalestMs = 40_000;
const soonMs = 60_000;
/** How old rights and plan may be at the first change. */
const gateFreshMs = 60_000;
const pageMs = 15 * 60_000;
/** Five minutes until on-call hears, and as long again for whoever has to notice that they are over. */
const longTroubleMs = 10 * 60_000;
const pageDueMs = 6 * 60_000;
/** How much longer than two soaks a watch may last until people are asked, and what a late reading may add. */
const longestWatchMs = 30 * 60_000;
const lateReadingMs = 60_000;

/** Looks at every applied write and every change of production, and notes what must not have happened. */
export function createWatcher(world: WatchedWorld): Watcher {
  const { kernel, table, cloud, service, coverage } = world;
  const shadows = new Map<string, Shadow>();
  const byMark = new Map<string, ClaimSeen>();
  const byKey = new Map<string, ClaimSeen>();
  const locks = new Map<string, LockSeen>();
  const violations: Violation[] = [];
  /** Those whose locks two people have freed. */
  const freed = new Set<string>();
  /** The schema under which each promotion is stored now. */
  const schemas = new Map<string, { readonly schema: number; readonly sinceMs: number }>();

  const fail = (invariant: Invariant, text: string) => {
    violations.push({ invariant, text, atMs: kernel.nowMs() });
  };
  const hold = (invariant: Invariant, holds: boolean, text: () => string) => {
    if (!holds) fail(invariant, text());
  };

  const watcher: Watcher = { shadows, violations, locks, fail, onSaved: null };
  const siteOf = (promotion: Promotion): Site | undefined =>
    cloud.sites.find(({ name }) => name === promotion.app);
  const truth = createTruth({ cloud, service, coverage, siteOf });

  const noteEntry = (shadow: Shadow, entry: AuditEntry) => {
    const { event } = entry;
    const last = shadow.entries[shadow.entries.length - 1];
    hold(
      'I12 audit',
      entry.sequence === (last?.sequence ?? 0) + 1 && entry.previous === (last?.hash ?? ''),
      () => `${shadow.id} entry ${entry.sequence} does not follow ${last?.sequence ?? 0}`,
    );
    hold(
      'I12 audit',
      hashOf(entry) === entry.hash,
      () => `${shadow.id} entry ${entry.sequence} hashes wrong`,
    );
    shadow.entries.push(entry);
    coverage.hit(`accepted ${entry.from} x ${event.type}`);
    switch (event.type) {
      case 'approval.claimed':
        shadow.clicks.set(event.claim.id, {
          userId: event.claim.person.userId,
          round: event.round,
          digest: event.digest,
        });
        break;
      case 'claim.granted': {
        const click = shadow.clicks.get(event.claimId);
        if (click !== undefined && entry.from === 'awaiting-approval')
          shadow.granted.set(click.userId, click);
        break;
      }
      case 'plan.changed':
        shadow.granted.clear();
        break;
      case 'approval.lapsed':
        shadow.granted.delete(event.person.userId);
        break;
      default:
    }
  };

  /** Counts by itself who has approved what is about to be done. */
  const checkAuthority = (shadow: Shadow, after: Promotion) => {
    if (!('round' in after)) return;
    const { policy, requester, round, digest } = after;
    const required = after.kind === 'promotion' ? policy.approvals.required : policy.rollback.approvals;
    const counted = [...shadow.granted.values()].filter(
      (click) =>
        click.round === round &&
        click.digest.length >= 12 &&
        digest.startsWith(click.digest) &&
        click.userId !== requester.userId &&
        (groups['SAPPROVE'] ?? []).includes(click.userId),
    );
    hold(
      'I1 approved',
      counted.length >= required,
      () => `${shadow.id} is claimed with ${counted.length} of ${required} approvals of round ${round}`,
    );
    if (after.kind === 'promotion' && after.phase === 'deploying') {
      const gateMs = after.gate?.atMs ?? Number.NEGATIVE_INFINITY;
      const rightful = counted.filter(({ userId }) => {
        const leftMs = world.people.leftAtMs.get(userId);
        return leftMs === undefined || leftMs >= gateMs;
      });
      hold(
        'I1 rights',
        rightful.length >= required,
        () => `only ${rightful.length} of ${required} who approved ${shadow.id} still could at its gate`,
      );
      const claimMs = Math.max(...[...shadow.claims.values()].map(({ lastMs }) => lastMs));
      hold('I1 rights', claimMs - gateMs <= gateFreshMs, () =>
        after.gate === null
          ? `${shadow.id} was claimed on what was never looked at`
          : `${shadow.id} was claimed on what was seen ${claimMs - gateMs} ms before`,
      );
      hold(
        'I16 times',
        claimMs < after.expiresAtMs,
        () => `${shadow.id} was claimed after its approvals expired`,
      );
      const { waitSeconds } = policy.approvals;
      if (waitSeconds > 0 && required > 0) {
        coverage.hit('antecedent claimed after a countdown');
        hold(
          'I16 times',
          shadow.noticeAtMs !== null && claimMs >= shadow.noticeAtMs + waitSeconds * 1000,
          () => `${shadow.id} was claimed before its countdown was over`,
        );
      }
    }
    shadow.authorised = true;
  };

  const noteClaim = (
    shadow: Shadow,
    event: Extract<PromotionEvent, { type: 'step.claimed' }>,
    after: Promotion,
    atMs: number,
  ) => {
    const direction = after.phase === 'rolling-back' ? 'back' : 'forward';
    const steps =
      'plan' in after && after.plan !== null
        ? direction === 'forward'
          ? after.plan.analysis.steps
          : after.plan.analysis.rollback.map(({ step }) => step)
        : [];
    const step = steps.find(({ id }) => id === event.stepId);
    const seen = shadow.claims.get(event.key) ?? {
      promotionId: shadow.id,
      stepId: event.stepId,
      direction,
      key: event.key,
      unfenced: step?.fence === 'hold',
      firstMs: atMs,
      lastMs: atMs,
      applied: 0,
    };
    seen.lastMs = atMs;
    shadow.claims.set(event.key, seen);
    byMark.set(sha256(event.key).slice(0, 12), seen);
    byKey.set(event.key, seen);
    for (const key of keysOf(after)) {
      hold(
        'I8 lock',
        locks.get(key)?.holder === shadow.id,
        () => `${shadow.id} claims ${event.stepId} without ${key}, held by ${locks.get(key)?.holder}`,
      );
    }
    if (!shadow.authorised) {
      checkAuthority(shadow, after);
      checkNotFled(after);
    }
    if (after.kind === 'rollback' && hasWaitedForNeighbour(shadow, after))
      coverage.hit('antecedent rollback waited while another app of its distribution moved');
  };

  /** What each rollback takes out of production, and when it was over. */
  const flights = new Map<string, { environment: string; artifact: string; endedAtMs: number | null }>();
  const noteFlight = (after: Promotion, nowMs: number) => {
    const known = flights.get(after.id);
    if (known !== undefined && ended(after)) known.endedAtMs = nowMs;
    if (after.phase !== 'rolling-back' && after.phase !== 'rollback-failed') return;
    const { live, candidate } = after.plan.analysis;
    const { artifact } = (after.kind === 'rollback' ? live : candidate).release;
    flights.set(after.id, { environment: `${after.app}#${after.environment}`, artifact, endedAtMs: null });
  };

  /** A rollback that was asked for while another one was at work does not undo that one. */
  const checkNotFled = (after: Promotion) => {
    if (after.kind !== 'rollback' || !('plan' in after) || after.plan === null) return;
    const { artifact } = after.plan.analysis.candidate.release;
    for (const [id, flight] of flights) {
      const isMeant =
        id === after.id ||
        flight.environment !== `${after.app}#${after.environment}` ||
        (flight.endedAtMs !== null && flight.endedAtMs <= after.requestedAtMs);
      if (isMeant) continue;
      coverage.hit('antecedent rollback asked for while another one was at work');
      hold('I6 back', flight.artifact !== artifact, () => `${after.id} brings back what ${id} takes away`);
    }
  };

  /** Whether another app of the same distribution switched its own path since this plan was made. */
  const hasWaitedForNeighbour = ({ id, entries }: Shadow, { app }: Promotion): boolean => {
    const plannedMs = entries.find(({ event }) => event.type === 'analysis.completed')?.atMs ?? 0;
    return [...shadows.values()].some(
      (other) =>
        other.id !== id &&
        other.promotion.app !== app &&
        siteOf(other.promotion) !== undefined &&
        [...other.claims.values()].some(
          ({ applied, lastMs, stepId }) => applied > 0 && lastMs >= plannedMs && stepId.startsWith('switch'),
        ),
    );
  };

  const noteLock = ({ key, before, after }: Write['locks'][number], write: Write) => {
    locks.set(key, after);
    if (after.holder === before.holder) return;
    hold(
      'I8 lock',
      before.holder === undefined ||
        write.freed.includes(before.holder) ||
        write.promotions.some(({ after: { id } }) => id === before.holder),
      () => `${key} was taken away from ${before.holder}`,
    );
    if (after.holder === undefined) return;
    const handedOver = write.promotions.some(
      ({ after: other }) => other.id === before.holder && other.phase === 'superseded',
    );
    hold(
      'I8 lock',
      before.holder === undefined || handedOver,
      () => `${key} went from ${before.holder} to ${after.holder}`,
    );
    hold('I8 lock', before.freeFromMs <= kernel.nowMs(), () => `${key} was taken before it was free`);
    if (handedOver) coverage.hit('antecedent lock handed over');
  };

  const notePromotion = ({ before, after, row }: Write['promotions'][number], write: Write) => {
    const nowMs = kernel.nowMs();
    const { id } = after;
    const events = write.entries.filter(({ promotionId }) => promotionId === id);
    let shadow = shadows.get(id);
    if (shadow === undefined) {
      shadow = {
        id,
        opened: after,
        promotion: after,
        savedAtMs: nowMs,
        entries: [],
        claims: new Map(),
        clicks: new Map(),
        granted: new Map(),
        authorised: false,
        everDirty: false,
        noticeAtMs: null,
        told: [],
        surface: null,
        toldSequence: 0,
        retriedAtMs: null,
        watchedFromMs: null,
      };
      shadows.set(id, shadow);
    }
    hold(
      'I11 revision',
      after.revision === (before?.revision ?? 0) + 1 && row['revision']?.N === String(after.revision),
      () => `${id} goes from revision ${before?.revision} to ${after.revision}`,
    );
    if (before !== undefined) {
      hold('I5 ended', !ended(before), () => `${id} changed after it was ${before.phase}`);
      hold('clock', after.nowMs >= before.nowMs, () => `${id} goes back in time`);
      hold('clock', after.nowMs <= nowMs, () => `${id} is ${after.nowMs - nowMs} ms ahead of the store`);
      hold('I4 dirty', !dirtyOf(before) || dirtyOf(after), () => `${id} is not dirty any more`);
    }
    for (const entry of events) noteEntry(shadow, entry);
    if (events.length === 0) coverage.hit(`accepted ${after.phase} x step.progressed`);
    hold(
      'I12 audit',
      after.audit.head === shadow.entries[shadow.entries.length - 1]?.hash &&
        after.audit.sequence === shadow.entries.length,
      () => `${id} names another head of its chain`,
    );
    if ('noticeAtMs' in after && after.noticeAtMs !== null && shadow.noticeAtMs !== after.noticeAtMs) {
      shadow.noticeAtMs = after.noticeAtMs;
      checkNotice(shadow, after);
    }
    noteFlight(after, nowMs);
    for (const { event } of events) {
      if (event.type === 'step.claimed' && before !== undefined) noteClaim(shadow, event, after, after.nowMs);
      if (
        event.type === 'claim.granted' &&
        before?.phase === 'rollback-failed' &&
        after.phase === 'rolling-back'
      )
        shadow.retriedAtMs = nowMs;
    }
    shadow.everDirty ||= dirtyOf(after);
    checkOpenClaims(after);
    checkDue(after, row);
    checkPaged(before, after, write);
    checkKept(after);
    if (before?.phase === 'monitoring' && before.watch.question !== null) shadow.watchedFromMs = after.nowMs;
    if (before !== undefined) {
      for (const { event } of events) checkSaid(shadow, event, before);
      for (const entry of events) checkSeen(shadow, entry, before, after);
      const broken = brokenWish({ before, after, entries: events, write, coverage });
      hold('I19 obeyed', broken === null, () => broken ?? '');
    }
    shadow.promotion = after;
    shadow.savedAtMs = nowMs;
    if (ended(after)) noteEnd(shadow, after, write);
    watcher.onSaved?.(shadow, before, events);
  };

  /** What a probe or a reading saw, against what there was to be seen, and what it leads to. */
  const checkSeen = (shadow: Shadow, { event, atMs }: AuditEntry, before: Promotion, after: Promotion) => {
    const { id } = after;
    if (event.type !== 'probe.recorded' && event.type !== 'reading.recorded') return;
    truth.note(before, event);
    if (!('plan' in before) || before.plan === null) return;
    const { failingBefore, analysis } = before.plan;
    const failed = event.results.filter(
      (result) => result.outcome === 'failed' && !failingBefore.some((known) => known.id === result.id),
    );
    const turns =
      event.type === 'probe.recorded'
        ? before.phase === 'verifying' && failed.length > 0
        : failed.some(({ urgent }) => urgent);
    if (turns && before.phase !== 'rolling-back') {
      coverage.hit(
        `antecedent ${event.type === 'probe.recorded' ? 'probe failed' : 'alarm read'} in ${before.phase}`,
      );
      hold(
        'I7 turns',
        after.phase === 'rolling-back',
        () => `${id} is ${after.phase} after ${failed[0]?.text}`,
      );
    }
    if (event.type === 'probe.recorded') {
      const passed =
        before.phase === 'verifying' ? after.phase === 'monitoring' : after.phase === 'rolled-back';
      const isBack = before.phase === 'rolling-back' && before.kind === 'promotion';
      const { version } = (isBack ? analysis.live : analysis.candidate).release;
      const wrong = passed ? truth.probedWrongly(before, version, atMs, kernel.nowMs()) : null;
      hold(
        'I7 true',
        wrong === null,
        () => `${id} passed its probes, and visitors read ${wrong}, not ${version}`,
      );
      return;
    }
    if (after.phase === 'monitoring') checkWatchEnds(shadow, after);
  };

  const checkWatchEnds = (shadow: Shadow, { id, watch, policy, nowMs }: PromotionIn<'monitoring'>) => {
    const limitMs = 2 * policy.monitoring.soakSeconds * 1000 + longestWatchMs;
    const fromMs = Math.max(watch.startedAtMs, shadow.watchedFromMs ?? 0);
    if (watch.question !== null && nowMs - fromMs >= limitMs)
      coverage.hit('antecedent asked because the watch does not end');
    hold(
      'I7 asked',
      watch.question !== null || nowMs - fromMs <= limitMs + lateReadingMs,
      () => `${id} has been watched for ${nowMs - fromMs} ms, and nobody is asked`,
    );
  };

  const checkNotice = (shadow: Shadow, after: Promotion) => {
    if (after.policy.approvals.waitSeconds === 0 || !world.shows) return;
    const seen = world.slack.posts.some(
      ({ about, message, deleted }) =>
        about === shadow.id && !deleted && message.blocks.some((block) => hasButton(block, 'cs:cancel')),
    );
    hold('I16 times', seen, () => `the countdown of ${shadow.id} runs, and nobody saw a Cancel button`);
  };

  const checkOpenClaims = (after: Promotion) => {
    if (!('steps' in after)) return;
    const open = (steps: Readonly<Record<string, { status: string; claim: unknown }>>) => {
      let count = 0;
      for (const id in steps) {
        const state = steps[id];
        if (state?.status === 'claimed') count += 1;
      }
      return count;
    };
    const forward = open(after.steps);
    const back = 'rollback' in after ? open(after.rollback.steps) : 0;
    hold(
      'I9 one claim',
      forward <= 1 && back <= 1,
      () => `${after.id} has ${forward} and ${back} open claims`,
    );
  };

  /** Whoever has changed production keeps it for itself until it ends. */
  const checkKept = (after: Promotion) => {
    if (ended(after) || !dirtyOf(after) || freed.has(after.id)) return;
    for (const key of keysOf(after))
      hold(
        'I8 lock',
        locks.get(key)?.holder === after.id,
        () => `${after.id} is ${after.phase} without ${key}`,
      );
  };

  /** Whether something else than was approved came to lie in the colour that a promotion goes to. */
  const wasReplaced = (promotion: Promotion): boolean => {
    if (!('plan' in promotion) || promotion.plan === null) return false;
    const { artifact } = promotion.plan.analysis.candidate.release;
    const colours = Object.values(siteOf(promotion)?.colours ?? {});
    const contents = colours.find(({ path }) => path === pathTo(promotion))?.contents ?? [];
    return contents.some(
      ({ content, sinceMs }) => sinceMs >= promotion.requestedAtMs && artifactOf(content) !== artifact,
    );
  };

  /** What it says about others, and about what it waits for. */
  const checkSaid = (shadow: Shadow, event: AuditEntry['event'], before: Promotion) => {
    const { id } = before;
    if (event.type === 'drift.found') {
      const changes = siteOf(before) === undefined ? service.deployments : cloud.versions;
      const others = [...shadows.values()].some(
        (other) =>
          other !== shadow &&
          other.promotion.app === before.app &&
          [...other.claims.values()].some(
            ({ applied, lastMs }) => applied > 0 && lastMs >= before.requestedAtMs,
          ),
      );
      hold(
        'I10 foreign',
        event.text.startsWith('Somebody replaced')
          ? wasReplaced(before)
          : // Whose lock two people freed meets whatever came after it.
            others || freed.has(id) || changes.some(({ by }) => by === 'somebody') || world.reconfigured(),
        () => `${id} blames somebody else, and nobody else has changed anything`,
      );
    }
    if (event.type === 'plan.changed' && siteOf(before) !== undefined) {
      const named = event.differences.some((line) => line.startsWith('Configuration of the target'));
      hold(
        'I10 foreign',
        !named || cloud.versions.some(({ by }) => by === 'somebody') || world.reconfigured(),
        () => `${id} says that somebody changed the distribution, and nobody did`,
      );
    }
    if (event.type === 'trouble.met' && event.during === 'people') {
      const asked = before.claims.find(({ does }) => does === 'roll-back') ?? before.claims[0];
      // Nobody knows that the directory is away before it was asked once.
      const known = before.troubles.people !== null;
      const named = before.claims.find((claim) => (known || claim === asked) && isNamedWish(before, claim));
      hold(
        'I19 without Slack',
        named === undefined,
        () => `${id} waits for the directory: ${named?.person.userId} is named`,
      );
    }
  };

  /** On-call is told in the same save, and told again of what cannot be worked on. */
  const checkPaged = (before: Promotion | undefined, after: Promotion, write: Write) => {
    if (after.phase === 'rollback-failed' && before?.phase !== 'rollback-failed') {
      coverage.hit('antecedent handed to people');
      const told = write.told.some((one) => one.promotionId === after.id && one.topic === 'rollback-failed');
      hold('I18 paged', told, () => `${after.id} waits for people, and nobody is told`);
    }
    if (!dirtyOf(after) || (after.phase !== 'deploying' && after.phase !== 'rolling-back')) return;
    const since = after.troubles.work?.sinceMs;
    if (since === undefined || after.nowMs - since < longTroubleMs) return;
    // Nobody could be told while nothing could be saved: one save before this one had to be late enough as well.
    if (before === undefined || before.nowMs - since < pageDueMs) return;
    coverage.hit('antecedent changed production held up for long');
    const pagedAtMs = after.phase === 'deploying' ? after.pagedAtMs : after.rollback.pagedAtMs;
    hold(
      'I18 paged',
      pagedAtMs !== null && pagedAtMs >= since,
      () => `${after.id} has been held up for ${after.nowMs - since} ms, and nobody is told`,
    );
  };

  const checkDue = (after: Promotion, row: TableRow) => {
    if (ended(after)) {
      hold(
        'I14 due',
        after.dueAtMs === null && row['duePk'] === undefined,
        () => `${after.id} is due for ever`,
      );
      return;
    }
    const { dueAtMs } = after;
    hold('I14 due', dueAtMs !== null && row['duePk'] !== undefined, () => `${after.id} is open and not due`);
    if (dueAtMs === null || !dirtyOf(after)) return;
    const named = after.claims.find((claim) => isNamedWish(after, claim));
    hold(
      'I19 without Slack',
      named === undefined || dueAtMs <= after.nowMs,
      () => `${after.id} lets ${named?.person.userId}, who is named, wait for ${dueAtMs - after.nowMs} ms`,
    );
    const retryAtMs = Math.max(after.troubles.work?.retryAtMs ?? 0, after.troubles.people?.retryAtMs ?? 0);
    const latestMs =
      after.phase === 'rollback-failed' ? after.nowMs + pageMs : Math.max(after.nowMs + soonMs, retryAtMs);
    hold(
      'I14 due',
      dueAtMs <= latestMs,
      () => `${after.id} is dirty and due only in ${dueAtMs - after.nowMs} ms`,
    );
  };

  const noteEnd = (shadow: Shadow, after: Promotion, write: Write) => {
    coverage.hit(`end ${after.phase}${after.phase === 'superseded' && dirtyOf(after) ? ' dirty' : ''}`);
    coverage.hit(`end ${after.kind} ${after.phase}`);
    if ('ending' in after) coverage.hit(`ending ${after.phase} ${after.ending.code}`);
    const untouched = untouchedEnds.has(after.phase) || (after.phase === 'superseded' && !after.dirty);
    if (untouched) {
      hold(
        'I3 untouched',
        !shadow.everDirty,
        () => `${after.id} is ${after.phase} after production was changed`,
      );
    }
    if (shadow.everDirty) {
      hold('I4 dirty', dirtyEnds.has(after.phase), () => `${after.id} was dirty and is ${after.phase}`);
    }
    if (after.phase === 'superseded' && after.dirty) {
      const other = write.promotions.find(({ after: taker }) => taker.id === after.supersededBy)?.after;
      hold(
        'I4 dirty',
        other !== undefined &&
          dirtyOf(other) &&
          'rollback' in other &&
          other.rollback.tookOverFrom === after.id,
        () => `${after.id} was handed over to nobody`,
      );
    }
    for (const [key, { holder }] of locks) {
      hold('I8 lock', holder !== after.id, () => `${after.id} has ended and still holds ${key}`);
    }
    if (after.phase === 'promoted' || after.phase === 'rolled-back') {
      for (const key of keysOf(after)) {
        const had = write.locks.some((lock) => lock.key === key && lock.before.holder === after.id);
        hold('I8 lock', had, () => `${after.id} is ${after.phase} and had lost ${key}`);
      }
    }
    if (after.phase === 'expired')
      hold('I16 times', after.nowMs >= expiryOf(shadow), () => `${after.id} expired early`);
    if (after.phase === 'promoted') checkPromoted(shadow, after);
    if (after.phase === 'rolled-back') checkBack(after);
  };

  const expiryOf = ({ entries, opened }: Shadow): number => {
    const planned = entries.findLast(
      ({ event }) => event.type === 'validation.recorded' || event.type === 'plan.changed',
    );
    return (planned?.atMs ?? 0) + opened.policy.approvals.expiresAfterSeconds * 1000;
  };

  const checkPromoted = (shadow: Shadow, after: Extract<Promotion, { phase: 'promoted' }>) => {
    const { watch } = after;
    const soakMs = after.policy.monitoring.soakSeconds * 1000;
    const seenMs = watch.last?.atMs ?? 0;
    const long = after.endedAtMs - watch.startedAtMs >= soakMs;
    hold('I7 promoted', long && watch.readings > 0, () => `${after.id} was not watched long enough`);
    const site = siteOf(after);
    const there =
      site === undefined
        ? service.deployments.some(
            ({ version, atMs }, index) =>
              version === after.release.version &&
              (service.deployments[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= seenMs - stalestMs &&
              atMs <= kernel.nowMs(),
          )
        : cloud.versions.some(
            (version, index) =>
              cloud.pathOf(site, version) === pathTo(after) &&
              (cloud.versions[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) >= seenMs - stalestMs,
          );
    hold(
      'I7 promoted',
      there,
      () => `${after.id} is promoted, and production was not there at its last look`,
    );
    if (site !== undefined) checkContent(site, after, seenMs);
    const applied = [...shadow.claims.values()].some(
      (claim) => claim.direction === 'forward' && claim.applied > 0,
    );
    hold('I7 promoted', applied, () => `${after.id} is promoted, and nothing was ever applied`);
    const overlooked = truth.overlooked(after);
    hold(
      'I7 true',
      overlooked === null,
      () => `${after.id} is promoted, and had ${overlooked} all through its watch`,
    );
    if (watch.acceptedBy === null)
      checkHealth(shadow, after, soakMs, after.policy.monitoring.intervalSeconds * 1000);
  };

  /** What lay in the colour that it went to was what the approvals were given for, when it was looked at last. */
  const checkContent = (site: Site, after: Extract<Promotion, { phase: 'promoted' }>, seenMs: number) => {
    const { artifact } = after.plan.analysis.candidate.release;
    const colour = Object.values(site.colours).find(({ path }) => path === pathTo(after));
    const contents = colour?.contents ?? [];
    const approved = contents.some(
      ({ content }, index) =>
        artifactOf(content) === artifact &&
        (contents[index + 1]?.sinceMs ?? Number.POSITIVE_INFINITY) >= seenMs,
    );
    if (artifact !== artifactOf(colour?.content ?? { version: '', build: 0, flaw: 'none' }))
      coverage.hit('antecedent promoted, and replaced after the last look');
    hold('I7 promoted', approved, () => `${after.id} is promoted, and nobody approved what visitors see`);
  };

  /** Reads the whole watch from the chain: healthy data without a gap for as long as the soak. */
  const checkHealth = (
    { entries }: Shadow,
    { id, plan, watch }: Extract<Promotion, { phase: 'promoted' }>,
    soakMs: number,
    intervalMs: number,
  ) => {
    let fromMs = watch.startedAtMs;
    let untilMs = Number.NEGATIVE_INFINITY;
    let lookedAtMs = watch.startedAtMs;
    const judged = new Map<string, number>();
    for (const { event, atMs } of entries) {
      if (event.type !== 'reading.recorded') continue;
      if (atMs - lookedAtMs > 2 * intervalMs + 120_000) {
        coverage.hit('watch broken by a late reading');
        fromMs = atMs;
      }
      lookedAtMs = atMs;
      const blamed = event.results.filter(
        (result) => !plan.failingBefore.some((known) => known.id === result.id && known.text === result.text),
      );
      const outcomes = new Set(blamed.map(({ outcome }) => outcome));
      outcomes.delete('passed');
      for (const stretch of event.judged ?? []) {
        if (outcomes.size === 0 && stretch.fromMs > Math.max(fromMs, judged.get(stretch.id) ?? 0)) {
          coverage.hit('watch broken by a gap in its data');
          fromMs = stretch.fromMs;
        }
        judged.set(stretch.id, Math.max(stretch.untilMs, judged.get(stretch.id) ?? 0));
      }
      if (outcomes.size === 0) untilMs = Math.max(untilMs, event.completeUntilMs ?? atMs);
      else if (outcomes.size > 1 || !outcomes.has('pending')) fromMs = atMs;
    }
    coverage.hit(
      `antecedent promoted after ${fromMs > watch.startedAtMs ? 'an interrupted' : 'a quiet'} watch`,
    );
    hold(
      'I7 promoted',
      untilMs >= fromMs + soakMs,
      () => `${id} is promoted with healthy data for ${untilMs - fromMs} of ${soakMs} ms`,
    );
  };

  const checkBack = (after: Extract<Promotion, { phase: 'rolled-back' }>) => {
    const site = siteOf(after);
    const { live, candidate } = after.plan.analysis;
    const home = after.kind === 'rollback' ? candidate : live;
    if (site !== undefined) {
      const ours = cloud.versions.findLast(({ by }, index) => {
        const earlier = cloud.versions[index - 1];
        const version = cloud.versions[index];
        return (
          by === 'us' &&
          earlier !== undefined &&
          version !== undefined &&
          byMark.get(markOf(version) ?? '')?.promotionId === after.id
        );
      });
      hold(
        'I6 back',
        ours !== undefined && placeOf(cloud.pathOf(site, ours)) === placeOf(home.place),
        () => `${after.id} is rolled back without having written ${home.place}`,
      );
    } else {
      const ours = service.deployments.findLast(({ by }) => by !== 'somebody');
      hold(
        'I6 back',
        ours?.version === home.release.version,
        () => `${after.id} is rolled back, and ${ours?.version} was the last to be deployed`,
      );
    }
  };

  const checkActor = (claim: ClaimSeen, what: string): Shadow | undefined => {
    const shadow = shadows.get(claim.promotionId);
    if (shadow === undefined) return undefined;
    const { promotion } = shadow;
    hold('I1 approved', shadow.authorised, () => `${what} without authority`);
    if (!ended(promotion)) return shadow;
    // What was handed over may still arrive as long as whoever took over can undo it.
    const heir =
      promotion.phase === 'superseded' ? shadows.get(promotion.supersededBy ?? '')?.promotion : undefined;
    const invariant: Invariant =
      promotion.phase === 'rolled-back' ? 'I6 back' : claim.unfenced ? 'I2 quiescent' : 'I3 untouched';
    hold(
      invariant,
      heir !== undefined && !ended(heir),
      () => `${what}, and ${promotion.id} was ${promotion.phase} already`,
    );
    coverage.hit('antecedent act of one that was handed over');
    return shadow;
  };

  cloud.observe((change) => {
    if (change.by === 'us') noteWrite(change);
  });

  const noteWrite = ({ before, after }: CloudChange) => {
    const mark = markOf(after);
    const claim = mark === undefined ? undefined : byMark.get(mark);
    if (claim === undefined) return fail('I1 approved', `an unclaimed write with mark ${mark}`);
    claim.applied += 1;
    const shadow = checkActor(claim, `${claim.key} was applied`);
    if (shadow === undefined) return;
    coverage.hit(`applied ${claim.stepId} while ${shadow.promotion.phase}`);
    if (claim.direction === 'forward') {
      hold('I2 once', claim.applied <= 1, () => `${claim.key} was applied ${claim.applied} times`);
      const fenced = [...shadow.claims.values()].some(
        ({ direction, applied }) => direction === 'back' && applied > 0,
      );
      hold('I6 back', !fenced, () => `${claim.key} was applied after the way back`);
    }
    const site = siteOf(shadow.promotion);
    if (site === undefined) return;
    const others = (version: Version) =>
      JSON.stringify({
        ...version.config,
        Comment: '',
        Origins: version.config.Origins?.Items?.filter(({ Id }) => Id !== site.originId),
      });
    hold('I10 foreign', others(before) === others(after), () => `${claim.key} changed more than its path`);
    const was = cloud.pathOf(site, before);
    hold(
      'I10 foreign',
      Object.values(site.colours).some(({ path }) => path === was),
      () => `${claim.key} overwrote ${was}`,
    );
  };

  service.observe((_before: Deployment, after: Deployment) => {
    if (after.by === 'somebody') return;
    const claim = byKey.get(after.by);
    if (claim === undefined) return fail('I1 approved', `an unclaimed deployment by ${after.by}`);
    claim.applied += 1;
    const shadow = checkActor(claim, `${claim.key} was applied`);
    if (shadow !== undefined) coverage.hit(`applied ${claim.stepId} while ${shadow.promotion.phase}`);
  });

  /** Rows of a promotion that a newer version of the bot has stored. */
  const checkVersion = (changes: readonly RowChange[]) => {
    const actor = kernel.actor();
    if (actor === null) return;
    for (const { key } of changes) {
      const [kind, id = ''] = (key['pk']?.S ?? '').split('#');
      if (kind !== 'P' && kind !== 'AUDIT' && kind !== 'OUT') continue;
      const stored = schemas.get(id);
      // Whoever had begun to show it before, and slept, has not met the newer one yet.
      const knows = key['sk']?.S !== 'SURFACE' || kernel.work().startedAtMs > (stored?.sinceMs ?? 0);
      if (stored !== undefined && stored.schema > actor.schema && knows)
        fail('I20 newer', `${actor.name} writes ${kind} of ${id}, stored under schema ${stored.schema}`);
    }
    for (const { key, after } of changes) {
      if (key['sk']?.S !== 'META') continue;
      const schema = Number(after['schema']?.N);
      const id = key['pk']?.S?.slice(2) ?? '';
      const before = schemas.get(id);
      if (before?.schema === schema) continue;
      if (before !== undefined) coverage.hit('antecedent stored under a newer schema');
      schemas.set(id, { schema, sinceMs: kernel.nowMs() });
    }
  };

  table.observe(({ changes }: Applied) => {
    checkVersion(changes);
    const write = readWrite(changes, (id) => shadows.get(id)?.promotion);
    for (const overwritten of write.overwritten) fail('I12 audit', `${overwritten} was written twice`);
    for (const holder of write.freed) {
      coverage.hit('antecedent lock freed by two people');
      freed.add(holder);
    }
    for (const lock of write.locks) noteLock(lock, write);
    // Whoever took over is looked at first: the other one's end refers to it.
    for (const each of write.promotions) notePromotion(each, write);
    for (const told of write.told) shadows.get(told.promotionId)?.told.push(told);
    for (const { id, body } of write.surfaces) {
      const shadow = shadows.get(id);
      if (shadow === undefined) continue;
      const toldSequence = Number(/"toldSequence":(\d+)/.exec(body)?.[1]);
      hold('I17 told', toldSequence >= shadow.toldSequence, () => `${id} forgets what it has told`);
      shadow.toldSequence = toldSequence;
      shadow.surface = body;
    }
  });

  return watcher;
}

type TableRow = Write['promotions'][number]['row'];

const placeOf = (text: string) => /[^/\s()]+(?=\)?$)/.exec(text)?.[0] ?? text;

function pathTo(promotion: Promotion): string | undefined {
  if (!('plan' in promotion) || promotion.plan === null) return undefined;
  const settings = promotion.plan.analysis.steps.find(({ does }) => does === 'shift')?.settings;
  const to = settings?.['to'];
  return typeof to === 'string' ? to : undefined;
}

/** What must be locked, read from the plan and not from the code. */
function keysOf(promotion: Promotion): string[] {
  const resources = 'plan' in promotion && promotion.plan !== null ? promotion.plan.analysis.resources : [];
  return [`${promotion.app}#${promotion.environment}`, ...resources];
}

function hasButton(block: object, actionId: string): boolean {
  return (
    'elements' in block &&
    Array.isArray(block.elements) &&
    block.elements.some((element: { action_id?: string }) => element.action_id === actionId)
  );
}

/** The hash of an entry, worked out without the code under test. */
function hashOf(entry: AuditEntry): string {
  const { hash: _hash, ...rest } = entry;
  return sha256(stable(rest));
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const record = value as Record<string, unknown>;
  let text = '';
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${stable(member)}`;
  }
  return `{${text}}`;
}
