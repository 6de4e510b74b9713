import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import type { AwsCall } from './control.ts';
import { type AwsFaults, accessDenied } from './faults.ts';
import {
  type AwsAnswer,
  type AwsIdentityCall,
  AwsRefusal,
  type AwsRequest,
  type AwsService,
  signerOf,
} from './service.ts';

export interface AwsApiServer {
  listen(port?: number): Promise<string>;
  close(): Promise<void>;
  calls(): readonly AwsCall[];
  clearCalls(): void;
  /** Closes what is open, as time does while a function is frozen. */
  cutConnections(): void;
}

const rememberedCalls = 1_000;

/**
 * The one endpoint of all services, as `AWS_ENDPOINT_URL` names it. Requests must be signed (the signature
 * itself is not checked); what no service recognises is refused.
 */
export function createAwsApiServer(options: {
  clock: WorkspaceClock;
  services: readonly AwsService[];
  faults: AwsFaults;
  /** Brings everything that follows from time up to date before a call looks at it. */
  settle: () => void;
  /** Says who may do what; without it everybody may everything. */
  mayCall?: (call: AwsIdentityCall) => boolean;
}): AwsApiServer {
  const { clock, services, faults, settle } = options;
  let calls: AwsCall[] = [];

  const server: Server = createServer(async (incoming, outgoing) => {
    const request = await readRequest(incoming);
    settle();
    const { answer, call, lost } = await carryOut(request);
    calls = [...calls.slice(-rememberedCalls + 1), call];
    if (lost) {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.status, {
      ...answer.headers,
      'x-amzn-requestid': request.requestId,
      'content-length': String(Buffer.byteLength(answer.body)),
      date: new Date(clock.nowMs()).toUTCString(),
    });
    outgoing.end(answer.body);
  });

  const carryOut = async (request: AwsRequest) => {
    const atMs = clock.nowMs();
    for (const service of services) {
      const operation = service.recognise(request);
      if (operation === undefined) continue;
      const { accessKeyId } = signerOf(request);
      const seen = {
        atMs,
        ...(accessKeyId === undefined ? {} : { accessKeyId }),
        service: service.name,
        operation: operation.name,
        ...(operation.subject === undefined ? {} : { subject: operation.subject }),
      };
      try {
        if (request.headers['authorization']?.startsWith('AWS4-HMAC-SHA256 ') !== true) {
          throw new AwsRefusal('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
        }
        const refusal = faults.refusalFor(service, operation.name);
        if (refusal !== undefined) throw refusal;
        if (options.mayCall?.({ ...signerOf(request), service, operation, request }) === false) {
          throw accessDenied(service, operation.name);
        }
        const answer = await service.perform(operation, request);
        const lost = faults.losesAnswer(operation.name);
        return {
          answer,
          lost,
          call: { ...seen, status: answer.status, result: lost ? 'answer lost' : 'ok' },
        };
      } catch (error) {
        const refusal =
          error instanceof AwsRefusal
            ? error
            : new AwsRefusal('InternalFailure', `The workspace failed: ${String(error)}`, 500);
        return {
          answer: service.refuse(refusal, request),
          lost: false,
          call: { ...seen, status: refusal.status, result: refusal.code },
        };
      }
    }
    const asked = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`;
    return {
      answer: nobody(asked),
      lost: false,
      call: { atMs, service: 'unknown', operation: asked, status: 404, result: 'UnknownOperationException' },
    };
  };

  return {
    listen: async (port) => `http://127.0.0.1:${await listenOnLoopback(server, port)}`,
    close: () => closeAtOnce(server),
    calls: () => calls,
    cutConnections: () => server.closeAllConnections(),
    clearCalls() {
      calls = [];
    },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<AwsRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://aws');
  return {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [
        name,
        Array.isArray(value) ? value.join(', ') : value,
      ]),
    ),
    body: Buffer.concat(chunks),
    requestId: randomUUID(),
  };
}

function nobody(asked: string): AwsAnswer {
  return {
    status: 404,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({
      __type: 'UnknownOperationException',
      message: `No service of the workspace answers ${asked}.`,
    }),
  };
}
