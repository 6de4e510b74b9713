import type { IncomingHttpHeaders } from 'node:http';

/** One request of DynamoDB's JSON protocol, as it came over the wire. */
export interface EngineRequest {
  readonly method: string;
  /** From `X-Amz-Target`; undefined when there is none. */
  readonly operation: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface EngineAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `brought`: by whoever made the stand-in. */
export type EngineKind = 'native' | 'dynalite' | 'brought';

/** A database that speaks DynamoDB. An answer that never came is a rejection, and the front cuts the connection. */
export interface Engine {
  readonly kind: EngineKind;
  /** Process of the engine; null when it runs inside this one. */
  readonly pid: number | null;
  answer(request: EngineRequest): Promise<EngineAnswer>;
  close(): Promise<void>;
}

const errorNamespaces: Readonly<Record<string, string>> = {
  UnknownOperationException: 'com.amazon.coral.service',
  SerializationException: 'com.amazon.coral.service',
  MissingAuthenticationTokenException: 'com.amazon.coral.service',
  ValidationException: 'com.amazon.coral.validate',
};

/** Source: the service's model, and what coral says of a body that it cannot read. */
const capitalized: ReadonlySet<string> = new Set([
  'IdempotentParameterMismatchException',
  'SerializationException',
  'TransactionCanceledException',
]);

/** An error as DynamoDB words it: `__type` with its namespace, and `message`, which is left out where there is none. */
export function wireError(
  name: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
): { readonly status: number; readonly body: Readonly<Record<string, unknown>> } {
  const namespace = errorNamespaces[name] ?? 'com.amazonaws.dynamodb.v20120810';
  return {
    status: name === 'InternalServerError' ? 500 : 400,
    body: {
      __type: `${namespace}#${name}`,
      ...(message === '' ? {} : { [capitalized.has(name) ? 'Message' : 'message']: message }),
      ...more,
    },
  };
}
