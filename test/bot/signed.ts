import { createHmac } from 'node:crypto';
import type { GateSettings, RawRequest } from '../../src/bot/gate.ts';

export const secret = 'current-signing-secret';
export const gateSettings: GateSettings = {
  path: '/slack/events',
  secrets: { current: secret },
  appId: 'A0COUNTER',
  teamId: 'T0COUNTER',
};

export const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

export const commandFields = (fields: Record<string, string> = {}) => ({
  command: '/promote',
  text: 'site v1.1.0',
  trigger_id: '1.2.3',
  user_id: 'U0ADA00001',
  user_name: 'ada',
  team_id: 'T0COUNTER',
  channel_id: 'C0DEPLOYS1',
  channel_name: 'deploys-site',
  api_app_id: 'A0COUNTER',
  is_enterprise_install: 'false',
  response_url: 'https://hooks.slack.com/commands/1/2/3',
  ...fields,
});

export interface SignedOptions {
  readonly body: string | Buffer;
  readonly nowMs: number;
  readonly offsetSeconds?: number;
  readonly contentType?: string;
  readonly secret?: string;
  readonly version?: string;
  readonly headers?: Record<string, string | readonly string[] | undefined>;
  readonly method?: string;
  readonly path?: string;
}

export function slackHeaders(options: SignedOptions): Record<string, string> {
  const timestamp = String(Math.floor(options.nowMs / 1000) + (options.offsetSeconds ?? 0));
  const version = options.version ?? 'v0';
  const digest = createHmac('sha256', options.secret ?? secret)
    .update(`${version}:${timestamp}:`)
    .update(Buffer.from(options.body))
    .digest('hex');
  return {
    'content-type': options.contentType ?? 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `${version}=${digest}`,
  };
}

/** A request as Slack would send it, signed over the bytes. */
export function signed(options: SignedOptions): RawRequest {
  return {
    method: options.method ?? 'POST',
    path: options.path ?? '/slack/events',
    headers: { ...slackHeaders(options), ...options.headers },
    rawBody: Buffer.from(options.body),
  };
}
