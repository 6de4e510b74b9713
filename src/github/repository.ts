import { z } from 'zod';
import { MisconfiguredError } from '../flows/errors.ts';
import type { GithubClient } from './client.ts';
import { ask } from './errors.ts';

export interface RepositoryName {
  readonly owner: string;
  readonly repo: string;
}

/** Splits `owner/name`. Throws `MisconfiguredError` (github.repository-not-found) for anything else. */
export function parseRepositoryName(repository: string): RepositoryName {
  const [, owner, repo] = /^([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([A-Za-z0-9._-]{1,100})$/.exec(repository) ?? [];
  if (owner === undefined || repo === undefined || repo === '.' || repo === '..') {
    throw repositoryNotFound(repository);
  }
  return { owner, repo };
}

export function repositoryNotFound(repository: string): MisconfiguredError {
  return new MisconfiguredError(
    'github.repository-not-found',
    `GitHub knows no repository ${repository}, or the token may not read it.`,
    { data: { repository } },
  );
}

/** Returns when the repository can be read; GitHub says 404 alike for what is in it and for itself. */
export async function requireRepository(client: GithubClient, repository: string): Promise<void> {
  const asked = await ask(
    z.object({ id: z.number() }),
    client.repos.get({ ...parseRepositoryName(repository) }),
  );
  if (asked.outcome === 'not-found') throw repositoryNotFound(repository);
}
