import type { Phase, Promotion } from '../../../src/flows/promotion/promotion.ts';
import { createStage, type Stage } from '../history.ts';
import { startMs } from '../kernel.ts';
import { replayTape } from '../tape.ts';
import { applyPace, type PolicyChange } from './pace.ts';
import { createScript, type Script } from './script.ts';

/** How one promotion ended: `promotion promoted`, `rollback rolled-back requested`. */
export type End = `${Promotion['kind']} ${Phase}` | `${Promotion['kind']} ${Phase} ${string}`;

/** Everything that a story may come to: how each of its promotions ended, in any order, and what is live then. */
export interface Outcome {
  readonly ends: readonly End[];
  readonly live: string;
}

/** A kill may let a story take another turn that is just as right. */
export interface Turn extends Outcome {
  readonly why: string;
}

/** A story without any chance in it: the same every time, so that it can be killed at each of its awaits. */
export interface Scenario {
  readonly name: string;
  readonly app: 'site' | 'worker';
  readonly policy?: PolicyChange;
  readonly ends: Outcome;
  /** Other outcomes, each with the reason why a kill may lead there. */
  readonly turns?: readonly Turn[];
  /** How long the world is watched after the end; late requests need longer. */
  readonly quietSeconds?: number;
  begin(script: Script): void;
}

export interface Options {
  readonly tracing?: boolean;
  /** Whether Slack's side is part of it. */
  readonly shows?: boolean;
  /** Wake promotions one by one, as a queue does, instead of sweeping, as a server does. */
  readonly queue?: boolean;
  /** The fewest approvals, probes, readings and sweeps, and no delivery that takes time. */
  readonly short?: boolean;
}

/** Sets the stage of a scenario; everything in it comes from its script. */
export function stageOf(scenario: Scenario, options: Options = {}): Stage {
  const { short = false, shows = true, queue = true } = options;
  const stage = createStage({
    tape: replayTape([]),
    tracing: options.tracing === true,
    shows,
    queue,
    propagationMs: short ? 0 : 12_000,
    invalidationMs: short ? 0 : 8_000,
    sweepMs: short ? 90_000 : 60_000,
    longestWorkMs: 30_000,
  });
  applyPace(stage.configuration.settings(scenario.app), short, scenario.policy);
  const script = createScript(stage, scenario.app);
  stage.kernel.at(startMs + 1_000, 'script', () => scenario.begin(script));
  stage.story.pending += 1;
  stage.kernel.at(startMs + 1_001, 'script', () => {
    stage.story.pending -= 1;
  });
  return stage;
}

export function outcomeOf(stage: Stage, { app }: Scenario): Outcome {
  const ends = [...stage.watcher.shadows.values()].map(({ promotion }) => endOf(promotion)).sort();
  const { cloud, service } = stage;
  const site = cloud.sites.find(({ name }) => name === app);
  if (site === undefined) return { ends, live: service.now().version };
  const colour = Object.values(site.colours).find(({ path }) => path === cloud.pathOf(site));
  return { ends, live: colour?.content.version ?? 'something else' };
}

function endOf(promotion: Promotion): End {
  const { kind, phase } = promotion;
  const code = 'ending' in promotion ? promotion.ending.code : '';
  return code === '' || code === phase ? `${kind} ${phase}` : `${kind} ${phase} ${code}`;
}

export const spellOutcome = ({ ends, live }: Outcome) => `${[...ends].sort().join(', ')}; ${live} is live`;

/** Which of the allowed outcomes it is; undefined if it is none. */
export function turnTaken(scenario: Scenario, outcome: Outcome): 'as told' | Turn | undefined {
  const spelled = spellOutcome(outcome);
  if (spelled === spellOutcome(scenario.ends)) return 'as told';
  return scenario.turns?.find((turn) => spellOutcome(turn) === spelled);
}
