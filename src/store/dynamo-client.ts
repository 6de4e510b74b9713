import {
  type $Command,
  DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';

/** One of the SDK's commands, with its input and output. */
export type DynamoCommand<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  DynamoDBClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;

/** What the store uses of the SDK's client: one attempt at one command, and the time at which it was answered. */
export interface DynamoClient {
  /** `storeNowMs` is the store's clock, at a resolution of one second; an answer without it is not to be trusted. */
  send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: DynamoCommand<Input, Output>,
  ): Promise<Output & { readonly storeNowMs?: number }>;
  destroy(): void;
}

export interface DynamoClientOptions {
  readonly region: string;
  /** Left out, the SDK takes AWS_ENDPOINT_URL_DYNAMODB or the region's own. */
  readonly endpoint?: string;
  /** Left out, the SDK finds them by its own chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The SDK has no time-outs of its own, and a breached one only warns unless it is told to throw. */
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
const longestCallMs = 5_000;

/** The SDK's client without repeats of its own, bounded in time, which brings the store's clock with every answer. */
export function createDynamoClient(options: DynamoClientOptions): DynamoClient {
  const client = new DynamoDBClient({
    region: options.region,
    maxAttempts: 1,
    requestHandler,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });

  // The SDK keeps the answer's headers to itself; the Date among them is the store's clock.
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { response } = answer;
      const headers: unknown =
        typeof response === 'object' && response !== null && 'headers' in response
          ? response.headers
          : undefined;
      const date: unknown =
        typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
      const nowMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
      if (!Number.isNaN(nowMs)) (answer.output as { storeNowMs?: number }).storeNowMs = nowMs;
      return answer;
    },
    { step: 'deserialize', name: 'storeClock', priority: 'high' },
  );

  return {
    send: (command) => client.send(command, { abortSignal: AbortSignal.timeout(longestCallMs) }),
    destroy: () => client.destroy(),
  };
}
