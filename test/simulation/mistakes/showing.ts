import type { Mistake } from './mistake.ts';

const announcer = 'src/bot/announcer.ts';

/** Mistakes in what people are shown and told. */
export const showing: readonly Mistake[] = [
  {
    name: 'card-of-a-cached-state',
    means: 'The card is drawn from a promotion that was remembered for half a minute.',
    edits: [
      {
        file: announcer,
        find: '  const draw = async (promotion: Promotion, nowMs: number) =>\n    card(promotion, {',
        replace: `  const remembered = new Map<string, { promotion: Promotion; atMs: number }>();
  const cached = (promotion: Promotion, nowMs: number): Promotion => {
    const known = remembered.get(promotion.id);
    if (known !== undefined && nowMs - known.atMs < 30_000) return known.promotion;
    remembered.set(promotion.id, { promotion, atMs: nowMs });
    return promotion;
  };
  const draw = async (promotion: Promotion, nowMs: number) =>
    card(cached(promotion, nowMs), {`,
      },
    ],
    expected: { by: 'simulation', invariants: ['I17 card'], quick: true },
  },
  {
    name: 'posted-without-a-claim',
    means: 'The card is posted without claiming it first, so that two workers post it at once.',
    edits: [
      {
        file: announcer,
        find: `    const claimed = await claim(surface, {
      postingUntilMs: nowMs + repeatInMs(unconfirmedMs, nowMs - firstMs),
      dueAtMs: nowMs + lookAgainMs,
      drawnAtMs: firstMs,
      postAt: null,
    });
    if (claimed === undefined) return 'stop';`,
        replace: '    const claimed = { ...surface, drawnAtMs: firstMs };',
      },
    ],
    expected: { by: 'simulation', invariants: ['I17 card'] },
  },
  {
    name: 'told-out-of-order',
    means: 'What is to be told is told newest first.',
    edits: [
      {
        file: announcer,
        find: '          ? await outbox.announcements(promotionId, surface.toldSequence, pendingAtOnce)\n',
        replace:
          '          ? [...(await outbox.announcements(promotionId, surface.toldSequence, pendingAtOnce))].reverse()\n',
      },
    ],
    expected: { by: 'simulation', invariants: ['I17 told'], quick: true },
  },
  {
    name: 'told-before-sent',
    means: 'What is to be told is noted as told before it is sent.',
    edits: [
      {
        file: announcer,
        find: '      tellingUntilMs: nowMs + unconfirmedMs,\n      dueAtMs: nowMs + lookAgainMs,\n      postAt: null,',
        replace:
          '      tellingUntilMs: nowMs + unconfirmedMs,\n      dueAtMs: nowMs + lookAgainMs,\n      toldSequence: plain.last,\n      postAt: null,',
      },
    ],
    expected: { by: 'simulation', invariants: ['I17 told'], quick: true },
  },
];
