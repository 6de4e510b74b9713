import { createHash } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { JourneyWorld } from './world.ts';

/** Reaches past the product, as a fault, a newer version of the bot or a hand in the console would. */
export async function inTable<Answer>(
  world: JourneyWorld,
  work: (client: DynamoDBClient, name: string) => Promise<Answer>,
): Promise<Answer> {
  const env = world.workspace.botEnvironment;
  const client = new DynamoDBClient({
    endpoint: world.workspace.dynamo.url,
    region: 'us-east-1',
    credentials: {
      accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
    },
  });
  try {
    return await work(client, env['COUNTERSIGN_TABLE'] ?? '');
  } finally {
    client.destroy();
  }
}

/**
 * Everything the table holds, by "partition key sort key" with a digest of the row, read past the product's own store.
 * Left out are the rows of the replay guard, since that a request was let in is no promotion, and those that say how
 * new each card's drawing is.
 */
export async function tableRows(world: JourneyWorld): Promise<Readonly<Record<string, string>>> {
  const { Items: items = [], LastEvaluatedKey: more } = await inTable(world, (client, name) =>
    client.send(new ScanCommand({ TableName: name, ConsistentRead: true })),
  );
  if (more !== undefined) throw new Error('the table is larger than one page');
  const rows = items.map((item): [string, string] => [
    `${item['pk']?.S ?? ''} ${item['sk']?.S ?? ''}`,
    digestOf(item),
  ]);
  return Object.fromEntries(rows.filter(([key]) => !key.startsWith('REQ#') && !key.endsWith(' SURFACE')));
}

function digestOf(item: Readonly<Record<string, unknown>>): string {
  const attributes = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(attributes)).digest('hex').slice(0, 12);
}

/** Ids of all promotions there are. */
export async function promotionIds(world: JourneyWorld): Promise<string[]> {
  return Object.keys(await tableRows(world)).flatMap((key) => /^P#(\S+) META$/.exec(key)?.[1] ?? []);
}
