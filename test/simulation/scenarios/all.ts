import { changedScenarios } from './changed.ts';
import { coreScenarios } from './core.ts';
import { rollbackScenarios } from './rollbacks.ts';
import type { Scenario } from './scenario.ts';
import { unfencedScenarios } from './unfenced.ts';
import { untouchedScenarios } from './untouched.ts';

export const scenarios: readonly Scenario[] = [
  ...changedScenarios,
  ...untouchedScenarios,
  ...rollbackScenarios,
  ...unfencedScenarios,
];

export function scenarioCalled(name: string): Scenario {
  const found = [...scenarios, ...coreScenarios].find((scenario) => scenario.name === name);
  if (found === undefined) throw new Error(`There is no scenario "${name}".`);
  return found;
}
