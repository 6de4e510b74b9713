import { distance } from 'fastest-levenshtein';
import { z } from 'zod';
import { RetryableError, TerminalError } from '../flows/errors.ts';
import type { GithubClient } from './client.ts';
import { ask } from './errors.ts';
import { parseRepositoryName, type RepositoryName, repositoryNotFound } from './repository.ts';

export interface ReleaseCommit {
  readonly sha: string;
  /** The GitHub login where the commit's e-mail belongs to one, else the name in the commit. */
  readonly author: string;
  readonly message: string;
  readonly committedAtMs: number;
  readonly url: string;
}

export type ResolvedRelease =
  | { readonly outcome: 'found'; readonly version: string; readonly commit: ReleaseCommit }
  /** `nearest` holds up to three tags that look most like what was asked for, best first. */
  | { readonly outcome: 'absent'; readonly nearest: readonly string[] };

export interface Releases {
  /**
   * The commit a version stands for now. A version is the exact name of a tag, and nothing else: no branch,
   * no commit, no missing `v`. Annotated tags are followed to their commit.
   * Throws as `ask` does, and `MisconfiguredError` (github.repository-not-found).
   */
  resolveRelease(input: { readonly repository: string; readonly version: string }): Promise<ResolvedRelease>;
}

/** Tags may point at tags; git sets no limit, people stop at one. */
const longestTagChain = 5;

const GitObject = z.object({ type: z.string(), sha: z.string() });
type GitObject = z.infer<typeof GitObject>;

const Commit = z.object({
  sha: z.string(),
  html_url: z.string(),
  commit: z.object({
    message: z.string(),
    author: z.object({ name: z.string().optional() }).nullable(),
    committer: z.object({ date: z.iso.datetime({ offset: true }) }),
  }),
  // GitHub gives null or an empty object where the e-mail belongs to no account.
  author: z.object({ login: z.string().optional() }).nullable(),
});

export function createReleases(client: GithubClient): Releases {
  return {
    async resolveRelease({ repository, version }) {
      const name = parseRepositoryName(repository);
      const tagged = isTagName(version) ? await findTag(client, name, version) : undefined;
      if (tagged === undefined) {
        return { outcome: 'absent', nearest: await nearestTags(client, repository, version) };
      }
      const sha = await peel(client, name, version, tagged);
      return { outcome: 'found', version, commit: await readCommit(client, name, sha) };
    },
  };
}

/** What git allows in a tag's name, roughly; a lone surrogate would not even become a URL. */
function isTagName(version: string): boolean {
  return /^[^\p{Cc}\p{Cs}\s~^:?*[\\]{1,200}$/u.test(version) && !version.includes('..');
}

async function findTag(
  client: GithubClient,
  name: RepositoryName,
  version: string,
): Promise<GitObject | undefined> {
  const asked = await ask(
    z.object({ ref: z.string(), object: GitObject }),
    client.git.getRef({ ...name, ref: `tags/${version}` }),
  );
  if (asked.outcome === 'not-found') return undefined;
  // Some servers answer with the first ref that merely begins like this.
  return asked.data.ref === `refs/tags/${version}` ? asked.data.object : undefined;
}

async function peel(
  client: GithubClient,
  name: RepositoryName,
  version: string,
  tagged: GitObject,
): Promise<string> {
  let object = tagged;
  for (let depth = 0; object.type === 'tag' && depth < longestTagChain; depth += 1) {
    const asked = await ask(
      z.object({ object: GitObject }),
      client.git.getTag({ ...name, tag_sha: object.sha }),
    );
    if (asked.outcome === 'not-found') throw changedMeanwhile(version);
    object = asked.data.object;
  }
  if (object.type !== 'commit') {
    throw new TerminalError('github.tag-not-a-commit', 'The tag does not lead to a commit.', {
      data: { version, type: object.type },
    });
  }
  return object.sha;
}

async function readCommit(client: GithubClient, name: RepositoryName, sha: string): Promise<ReleaseCommit> {
  // One file at most: the commit's files are not used and can fill megabytes.
  const asked = await ask(Commit, client.repos.getCommit({ ...name, ref: sha, per_page: 1 }));
  if (asked.outcome === 'not-found' || asked.data.sha !== sha) throw changedMeanwhile(sha);
  const { commit, author, html_url } = asked.data;
  return {
    sha,
    author: author?.login ?? commit.author?.name ?? 'unknown',
    message: commit.message,
    committedAtMs: Date.parse(commit.committer.date),
    url: html_url,
  };
}

/** GitHub's copies may differ for a moment after a push. */
function changedMeanwhile(what: string): RetryableError {
  return new RetryableError('github.inconsistent', 'GitHub does not agree with its own last answer.', {
    data: { what },
  });
}

async function nearestTags(client: GithubClient, repository: string, version: string): Promise<string[]> {
  const asked = await ask(
    z.array(z.object({ name: z.string() })),
    client.repos.listTags({ ...parseRepositoryName(repository), per_page: 100 }),
  );
  if (asked.outcome === 'not-found') throw repositoryNotFound(repository);
  const wanted = version.slice(0, 200).toLowerCase();
  return asked.data
    .map((tag) => ({ name: tag.name, distance: distance(wanted, tag.name.toLowerCase()) }))
    .sort((left, right) => left.distance - right.distance)
    .slice(0, 3)
    .map((tag) => tag.name);
}
