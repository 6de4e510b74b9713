import type { Mistake } from './mistake.ts';

const promotions = 'src/store/promotions.ts';
const items = 'src/store/items.ts';
const save = 'src/flows/engine/save.ts';
const change = 'src/flows/promotion/change.ts';

/** Mistakes in what is written, and under which condition. */
export const storing: readonly Mistake[] = [
  {
    name: 'no-revision-condition',
    means: 'A save does not ask whether somebody else saved since it was loaded.',
    edits: [
      {
        file: promotions,
        find: "  text: 'revision = :expected',\n  values: { ':expected': number(revision - 1) },",
        replace:
          "  text: 'revision = :expected OR revision <> :expected',\n  values: { ':expected': number(revision - 1) },",
      },
    ],
    expected: { by: 'simulation', invariants: ['I11 revision'], quick: true },
  },
  {
    name: 'audit-outside-transaction',
    means: 'The audit entry is written after the decision, in a write of its own.',
    edits: [
      {
        file: promotions,
        find: '      ...recordWrites(change, tx),\n      wakeSurface(promotion),\n      ...handedOverWrites(change, tx, format),\n      ...receiptWrites(receipt),\n    ];\n    const outcome = await commit(change, tx, writes);',
        replace:
          '      ...recordWrites({ ...change, audit: [] }, tx),\n      wakeSurface(promotion),\n      ...handedOverWrites(change, tx, format),\n      ...receiptWrites(receipt),\n    ];\n    const outcome = await commit(change, tx, writes);\n    for (const entry of recordWrites({ ...change, announcements: [], live: null }, tx)) await transport.write(entry as never);',
      },
    ],
    expected: { by: 'simulation', invariants: ['I12 audit'], quick: true },
  },
  {
    name: 'due-omitted',
    means:
      'A promotion that is being watched is saved without the time at which it wants to be looked at again.',
    edits: [
      {
        file: change,
        find: 'dueAtMs: hasEnded(next) ? null :',
        replace: "dueAtMs: hasEnded(next) || next.phase === 'monitoring' ? null :",
      },
    ],
    expected: { by: 'simulation', invariants: ['I14 due'], quick: true },
  },
  {
    name: 'save-repeated-blindly',
    means: 'A save whose answer got lost is made once more on whatever is stored by then.',
    edits: [
      {
        file: save,
        find: '  const saved = await closing(close?.(change.promotion), { promotionId, revision }, (receipt) =>\n    world.store.save(change, receipt),\n  );\n',
        replace: `  const saved = await world.store.save(change).catch(async (error: unknown) => {
    const newest = await world.store.load(promotion.id);
    if (newest === undefined) throw error;
    return world.store.save(toChange(newest.promotion, decision, event, nowMs, world.hash));
  });
`,
      },
      // The store itself finds out what became of an unanswered save; that is left out as well.
      {
        file: promotions,
        find: '      if (!(error instanceof RetryableError)) throw error;\n      const { item, nowMs } = await transport.get(keys.promotion(change.promotion.id));',
        replace:
          '      if (error instanceof RetryableError) throw error;\n      const { item, nowMs } = await transport.get(keys.promotion(change.promotion.id));',
      },
      // Without the token that makes a repeat harmless.
      {
        file: 'src/store/dynamo-transport.ts',
        find: '          const answer = await send(() => calls.transactWriteItems(input), true);',
        replace: '          const answer = await send(() => calls.transactWriteItems(input), false);',
      },
    ],
    expected: {
      by: 'simulation',
      invariants: ['I12 fold', 'I5 ended', 'I4 dirty', 'I9 one claim'],
      quick: true,
    },
  },
  {
    name: 'lost-answer-is-a-no',
    means: 'A save whose answer got lost is taken for a lost race, without looking whether it was applied.',
    edits: [
      {
        file: promotions,
        find: '      if (!(error instanceof RetryableError)) throw error;\n      const { item, nowMs } = await transport.get(keys.promotion(change.promotion.id));',
        replace:
          "      if (error instanceof RetryableError) return { outcome: 'refused' as const, met: [] };\n      const { item, nowMs } = await transport.get(keys.promotion(change.promotion.id));",
      },
      // Without the token that makes a repeat harmless.
      {
        file: 'src/store/dynamo-transport.ts',
        find: '          const answer = await send(() => calls.transactWriteItems(input), true);',
        replace: '          const answer = await send(() => calls.transactWriteItems(input), false);',
      },
    ],
    expected: {
      by: 'equivalent',
      because:
        'Who loses a race stops, and the next tick works out from the saved state what is left to do: an act that was claimed and not made is made under the same claim once its window is over. Only a person may be told "you asked for this already" of their own first click.',
    },
  },
  {
    name: 'local-clock',
    means: "Time is the process's own clock instead of the store's.",
    edits: [
      {
        file: 'src/store/dynamo-transport.ts',
        find: '    if (storeNowMs !== undefined) return storeNowMs;',
        replace: '    if (storeNowMs !== undefined) return Date.now();',
      },
    ],
    expected: { by: 'simulation', invariants: ['clock'], quick: true },
  },
  {
    name: 'newer-schema-written-over',
    means: 'A promotion that a newer version stored is read without what is not known, and saved like that.',
    edits: [
      {
        file: items,
        find: "  if (schema !== undefined && schema > format.newest) {\n    throw new UnreadableError(newerSchema, 'This promotion",
        replace:
          "  if (schema !== undefined && schema < 0) {\n    throw new UnreadableError(newerSchema, 'This promotion",
      },
      {
        file: items,
        find: "  if (body.schema > format.newest)\n    throw unreadable(item, what, new Error('its schema is not the one it names'));\n  const read = Promotion.safeParse(format.read(body.schema, body));",
        replace:
          '  const { since: _since, ...known } = body;\n  const read = Promotion.safeParse(body.schema > format.newest ? { ...known, schema: format.newest } : format.read(body.schema, body));',
      },
    ],
    expected: { by: 'simulation', invariants: ['I20 newer'], quick: true },
  },
];
