/**
 * The HTTP side of Slack: `/api/<method>` as `@slack/web-api` calls it, and `/response/<id>`. Tokens, scopes, rate
 * limits and arguments are refused in Slack's words; whatever is not modelled answers `unknown_method`.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createArguments } from './arguments.ts';
import type { Method } from './chat-methods.ts';
import type { SlackCall } from './control.ts';
import type { Faults } from './faults.ts';
import { type MethodFacts, methods } from './methods.ts';
import { team } from './people.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ResponseUrls } from './response-urls.ts';
import { SlackError } from './slack-error.ts';
import type { World } from './world.ts';

export interface WebApi {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  calls(): SlackCall[];
  clearCalls(): void;
}

export interface WebApiOptions {
  world: World;
  faults: Faults;
  limits: RateLimits;
  responseUrls: ResponseUrls;
  implementations: Record<string, Method>;
  botToken: string;
  appToken?: string;
}

const bodyBytesMax = 1_000_000;
const callsKept = 10_000;

interface Answer {
  httpStatus: number;
  body: Record<string, unknown> | undefined;
  headers: Record<string, string>;
}

export function createWebApi(options: WebApiOptions): WebApi {
  const { world, faults, limits } = options;
  let calls: SlackCall[] = [];

  const record = (call: SlackCall) => {
    calls.push(call);
    calls.splice(0, Math.max(0, calls.length - callsKept));
    world.changed();
  };

  /** Only one method repeats what is wrong beside the metadata. Source: `@slack/web-api`, types of answers. */
  const refusal = (method: string, error: SlackError): Record<string, unknown> => ({
    ok: false,
    error: error.code,
    ...(error.messages.length > 0 ? { response_metadata: { messages: error.messages } } : {}),
    ...(error.messages.length > 0 && method === 'chat.postMessage' ? { errors: error.messages } : {}),
    ...error.extra,
  });

  const checkToken = (facts: MethodFacts, token: string) => {
    if (token === '') throw new SlackError('not_authed');
    const isApp = options.appToken !== undefined && token === options.appToken;
    if (!isApp && token !== options.botToken) throw new SlackError('invalid_auth');
    if (world.data.tokenRevoked) throw new SlackError('token_revoked');
    if (isApp !== (facts.appToken === true)) throw new SlackError('not_allowed_token_type');
    if (isApp || facts.scopes.length === 0) return;
    if (!facts.scopes.some((scope) => world.data.scopes.includes(scope))) {
      throw new SlackError('missing_scope', [], {
        needed: facts.scopes.join(','),
        provided: world.data.scopes.join(','),
      });
    }
  };

  const checkArguments = (facts: MethodFacts, raw: Record<string, unknown>) => {
    // Bolt's client adds the team to every call.
    if (raw['team_id'] !== undefined && raw['team_id'] !== team.id)
      throw new SlackError('team_access_not_granted');
    for (const key of Object.keys(raw)) {
      if (key !== 'token' && key !== 'team_id' && !facts.known.includes(key))
        throw new SlackError('invalid_arg_name', [`[ERROR] unknown argument: ${key}`]);
    }
    const missing = facts.required.filter((key) => raw[key] === undefined || raw[key] === '');
    if (missing.length > 0)
      throw new SlackError(
        'invalid_arguments',
        missing.map((key) => `[ERROR] missing required field: ${key}`),
      );
  };

  const answer = (method: string, token: string, readArguments: () => Record<string, unknown>): Answer => {
    const headers = {
      'x-oauth-scopes': world.data.scopes.join(','),
      'x-accepted-oauth-scopes': (methods[method]?.scopes ?? []).join(','),
    };
    const say = (body: Record<string, unknown>, httpStatus = 200): Answer => ({ httpStatus, body, headers });
    const tooMany = (seconds: number): Answer => ({
      httpStatus: 429,
      body: { ok: false, error: 'ratelimited' },
      headers: { ...headers, 'retry-after': String(seconds) },
    });
    try {
      const facts = methods[method];
      const implementation = options.implementations[method];
      if (facts === undefined || implementation === undefined)
        throw new SlackError('unknown_method', [], { req_method: method });
      const everywhere = faults.rateLimitedSeconds();
      if (everywhere !== undefined) return tooMany(everywhere);
      const failure = faults.failure(method);
      if (failure !== undefined) {
        return failure.httpStatus === 200
          ? say({ ok: false, error: failure.error })
          : { httpStatus: failure.httpStatus, body: undefined, headers };
      }
      const raw = readArguments();
      checkToken(facts, token || (typeof raw['token'] === 'string' ? raw['token'] : ''));
      const named = typeof raw['channel'] === 'string' ? raw['channel'] : undefined;
      const limited = limits.take(
        method,
        named === undefined ? undefined : (world.channel(named)?.id ?? named),
      );
      if (limited !== undefined) return tooMany(limited.retryAfterSeconds);
      checkArguments(facts, raw);
      return say({ ok: true, ...implementation(createArguments(raw)) });
    } catch (error) {
      if (error instanceof SlackError) return say(refusal(method, error));
      throw error;
    }
  };

  const send = (response: ServerResponse, result: Answer) => {
    const text = result.body === undefined ? '' : JSON.stringify(result.body);
    response.sendDate = false;
    response.writeHead(result.httpStatus, {
      date: new Date(world.nowMs()).toUTCString(),
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      ...result.headers,
    });
    response.end(text);
  };

  const handleMethod = async (
    method: string,
    url: URL,
    request: IncomingMessage,
    body: string,
    response: ServerResponse,
  ) => {
    const atMs = world.nowMs();
    const contentType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const authorization = request.headers.authorization ?? '';
    const token = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : '';
    let args: Record<string, unknown> = {};
    const result = answer(method, token, () => {
      args = readArguments({
        method,
        query: url.searchParams,
        contentType,
        body,
        acceptsJson: methods[method]?.acceptsJson ?? true,
      });
      return args;
    });
    const { token: _token, ...shown } = args;
    const ok = result.body?.['ok'] === true;
    const error = result.body?.['error'];
    const lost = faults.losesAnswer(method);
    record({
      method,
      atMs,
      args: shown,
      httpStatus: result.httpStatus,
      ok,
      ...(typeof error === 'string' ? { error } : {}),
      ...(lost ? { answerLost: true } : {}),
    });
    if (faults.state.slowMs > 0) await new Promise((resolve) => setTimeout(resolve, faults.state.slowMs));
    if (lost) response.destroy();
    else send(response, result);
  };

  return {
    async handle(request, response) {
      const down = faults.down();
      if (down === 'refused') {
        request.socket.destroy();
        return;
      }
      if (down === 'unavailable') {
        send(response, { httpStatus: 503, body: undefined, headers: {} });
        return;
      }
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const body = await readBody(request);
      if (body === undefined) {
        send(response, { httpStatus: 413, body: { ok: false, error: 'request_too_large' }, headers: {} });
        return;
      }
      const [, root, name = ''] = url.pathname.split('/');
      if (root === 'api') return handleMethod(name, url, request, body, response);
      if (root === 'response' && request.method === 'POST') {
        const result = options.responseUrls.answer(name, body);
        const error = result.body['error'];
        record({
          method: 'response_url',
          atMs: world.nowMs(),
          args: { body },
          httpStatus: result.httpStatus,
          ok: result.httpStatus === 200,
          ...(typeof error === 'string' ? { error } : {}),
        });
        send(response, { ...result, headers: {} });
        return;
      }
      send(response, { httpStatus: 404, body: { ok: false, error: 'not_found' }, headers: {} });
    },
    calls: () => calls,
    clearCalls() {
      calls = [];
    },
  };
}

function readArguments(input: {
  method: string;
  query: URLSearchParams;
  contentType: string;
  body: string;
  acceptsJson: boolean;
}): Record<string, unknown> {
  const query = Object.fromEntries(input.query);
  if (input.body === '') return query;
  if (input.contentType === 'application/x-www-form-urlencoded')
    return { ...query, ...Object.fromEntries(new URLSearchParams(input.body)) };
  if (input.contentType !== 'application/json') throw new SlackError('invalid_post_type');
  // Methods that predate JSON bodies do not look at them: every argument is then missing.
  if (!input.acceptsJson) return query;
  let parsed: unknown;
  try {
    parsed = JSON.parse(input.body);
  } catch {
    throw new SlackError('invalid_json');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new SlackError('json_not_object');
  const { token: _ignored, ...args } = Object.fromEntries(Object.entries(parsed));
  return { ...query, ...args };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > bodyBytesMax) return undefined;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}
