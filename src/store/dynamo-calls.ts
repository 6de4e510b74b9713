import type {
  AttributeValue,
  CancellationReason,
  GetItemCommandInput,
  GetItemCommandOutput,
  PutItemCommandInput,
  QueryCommandInput,
  QueryCommandOutput,
  TransactWriteItemsCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';

/** `storeNowMs` is the store's clock, at a resolution of one second; an answer without it is not to be trusted. */
export type Dated<Output = unknown> = Output & { readonly storeNowMs?: number };

/**
 * One attempt at each of DynamoDB's calls that the store makes, in DynamoDB's own JSON. Throws an error that carries
 * DynamoDB's name for it, and what came with it; anything else means that no answer came.
 */
export interface DynamoCalls {
  getItem(input: GetItemCommandInput): Promise<Dated<Pick<GetItemCommandOutput, 'Item'>>>;
  query(
    input: QueryCommandInput,
  ): Promise<Dated<Pick<QueryCommandOutput, 'Items'> & { LastEvaluatedKey?: Key | undefined }>>;
  putItem(input: PutItemCommandInput): Promise<Dated>;
  updateItem(input: UpdateItemCommandInput): Promise<Dated>;
  transactWriteItems(input: TransactWriteItemsCommandInput): Promise<Dated>;
}

type Key = Record<string, AttributeValue>;

/** What DynamoDB says beside the name of an error. */
export interface DynamoFault extends Error {
  /** The row that was there when a condition on it did not hold. */
  readonly Item?: Key | undefined;
  readonly CancellationReasons?: CancellationReason[] | undefined;
}

/** Whether this is the fault that DynamoDB calls by that name. */
export function isFault(error: unknown, name: string): error is DynamoFault {
  return error instanceof Error && error.name === name;
}
