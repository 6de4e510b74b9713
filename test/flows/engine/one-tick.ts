import { type Ticked, type TickOptions, tick } from '../../../src/flows/engine/tick.ts';
import type { World } from '../../../src/flows/engine/world.ts';
import type {
  AnalysisRequest,
  Change,
  CheckContext,
  Directory,
  LiveRecord,
  Observation,
  PersonKind,
  Releases,
  SaveOutcome,
  StepContext,
  Target,
} from '../../../src/flows/ports.ts';
import type { AuditEntry } from '../../../src/flows/promotion/audit.ts';
import type { Analysis, CheckResult, CheckSpec, Definition } from '../../../src/flows/promotion/plan.ts';
import { lockKeys, type Promotion } from '../../../src/flows/promotion/promotion.ts';
import { analysis, hash, newRelease, passed, type Walk } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

type Answer<T> = T | Error;

/** What the world answers; what is left out answers as on a good day. An Error is thrown. */
export interface Outside {
  readonly observe?: Answer<Observation> | ((context: StepContext) => Answer<Observation>);
  readonly act?: Answer<{ readonly reference: string | null }>;
  readonly analyze?:
    | Answer<Awaited<ReturnType<Target['analyze']>>>
    | ((request: AnalysisRequest) => Analysis);
  readonly validate?: Answer<readonly CheckResult[]>;
  readonly check?: (
    spec: CheckSpec,
    context: CheckContext,
  ) => Answer<CheckResult & { readonly completeUntilMs?: number }>;
  readonly kindOf?: Answer<PersonKind>;
  readonly membersOf?: Readonly<Record<string, readonly string[]>>;
  readonly resolve?: Answer<Awaited<ReturnType<Releases['resolve']>>>;
  readonly live?: readonly LiveRecord[];
  /** What every save answers instead of being made, or one of them; undefined makes it. */
  readonly saves?: SaveOutcome | ((change: Change) => Answer<SaveOutcome> | undefined);
  /** Whether the configuration still has its environment; it has unless told. */
  readonly configured?: boolean;
  /** How often the promotion is found before its row is gone. */
  readonly loads?: number;
  readonly definition?: Partial<Definition>;
  /** Who holds the environment; the promotion itself unless told. */
  readonly holder?: string;
  /** Whom a look finds to hold it, where that changes before anything is saved. */
  readonly seenHolder?: string;
  /** How long the worker has slept whenever it looks. */
  readonly sleepsMs?: number;
  readonly options?: TickOptions;
  /** Whom the tick is for; the promotion unless told. */
  readonly ticked?: string;
}

const orThrow = <T>(answer: Answer<T>): T => {
  if (answer instanceof Error) throw answer;
  return answer;
};

/** Ticks a promotion once in a world of one's own making, and tells all that came of it. */
export async function tickOnce(walk: Walk, outside: Outside = {}, afterSeconds = 0) {
  const nowMs = walk.nowMs + afterSeconds * 1000;
  const store = createPaperStore(() => nowMs);
  const definition = { ...walk.promotion.definition, ...outside.definition };
  const promotion: Promotion = { ...walk.promotion, definition };
  const { id } = promotion;
  await store.create({
    promotion,
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
  for (const key of lockKeys(promotion)) store.locks.set(key, outside.holder ?? id);

  /** What reached the store and the target, in its order; one thing at once with others counts as begun. */
  const calls: string[] = [];
  const asked: string[] = [];
  const observed: StepContext[] = [];
  const acted: StepContext[] = [];
  const analyzed: AnalysisRequest[] = [];
  const checked: { readonly id: string; readonly context: CheckContext }[] = [];
  const woken: (readonly [string, number])[] = [];
  const warned: Readonly<Record<string, unknown>>[] = [];

  const target: Target = {
    async analyze(request) {
      analyzed.push(request);
      const answer = outside.analyze ?? { outcome: 'analyzed', analysis };
      return typeof answer === 'function'
        ? { outcome: 'analyzed', analysis: answer(request) }
        : orThrow(answer);
    },
    validate: async () => orThrow(outside.validate ?? []),
    async observe(_definition, context) {
      calls.push(`observe ${context.step.id}`);
      observed.push(context);
      const answer = outside.observe ?? { outcome: 'before', precondition: 'E1' };
      return orThrow(typeof answer === 'function' ? answer(context) : answer);
    },
    async act(_definition, context) {
      calls.push(`act ${context.step.id}`);
      acted.push(context);
      return orThrow(outside.act ?? { reference: null });
    },
  };
  const directory: Directory = {
    async kindOf({ userId }) {
      asked.push(userId);
      return orThrow(outside.kindOf ?? 'member');
    },
    async membersOf(group) {
      asked.push(group);
      return outside.membersOf?.[group] ?? [];
    },
  };
  let slept = 0;
  let loads = 0;
  const world: World = {
    store: {
      ...store,
      holder: (key) =>
        outside.seenHolder === undefined ? store.holder(key) : Promise.resolve(outside.seenHolder),
      liveRecords: async () => outside.live ?? [],
      async load(...given) {
        calls.push('load');
        loads += 1;
        return loads > (outside.loads ?? loads) ? undefined : store.load(...given);
      },
      async save(...given) {
        calls.push('save');
        const { saves } = outside;
        const answer = typeof saves === 'function' ? saves(given[0]) : saves;
        return answer === undefined ? store.save(...given) : orThrow(answer);
      },
    },
    targetOf: () => target,
    checks: {
      isAlarm: ({ kind }) => kind === 'alarms',
      async run(spec, context) {
        calls.push(`check ${spec.id}`);
        checked.push({ id: spec.id, context });
        return orThrow(outside.check?.(spec, context) ?? passed(spec.id));
      },
    },
    releases: {
      async resolve(_repository, version) {
        const commit = newRelease.commit ?? {
          sha: 's',
          author: 'a',
          message: 'm',
          url: 'https://example.test',
        };
        return orThrow(outside.resolve ?? { outcome: 'found', version, commit });
      },
    },
    directory,
    configured: () => outside.configured ?? true,
    elapsedMs: () => {
      slept += outside.sleepsMs ?? 0;
      return slept;
    },
    hints: { wake: (promotionId, atMs) => woken.push([promotionId, atMs]) },
    hash,
    log: { info() {}, warn: (data) => warned.push(data), error() {} },
  };

  let ticked: Ticked | undefined;
  const thrown = await tick(world, outside.ticked ?? id, outside.options).then(
    (answer) => {
      ticked = answer;
    },
    (error: unknown) => error,
  );
  const saved = (await store.load(id))?.promotion ?? promotion;
  return {
    /** What was decided, in order. */
    events: store.entries.map(({ event }) => event),
    types: store.entries.map(({ event }) => event.type),
    first: store.entries[0]?.event satisfies AuditEntry['event'] | undefined,
    promotion: saved,
    saves: store.history.length - 1,
    store,
    asked,
    observed,
    acted,
    analyzed,
    checked,
    woken,
    warned,
    calls,
    ticked,
    thrown,
    nowMs,
  };
}
