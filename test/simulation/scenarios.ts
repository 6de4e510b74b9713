import type { Phase } from '../../src/flows/promotion/promotion.ts';
import type { Flaw } from './cloud.ts';
import { createStage, moved, type Stage, type StageOptions } from './history.ts';
import { startMs } from './kernel.ts';
import type { AppName } from './setup.ts';
import { replayTape } from './tape.ts';

/** A story without chance: the same every time, so that it can be killed at each of its awaits. */
export interface Scenario {
  readonly name: string;
  readonly app?: AppName;
  /** How the promotions of the story may end, whatever is killed. */
  readonly ends: readonly Phase[];
  /** Ends of which one must be there when nothing is killed. */
  readonly shows: Phase;
  readonly stage?: Partial<StageOptions>;
  readonly flaw?: Flaw;
  script?(stage: Stage, at: (seconds: number, run: () => void) => void): void;
}

const untouched: readonly Phase[] = ['cancelled', 'rejected', 'expired', 'failed'];
const slow = { propagationMs: 60_000 };

/** Once a promotion is in a phase. */
function when(stage: Stage, phase: Phase, run: () => void): void {
  const before = stage.watcher.onSaved;
  let done = false;
  stage.watcher.onSaved = (shadow, was, entries) => {
    before?.(shadow, was, entries);
    if (done || shadow.promotion.phase !== phase || was?.phase === phase) return;
    done = true;
    stage.story.pending += 1;
    stage.kernel.at(stage.kernel.nowMs() + 1_000, `script ${phase}`, () => {
      run();
      stage.kernel.at(stage.kernel.nowMs() + 10_000, 'script', () => {
        stage.story.pending -= 1;
      });
    });
  };
}

const breakWayBack = (stage: Stage) =>
  when(stage, 'verifying', () => {
    const [site] = stage.cloud.sites;
    if (site === undefined) return;
    const { content } = site.colours.blue;
    site.colours.blue.content = { ...content, version: 'v2.0.0' };
    when(stage, 'rollback-failed', () => {
      site.colours.blue.content = content;
    });
  });

export const scenarios: readonly Scenario[] = [
  { name: 'good', ends: ['promoted'], shows: 'promoted' },
  { name: 'wrong version', flaw: 'wrong-version', ends: ['rolled-back'], shows: 'rolled-back' },
  { name: 'unhealthy', flaw: 'errors', ends: ['rolled-back'], shows: 'rolled-back' },
  { name: 'alarm', flaw: 'alarm', ends: ['rolled-back'], shows: 'rolled-back' },
  {
    name: 'missing metrics, somebody says continue',
    flaw: 'no-metrics',
    ends: ['promoted', 'rolled-back'],
    shows: 'promoted',
    script: ({ crowd }) => {
      crowd.habits.answer = 1;
    },
  },
  {
    name: 'missing metrics, nobody answers',
    flaw: 'no-metrics',
    ends: ['rolled-back'],
    shows: 'rolled-back',
  },
  {
    name: 'cancelled',
    ends: [...untouched, 'promoted'],
    shows: 'cancelled',
    script: (stage) =>
      when(stage, 'waiting', () => {
        stage.crowd.habits.cancels = 1000;
        const shadow = [...stage.watcher.shadows.values()][0];
        if (shadow !== undefined) stage.crowd.cancel(shadow, 0);
      }),
  },
  {
    name: 'rejected',
    ends: [...untouched, 'promoted'],
    shows: 'rejected',
    script: ({ crowd }) => {
      crowd.habits.rejects = 1000;
    },
  },
  {
    name: 'expired',
    ends: untouched,
    shows: 'expired',
    script: ({ crowd }) => {
      crowd.habits.silent = 1000;
    },
  },
  {
    name: 'an approver leaves',
    ends: ['promoted', 'expired'],
    shows: 'promoted',
    script: (stage) => when(stage, 'waiting', () => stage.people.leftAtMs.set('ULIN', stage.kernel.nowMs())),
  },
  {
    name: 'the plan changes',
    ends: ['promoted', 'expired', 'failed'],
    shows: 'promoted',
    script: (stage) =>
      when(stage, 'waiting', () =>
        stage.cloud.change('somebody', (config) => ({ ...config, HttpVersion: 'http3' })),
      ),
  },
  ...(['deploying', 'verifying', 'monitoring'] as const).map(
    (phase): Scenario => ({
      name: `Roll Back pressed while ${phase}`,
      stage: slow,
      ends: ['rolled-back', 'promoted'],
      shows: 'rolled-back',
      script: ({ crowd }) => {
        crowd.habits.buttonIn = phase;
      },
    }),
  ),
  {
    name: 'a rollback that stands alone',
    ends: ['promoted', 'rolled-back', 'failed'],
    shows: 'rolled-back',
    script: ({ crowd }) => {
      crowd.habits.regrets = 1000;
    },
  },
  {
    name: 'a rollback over a holder that has changed nothing',
    app: 'worker',
    ends: ['promoted', 'rolled-back', 'superseded', 'failed', 'expired'],
    shows: 'superseded',
    script: (stage) =>
      when(stage, 'promoted', () => {
        Object.assign(stage.crowd.habits, { commandIn: 'waiting', commandVersion: 'v1.0.0' });
        stage.crowd.open('promotion', 'worker', 'v1.2.0');
      }),
  },
  {
    name: 'a rollback over a holder that has changed production',
    app: 'worker',
    ends: ['promoted', 'rolled-back', 'superseded', 'failed', 'expired'],
    shows: 'superseded',
    script: (stage) =>
      when(stage, 'promoted', () => {
        Object.assign(stage.crowd.habits, { commandIn: 'verifying', commandVersion: 'v1.0.0' });
        stage.crowd.open('promotion', 'worker', 'v1.2.0');
      }),
  },
  {
    name: 'a rollback that fails and is tried again',
    flaw: 'errors',
    ends: ['rolled-back', 'resolved'],
    shows: 'rolled-back',
    script: breakWayBack,
  },
  {
    name: 'a rollback that fails and is closed by two',
    flaw: 'errors',
    ends: ['resolved', 'rolled-back'],
    shows: 'resolved',
    script: (stage) => {
      stage.crowd.habits.closes = 1000;
      breakWayBack(stage);
    },
  },
  {
    name: "somebody else's change",
    ends: ['resolved', 'rolled-back', 'promoted'],
    shows: 'resolved',
    script: (stage) => {
      stage.crowd.habits.closes = 1000;
      when(stage, 'monitoring', () =>
        stage.cloud.change('somebody', (config) => moved(config, 'site-origin', '/elsewhere')),
      );
    },
  },
  {
    name: 'CloudFront moves the ETag by itself',
    ends: ['promoted'],
    shows: 'promoted',
    script: (stage) => when(stage, 'waiting', () => stage.cloud.change('bump', (config) => config)),
  },
  {
    name: 'a switch that arrives after the way back was begun',
    flaw: 'errors',
    ends: ['rolled-back', 'promoted', 'resolved'],
    shows: 'rolled-back',
    script: (stage) => {
      stage.weather.once.set('aws.UpdateDistribution', 'late');
      stage.crowd.habits.buttonIn = 'deploying';
    },
  },
  { name: 'without compare-and-set, good', app: 'worker', ends: ['promoted'], shows: 'promoted' },
  {
    name: 'without compare-and-set, rolled back',
    app: 'worker',
    flaw: 'errors',
    ends: ['rolled-back'],
    shows: 'rolled-back',
  },
  {
    name: 'without compare-and-set, the old request arrives late',
    app: 'worker',
    ends: ['rolled-back', 'promoted', 'resolved'],
    shows: 'rolled-back',
    script: (stage) => {
      stage.weather.once.set('service.act', 'late');
      stage.crowd.habits.buttonIn = 'deploying';
    },
  },
];

/** Of these, every pair of kills is tried: the shortest that go the whole way. */
export const core: readonly Scenario[] = [
  { name: 'good', ends: ['promoted'], shows: 'promoted' },
  { name: 'unhealthy', flaw: 'errors', ends: ['rolled-back'], shows: 'rolled-back' },
  { name: 'without compare-and-set, good', app: 'worker', ends: ['promoted'], shows: 'promoted' },
  {
    name: 'without compare-and-set, rolled back',
    app: 'worker',
    flaw: 'wrong-version',
    ends: ['rolled-back'],
    shows: 'rolled-back',
  },
].map((scenario) => ({ ...scenario, stage: { short: true, shows: false } }) as Scenario);

export function stageOf(scenario: Scenario, tracing = false): Stage {
  const { app = 'site', flaw = 'none', script } = scenario;
  const stage = createStage({
    tape: replayTape([]),
    tracing,
    queue: true,
    shows: true,
    longestWorkMs: app === 'worker' ? 30_000 : null,
    ...scenario.stage,
  });
  const [site] = stage.cloud.sites;
  if (site !== undefined) site.colours.green.content = { version: 'v1.1.0', build: 1, flaw };
  stage.service.flaws.set('v1.1.0', flaw);
  const at = (seconds: number, run: () => void) => stage.kernel.at(startMs + seconds * 1000, 'script', run);
  at(1, () => stage.crowd.open('promotion', app, 'v1.1.0'));
  script?.(stage, at);
  return stage;
}
