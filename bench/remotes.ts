import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { createPromotionStore } from '../src/store/promotions.ts';
import { createSdkTransport } from '../src/store/sdk-transport.ts';
import { keys } from '../src/store/table.ts';
import { createTableModel } from '../test/simulation/table-model.ts';
import type { Asked, RemoteCall, Wish } from './site/remotes-process.ts';
import { waitingPromotion } from './site/waiting.ts';

/**
 * DynamoDB, SQS, the Parameter Store and Slack in a process of their own, so that what they cost is nobody else's. The
 * table answers as DynamoDB does; the others say that all is well. Every answer can be put off, and every call is kept.
 */
const tableName = 'countersign';
const table = createTableModel({ nowMs: Date.now, tableName });
type Command = Parameters<typeof table.execute>[0];
const commands: Readonly<Record<string, new (input: never) => unknown>> = {
  GetItem: GetItemCommand,
  PutItem: PutItemCommand,
  Query: QueryCommand,
  TransactWriteItems: TransactWriteItemsCommand,
  UpdateItem: UpdateItemCommand,
};

let latencyMs = 0;
let calls: RemoteCall[] = [];
let secrets: Readonly<Record<string, string>> = {};

const server = createServer((request, response) => {
  void answer(request).then(({ status, body }) => {
    response.writeHead(status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': '0',
      date: new Date().toUTCString(),
    });
    response.end(JSON.stringify(body));
  });
});

async function answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
  const fromMs = performance.now();
  const target = String(request.headers['x-amz-target'] ?? '');
  const [service = '', operation = ''] = target.split('.');
  const text = await bodyOf(request);
  const name =
    target === '' ? `slack ${(request.url ?? '').replace(/^\/api\//, '')}` : nameOf(service, operation);
  const call: { name: string; fromMs: number; untilMs: number } = { name, fromMs, untilMs: 0 };
  calls.push(call);
  if (latencyMs > 0) await pause(latencyMs);
  const said = target === '' ? { status: 200, body: slackSays } : carriedOut(service, operation, text);
  call.untilMs = performance.now();
  return said;
}

const nameOf = (service: string, operation: string) =>
  `${service.startsWith('DynamoDB') ? 'dynamodb' : service === 'AmazonSQS' ? 'sqs' : 'ssm'} ${operation}`;

const slackSays = {
  ok: true,
  user_id: 'U0COUNTER',
  bot_id: 'B0COUNTER',
  team_id: 'T0COUNTER',
  team: 'Northwind',
  user: 'countersign',
  url: 'https://northwind.slack.example/',
};

function carriedOut(service: string, operation: string, text: string): { status: number; body: object } {
  if (service === 'AmazonSQS') {
    const { Entries = [] } = JSON.parse(text) as { Entries?: { Id: string }[] };
    return {
      status: 200,
      body: { Successful: Entries.map(({ Id }) => ({ Id, MessageId: Id })), Failed: [] },
    };
  }
  if (service === 'AmazonSSM') {
    const { Names = [] } = JSON.parse(text) as { Names?: string[] };
    const found = Names.map((Name) => ({ Name, Value: secrets[Name] ?? '' }));
    return { status: 200, body: { Parameters: found, InvalidParameters: [] } };
  }
  const Known = commands[operation];
  if (Known === undefined) return { status: 400, body: { __type: 'UnknownOperationException' } };
  try {
    const command = new Known(JSON.parse(text) as never) as Command;
    const { $metadata: _, storeNowMs: __, ...body } = table.execute(command);
    return { status: 200, body };
  } catch (error) {
    const { name, message, ...rest } = error as Error;
    const said = { ...rest } as { CancellationReasons?: unknown; Item?: unknown };
    return {
      status: 400,
      body: {
        __type: `com.amazonaws.dynamodb.v20120810#${name}`,
        message,
        CancellationReasons: said.CancellationReasons,
        Item: said.Item,
      },
    };
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

const transport = createSdkTransport({ client: table.client, tableName, pause: async () => {} });
const store = createPromotionStore({ transport, nonce: randomUUID });
const untold = { audit: [], announcements: [], locks: null, handedOver: null, live: null };

async function doAs(wish: Wish): Promise<readonly RemoteCall[]> {
  switch (wish.does) {
    case 'wait':
      latencyMs = wish.latencyMs;
      return [];
    case 'keep-secrets':
      secrets = wish.secrets;
      return [];
    case 'seed-waiting':
      for (const id of wish.ids)
        await store.create({ promotion: waitingPromotion(id, wish.nowMs), ...untold });
      return [];
    case 'seed':
      await store.create({ promotion: wish.promotion, ...untold });
      if (wish.holds) {
        const { app, environment, id } = wish.promotion;
        await transport.write({
          does: 'put',
          item: { ...keys.lock(`${app}#${environment}`), holder: { S: id } },
        });
      }
      return [];
    case 'tell-calls': {
      const told = calls;
      calls = [];
      return told;
    }
  }
}

process.on('message', ({ number, wish }: Asked) => {
  doAs(wish).then(
    (told) => process.send?.({ number, told }),
    (error: unknown) => process.send?.({ number, error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
