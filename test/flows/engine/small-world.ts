import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { createDesk } from '../../../src/flows/engine/desk.ts';
import { tick } from '../../../src/flows/engine/tick.ts';
import type { World } from '../../../src/flows/engine/world.ts';
import { ConflictError } from '../../../src/flows/errors.ts';
import type { PromotionStore, StepContext, Target } from '../../../src/flows/ports.ts';
import type { Analysis, Release, Step } from '../../../src/flows/promotion/plan.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { createOutbox } from '../../../src/store/outbox.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { keys } from '../../../src/store/table.ts';
import { createTableModel } from '../../simulation/table-model.ts';
import { ada, claim, grace, hash, lin, newRelease, passed, policy, startMs } from '../promotion/walk.ts';

const release = (version: string): Release => ({ version, commit: null, artifact: `artifact-${version}` });

/** What production is in this world: a version, an ETag, and whose write was the last. */
export interface Production {
  version: string;
  etag: number;
  marker: string;
  readonly writes: { readonly to: string; readonly key: string }[];
  /** The next act is answered as lost; with `late` its request waits here instead of being applied. */
  losesNext: 'answer' | 'late' | null;
  late: (() => void)[];
}

export type Fence = 'compare-and-set' | 'hold';

/** One environment over the real store, desk and ticks, with a target of one step. For the rules of the engine. */
export function createSmallWorld({
  fence = 'compare-and-set' as Fence,
  monitoring = {} as Partial<typeof policy.monitoring>,
} = {}) {
  const errors = { outcome: 'passed' as 'passed' | 'inconclusive' | 'failed' };
  let nowMs = startMs;
  const table = createTableModel({ nowMs: () => nowMs });
  let saves = 0;
  const transport = createSdkTransport({ client: table.client, tableName: 't', pause: async () => {} });
  const real = createPromotionStore({ transport, nonce: () => `n${++saves}` });
  const store: PromotionStore = {
    ...real,
    async save(change) {
      const saved = await real.save(change);
      const claims = change.audit.some(({ event }) => event.type === 'step.claimed');
      if (claims && sleeps?.before === 'act') {
        nowMs += sleeps.seconds * 1000;
        sleeps = null;
      }
      return saved;
    },
  };
  const production: Production = {
    version: 'v1.0.0',
    etag: 1,
    marker: '',
    writes: [],
    losesNext: null,
    late: [],
  };
  let configured = true;
  let probesPass = true;
  let sleeps: { readonly before: 'claim' | 'act'; readonly seconds: number } | null = null;

  const moveTo = (id: string, to: string): Step => ({
    id,
    does: 'deploy',
    fence,
    title: `Move to ${to}`,
    pollSeconds: 15,
    deadlineSeconds: 600,
    typicalSeconds: 1,
    settings: { to },
  });
  const destination = ({ step }: StepContext) => String(step.settings['to']);

  const target: Target = {
    async analyze({ kind, version }) {
      const wanted = release(version ?? 'v0.9.0');
      const live = release(production.version);
      const back = {
        undoes: kind === 'promotion' ? ['move'] : [],
        step: moveTo('move-back', wanted.version),
      };
      const analysis: Analysis = {
        live: { release: live, place: 'service' },
        candidate: { release: wanted, place: 'service' },
        fingerprint: 'f',
        resources: ['arn:service'],
        changes: [],
        risks: [],
        steps: kind === 'promotion' ? [moveTo('move', wanted.version)] : [],
        rollback: kind === 'promotion' ? [{ ...back, step: moveTo('move-back', live.version) }] : [back],
        byHand: [],
        links: [],
      };
      return { outcome: 'analyzed', analysis };
    },
    validate: async () => [passed('candidate')],
    async observe(_definition, context) {
      if (sleeps?.before === 'claim') {
        nowMs += sleeps.seconds * 1000;
        sleeps = null;
      }
      const { claim: made, direction } = context;
      const there = production.version === destination(context);
      const ours = made !== null && production.marker === made.key;
      if (fence === 'hold') {
        return there && (made !== null || direction === 'back')
          ? { outcome: 'done', text: 'runs' }
          : { outcome: 'before', precondition: null };
      }
      return there && ours
        ? { outcome: 'done', text: 'moved' }
        : { outcome: 'before', precondition: `E${production.etag}` };
    },
    async act(_definition, context) {
      const { claim: made } = context;
      if (made === null) throw new Error('an act without a claim');
      const apply = () => {
        if (fence === 'compare-and-set' && made.precondition !== `E${production.etag}`)
          throw new ConflictError('aws.precondition-failed', 'stale');
        production.etag += 1;
        production.version = destination(context);
        production.marker = made.key;
        production.writes.push({ to: production.version, key: made.key });
      };
      const loses = production.losesNext;
      production.losesNext = null;
      if (loses === 'late') {
        production.late.push(apply);
        return { reference: null };
      }
      apply();
      return { reference: null };
    },
  };

  const settings = {
    app: 'site',
    environment: 'production',
    policy: {
      ...policy,
      monitoring: { ...policy.monitoring, soakSeconds: 60, intervalSeconds: 30, ...monitoring },
    },
    definition: {
      repository: null,
      target: { kind: 'paper', settings: {} },
      gates: [],
      checks: [{ id: 'version', kind: 'version', title: 'version', essential: true, settings: {} }],
      readings: [{ id: 'errors', kind: 'errors', title: 'errors', essential: false, settings: {} }],
    },
  };
  const world: World = {
    store,
    targetOf: () => target,
    checks: {
      isAlarm: () => false,
      run: async (spec, { expected }) =>
        spec.kind === 'errors'
          ? { ...passed(spec.id), outcome: errors.outcome, text: errors.outcome }
          : spec.kind !== 'version' || (production.version === expected.version && probesPass)
            ? passed(spec.id)
            : { ...passed(spec.id), outcome: 'failed', text: `shows ${production.version}` },
    },
    releases: {
      resolve: async (_repository, version) => ({
        outcome: 'found',
        version,
        commit: newRelease.commit ?? { sha: 's', author: 'a', message: 'm', url: 'https://example.test' },
      }),
    },
    directory: { kindOf: async () => 'member', membersOf: async () => [] },
    configured: () => configured,
    elapsedMs: () => nowMs,
    hints: { wake() {} },
    hash,
    log: { info() {}, warn() {}, error() {} },
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

  let asked = 0;
  const load = async (id: string): Promise<Promotion> => {
    const loaded = await store.load(id);
    if (loaded === undefined) throw new Error(`there is no ${id}`);
    return loaded.promotion;
  };
  const sweep = async () => {
    for (const id of (await store.due(100)).ids) await tick(world, id);
  };
  const until = async (id: string, holds: (promotion: Promotion) => boolean, alone = false) => {
    const endMs = nowMs + 7_200_000;
    for (;;) {
      await (alone ? tick(world, id) : sweep());
      const promotion = await load(id);
      if (holds(promotion)) return promotion;
      if (nowMs >= endMs) throw new Error(`still ${promotion.phase}`);
      nowMs += 5_000;
    }
  };
  const open = async (kind: 'promotion' | 'rollback', version: string | null) => {
    asked += 1;
    return desk.open({
      kind,
      app: 'site',
      environment: 'production',
      version,
      person: ada,
      reason: null,
      dedupeKey: `t${asked}`,
    });
  };
  /** Asked for, approved by two and counted down, as far as it takes; `alone`, nothing else moves meanwhile. */
  const promote = async (version: string, as: (promotion: Promotion) => boolean, alone = false) => {
    const opened = await open('promotion', version);
    if (opened.outcome !== 'opened') throw new Error(opened.outcome);
    const { id } = opened.promotion;
    const waiting = await until(id, ({ phase }) => phase === 'awaiting-approval', alone);
    if (waiting.phase !== 'awaiting-approval') throw new Error('not put to approvers');
    for (const person of [grace, lin]) {
      const { round, digest } = waiting;
      await desk.decide(id, {
        type: 'approval.claimed',
        claim: claim('approve', person),
        round,
        digest: digest.slice(0, 12),
      });
    }
    await until(id, ({ phase }) => phase === 'waiting', alone);
    await desk.decide(id, { type: 'notice.delivered' });
    return until(id, as, alone);
  };

  return {
    production,
    /** What the check of errors says. */
    errors,
    table,
    store,
    world,
    desk,
    load,
    open,
    promote,
    sweep,
    until,
    tick: (id: string) => tick(world, id),
    nowMs: () => nowMs,
    pass(seconds: number) {
      nowMs += seconds * 1000;
    },
    configure(has: boolean) {
      configured = has;
    },
    breakProbes(broken: boolean) {
      probesPass = !broken;
    },
    /** The worker sleeps once, between its load and its claim, or between claim and act. */
    sleep(before: 'claim' | 'act', seconds: number) {
      sleeps = { before, seconds };
    },
    /** Sets a lock behind everybody's back; null frees it. */
    lock(key: string, holder: string | null) {
      table.execute(
        new UpdateItemCommand({
          TableName: 't',
          Key: keys.lock(key),
          UpdateExpression:
            holder === null
              ? 'SET epoch = epoch + :one REMOVE holder'
              : 'SET holder = :other, epoch = if_not_exists(epoch, :zero) + :one',
          ExpressionAttributeValues:
            holder === null
              ? { ':one': { N: '1' } }
              : { ':other': { S: holder }, ':zero': { N: '0' }, ':one': { N: '1' } },
        }),
      );
    },
    /** Everything that was announced of it, in order. */
    async told(id: string) {
      const outbox = createOutbox({ transport, nonce: () => `n${++saves}` });
      return (await outbox.announcements(id, 0, 500)).map(({ announcement }) => announcement);
    },
    async holder() {
      return store.holder('site#production');
    },
  };
}
