import { z } from 'zod';
import { MisconfiguredError, RetryableError, TerminalError } from '../flows/errors.ts';

/** 404 is a value: only the caller knows whether it means a missing tag or a wrong repository name. */
export type Asked<Data> =
  | { readonly outcome: 'answered'; readonly data: Data }
  | { readonly outcome: 'not-found' };

/** What Octokit throws; without `response` nobody answered, whatever the status says (it says 500). */
const HttpError = z.object({
  name: z.enum(['HttpError', 'AbortError']),
  status: z.number(),
  response: z
    .object({
      headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()),
      data: z.unknown(),
    })
    .optional(),
});

const rateLimitDefaultMs = 60_000;

/**
 * Waits for one call to GitHub and reads the fields of its answer that `schema` names.
 * Throws `RetryableError` (github.unreachable, github.unavailable, github.rate-limited, github.unreadable),
 * `MisconfiguredError` (github.unauthorized) or `TerminalError` (github.request-refused).
 */
export async function ask<Schema extends z.ZodType>(
  schema: Schema,
  call: Promise<{ readonly data: unknown }>,
): Promise<Asked<z.output<Schema>>> {
  let data: unknown;
  try {
    ({ data } = await call);
  } catch (error) {
    const known = HttpError.safeParse(error);
    if (known.success && known.data.response !== undefined && known.data.status === 404) {
      return { outcome: 'not-found' };
    }
    throw known.success ? translated(known.data, error) : error;
  }
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    // Octokit hands out an empty string when the body breaks off, so this may well pass.
    throw new RetryableError('github.unreadable', 'GitHub gave an answer that cannot be read.', {
      data: { problems: parsed.error.issues.map((issue) => issue.path.join('.')) },
      cause: parsed.error,
    });
  }
  return { outcome: 'answered', data: parsed.data };
}

function translated(error: z.infer<typeof HttpError>, cause: unknown): Error {
  const { status, response } = error;
  if (response === undefined) {
    return new RetryableError('github.unreachable', 'GitHub did not answer.', { cause });
  }
  const header = (name: string): string | undefined => response.headers[name]?.toString();
  const data = { status, requestId: header('x-github-request-id') };

  const retryAfterMs = rateLimitWaitMs(status, header, response.data);
  if (retryAfterMs !== undefined) {
    return new RetryableError('github.rate-limited', 'GitHub limits the rate of our requests.', {
      data,
      cause,
      retryAfterMs,
    });
  }
  if (status === 401 || status === 403) {
    return new MisconfiguredError(
      'github.unauthorized',
      'GitHub does not accept the token, or the token may not do this.',
      { data, cause },
    );
  }
  if (status >= 500 || status === 408) {
    const askedMs = secondsToMs(header('retry-after'));
    return new RetryableError('github.unavailable', 'GitHub has a failure of its own.', {
      data,
      cause,
      ...(askedMs === undefined ? {} : { retryAfterMs: askedMs }),
    });
  }
  return new TerminalError('github.request-refused', 'GitHub refused the request.', { data, cause });
}

/**
 * How long a rate limit asks us to wait, or undefined when the answer is not a rate limit.
 * GitHub, "Rate limits for the REST API": 403 or 429; `retry-after` first, then `x-ratelimit-reset` when
 * nothing remains, else at least a minute. A secondary limit may carry neither header; then the
 * documentation link in the body is what tells it from a missing permission.
 */
function rateLimitWaitMs(
  status: number,
  header: (name: string) => string | undefined,
  body: unknown,
): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const askedMs = secondsToMs(header('retry-after'));
  if (askedMs !== undefined) return askedMs;
  if (header('x-ratelimit-remaining') === '0') {
    const resetMs = secondsToMs(header('x-ratelimit-reset'));
    // Measured on GitHub's own clock, because ours may differ.
    const answeredAtMs = Date.parse(header('date') ?? '');
    if (resetMs === undefined || Number.isNaN(answeredAtMs)) return rateLimitDefaultMs;
    return Math.max(1_000, resetMs - answeredAtMs);
  }
  if (status === 429) return rateLimitDefaultMs;
  const documented = z.object({ documentation_url: z.string() }).safeParse(body);
  return documented.success && documented.data.documentation_url.includes('rate-limits')
    ? rateLimitDefaultMs
    : undefined;
}

function secondsToMs(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const seconds = Number(text);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
