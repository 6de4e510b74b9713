import { nearest } from '../config/nearest.ts';
import type { EnvironmentSettings } from '../flows/desk.ts';

/** The one environment that is meant, or why there is not one. */
export function settingsNamed(
  environments: readonly EnvironmentSettings[],
  name: string,
  app: string | undefined,
): EnvironmentSettings | string {
  const own = environments.filter((each) => app === undefined || each.app === app);
  const found = own.filter(({ environment }) => environment === name);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    return `${found.map((each) => each.app).join(', ')} each have an environment ${name}; say which app.`;
  const words = own.length === 0 ? environments.map((each) => each.app) : own.map((each) => each.environment);
  const what = own.length === 0 ? `There is no app ${app ?? ''}.` : `There is no environment ${name}.`;
  const near = nearest(own.length === 0 ? (app ?? '') : name, [...new Set(words)]);
  return near === undefined
    ? `${what} There are: ${[...new Set(words)].join(', ')}.`
    : `${what} Did you mean ${near}?`;
}
