import { Webhooks } from '@octokit/webhooks';
import { z } from 'zod';

/** As much as GitHub's events that matter here ever have; API Gateway takes ten times that. */
const mostBytes = 1_000_000;

export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The bytes that were sent. */
  readonly rawBody: Uint8Array;
}

export type Webhook =
  | {
      readonly outcome: 'genuine';
      /** GitHub's own name for this delivery; the same when it is sent again. */
      readonly delivery: string;
      readonly event: string;
      readonly action: string | null;
      /** "owner/name", where the event is about one. */
      readonly repository: string | null;
    }
  | { readonly outcome: 'refused'; readonly status: 400 | 401 | 413; readonly reason: string };

const Payload = z.looseObject({
  action: z.string().nullish(),
  repository: z.looseObject({ full_name: z.string() }).nullish(),
});

/**
 * Lets in only what carries GitHub's signature over exactly these bytes. Never throws, and touches nothing. Source:
 * GitHub, "Validating webhook deliveries".
 */
export function createWebhookGate(secret: string): (request: WebhookRequest) => Promise<Webhook> {
  const webhooks = new Webhooks({ secret });
  const refused = (status: 400 | 401 | 413, reason: string): Webhook => ({
    outcome: 'refused',
    status,
    reason,
  });
  return async ({ headers, rawBody }) => {
    if (rawBody.byteLength > mostBytes) return refused(413, 'too-large');
    const signature = headerOf(headers, 'x-hub-signature-256');
    if (!/^sha256=[0-9a-f]{64}$/.test(signature)) return refused(401, 'unsigned');
    const text = textOf(rawBody);
    if (text === undefined || text === '' || !(await verifies(webhooks, text, signature)))
      return refused(401, 'wrong-signature');
    const delivery = headerOf(headers, 'x-github-delivery');
    const event = headerOf(headers, 'x-github-event');
    const payload = payloadOf(text);
    if (!/^[\w-]{8,100}$/.test(delivery) || !/^\w{1,60}$/.test(event) || payload === undefined)
      return refused(400, 'unreadable');
    const { action, repository } = payload;
    return {
      outcome: 'genuine',
      delivery,
      event,
      action: action ?? null,
      repository: repository?.full_name ?? null,
    };
  };
}

async function verifies(webhooks: Webhooks, text: string, signature: string): Promise<boolean> {
  try {
    return await webhooks.verify(text, signature);
  } catch {
    return false;
  }
}

/** Bytes that are no text were not sent by GitHub. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function payloadOf(text: string): z.infer<typeof Payload> | undefined {
  try {
    return Payload.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function headerOf(headers: WebhookRequest['headers'], name: string): string {
  const values = Object.entries(headers)
    .filter(([key]) => key.toLowerCase() === name)
    .flatMap(([, value]) => value ?? []);
  const [only = '', ...others] = values;
  return others.length === 0 ? only : '';
}
