import type { Mistake } from './mistake.ts';

const promotions = 'src/store/promotions.ts';
const preempt = 'src/flows/engine/preempt.ts';
const deploying = 'src/flows/promotion/phases/deploying.ts';
const save = 'src/flows/engine/save.ts';

/** Mistakes in who has an environment, and in how it changes hands. */
export const locking: readonly Mistake[] = [
  {
    name: 'lock-taken-without-condition',
    means: 'A lock is taken whether or not somebody else has it.',
    edits: [
      {
        file: promotions,
        find: '              from?.keys.includes(key) === true\n                ? theirsOrFree(from.holder, promotion.nowMs)\n                : freeOrOurs(promotion.nowMs),',
        replace: "              { text: 'attribute_not_exists(holder) OR attribute_exists(holder)' },",
      },
    ],
    expected: { by: 'simulation', invariants: ['I8 lock'], quick: true },
  },
  {
    name: 'fled-comes-back',
    means:
      'A rollback that was asked for with another one brings back what that one takes out of production.',
    edits: [
      {
        file: preempt,
        find: 'if (fled !== null && goesTo(rollback) === fled.artifact) {',
        replace: 'if (fled !== null && goesTo(rollback) === fled.version) {',
      },
    ],
    expected: { by: 'simulation', invariants: ['I6 back'] },
  },
  {
    name: 'locks-released-early',
    means: 'The locks are freed when the last step is done, before anybody knows whether production holds.',
    edits: [
      {
        file: deploying,
        find: "{ topic: 'step-done', title: step.title, text: event.text }]);",
        replace:
          "{ topic: 'step-done', title: step.title, text: event.text }],\n      { locks: currentStep(done.plan.analysis.steps, done.steps) === undefined ? 'release' : null });",
      },
    ],
    expected: { by: 'simulation', invariants: ['I8 lock'], quick: true },
  },
  {
    name: 'lock-check-dropped',
    means: 'A claim does not ask whether the promotion still has its locks.',
    edits: [
      {
        file: promotions,
        find: "        return locks.keys.map((key) => ({ does: 'check', key: keys.lock(key), condition: ours }));",
        replace:
          "        return locks.keys.slice(locks.keys.length).map((key) => ({ does: 'check', key: keys.lock(key), condition: ours }));",
      },
    ],
    expected: { by: 'simulation', invariants: ['I8 lock'], quick: true },
  },
  {
    name: 'return-without-holding',
    means: 'A promotion that ends frees its locks whoever has them by then.',
    edits: [
      {
        file: promotions,
        find: "        return locks.keys.map((key) => ({\n          does: 'update',\n          key: keys.lock(key),\n          update: freeLock,\n          condition: ours,\n        }));",
        replace:
          "        return locks.keys.map((key) => ({\n          does: 'update',\n          key: keys.lock(key),\n          update: freeLock,\n          condition: { text: 'attribute_exists(epoch)' },\n        }));",
      },
    ],
    expected: { by: 'simulation', invariants: ['I8 lock'] },
  },
  {
    name: 'lost-lock-ignored',
    means: 'A promotion whose lock two people freed is not told, and tries for ever.',
    edits: [
      {
        file: save,
        find: "  if (applied.outcome === 'locked')\n    await apply(world, promotion, { type: 'lock.lost', holder: applied.holder }, nowMs);\n",
        replace: '',
      },
    ],
    expected: { by: 'simulation', invariants: ['I15 ends'] },
  },
  {
    name: 'handover-without-condition',
    means: 'A rollback takes over without asking whether the holder was saved since it was loaded.',
    edits: [
      {
        file: promotions,
        find: "    { does: 'put', item: promotionItem(promotion, tx, format), condition: expected(promotion) },\n    ...recordWrites({ ...handedOver, live: null }, tx),",
        replace:
          "    { does: 'put', item: promotionItem(promotion, tx, format) },\n    ...recordWrites({ ...handedOver, live: null }, tx),",
      },
    ],
    expected: {
      by: 'model',
      model: 'handover',
      mistake: 'M_HANDOVER_NO_VERSION',
      because:
        'A save that decides anything writes an audit entry, and the take-over writes one under the same number, which must not be there yet: that refuses it as well. Only a look that moves a progress line is saved without one. The model has no audit.',
    },
  },
  {
    name: 'handover-forgets-dirty',
    means: 'A rollback takes over without the obligation to take back what the holder changed.',
    edits: [{ file: preempt, find: '    dirty: isDirty(holder),', replace: '    dirty: false,' }],
    expected: { by: 'simulation', invariants: ['I4 dirty'] },
  },
];
