import type { Log } from '../flows/ports.ts';
import type { SlackClient } from './slack-client.ts';
import { fromNetwork, fromPlatform, fromStatus, type Outcome, withoutRetryAfterMs } from './slack-outcome.ts';

/** Posts once; throws where no answer came. */
type Post = (request: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}) => Promise<{
  readonly status: number;
  readonly headers: { readonly 'retry-after'?: string | undefined };
  readonly body: string;
}>;

export interface FormOpenerOptions {
  readonly post: Post;
  readonly token: string;
  /** Ends in a slash. */
  readonly apiUrl: string;
  readonly log: Log;
  /** A form is opened inside a request that Slack waits for. */
  readonly timeoutMs?: number;
}

/**
 * The one call to Slack that a request may have to wait for, since a trigger is good for three seconds. Done without
 * Slack's client, whose loading costs more than the rest of a click; Slack's answers mean here what they mean there.
 */
export function createFormOpener(options: FormOpenerOptions): Pick<SlackClient, 'openView'> {
  const { post, token, apiUrl, log, timeoutMs = 1_500 } = options;
  const url = new URL('views.open', apiUrl);
  const open = async (body: string): Promise<Outcome> => {
    try {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' };
      return outcomeOf(await post({ url, headers, body, timeoutMs }));
    } catch (error) {
      return fromNetwork(error);
    }
  };
  return {
    async openView({ triggerId, view }) {
      const outcome = await open(JSON.stringify({ trigger_id: triggerId, view }));
      if (outcome.outcome !== 'sent')
        log.warn({ method: 'views.open', ...outcome }, 'slack call was not carried out');
      return outcome;
    },
  };
}

function outcomeOf({ status, headers, body }: Awaited<ReturnType<Post>>): Outcome {
  const seconds = /^\d+$/.exec(headers['retry-after'] ?? '')?.[0];
  if (status === 429) {
    const retryAfterMs = seconds === undefined ? withoutRetryAfterMs : Number(seconds) * 1000;
    return { outcome: 'rate-limited', retryAfterMs };
  }
  if (status !== 200) return fromStatus(status);
  const { ok, error } = parsed(body);
  if (ok === true) return { outcome: 'sent' };
  return typeof error === 'string'
    ? fromPlatform({ error }, 'views.open')
    : { outcome: 'unknown', error: 'answer_unreadable' };
}

function parsed(body: string): { readonly ok?: unknown; readonly error?: unknown } {
  try {
    const said: unknown = JSON.parse(body);
    return typeof said === 'object' && said !== null ? said : {};
  } catch {
    return {};
  }
}
