import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createSignedTransport } from '../../src/store/signed-transport.ts';
import { conditions, keys } from '../../src/store/table.ts';
import type { Transport } from '../../src/store/transport.ts';
import { type ScriptedServer, scriptedServer } from '../aws/scripted-server.ts';
import { signedCallTo } from '../support/dynamodb.ts';

const key = keys.promotion('p1');
const item = { ...key, revision: { N: '1' } };
const date = 'Sat, 21 Nov 2026 14:00:00 GMT';

type Answer = (response: ServerResponse) => void;
const ok =
  (body: object = {}): Answer =>
  (response) =>
    response.writeHead(200, { date }).end(JSON.stringify(body));
const fault =
  (name: string, more: object = {}, status = 400): Answer =>
  (response) =>
    response
      .writeHead(status, { date })
      .end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, ...more }));
const lost: Answer = (response) => response.destroy();
const proxy: Answer = (response) => response.writeHead(503).end('<html>try again</html>');

/** The answers in their order, the last of them from then on. */
async function over(
  answers: readonly Answer[],
  act: (transport: Transport, server: ScriptedServer) => Promise<void>,
): Promise<void> {
  await using server = await scriptedServer((response, { count }) =>
    (answers[count - 1] ?? answers.at(-1))?.(response),
  );
  await act(
    createSignedTransport({
      call: signedCallTo(server.url),
      tableName: 'countersign',
      pause: async () => {},
    }),
    server,
  );
}

const reading = (transport: Transport): Promise<unknown> => transport.get(key);
const writing = (transport: Transport): Promise<unknown> =>
  transport.write({ does: 'put', item, condition: conditions.absent() });
const transacting = (transport: Transport): Promise<unknown> =>
  transport.transact([{ does: 'put', item, condition: conditions.absent() }], 'token-1');

describe('the store without the SDK', () => {
  it.each([
    ['cut off', lost],
    ['an answer of something in between', proxy],
    ['an internal error', fault('InternalServerError', {}, 500)],
  ])('takes a write that met %s for one that may have been applied, and sends it once', (_, met) =>
    over([met], async (transport, server) => {
      await expect(writing(transport)).rejects.toMatchObject({
        name: 'RetryableError',
        code: 'store.ambiguous',
      });
      expect(server.requests).toHaveLength(1);
    }),
  );

  it('repeats a read and a transaction whose answer was lost, the transaction under the same token', async () => {
    await over([lost, ok({ Item: item })], async (transport, server) => {
      expect(await reading(transport)).toEqual({ item, nowMs: Date.parse(date) });
      expect(server.requests).toHaveLength(2);
    });
    await over([lost, lost, ok()], async (transport, server) => {
      expect(await transacting(transport)).toEqual({ outcome: 'written', nowMs: Date.parse(date) });
      expect(server.requests.map(({ body }) => JSON.parse(body).ClientRequestToken)).toEqual([
        'token-1',
        'token-1',
        'token-1',
      ]);
    });
  });

  it('gives up on a store that never answers', () =>
    over([lost], async (transport, server) => {
      await expect(reading(transport)).rejects.toMatchObject({ code: 'store.unreachable' });
      expect(server.requests).toHaveLength(3);
    }));

  it.each([
    ['reading', reading],
    ['writing', writing],
    ['transacting', transacting],
  ] as const)('waits out throttling when %s', (_, act) =>
    over(
      [fault('ThrottlingException'), fault('ProvisionedThroughputExceededException'), ok()],
      async (transport, server) => {
        await act(transport);
        expect(server.requests).toHaveLength(3);
      },
    ),
  );

  it.each([
    'UnrecognizedClientException',
    'InvalidSignatureException',
    'ExpiredTokenException',
    'AccessDeniedException',
  ])('calls %s a wrong set-up and does not try again', (name) =>
    over([fault(name)], async (transport, server) => {
      await expect(writing(transport)).rejects.toMatchObject({
        name: 'MisconfiguredError',
        code: 'store.refused',
      });
      expect(server.requests).toHaveLength(1);
    }),
  );

  it('does not trust an answer without the store’s time', () =>
    over(
      [
        (response) => {
          response.sendDate = false;
          response.writeHead(200).end('{}');
        },
      ],
      async (transport) => {
        await expect(reading(transport)).rejects.toMatchObject({ code: 'store.no-clock' });
      },
    ));

  it('takes a condition that does not hold for an answer, with the row that was there', async () => {
    await over([fault('ConditionalCheckFailedException', { Item: item })], async (transport) => {
      expect(await writing(transport)).toEqual({ outcome: 'refused', found: item });
    });
    const reasons = [{ Code: 'None' }, { Code: 'ConditionalCheckFailed', Item: item }];
    await over(
      [fault('TransactionCanceledException', { CancellationReasons: reasons })],
      async (transport) => {
        expect(await transacting(transport)).toEqual({
          outcome: 'refused',
          met: [
            { refused: false, found: undefined },
            { refused: true, found: item },
          ],
        });
      },
    );
  });

  it('tries a transaction that met another one again, and then calls the store busy', () =>
    over(
      [fault('TransactionCanceledException', { CancellationReasons: [{ Code: 'TransactionConflict' }] })],
      async (transport, server) => {
        await expect(transacting(transport)).rejects.toMatchObject({ code: 'store.contended' });
        expect(server.requests).toHaveLength(3);
      },
    ));
});
