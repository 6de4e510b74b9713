/** How a call to Slack ended, by what may be done next. */
export type Outcome<Sent = unknown> =
  | ({ readonly outcome: 'sent' } & Sent)
  | { readonly outcome: 'rate-limited'; readonly retryAfterMs: number }
  /** The message cannot be edited any more; another one has to be posted. */
  | { readonly outcome: 'gone'; readonly error: string }
  /** No answer, or one that says nothing: it may have happened. */
  | { readonly outcome: 'unknown'; readonly error: string }
  /** It never reached Slack; repeating it cannot do it twice. */
  | { readonly outcome: 'unreachable'; readonly error: string }
  /** Understood and declined. */
  | { readonly outcome: 'refused'; readonly error: string };

export type Unsent = Exclude<Outcome, { outcome: 'sent' }>;

/** How long a method rests that is over its rate, where Slack does not say. */
export const withoutRetryAfterMs = 30_000;

/** Errors of `chat.update` after which only a new message helps. Source: Slack, chat.update, errors. */
const goneErrors: ReadonlySet<string> = new Set([
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'channel_not_found',
  'is_inactive',
  'block_mismatch',
  'thread_not_found',
]);

/** The bot's own standing with Slack: a person mends it, and then everything that waited is told. */
export const standingErrors: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'no_permission',
  'ekm_access_denied',
]);

/** Slack says of these that the call may have had its effect. */
const unsureErrors: ReadonlySet<string> = new Set([
  'fatal_error',
  'internal_error',
  'service_unavailable',
  'request_timeout',
]);

/** Network errors that come before anything was sent. */
const beforeSending: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** An answer that is none of Slack's own. */
export function fromStatus(status: number): Unsent {
  const error = `http_${status}`;
  return status >= 500 ? { outcome: 'unknown', error } : { outcome: 'refused', error };
}

/** Slack's own no. */
export function fromPlatform(
  data: { error: string; response_metadata?: { retryAfter?: number } },
  method: string,
): Unsent {
  const { error } = data;
  if (error === 'ratelimited' || error === 'rate_limited') {
    const seconds = data.response_metadata?.retryAfter;
    return {
      outcome: 'rate-limited',
      retryAfterMs: seconds === undefined ? withoutRetryAfterMs : seconds * 1000,
    };
  }
  if (unsureErrors.has(error)) return { outcome: 'unknown', error };
  const edits = method === 'chat.update' || error === 'thread_not_found';
  return { outcome: edits && goneErrors.has(error) ? 'gone' : 'refused', error };
}

/** No answer came. */
export function fromNetwork(error: unknown): Extract<Outcome, { outcome: 'unknown' | 'unreachable' }> {
  const code = networkCode(error);
  return beforeSending.has(code)
    ? { outcome: 'unreachable', error: String(code) }
    : { outcome: 'unknown', error: code ?? (error instanceof Error ? error.name : 'network') };
}

/** `fetch` hides the reason behind one or more causes. */
function networkCode(error: unknown): string | undefined {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth += 1
  ) {
    if ('code' in current && typeof current.code === 'string') return current.code;
    if (current instanceof AggregateError && current.errors.length > 0) return networkCode(current.errors[0]);
  }
  return undefined;
}
