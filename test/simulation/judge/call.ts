import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  type GetItemCommand,
  type PutItemCommand,
  type QueryCommand,
  TransactionCanceledException,
  type TransactWriteItemsCommand,
  type UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from '../../../src/store/dynamo-client.ts';

export type JudgedCommand =
  | GetItemCommand
  | PutItemCommand
  | QueryCommand
  | TransactWriteItemsCommand
  | UpdateItemCommand;

/** One call of a history, after so much time. */
export interface Call {
  readonly afterMs: number;
  readonly command: JudgedCommand;
}

/** What is compared of an answer: everything but wording and metadata. */
export type Answer =
  | {
      readonly outcome: 'answered';
      readonly nowMs: number | undefined;
      readonly item: Items | undefined;
      readonly items: readonly Items[] | undefined;
      readonly count: number | undefined;
      readonly lastKey: Items | undefined;
      /** Undefined where nobody metered it. */
      readonly units: number | undefined;
    }
  | {
      readonly outcome: 'refused';
      readonly name: string;
      readonly item: Items | undefined;
      readonly reasons:
        | readonly { readonly code: string | undefined; readonly item: Items | undefined }[]
        | undefined;
    };

type Items = Readonly<Record<string, AttributeValue>>;

/** What came of one call. */
export async function answerOf(sent: Promise<AnyOutput>): Promise<Answer> {
  try {
    const output = await sent;
    return {
      outcome: 'answered',
      nowMs: output.storeNowMs,
      item: output.Item,
      items: output.Items,
      count: output.Count,
      lastKey: output.LastEvaluatedKey,
      units: unitsOf(output.ConsumedCapacity),
    };
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    return {
      outcome: 'refused',
      name: error.name,
      item: error instanceof ConditionalCheckFailedException ? error.Item : undefined,
      reasons:
        error instanceof TransactionCanceledException
          ? error.CancellationReasons?.map(({ Code, Item }) => ({ code: Code, item: Item }))
          : undefined,
    };
  }
}

type Capacity = { readonly CapacityUnits?: number | undefined };

function unitsOf(consumed: Capacity | readonly Capacity[] | undefined): number | undefined {
  if (consumed === undefined) return undefined;
  const tables = 'length' in consumed ? consumed : [consumed];
  return tables.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

interface AnyOutput {
  readonly storeNowMs?: number;
  readonly Item?: Items | undefined;
  readonly Items?: Items[] | undefined;
  readonly Count?: number | undefined;
  readonly LastEvaluatedKey?: Items | undefined;
  readonly ConsumedCapacity?: Capacity | readonly Capacity[] | undefined;
}

export const send = (client: DynamoClient, command: JudgedCommand): Promise<AnyOutput> =>
  client.send(command as PutItemCommand);

/** The same call, whose answer says what it cost. */
export function metered(command: JudgedCommand): JudgedCommand {
  const Command = command.constructor as new (input: JudgedCommand['input']) => JudgedCommand;
  return new Command({ ...command.input, ReturnConsumedCapacity: 'TOTAL' } as JudgedCommand['input']);
}

export const writes = (command: JudgedCommand): boolean =>
  'Item' in command.input || 'UpdateExpression' in command.input || 'TransactItems' in command.input;
