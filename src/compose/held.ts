import { createHeldKeeper, type HeldKeeper } from '../bot/held.ts';
import { createPacing } from '../bot/pacing.ts';
import type { Budget } from '../bot/ports.ts';
import type { SlackClient } from '../bot/slack-client.ts';
import type { Catalog } from '../flows/desk.ts';
import { UnreadableError } from '../flows/errors.ts';
import { bareRow, type HeldRows, rowMissing } from '../flows/held.ts';
import type { Log, Outbox, PromotionStore } from '../flows/ports.ts';
import { promotionFormat } from '../store/format.ts';

/** For work that something due led to: a promotion that is not there is held like one that cannot be read. */
export function mustBeThere<Store extends Pick<PromotionStore, 'load'>>(store: Store): Store {
  return {
    ...store,
    async load(id: string) {
      const loaded = await store.load(id);
      if (loaded !== undefined) return loaded;
      const row = { ...bareRow, kind: 'promotion' as const, id, code: rowMissing };
      throw new UnreadableError(rowMissing, 'This promotion is not there.', { data: { row } });
    },
  };
}

/** What sees to rows that cannot be read. */
export function buildHeldKeeper(deps: {
  readonly rows: HeldRows;
  readonly outbox: Outbox;
  readonly budget: Budget;
  readonly slack: Pick<SlackClient, 'post' | 'update'>;
  readonly catalog: Catalog;
  readonly tableName: string;
  readonly log: Log;
}): HeldKeeper {
  const { budget, tableName, ...parts } = deps;
  return createHeldKeeper({
    ...parts,
    pacing: createPacing(budget),
    words: {
      newestSchema: promotionFormat.newest,
      lookWith: (key) => `aws dynamodb get-item --table-name ${tableName} --key '${key}'`,
    },
  });
}
