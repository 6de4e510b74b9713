import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';

/**
 * What a release does at the origin once it is asked on behalf of the production host. Faults of this kind
 * cannot be found on the preview: that is what they are for.
 */
export interface ProductionFault {
  /** Every `deployment-version` in served HTML reads this instead. */
  saysVersion?: string;
  /** Paths which answer 500. */
  failingPaths?: readonly string[];
  /** The stock counter answers 503 once production has asked this release for so long. */
  stockFailsAfterSeconds?: number;
  /** The origin becomes slow once production has asked this release for so long. */
  slowAfter?: { seconds: number; latencyMs: number };
  /** CloudWatch publishes nothing about the site while this release is live. */
  metricsGoMissing?: boolean;
}

export interface Release {
  version: string;
  commit: string;
  title: string;
  /** What goes wrong with it, in a sentence; absent when it is good. */
  fault?: string;
  inProduction?: ProductionFault;
}

export interface SiteFile {
  contentType: string;
  body: Buffer;
  /** The name carries a hash of the content: may be cached for ever, and never changes. */
  hashed: boolean;
}

/** Files of one built version by path, e.g. `/pricing/index.html`. */
export type SiteFiles = ReadonlyMap<string, SiteFile>;

const release = (
  version: string,
  title: string,
  rest: Omit<Release, 'version' | 'commit' | 'title'> = {},
) => ({
  version,
  commit: createHash('sha1').update(`northwind-lamps ${version}`).digest('hex'),
  title,
  ...rest,
});

/** Everything a person can push; examples/site/releases.json says what each looks like. */
export const releases: readonly Release[] = [
  release('v1.0.0', 'The brass collection'),
  release('v1.1.0', 'The sea-glass collection'),
  release('v1.2.0', 'Winter sale'),
  release('v1.3.0', 'Red lamps', {
    fault: 'Its preview is right, but behind the production host the pages say v1.2.9.',
    inProduction: { saysVersion: 'v1.2.9' },
  }),
  release('v1.3.1', 'Ember with a braided cable', {
    fault: 'Its own pages say v1.3.1-rc.1, which only looks like v1.3.1.',
  }),
  release('v1.3.2', 'Lamps for plants', { fault: 'Its own pages do not say which version they are.' }),
  release('v1.3.3', 'Blue hour', { fault: 'Its own pages say two different versions.' }),
  release('v1.4.0', 'Prices in your currency', {
    fault: 'The price list answers 500, behind the production host only.',
    inProduction: { failingPaths: ['/pricing/'] },
  }),
  release('v1.5.0', 'Live stock', {
    fault: 'From a minute and a half after it went live, 8 % of what visitors ask for fails.',
    inProduction: { stockFailsAfterSeconds: 90 },
  }),
  release('v1.6.0', 'The steel collection', {
    fault:
      'Its pages are fine, but two minutes after it went live the origin becomes slow and an alarm goes off.',
    inProduction: { slowAfter: { seconds: 120, latencyMs: 2400 } },
  }),
  release('v1.7.0', 'Quiet neon', {
    fault: 'While it is live, the metrics of the site are not published.',
    inProduction: { metricsGoMissing: true },
  }),
];

export function findRelease(version: string): Release | undefined {
  return releases.find((candidate) => candidate.version === version);
}

/** Found by looking upwards, because a bundled workspace runs from another folder than this file's. */
function projectFolder(from: string = import.meta.dirname): string {
  if (existsSync(join(from, 'examples/site/releases.json'))) return from;
  const above = dirname(from);
  if (above === from) throw new Error('examples/site is not above the running file.');
  return projectFolder(above);
}

let built: Promise<string> | undefined;

/** Builds the example site when it is not there yet or its sources changed, once per process. Returns its folder. */
export function builtSiteFolder(): Promise<string> {
  const project = projectFolder();
  built ??= promisify(execFile)(process.execPath, [join(project, 'scripts/build-site.mjs')]).then(() =>
    join(project, 'examples/site/_site'),
  );
  return built;
}

/** The files of one version as the generator wrote them. Throws when there is no such version. */
export async function readRelease(version: string): Promise<SiteFiles> {
  if (findRelease(version) === undefined)
    throw new Error(`There is no release ${version} of the example site.`);
  const folder = join(await builtSiteFolder(), version);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry): Promise<[string, SiteFile]> => {
        const file = join(entry.parentPath, entry.name);
        const path = `/${relative(folder, file).split(sep).join('/')}`;
        return [
          path,
          { contentType: contentTypeOf(path), body: await readFile(file), hashed: isHashed(path) },
        ];
      }),
  );
  return new Map(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isHashed = (path: string) => /\.[0-9a-f]{10}\.\w+$/.test(path);

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
};

const contentTypeOf = (path: string) => contentTypes[extname(path)] ?? 'application/octet-stream';
