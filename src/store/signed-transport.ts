import type { Dated, DynamoCalls } from './dynamo-calls.ts';
import { createDynamoTransport } from './dynamo-transport.ts';
import type { Transport } from './transport.ts';

/** One signed request to DynamoDB and its answer; throws where none came. */
export type DynamoRequest = (request: {
  readonly service: 'dynamodb';
  readonly target: string;
  readonly body: string;
  readonly timeoutMs: number;
}) => Promise<{
  readonly headers: { readonly date?: string | undefined };
  readonly body: string;
  /** The service's name for what went wrong; null for a good answer. */
  readonly fault: string | null;
}>;

export interface SignedTransportOptions {
  readonly call: DynamoRequest;
  readonly tableName: string;
  /** Waits between repeats, in milliseconds. */
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly timeoutMs?: number;
}

const protocol = 'DynamoDB_20120810';

/** The store without the SDK, whose loading takes longer than everything else that a click needs. */
export function createSignedTransport(options: SignedTransportOptions): Transport {
  const { call, tableName, pause, timeoutMs = 2_000 } = options;
  const send =
    <Input, Output>(operation: string) =>
    async (input: Input): Promise<Dated<Output>> => {
      const { headers, body, fault } = await call({
        service: 'dynamodb',
        target: `${protocol}.${operation}`,
        body: JSON.stringify(input),
        timeoutMs,
      });
      if (fault !== null) throw faultOf(fault, body);
      const storeNowMs = Date.parse(headers.date ?? '');
      return { ...(JSON.parse(body) as Output), ...(Number.isNaN(storeNowMs) ? {} : { storeNowMs }) };
    };
  const calls: DynamoCalls = {
    getItem: send('GetItem'),
    query: send('Query'),
    putItem: send('PutItem'),
    updateItem: send('UpdateItem'),
    transactWriteItems: send('TransactWriteItems'),
  };
  return createDynamoTransport({ calls, tableName, pause });
}

/** An error by DynamoDB's name, with the row or the reasons that came with it. */
function faultOf(name: string, body: string): Error {
  const error = new Error('DynamoDB declined the call.');
  error.name = name;
  const said = parsed(body);
  const { Item, CancellationReasons } = said;
  return Object.assign(error, { Item, CancellationReasons });
}

function parsed(body: string): { readonly Item?: unknown; readonly CancellationReasons?: unknown } {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
