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

interface AnyOutput {
  readonly storeNowMs?: number;
  readonly Item?: Items | undefined;
  readonly Items?: Items[] | undefined;
  readonly Count?: number | undefined;
  readonly LastEvaluatedKey?: Items | undefined;
}

export const send = (client: DynamoClient, command: JudgedCommand): Promise<AnyOutput> =>
  client.send(command as PutItemCommand);

export const writes = (command: JudgedCommand): boolean =>
  'Item' in command.input || 'UpdateExpression' in command.input || 'TransactItems' in command.input;

/** The client with every call and what came of it told to a listener. */
export function recording(
  client: DynamoClient,
  listener: (command: JudgedCommand, answer: Answer) => void,
): DynamoClient {
  return {
    ...client,
    async send(command) {
      const sent = client.send(command);
      listener(command as unknown as JudgedCommand, await answerOf(sent));
      return sent;
    },
  };
}
