import {
  type AttributeValue,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { Tape } from '../tape.ts';
import type { Call, JudgedCommand } from './call.ts';
import { createExpressions, someValue } from './expressions.ts';
import { drawMistake } from './mistakes.ts';

type Items = Record<string, AttributeValue>;

const partitions = ['P#1', 'P#2', 'LOCK'] as const;
const sorts = ['1', '10', '2', 'META', 'é', '\ufffd', '\u{1f600}'] as const;

const firstRows = 8;

export interface DrawnKey {
  readonly key: Items;
  /** Names the row in index keys. */
  readonly tag: string;
}

export function drawKey(tape: Tape): DrawnKey {
  const pk = tape.pick(partitions);
  const sk = tape.pick(sorts);
  return { key: { pk: { S: pk }, sk: { S: sk } }, tag: `${pk}${sk}` };
}

const shownOnFailure = (tape: Tape) =>
  tape.draw(4) === 0 ? {} : { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };

export function drawRow(tape: Tape, { key, tag }: DrawnKey): Items {
  const row: Items = { ...key };
  for (const name of ['epoch', 'revision']) {
    if (tape.draw(3) > 0) row[name] = { N: String(tape.between(0, 5)) };
  }
  for (const name of ['holder', 'body']) {
    if (tape.draw(3) > 0) row[name] = someValue(tape);
  }
  if (tape.draw(5) === 0) row['body'] = { S: 'x'.repeat(tape.pick([950, 1_100, 4_000, 9_000] as const)) };
  if (tape.draw(3) > 0) {
    row['duePk'] = { S: `DUE#${tape.draw(2)}` };
    if (tape.draw(5) > 0) row['dueSk'] = { S: `${tape.between(100, 199)}#${tag}` };
  }
  if (tape.draw(3) === 0) {
    row['listPk'] = { S: 'site#production' };
    row['listSk'] = { S: `${tape.between(100, 199)}#${tag}` };
  }
  return row;
}

function drawAction(tape: Tape, TableName: string, drawn: DrawnKey, crosswise: boolean): TransactWriteItem {
  const expressions = createExpressions(tape, drawn.tag, crosswise);
  const kind = tape.draw(3);
  const condition = () =>
    tape.draw(3) === 0
      ? {}
      : { ConditionExpression: tape.draw(2) === 0 ? lenient(tape) : expressions.condition() };
  if (kind === 0) {
    const Item = drawRow(tape, drawn);
    return {
      Put: { TableName, Item, ...condition(), ...expressions.placeholders(), ...shownOnFailure(tape) },
    };
  }
  if (kind === 1) {
    const UpdateExpression = expressions.update();
    const conditions = condition();
    return {
      Update: {
        TableName,
        Key: drawn.key,
        UpdateExpression,
        ...conditions,
        ...expressions.placeholders(),
        ...shownOnFailure(tape),
      },
    };
  }
  const ConditionExpression = tape.draw(2) === 0 ? lenient(tape) : expressions.condition();
  return {
    ConditionCheck: {
      TableName,
      Key: drawn.key,
      ConditionExpression,
      ...expressions.placeholders(),
      ...shownOnFailure(tape),
    },
  };
}

/** Holds more often than not, so that longer transactions are carried out too. */
const lenient = (tape: Tape) =>
  tape.pick(['attribute_not_exists(never)', 'attribute_not_exists(pk) OR attribute_exists(sk)'] as const);

function drawTransaction(tape: Tape, TableName: string, crosswise: boolean): TransactWriteItem[] {
  const actions = new Map<string, TransactWriteItem>();
  for (let count = tape.between(1, 5); count > 0; count -= 1) {
    const drawn = drawKey(tape);
    if (!actions.has(drawn.tag)) actions.set(drawn.tag, drawAction(tape, TableName, drawn, crosswise));
  }
  return [...actions.values()];
}

export function drawQuery(tape: Tape, TableName: string): QueryCommandInput {
  const index = tape.pick(['due', 'list', undefined] as const);
  const [hash, range, partition] =
    index === 'due'
      ? (['duePk', 'dueSk', `DUE#${tape.draw(2)}`] as const)
      : index === 'list'
        ? (['listPk', 'listSk', 'site#production'] as const)
        : (['pk', 'sk', tape.pick(partitions)] as const);
  const bound = () => ({ S: index === undefined ? tape.pick(sorts) : String(tape.between(90, 210)) });
  const expressions = createExpressions(tape, 'query', false);
  const clauses = [`${expressions.name(hash)} = ${expressions.value({ S: partition })}`];
  const kind = tape.draw(6);
  if (kind < 3)
    clauses.push(
      `${expressions.name(range)} ${tape.pick(['<', '<=', '>', '>=', '='] as const)} ${expressions.value(bound())}`,
    );
  if (kind === 3)
    clauses.push(
      `begins_with(${expressions.name(range)}, ${expressions.value({ S: tape.pick(['1', 'M', 'é'] as const) })})`,
    );
  if (kind === 4) {
    const low = tape.between(90, 190);
    clauses.push(
      `${expressions.name(range)} BETWEEN ${expressions.value({ S: String(low) })} AND ${expressions.value({ S: String(low + tape.draw(30)) })}`,
    );
  }
  return {
    TableName,
    ...(index === undefined ? { ConsistentRead: tape.draw(2) === 0 } : { IndexName: index }),
    KeyConditionExpression: (tape.draw(5) === 0 ? clauses.reverse() : clauses).join(' AND '),
    ...expressions.placeholders(),
    ScanIndexForward: tape.draw(2) === 0,
    ...(tape.draw(2) === 0 ? {} : { Limit: tape.between(1, 6) }),
  };
}

/** A history of calls nobody would make in this order, on few rows, so that they meet. */
export function drawHistory(
  tape: Tape,
  TableName: string,
  length: number,
  /** A request token that no other history uses. */
  tokenOf: (nth: number) => string,
): Call[] {
  const calls: Call[] = [];
  const crosswise = tape.draw(6) === 1;
  const sent: { readonly TransactItems: TransactWriteItem[]; readonly ClientRequestToken: string }[] = [];
  const transaction = () => {
    const known = sent[tape.draw(sent.length)];
    if (known !== undefined && tape.draw(3) === 0) {
      // The same again, or something else under its token.
      return tape.draw(3) === 0
        ? { ...known, TransactItems: drawTransaction(tape, TableName, crosswise) }
        : structuredClone(known);
    }
    const fresh = {
      TransactItems: drawTransaction(tape, TableName, crosswise),
      ClientRequestToken: tokenOf(sent.length),
    };
    sent.push(fresh);
    return fresh;
  };
  // Enough to meet from the beginning.
  for (let row = 0; row < firstRows; row += 1)
    calls.push({
      afterMs: 0,
      command: new PutItemCommand({ TableName, Item: drawRow(tape, drawKey(tape)) }),
    });
  const command = (): JudgedCommand => {
    const kind = tape.draw(12);
    if (kind < 3) {
      const { Put: put, Update: update } = drawAction(tape, TableName, drawKey(tape), crosswise);
      if (put !== undefined) return new PutItemCommand(put);
      if (update !== undefined) return new UpdateItemCommand(update);
    }
    if (kind < 7) return new TransactWriteItemsCommand(transaction());
    if (kind < 10) return new QueryCommand(drawQuery(tape, TableName));
    if (kind < 11)
      return new GetItemCommand({ TableName, Key: drawKey(tape).key, ConsistentRead: tape.draw(2) === 0 });
    return drawMistake(tape, TableName);
  };
  while (calls.length < length)
    calls.push({ afterMs: tape.pick([0, 0, 400, 1_000, 60_000, 500_000] as const), command: command() });
  return [...calls, ...everything(TableName)];
}

/** Reads all that a drawn history can have written. */
function everything(TableName: string): Call[] {
  const all = (name: string, partition: string, IndexName?: string) => ({
    afterMs: 0,
    command: new QueryCommand({
      TableName,
      ...(IndexName === undefined ? { ConsistentRead: true } : { IndexName }),
      KeyConditionExpression: `${name} = :all`,
      ExpressionAttributeValues: { ':all': { S: partition } },
    }),
  });
  return [
    ...partitions.map((partition) => all('pk', partition)),
    all('duePk', 'DUE#0', 'due'),
    all('duePk', 'DUE#1', 'due'),
    all('listPk', 'site#production', 'list'),
  ];
}
