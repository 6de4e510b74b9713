import { ProvisionedThroughputExceededException } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from '../../src/store/dynamo-client.ts';
import { createWorkspaceClock } from '../../workspace/clock.ts';
import { createTableModel } from '../simulation/table-model.ts';
import type { StoreEngine } from './dynamodb.ts';

const operationOf = (command: object) => command.constructor.name.replace(/Command$/, '');

/** The table in memory under the same faults as the real engines; every table name brings an empty table. */
export function startModelDynamo({ startMs }: { readonly startMs: number }): StoreEngine {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const fresh = () => createTableModel({ nowMs: clock.nowMs, pageSize: 20 });
  let model = fresh();
  let tables = 0;
  let downUntilMs = 0;
  let throttled = 0;
  const lost = new Map<string, number>();

  const client: DynamoClient = {
    async send(command) {
      if (clock.nowMs() < downUntilMs) throw new Error('read ECONNRESET');
      if (throttled > 0) {
        throttled -= 1;
        throw new ProvisionedThroughputExceededException({ $metadata: {}, message: 'exceeded' });
      }
      const answer = model.execute(command);
      const losses = lost.get(operationOf(command)) ?? 0;
      if (losses === 0) return answer;
      lost.set(operationOf(command), losses - 1);
      throw new Error('read ECONNRESET');
    },
    destroy() {},
  };

  return {
    clock,
    client: () => client,
    signedCall: null,
    tableName() {
      tables += 1;
      model = fresh();
      return `table-${tables}`;
    },
    control: {
      down: (forSeconds) => {
        downUntilMs = clock.nowMs() + forSeconds * 1000;
      },
      throttle: (count) => {
        throttled = count;
      },
      loseAnswer: ({ operation, count }) => void lost.set(operation, count),
      clearFaults: () => {
        downUntilMs = 0;
        throttled = 0;
        lost.clear();
      },
    },
    close: async () => {},
  };
}
