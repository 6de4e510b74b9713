import { Octokit } from '@octokit/rest';
import { MisconfiguredError } from '../flows/errors.ts';

export type GithubClient = Octokit;

export interface GithubClientOptions {
  readonly token: string;
  /** `https://api.github.com`, or `https://HOST/api/v3` for GitHub Enterprise Server. */
  readonly baseUrl: string;
  /** For one whole answer, its body included. */
  readonly timeoutMs?: number;
  readonly fetch?: typeof globalThis.fetch;
}

const defaultTimeoutMs = 5_000;

/**
 * An Octokit that gives up after `timeoutMs`, never tries again by itself and prints nothing: when to try
 * again is decided by the saved promotion, and the caller logs with the promotion's id.
 * Throws `MisconfiguredError` without a token, because Octokit would go on anonymously.
 */
export function createGithubClient(options: GithubClientOptions): GithubClient {
  if (options.token === '') {
    throw new MisconfiguredError('github.token-missing', 'There is no GitHub token.');
  }
  const baseFetch = options.fetch ?? globalThis.fetch;
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
  const silent = () => undefined;

  const octokit = new Octokit({
    auth: options.token,
    baseUrl: options.baseUrl.replace(/\/+$/, ''),
    userAgent: 'countersign',
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: {
      fetch: (url: string | URL | Request, init: RequestInit = {}) =>
        baseFetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) }),
    },
  });
  // Answers keep the shape of this version when GitHub makes a newer one the default.
  octokit.hook.before('request', (request) => {
    request.headers['x-github-api-version'] = '2022-11-28';
  });
  return octokit;
}
