import {
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { type DynamoCalls, isFault } from './dynamo-calls.ts';
import type { DynamoClient } from './dynamo-client.ts';
import { createDynamoTransport, translateFault } from './dynamo-transport.ts';
import { expiryAttribute, tableDefinition } from './table.ts';
import type { Transport } from './transport.ts';

export interface SdkTransportOptions {
  /** Closed together with the transport. */
  readonly client: DynamoClient;
  readonly tableName: string;
  /** Waits between repeats, in milliseconds; handed in so that nothing here sleeps by itself. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

export interface SdkTransport extends Transport {
  /** Makes the table where there is none; for the workspace and tests. */
  ensureTable(): Promise<void>;
  close(): void;
}

/** The store over the AWS SDK. */
export function createSdkTransport({ client, tableName, pause }: SdkTransportOptions): SdkTransport {
  const calls: DynamoCalls = {
    getItem: (input) => client.send(new GetItemCommand(input)),
    query: (input) => client.send(new QueryCommand(input)),
    putItem: (input) => client.send(new PutItemCommand(input)),
    updateItem: (input) => client.send(new UpdateItemCommand(input)),
    transactWriteItems: (input) => client.send(new TransactWriteItemsCommand(input)),
  };
  return {
    ...createDynamoTransport({ calls, tableName, pause }),
    async ensureTable() {
      try {
        await client.send(new DescribeTableCommand({ TableName: tableName }));
        return;
      } catch (error) {
        if (!isFault(error, 'ResourceNotFoundException')) throw translateFault(error, true);
      }
      try {
        await client.send(new CreateTableCommand(tableDefinition(tableName)));
      } catch (error) {
        if (!isFault(error, 'ResourceInUseException')) throw translateFault(error, true);
      }
      for (let attempt = 1; attempt <= 50; attempt += 1) {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
        if (Table?.TableStatus === 'ACTIVE') break;
        await pause(100);
      }
      await client.send(
        new UpdateTimeToLiveCommand({
          TableName: tableName,
          TimeToLiveSpecification: { AttributeName: expiryAttribute, Enabled: true },
        }),
      );
    },
    close: () => client.destroy(),
  };
}
