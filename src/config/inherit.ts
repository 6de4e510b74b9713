import type { CheckRules } from './kinds.ts';
import { entryOf, type Located, type LocatedMapping, withEntry } from './located.ts';

/** People and groups answer one question together, so a list of one's own replaces both. */
const audienceKeys = ['people', 'groups'];

/**
 * Puts a mapping over its defaults: mappings are joined key by key, everything else is replaced. Whoever names
 * people or groups inherits neither, so that no inherited group may approve by surprise.
 */
function over(defaults: Located | undefined, own: Located): Located {
  if (defaults?.kind !== 'mapping' || own.kind !== 'mapping') return own;
  const hasOwnAudience = audienceKeys.some((key) => own.entries.has(key));
  const inherited = [...defaults.entries].filter(
    ([key]) => !own.entries.has(key) && !(hasOwnAudience && audienceKeys.includes(key)),
  );
  const joined = [...own.entries].map(([key, entry]) => {
    const node = over(defaults.entries.get(key)?.node, entry.node);
    return [key, { ...entry, node }] as const;
  });
  return { ...own, entries: new Map([...joined, ...inherited]) };
}

/** The whole file with the defaults put under every environment and taken away themselves. */
export function withDefaults(root: LocatedMapping): LocatedMapping {
  const defaults = entryOf(root, 'defaults');
  const entries = new Map(root.entries);
  entries.delete('defaults');
  const rest: LocatedMapping = { ...root, entries };
  const apps = entryOf(rest, 'apps');
  if (apps?.kind !== 'mapping') return rest;
  return withEntry(
    rest,
    'apps',
    eachEntry(apps, (app) => {
      const environments = entryOf(app, 'environments');
      if (app.kind !== 'mapping' || environments?.kind !== 'mapping') return app;
      return withEntry(
        app,
        'environments',
        eachEntry(environments, (environment) => over(defaults, environment)),
      );
    }),
  );
}

function eachEntry(mapping: LocatedMapping, change: (node: Located) => Located): LocatedMapping {
  const entries = [...mapping.entries].map(
    ([key, entry]) => [key, { ...entry, node: change(entry.node) }] as const,
  );
  return { ...mapping, entries: new Map(entries) };
}

/** A check that does not say which address it looks at looks at its target's. */
export function withAddress(
  check: LocatedMapping,
  target: Located | undefined,
  { addressKey, isPage }: Pick<CheckRules, 'addressKey' | 'isPage'>,
): LocatedMapping {
  const url = entryOf(target, 'url');
  if (addressKey === null || check.entries.has(addressKey) || url === undefined) return check;
  const page = isPage ? entryOf(target, 'versionPage') : undefined;
  if (url.kind !== 'scalar' || page?.kind !== 'scalar') return withEntry(check, addressKey, url);
  const value = `${String(url.value).replace(/\/+$/, '')}${String(page.value)}`;
  return withEntry(check, addressKey, { ...url, value });
}
