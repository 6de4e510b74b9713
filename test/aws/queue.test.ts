import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createQueue, type Queue } from '../../src/aws/queue.ts';
import { signedCallTo } from '../support/dynamodb.ts';
import { type ScriptedServer, scriptedServer } from './scripted-server.ts';

const url = 'https://sqs.eu-west-1.amazonaws.com/111122223333/countersign';
type Answer = (response: ServerResponse) => void;
const json =
  (body: object, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(body));

async function over(
  answers: readonly Answer[],
  act: (queue: Queue, server: ScriptedServer) => Promise<void>,
) {
  await using server = await scriptedServer((response, { count }) =>
    (answers[count - 1] ?? answers.at(-1))?.(response),
  );
  await act(createQueue({ call: signedCallTo(server.url), url, timeoutMs: 100 }), server);
}

const sent = (server: ScriptedServer) => server.requests.map(({ body }) => JSON.parse(body));
const declined = (...ids: string[]) =>
  json({ Successful: [], Failed: ids.map((Id) => ({ Id, SenderFault: false, Code: 'InternalError' })) });

describe('the queue', () => {
  it('takes messages with their delays in one call', () =>
    over([json({ Successful: [{ Id: '0' }, { Id: '1' }] })], async (queue, server) => {
      await queue.send([{ body: 'a' }, { body: 'b', delaySeconds: 1 }]);

      expect(server.requests[0]?.headers['x-amz-target']).toBe('AmazonSQS.SendMessageBatch');
      expect(sent(server)).toEqual([
        {
          QueueUrl: url,
          Entries: [
            { Id: '0', MessageBody: 'a' },
            { Id: '1', MessageBody: 'b', DelaySeconds: 1 },
          ],
        },
      ]);
    }));

  it('takes ten a call, and nothing for nothing', () =>
    over([json({})], async (queue, server) => {
      await queue.send([]);
      await queue.send(Array.from({ length: 23 }, (_, number) => ({ body: String(number) })));

      expect(sent(server).map(({ Entries }) => Entries.length)).toEqual([10, 10, 3]);
    }));

  it('is sent once more what it declined, and only that', () =>
    over([declined('1'), json({ Successful: [{ Id: '1' }] })], async (queue, server) => {
      await queue.send([{ body: 'a' }, { body: 'b' }]);

      expect(sent(server)[1].Entries).toEqual([{ Id: '1', MessageBody: 'b' }]);
    }));

  it.each([
    ['cuts the connection once', (response: ServerResponse) => response.destroy()],
    ['fails once', json({ __type: 'InternalError' }, 500)],
  ] as const)('that %s is asked again', (_, hiccup) =>
    over([hiccup, json({ Successful: [{ Id: '0' }] })], async (queue, server) => {
      await queue.send([{ body: 'a' }]);

      expect(sent(server).map(({ Entries }) => Entries[0].MessageBody)).toEqual(['a', 'a']);
    }),
  );

  it.each([
    ['declines a message twice', declined('0'), 'RetryableError', 'queue.declined', 2],
    ['does not answer', () => {}, 'RetryableError', 'queue.unreachable', 1],
    [
      'answers nonsense',
      (response: ServerResponse) => response.end('<html>'),
      'RetryableError',
      'queue.unreadable',
      1,
    ],
    [
      'is throttling',
      json({ __type: 'com.amazonaws.sqs#RequestThrottled' }, 400),
      'RetryableError',
      'queue.unavailable',
      2,
    ],
    [
      'is not there',
      json({ __type: 'com.amazonaws.sqs#QueueDoesNotExist' }, 400),
      'MisconfiguredError',
      'queue.refused',
      1,
    ],
    [
      'may not be used',
      json({ __type: 'AccessDeniedException' }, 400),
      'MisconfiguredError',
      'queue.refused',
      1,
    ],
  ] as const)('that %s is not taken for one that took it', (_, answer, name, code, requests) =>
    over([answer], async (queue, server) => {
      await expect(queue.send([{ body: 'a' }])).rejects.toMatchObject({ name, code });
      expect(server.requests).toHaveLength(requests);
    }),
  );
});
