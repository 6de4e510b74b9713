import { z } from 'zod';
import type { GithubClient } from './client.ts';
import { ask } from './errors.ts';
import { parseRepositoryName, requireRepository } from './repository.ts';

export type Comparison =
  | {
      readonly outcome: 'compared';
      /** Commits that head has and base has not. */
      readonly aheadBy: number;
      /** Commits that base has and head has not: what promoting head would take away. */
      readonly behindBy: number;
      /** Logins, or the names in the commits, of those ahead; in order of their first commit. */
      readonly authors: readonly string[];
      /** False where the range is too long to read in full; then some authors are missing. */
      readonly authorsComplete: boolean;
      readonly url: string;
    }
  /** One of the two does not exist, or they have no common ancestor. */
  | { readonly outcome: 'incomparable' };

export interface Comparisons {
  /**
   * The size of the range between two commits or tags, and who wrote it. Reads at most 300 commits.
   * Throws as `ask` does, and `MisconfiguredError` (github.repository-not-found).
   */
  compareCommits(input: {
    readonly repository: string;
    readonly base: string;
    readonly head: string;
  }): Promise<Comparison>;
}

const pageSize = 100;
const mostPages = 3;

const Page = z.object({
  html_url: z.string(),
  ahead_by: z.number(),
  behind_by: z.number(),
  commits: z.array(
    z.object({
      author: z.object({ login: z.string().optional() }).nullable(),
      commit: z.object({ author: z.object({ name: z.string().optional() }).nullable() }),
    }),
  ),
});

export function createComparisons(client: GithubClient): Comparisons {
  return {
    async compareCommits({ repository, base, head }) {
      const name = parseRepositoryName(repository);
      const authors = new Set<string>();
      let read = 0;
      for (let page = 1; ; page += 1) {
        const asked = await ask(
          Page,
          client.repos.compareCommitsWithBasehead({
            ...name,
            basehead: `${base}...${head}`,
            per_page: pageSize,
            page,
          }),
        );
        if (asked.outcome === 'not-found') {
          await requireRepository(client, repository);
          return { outcome: 'incomparable' };
        }
        const { data } = asked;
        for (const { author, commit } of data.commits) {
          authors.add(author?.login ?? commit.author?.name ?? 'unknown');
        }
        read += data.commits.length;
        const isComplete = read >= data.ahead_by;
        if (isComplete || data.commits.length === 0 || page === mostPages) {
          return {
            outcome: 'compared',
            aheadBy: data.ahead_by,
            behindBy: data.behind_by,
            authors: [...authors],
            authorsComplete: isComplete,
            url: data.html_url,
          };
        }
      }
    },
  };
}
