import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';

/** One event on its way into a function. */
export interface Invocation {
  readonly requestId: string;
  readonly functionArn: string;
  /** Real time: the process inside lives by it, as it does on Lambda. */
  readonly deadlineMs: number;
  readonly payload: string;
}

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[] | undefined;
}

export type Finish =
  | { readonly outcome: 'answered'; readonly payload: string }
  | { readonly outcome: 'failed'; readonly error: FunctionError };

/** What the runtime inside does, told as it happens. */
export interface RuntimeListener {
  /** It asks for the next event, so it has nothing left to do. */
  onNext(): void;
  onFinished(requestId: string, finish: Finish): void;
  onInitError(error: FunctionError): void;
}

export interface RuntimeApi {
  /** Host and port, as `AWS_LAMBDA_RUNTIME_API` carries them. */
  readonly address: string;
  /** Answers the runtime's open question for the next event. Throws when it has not asked. */
  deliver(invocation: Invocation): void;
  close(): Promise<void>;
}

const version = '/2018-06-01/runtime';
/** Lambda quotas: 6 MB for request and for response, plus a little for the wrapping (6,291,556 bytes). */
export const payloadLimitBytes = 6_291_556;

const ReportedError = z.object({
  errorType: z.string().default('Unknown'),
  errorMessage: z.string().default(''),
  trace: z.array(z.string()).optional(),
});

/**
 * The HTTP API that Lambda offers to the runtime inside one instance (Lambda developer guide, "Using the Lambda runtime
 * API for custom runtimes"): next, response, error and init error. Response streaming and restore hooks are not
 * modelled and refused.
 */
export async function createRuntimeApi(listener: RuntimeListener): Promise<RuntimeApi> {
  let waiting: ServerResponse | undefined;
  let current: string | undefined;

  const answer = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const refuse = (response: ServerResponse, status: number, errorType: string, errorMessage: string) =>
    answer(response, status, { errorType, errorMessage });

  const finish = async (request: IncomingMessage, response: ServerResponse, id: string, kind: string) => {
    const body = await readBody(request);
    if (id !== current) return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID');
    if (request.headers['lambda-runtime-function-response-mode'] !== undefined) {
      return refuse(response, 400, 'InvalidResponseMode', 'Response streaming is not modelled.');
    }
    current = undefined;
    if (kind === 'error') {
      answer(response, 202, { status: 'OK' });
      return listener.onFinished(id, { outcome: 'failed', error: errorFrom(body) });
    }
    if (body.byteLength > payloadLimitBytes) {
      const errorMessage = `Response payload size exceeded maximum allowed payload size (${payloadLimitBytes} bytes).`;
      refuse(response, 413, 'RequestEntityTooLarge', errorMessage);
      const error = { errorType: 'Function.ResponseSizeTooLarge', errorMessage };
      return listener.onFinished(id, { outcome: 'failed', error });
    }
    answer(response, 202, { status: 'OK' });
    listener.onFinished(id, { outcome: 'answered', payload: body.toString() });
  };

  const server = createServer(async (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const asked = `${request.method} ${path.startsWith(version) ? path.slice(version.length) : path}`;
    const told = /^POST \/invocation\/([^/]+)\/(response|error)$/.exec(asked);
    try {
      if (asked === 'GET /invocation/next') {
        waiting = response;
        listener.onNext();
      } else if (asked === 'POST /init/error') {
        const error = errorFrom(await readBody(request));
        answer(response, 202, { status: 'OK' });
        listener.onInitError(error);
      } else if (told !== null) {
        await finish(request, response, decodeURIComponent(told[1] ?? ''), told[2] ?? '');
      } else {
        refuse(response, 404, 'NotFound', `The runtime API does not know ${asked}`);
      }
    } catch {
      response.destroy();
    }
  });
  // The runtime holds its question open for as long as it is idle.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 0;
  const port = await listenOnLoopback(server);

  return {
    address: `127.0.0.1:${port}`,
    deliver({ requestId, functionArn, deadlineMs, payload }) {
      if (waiting === undefined) throw new Error('The runtime has not asked for an event.');
      const response = waiting;
      waiting = undefined;
      current = requestId;
      response.writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': String(deadlineMs),
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': `Root=1-${requestId.slice(0, 8)}-${requestId.replaceAll('-', '').slice(0, 24)};Sampled=0`,
      });
      response.end(payload);
    },
    close: () => closeAtOnce(server),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function errorFrom(body: Buffer): FunctionError {
  try {
    return ReportedError.parse(JSON.parse(body.toString()));
  } catch {
    return { errorType: 'Unknown', errorMessage: body.toString() };
  }
}
