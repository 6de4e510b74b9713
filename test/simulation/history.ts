import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import type { Log } from '../../src/flows/ports.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { promotionFormat } from '../../src/store/format.ts';
import { type Bot, createBot, nextSchema } from './bot.ts';
import { type Cloud, createCloud, type Flaw } from './cloud.ts';
import { type Coverage, createCoverage } from './coverage.ts';
import { type Crowd, createCrowd, type Habits } from './crowd.ts';
import { checkTheEnd } from './end.ts';
import { createWatcher, ended, type Violation, type Watcher } from './invariants.ts';
import { createKernel, type Kernel, type Process, Stuck, startMs } from './kernel.ts';
import type { Outside, People } from './outside.ts';
import { createService, type Service } from './service.ts';
import { type AppName, type Configuration, createConfiguration, drawPolicy, groups } from './setup.ts';
import { type Shadow, surfaceOf } from './shadow.ts';
import { createSlackModel, type SlackModel } from './slack-model.ts';
import { createTableModel, type TableModel } from './table-model.ts';
import type { Tape } from './tape.ts';
import { createWeather, drawWeather, type Weather } from './weather.ts';

/** Everything of one history. */
export interface Stage {
  readonly tape: Tape;
  readonly kernel: Kernel;
  readonly weather: Weather;
  readonly table: TableModel;
  readonly cloud: Cloud;
  readonly service: Service;
  readonly slack: SlackModel;
  readonly people: People;
  readonly configuration: Configuration;
  readonly crowd: Crowd;
  readonly watcher: Watcher;
  readonly coverage: Coverage;
  readonly workers: Bot[];
  web?: Bot;
  /** Processes that start from now on are of the bot's next version. */
  upgraded: boolean;
  /** What the story has yet to begin. */
  readonly story: { pending: number };
  readonly shows: boolean;
  /** Kills a process and starts another one in its place. */
  replace: (process: Process) => void;
  /** Lines for whoever reads what happened; null when nobody does. */
  readonly trace: string[] | null;
}

export interface Result {
  readonly violations: readonly Violation[];
  readonly ends: readonly string[];
  readonly points: number;
  readonly virtualSeconds: number;
  readonly saves: number;
  /** Of everything that happened, in its order. */
  readonly fingerprint: number;
}

export interface StageOptions {
  readonly tape: Tape;
  readonly coverage?: Coverage;
  readonly tracing?: boolean;
  readonly workers?: number;
  /** Wake promotions one by one, as a queue does, instead of sweeping. */
  readonly queue?: boolean;
  readonly skewed?: boolean;
  readonly propagationMs?: number;
  readonly invalidationMs?: number;
  readonly sweepMs?: number;
  /** One probe, no soak: what remains is told sooner. */
  readonly brief?: boolean;
  /** Long soaks that one bad reading does not end. */
  readonly patient?: boolean;
  /** Whether Slack is part of it. */
  readonly shows?: boolean;
  /** Processes are killed when one piece of their work takes longer. */
  readonly longestWorkMs?: number | null;
}

const flaws: readonly Flaw[] = ['none', 'wrong-version', 'errors', 'alarm', 'no-metrics'];
const turningFlaws: readonly Flaw[] = ['errors-by-turns', 'no-metrics-by-turns'];

export function createStage(options: StageOptions): Stage {
  const { tape, coverage = createCoverage() } = options;
  const kernel = createKernel(tape);
  const weather = createWeather(kernel, tape, coverage);
  const table = createTableModel({
    nowMs: kernel.nowMs,
    indexLagMs: () => (weather.strikes('dynamo', 'stale', 'dynamo.index') ? tape.between(1, 20) * 100 : 0),
  });
  const cloud = createCloud({
    nowMs: kernel.nowMs,
    propagationMs: () => options.propagationMs ?? tape.draw(4) * tape.draw(25) * 1000,
    invalidationMs: () => options.invalidationMs ?? tape.draw(3) * tape.draw(20) * 1000,
  });
  const outside: Outside = { kernel, tape, weather, table, cloud };
  const slack = createSlackModel(outside);
  const service = createService(outside);
  const people: People = { groups, leftAtMs: new Map() };
  const policies = new Map<AppName, ReturnType<typeof drawPolicy>>();
  const configuration = createConfiguration(cloud, (app) => {
    const drawn = policies.get(app) ?? drawPolicy(tape, app, options.brief);
    const monitoring = { ...drawn.monitoring, soakSeconds: 130, unhealthyReadings: 2 };
    const known = options.patient === true ? { ...drawn, monitoring } : drawn;
    policies.set(app, known);
    return known;
  });
  const watcher = createWatcher({
    kernel,
    table,
    cloud,
    service,
    slack,
    people,
    coverage,
    shows: options.shows !== false,
    reconfigured: () => configuration.reconfigured,
  });
  const trace: string[] | null = options.tracing === true ? [] : null;
  const longestWorkMs = options.longestWorkMs ?? null;

  const log: Log = {
    info() {},
    warn(data, message) {
      trace?.push(`${stamp()} warns: ${message} ${JSON.stringify(data)}`);
    },
    error(data, message) {
      trace?.push(`${stamp()} ERROR: ${message} ${JSON.stringify(data)}`);
    },
  };
  const stamp = () => `${((kernel.nowMs() - startMs) / 1000).toFixed(1).padStart(7)}s`;

  const hinted = new Map<string, number>();
  const wake = (id: string, atMs: number) => {
    if (tape.chance(weather.hints.lost)) return coverage.hit('hint lost');
    const nowMs = kernel.nowMs();
    const delayMs = tape.chance(weather.hints.late) ? tape.between(1, 90) * 1000 : 0;
    if (delayMs > 0) coverage.hit('hint late');
    const dueMs = Math.max(nowMs, atMs) + delayMs;
    const known = hinted.get(id);
    if (known !== undefined && known <= dueMs && known >= nowMs) return;
    hinted.set(id, dueMs);
    const times = tape.chance(weather.hints.doubled) ? 2 : 1;
    if (times === 2) coverage.hit('hint doubled');
    for (let time = 0; time < times; time += 1) {
      kernel.at(dueMs + time * tape.draw(3000), 'hint', () => {
        if (hinted.get(id) === dueMs) hinted.delete(id);
        const bot = someWorker();
        if (options.queue === true) {
          kernel.begin(bot.process, id, 'hint', async () => {
            await bot.tick(id);
            await bot.announcer.announce(id, kernel.nowMs());
          });
        } else kernel.begin(bot.process, '', 'sweep', () => bot.runDue());
      });
    }
  };
  const hints = { wake };

  let born = 0;
  const createWorker = (name: string): Bot => {
    born += 1;
    const skewMs = options.skewed === true ? tape.between(0, 4000) - 2000 : 0;
    const schema = stage.upgraded ? nextSchema : promotionFormat.newest;
    const process = kernel.createProcess(`${name}.${born}`, { skewMs, schema, longestWorkMs });
    return createBot(
      {
        outside,
        slack,
        service,
        configuration,
        people,
        hints,
        log,
        shows: options.shows !== false,
        refused: (_id, phase, type) => coverage.hit(`refused ${phase} x ${type}`),
      },
      process,
    );
  };
  const someWorker = (): Bot => {
    const { workers } = stage;
    const bot = workers[tape.draw(workers.length)] ?? workers[0];
    if (bot === undefined) throw new Error('no workers');
    return bot;
  };

  const stage: Stage = {
    tape,
    kernel,
    weather,
    table,
    cloud,
    service,
    slack,
    people,
    configuration,
    watcher,
    coverage,
    workers: [],
    replace: () => {},
    upgraded: false,
    trace,
    story: { pending: 0 },
    shows: options.shows !== false,
    crowd: createCrowd({
      kernel,
      chance: tape.chance,
      draw: tape.draw,
      coverage,
      people,
      web: () => webOf(stage),
      mend: (promotion) => mend(stage, promotion),
      forestall: (promotion) => forestall(stage, promotion),
      isCalm: weather.isCalm,
      darken: (forMs) => weather.takeDown('directory', kernel.nowMs(), kernel.nowMs() + forMs),
    }),
  };

  stage.web = createWorker('web');
  for (let index = 1; index <= (options.workers ?? 1); index += 1) {
    stage.workers.push(createWorker(`worker${index}`));
  }

  const restart = (process: Process) => {
    const { workers } = stage;
    const name = process.name.replace(/\.\d+$/, '');
    const inMs = (1 + tape.draw(40)) * 1000;
    kernel.at(kernel.nowMs() + inMs, `restart ${name}`, () => {
      const next = createWorker(name);
      if (webOf(stage).process === process) stage.web = next;
      const place = workers.findIndex((bot) => bot.process === process);
      if (place !== -1) workers[place] = next;
    });
  };
  stage.replace = (process) => {
    kernel.kill(process);
    restart(process);
  };
  kernel.onKilled = (process, point) => {
    coverage.hit(`killed ${point.side} ${point.kind}`);
    const phase = watcher.shadows.get(point.work.about)?.promotion.phase;
    if (phase !== undefined) coverage.hit(`killed in ${phase}`);
    trace?.push(`${stamp()} ${process.name} KILLED ${point.side} ${point.kind}`);
    restart(process);
  };
  kernel.onPaused = (process, point) => {
    coverage.hit(`paused ${point.side} ${point.kind}`);
    if (process.longestWorkMs === null) coverage.hit(`asleep for minutes ${point.side} ${point.kind}`);
    trace?.push(
      `${stamp()} ${process.name} PAUSED ${point.side} ${point.kind} until +${process.pausedUntilMs - kernel.nowMs()} ms`,
    );
  };
  kernel.onTaken = (point) => {
    fingerprint = (Math.imul(fingerprint, 31) + point.kind.length * 7 + point.order + point.atMs) | 0;
    if (trace === null) return;
    const { process, side, kind, work } = point;
    trace.push(
      `${stamp()} ${process === null ? 'world' : process.name} ${side} ${kind}${work.about === '' ? '' : ` for ${work.about}`}`,
    );
  };
  let fingerprint = 0;
  prints.set(stage, () => fingerprint);

  watcher.onSaved = (shadow, before, entries) => {
    saves.set(stage, (saves.get(stage) ?? 0) + 1);
    const { promotion } = shadow;
    trace?.push(
      `${stamp()}   SAVED ${promotion.id} r${promotion.revision} ${before?.phase ?? 'none'} -> ${promotion.phase}: ${entries.map(({ event }) => event.type + detail(event)).join(', ')}`,
    );
    stage.crowd.noticed(shadow, before, entries);
    if (options.shows === false && promotion.phase === 'waiting' && before?.phase !== 'waiting')
      notice(shadow);
  };
  const notice = (shadow: Shadow) => {
    const { promotion, id } = shadow;
    if (promotion.phase !== 'waiting' || promotion.noticeAtMs !== null) return;
    const { desk, process } = webOf(stage);
    kernel.begin(process, id, 'notice.delivered', () => desk.decide(id, { type: 'notice.delivered' }));
    kernel.at(kernel.nowMs() + 10_000, 'notice', () => notice(shadow));
  };
  if (trace !== null) {
    cloud.observe(({ by, after }) => {
      trace.push(
        `${stamp()}   CLOUD ${by} ${after.etag} ${cloud.sites.map((site) => cloud.pathOf(site)).join(' ')} "${after.config.Comment}"`,
      );
    });
    service.observe((_before, after) => trace.push(`${stamp()}   SERVICE ${after.version} by ${after.by}`));
    slack.observe((post) =>
      trace.push(
        `${stamp()}   SLACK ${post.channel} ${post.ts} ${post.telling.join()} ${post.message.text.slice(0, 90)}`,
      ),
    );
  }

  const sweepMs = options.sweepMs ?? [240_000, 60_000][tape.draw(3) >> 1] ?? 60_000;
  const sweep = () => {
    kernel.at(kernel.nowMs() + sweepMs, 'sweep', sweep);
    if (!weather.isCalm() && tape.chance(weather.hints.lost)) return coverage.hit('sweep skipped');
    const bot = someWorker();
    kernel.begin(bot.process, '', 'sweep', () => bot.runDue());
  };
  kernel.at(startMs + sweepMs, 'sweep', sweep);
  return stage;
}

export function webOf({ web }: Stage): Bot {
  if (web === undefined) throw new Error('the stage is not set');
  return web;
}

/** All processes end, one by one, and those of the next version come in their place. */
export function upgrade(stage: Stage): void {
  stage.upgraded = true;
  for (const { process } of [webOf(stage), ...stage.workers]) {
    if (process.schema === nextSchema) continue;
    const last = process === webOf(stage).process ? 400 : 120;
    stage.kernel.at(stage.kernel.nowMs() + stage.tape.draw(last) * 1000, `upgrade ${process.name}`, () => {
      if (process.alive) stage.replace(process);
    });
  }
}

const prints = new WeakMap<Stage, () => number>();
const saves = new WeakMap<Stage, number>();

function detail(event: object): string {
  if ('stepId' in event) return ` ${String(event.stepId)}`;
  if ('code' in event) return ` ${String(event.code)}`;
  if ('refusal' in event) return ` ${JSON.stringify(event.refusal)}`;
  return '';
}

/** What on-call does before it has a rollback tried again. */
function mend({ cloud, service }: Stage, promotion: Promotion): void {
  if (!('plan' in promotion) || promotion.plan === null) return;
  const site = cloud.sites.find(({ name }) => name === promotion.app);
  if (site === undefined) {
    const known = new Set([
      promotion.plan.analysis.live.release.version,
      promotion.plan.analysis.candidate.release.version,
    ]);
    if (!known.has(service.now().version)) service.change(promotion.plan.analysis.live.release.version);
    return;
  }
  const first = cloud.versions[0]?.config;
  const foreign =
    cloud.now().config.HttpVersion !== first?.HttpVersion ||
    !Object.values(site.colours).some(({ path }) => path === cloud.pathOf(site));
  if (!foreign) return;
  cloud.change('somebody', (config) => {
    const next: DistributionConfig = { ...config, HttpVersion: first?.HttpVersion };
    for (const origin of next.Origins?.Items ?? []) {
      if (origin.Id === site.originId) origin.OriginPath = site.colours.blue.path;
    }
    return next;
  });
}

/** An impatient person switches by hand to where the promotion goes. */
function forestall({ cloud, service }: Stage, promotion: Promotion): void {
  if (!('plan' in promotion) || promotion.plan === null) return;
  const { candidate, steps } = promotion.plan.analysis;
  const site = cloud.sites.find(({ name }) => name === promotion.app);
  if (site === undefined) {
    if (service.now().version !== candidate.release.version) service.change(candidate.release.version);
    return;
  }
  const to = steps.find(({ does }) => does === 'shift')?.settings['to'];
  if (typeof to !== 'string' || to === cloud.pathOf(site)) return;
  cloud.change('somebody', (config) => moved(config, site.originId, to));
}

/** A story with everything that goes wrong in it drawn from the tape. */
export function drawStory(stage: Stage, app: AppName, turning?: Flaw): void {
  const { tape, kernel, weather, cloud, service, crowd, people, slack } = stage;
  const at = (seconds: number, what: string, run: () => void) =>
    kernel.at(startMs + seconds * 1000, what, run);
  const open = (seconds: number, run: () => void) => {
    stage.story.pending += 1;
    at(seconds, 'open', () => {
      run();
      // What was asked for is there by then, or was lost on the way.
      kernel.at(kernel.nowMs() + 10_000, 'opened', () => {
        stage.story.pending -= 1;
      });
    });
  };
  const some = (most: number) => (tape.draw(3) === 2 ? tape.between(1, most) : 0);

  if (turning === undefined || tape.draw(2) === 1) drawWeather(weather, kernel, tape);
  // Half of them are about one promotion alone: shorter, and more goes wrong in the same time.
  const lone = tape.draw(2) === 1;
  const beside = (choices: number) => !lone && tape.draw(choices) === choices - 1;
  const dark = tape.draw(9) === 8;
  Object.assign(crowd.habits, {
    silent: some(300),
    rejects: some(150),
    cancels: some(200),
    wrong: some(500),
    button: some(300),
    command: lone ? 0 : some(300),
    regrets: lone ? 0 : some(600),
    leaves: some(400),
    answer: tape.draw(3),
    closes: some(900),
    retakes: lone ? 0 : some(900),
    follows: lone ? 0 : ([0, 900][tape.draw(2)] ?? 0),
    hasty: some(600),
    unlocks: some(950),
    crosses: lone ? 0 : ([0, 0, 900][tape.draw(3)] ?? 0),
    dark: dark ? 500 : 0,
    darkAnswers: dark ? 500 : 0,
  });

  const lasting = flaws[tape.draw(2) === 0 ? 0 : tape.draw(flaws.length)] ?? 'none';
  const flaw = turning ?? lasting;
  if (turning !== undefined) {
    // Whoever presses anything ends the watch, which is to go on.
    const { answer } = crowd.habits;
    for (const habit of Object.keys(crowd.habits) as (keyof Habits)[]) crowd.habits[habit] = 0;
    // One minute: no question is asked before the limit. Three: one is asked, and settled by what is good again.
    const isLong = tape.draw(2) === 1;
    Object.assign(crowd.habits, { answer: isLong ? 0 : answer, darkAnswers: isLong ? 800 : 100 });
    cloud.turns.turnMs = isLong ? 180_000 : 60_000;
  }
  const [site, shop] = cloud.sites;
  if (site === undefined || shop === undefined) throw new Error('two sites');
  site.colours.green.content = { version: 'v1.1.0', build: 1, flaw };
  const shopFlaw = crowd.habits.crosses > 0 ? (flaws[tape.draw(2)] ?? 'none') : 'none';
  shop.colours.green.content = { version: 'v1.1.0', build: 1, flaw: shopFlaw };
  service.flaws.set('v1.1.0', flaw);

  // Where any earlier version can be gone back to, rollbacks take over from what is under way.
  if (app === 'worker' && !lone) crowd.habits.command = some(900);
  const version =
    tape.draw(12) === 11 ? (['v1.0.0', 'v9.0.0', 'v1.2.0'][tape.draw(3)] ?? 'v1.1.0') : 'v1.1.0';
  open(1, () => crowd.open('promotion', app, version, undefined, tape.draw(6) === 5));
  if (turning !== undefined) return;
  if (beside(6)) open(tape.draw(400), () => crowd.open('promotion', app, 'v1.1.0'));
  if (beside(6)) open(tape.draw(400), () => crowd.open('promotion', 'shop', 'v1.1.0'));
  if (beside(6)) open(tape.draw(900), () => crowd.open('rollback', app, null));
  if (beside(6)) {
    open(tape.draw(900), () => {
      const idle = cloud.pathOf(site) === site.colours.blue.path ? 'green' : 'blue';
      site.colours[idle].content = { version: 'v1.2.0', build: 2, flaw: 'none' };
      crowd.open('promotion', app, 'v1.2.0');
    });
  }
  if (tape.draw(4) === 3) at(tape.draw(400), 'bump', () => cloud.change('bump', (config) => config));
  if (tape.draw(14) === 13) {
    at(tape.draw(400), 'foreign config', () =>
      cloud.change('somebody', (config) => ({ ...config, HttpVersion: 'http3' })),
    );
  }
  if (tape.draw(14) === 13) {
    const path =
      [site.colours.blue.path, site.colours.green.path, '/elsewhere'][tape.draw(3)] ?? '/elsewhere';
    at(tape.draw(400), 'foreign path', () =>
      cloud.change('somebody', (config) => moved(config, site.originId, path)),
    );
  }
  if (app === 'worker' && tape.draw(5) === 4) {
    const other = ['v1.0.0', 'v0.0.1'][tape.draw(2)] ?? 'v0.0.1';
    at(tape.draw(400), 'foreign deployment', () => service.change(other));
  }
  if (tape.draw(20) === 19) {
    at(tape.draw(400), 'foreign comment', () =>
      cloud.change('somebody', (config) => ({ ...config, Comment: 'edited by hand' })),
    );
  }
  if (tape.draw(14) === 13) {
    const colour = tape.draw(2) === 0 ? 'green' : 'blue';
    const next = { version: tape.draw(2) === 0 ? 'v1.1.0' : 'v1.3.0', build: 7, flaw: 'none' as const };
    at(tape.draw(400), 'restaged', () => {
      site.colours[colour].content = next;
    });
  }
  if (tape.draw(14) === 13) {
    at(tape.draw(300), 'approver leaves', () => people.leftAtMs.set('ULIN', kernel.nowMs()));
  }
  if (tape.draw(20) === 19) {
    const fromSeconds = tape.draw(200);
    at(fromSeconds, 'app vanishes', () => {
      stage.configuration.vanished.add(app);
      stage.configuration.reconfigured = true;
    });
    at(fromSeconds + tape.draw(900), 'app is back', () => stage.configuration.vanished.delete(app));
  }
  if (tape.draw(8) === 7) at(tape.draw(300), 'next version', () => upgrade(stage));
  if (tape.draw(6) === 5) {
    at(tape.draw(300), 'card deleted', () => {
      const card = slack.posts.find(({ revision, deleted }) => revision !== null && !deleted);
      if (card !== undefined) slack.remove(card);
    });
  }
}

export function moved(config: DistributionConfig, originId: string, path: string): DistributionConfig {
  const items = (config.Origins?.Items ?? []).map((origin) =>
    origin.Id === originId ? { ...origin, OriginPath: path } : origin,
  );
  return { ...config, Origins: { Quantity: items.length, Items: items } };
}

const stormMs = 25 * 60_000;
const calmMs = 75 * 60_000;
const lateMs = 320_000;

/** Lets a stage play to its end: the storm, the calm after it, and the last request that may still be on its way. */
export async function play(stage: Stage): Promise<Result> {
  const { kernel, weather, watcher, story } = stage;
  const broken = () => watcher.violations.length > 0;
  const settled = () =>
    story.pending === 0 &&
    [...watcher.shadows.values()].every(({ promotion }) => ended(promotion)) &&
    isShown(stage);
  try {
    await kernel.runUntil(startMs + stormMs, () => broken() || settled());
    if (!broken()) {
      weather.calmDown();
      stage.configuration.vanished.clear();
      for (let round = 0; round < 4 && !broken(); round += 1) {
        await kernel.runUntil(kernel.nowMs() + calmMs, () => broken() || settled());
        if (weather.underway() > 0) await kernel.runUntil(kernel.nowMs() + lateMs, () => broken());
        if (settled()) break;
      }
      if (!broken()) checkTheEnd(stage);
    }
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    watcher.fail('I15 ends', error.message);
  }
  for (const met of stage.table.notModelled()) watcher.fail('sound', met);
  // Timers of Node's own, which would otherwise pile up.
  await new Promise((resolve) => setImmediate(resolve));
  return {
    violations: watcher.violations,
    ends: [...watcher.shadows.values()].map(({ promotion }) => promotion.phase),
    points: kernel.passed(),
    virtualSeconds: Math.round((kernel.nowMs() - startMs) / 1000),
    saves: saves.get(stage) ?? 0,
    fingerprint: prints.get(stage)?.() ?? 0,
  };
}

/** Nothing is left to be drawn or told. */
function isShown({ watcher, shows }: Stage): boolean {
  if (!shows) return true;
  for (const shadow of watcher.shadows.values()) {
    const { promotion, toldSequence } = shadow;
    if (toldSequence < promotion.announced) return false;
    const surface = surfaceOf(shadow);
    if (surface === null || surface.drawnRevision < promotion.revision) return false;
  }
  return true;
}

/** One random history. */
export async function playHistory(
  tape: Tape,
  coverage?: Coverage,
  tracing = false,
): Promise<Result & { readonly stage: Stage }> {
  const workers = 1 + tape.draw(3);
  const queue = tape.draw(4) !== 3;
  const skewed = tape.draw(2) === 1;
  const shows = tape.draw(5) === 0;
  const brief = tape.draw(3) !== 0;
  const app: AppName = tape.draw(5) === 4 ? 'worker' : 'site';
  const turning = turningFlaws[63 - tape.draw(64)];
  // A function is killed, on which targets without compare-and-set rely; a server may sleep for minutes in mid-act.
  const longestWorkMs = app === 'worker' || tape.draw(2) === 1 ? 30_000 : null;
  const stage = createStage({
    tape,
    tracing,
    workers,
    queue,
    skewed,
    shows,
    brief,
    patient: turning !== undefined,
    longestWorkMs,
    ...(coverage === undefined ? {} : { coverage }),
  });
  drawStory(stage, app, turning);
  const result = await play(stage);
  return { ...result, stage };
}
