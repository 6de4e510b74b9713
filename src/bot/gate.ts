import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Everything that is known of a request before it is believed. */
export interface RawRequest {
  readonly method: string;
  /** With or without a query string. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> | null | undefined;
  /** The bytes as they came; a transport that carries them as base64 decodes them first. */
  readonly rawBody: Buffer;
}

export interface GateSettings {
  /** Where Slack sends everything. */
  readonly path: string;
  /** Two while a secret is being exchanged; an empty secret matches nothing. */
  readonly secrets: { readonly current: string; readonly previous?: string };
  readonly appId: string;
  readonly teamId: string;
}

type FormOrJson = 'application/x-www-form-urlencoded' | 'application/json';
export type Fields = Readonly<Record<string, unknown>>;

export type GateOutcome =
  /** Slack looks at the certificate; nothing is to be done. */
  | { readonly outcome: 'accepted'; readonly kind: 'ssl-check' }
  | { readonly outcome: 'accepted'; readonly kind: 'url-verification'; readonly challenge: string }
  | {
      readonly outcome: 'accepted';
      readonly kind: 'command' | 'interaction' | 'event';
      /** Names this delivery for the replay guard; the signature itself is never kept. */
      readonly signatureHash: string;
      readonly contentType: FormOrJson;
      readonly body: string;
      /** The body as Bolt wants it: an interaction's `payload` already opened. */
      readonly fields: Fields;
    }
  | { readonly outcome: 'refused'; readonly status: 400 | 401 | 404 | 405 | 413; readonly code: string };

export const bodyLimitBytes = 256 * 1024;
/** Refused with this code is only what is signed rightly: Slack sent it, at another time. */
export const outsideWindow = 'timestamp.outside-window';
const windowSeconds = 300;

type Refused = Extract<GateOutcome, { outcome: 'refused' }>;
const refused = (status: Refused['status'], code: string): Refused => ({ outcome: 'refused', status, code });

/**
 * Decides whether a request really comes from Slack and is meant for this app and workspace. Stricter than Bolt 5.1:
 * the version is pinned to `v0` (otherwise the border between time and body can be moved and an old request
 * replayed as another one), the time must be near in both directions, and the bytes are checked before they are read.
 * Never throws: a stranger's odd request is an answer, not an alarm. Source: Slack, "Verifying requests from Slack".
 */
export function checkRequest(request: RawRequest, nowMs: number, settings: GateSettings): GateOutcome {
  try {
    return check(request, nowMs, settings);
  } catch {
    return refused(400, 'request.unreadable');
  }
}

function check(request: RawRequest, nowMs: number, settings: GateSettings): GateOutcome {
  if (request.path.split('?', 1)[0] !== settings.path) return refused(404, 'path.unknown');
  if (request.method !== 'POST') return refused(405, 'method.not-post');
  if (request.rawBody.byteLength > bodyLimitBytes) return refused(413, 'body.too-large');

  const header = headerReader(request.headers);
  const contentType = header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  const form = contentType === 'application/x-www-form-urlencoded';
  if (form && isSslCheck(request.rawBody)) return { outcome: 'accepted', kind: 'ssl-check' };

  const signature = header('x-slack-signature');
  const timestamp = header('x-slack-request-timestamp');
  if (signature === undefined || timestamp === undefined) return refused(401, 'signature.missing');
  if (!/^v0=[0-9a-f]{64}$/.test(signature)) return refused(401, 'signature.malformed');
  if (!/^[1-9][0-9]{9}$/.test(timestamp)) return refused(401, 'timestamp.malformed');
  if (!isSigned(request.rawBody, timestamp, signature, settings.secrets))
    return refused(401, 'signature.wrong');
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > windowSeconds) return refused(401, outsideWindow);

  if (!form && contentType !== 'application/json') return refused(400, 'content-type.unsupported');
  const read = form ? readForm(request.rawBody) : readJson(request.rawBody);
  if (read === undefined) return refused(400, 'body.malformed');
  const { body, fields } = read;

  if (fields['type'] === 'url_verification') {
    const challenge = fields['challenge'];
    return typeof challenge === 'string' && challenge.length <= 1000
      ? { outcome: 'accepted', kind: 'url-verification', challenge }
      : refused(400, 'challenge.malformed');
  }
  if (fields['api_app_id'] !== settings.appId) return refused(401, 'app.unknown');
  const kind = kindOf(fields, form);
  if (kind === undefined) return refused(400, 'body.unknown-kind');
  // An interaction of somebody from another workspace reaches us through a shared channel: it is refused in words.
  if (kind !== 'interaction' && !isForTeam(fields, settings.teamId)) return refused(401, 'team.unknown');

  return {
    outcome: 'accepted',
    kind,
    signatureHash: createHash('sha256').update(signature).digest('hex'),
    contentType: form ? 'application/x-www-form-urlencoded' : 'application/json',
    body,
    fields,
  };
}

/** Looks headers up in any case; a header that comes twice, in any spelling, counts as absent. */
function headerReader(headers: RawRequest['headers']): (name: string) => string | undefined {
  const entries = Object.entries(headers ?? {});
  return (name) => {
    const values = entries
      .filter(([key]) => key.toLowerCase() === name)
      .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
      .filter((value) => value !== undefined);
    const [value] = values;
    return values.length === 1 && typeof value === 'string' ? value : undefined;
  };
}

function isSigned(
  rawBody: Buffer,
  timestamp: string,
  signature: string,
  secrets: GateSettings['secrets'],
): boolean {
  const offered = Buffer.from(signature.slice('v0='.length), 'hex');
  return [secrets.current, secrets.previous]
    .filter((secret) => secret !== undefined && secret !== '')
    .some((secret) => {
      const expected = createHmac('sha256', secret ?? '')
        .update(`v0:${timestamp}:`)
        .update(rawBody)
        .digest();
      return timingSafeEqual(expected, offered);
    });
}

/** Slack sends these unsigned, with nothing but an old-style token beside the flag. */
function isSslCheck(rawBody: Buffer): boolean {
  if (rawBody.byteLength > 1000) return false;
  return /^(token=[\w-]*&)?ssl_check=1(&token=[\w-]*)?$/.test(rawBody.toString('latin1'));
}

interface Read {
  readonly body: string;
  readonly fields: Fields;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readJson(rawBody: Buffer): Read | undefined {
  const body = new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
  const fields = parseJson(body);
  return isFields(fields) ? { body, fields } : undefined;
}

function readForm(rawBody: Buffer): Read | undefined {
  const body = new TextDecoder('utf-8', { fatal: true }).decode(rawBody);
  const pairs = [...new URLSearchParams(body)];
  // Two values for one name would let two readers of the same body see different requests.
  if (new Set(pairs.map(([name]) => name)).size !== pairs.length) return undefined;
  const form = Object.fromEntries(pairs);
  if (form['payload'] === undefined) return { body, fields: form };
  const payload = parseJson(form['payload']);
  return isFields(payload) ? { body, fields: payload } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function kindOf(fields: Fields, form: boolean): 'command' | 'interaction' | 'event' | undefined {
  if (!form) return fields['type'] === 'event_callback' ? 'event' : undefined;
  if (typeof fields['command'] === 'string') return 'command';
  return typeof fields['type'] === 'string' ? 'interaction' : undefined;
}

function isForTeam(fields: Fields, teamId: string): boolean {
  if (fields['team_id'] === teamId) return true;
  const authorizations = fields['authorizations'];
  return (
    Array.isArray(authorizations) &&
    authorizations.some((authorization) => isFields(authorization) && authorization['team_id'] === teamId)
  );
}
