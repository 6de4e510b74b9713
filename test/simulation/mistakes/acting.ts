import type { Mistake } from './mistake.ts';

const step = 'src/flows/engine/step.ts';
const tick = 'src/flows/engine/tick.ts';
const turn = 'src/flows/engine/turn.ts';
const hold = 'src/flows/promotion/hold.ts';
const deploying = 'src/flows/promotion/phases/deploying.ts';
const rollingBack = 'src/flows/promotion/phases/rolling-back.ts';
const stepping = 'src/flows/promotion/phases/stepping.ts';
const change = 'src/aws/targets/cloudfront/switch.ts';
const configuration = 'src/aws/targets/cloudfront/configuration.ts';

/** Mistakes in what is done to production: observe, gate, claim, act, record. */
export const acting: readonly Mistake[] = [
  {
    name: 'claim-after-act',
    means: 'The act is carried out first, and its claim saved afterwards.',
    edits: [
      {
        file: step,
        find: "    const saved = await put(world, promotion, event, nowMs);\n    if (saved.outcome !== 'saved') return false;\n    claimed = saved.promotion;\n  }\n",
        replace: `    const claim = { key: event.key, attempt: 1, precondition: event.precondition, reference: null, claimedAtMs: nowMs, retryAtMs: nowMs };
    await target.act(promotion.definition, { ...contextOf(promotion, step, state, direction, nowMs), claim }).catch(() => {});
    return (await put(world, promotion, event, nowMs)).outcome === 'saved';
  }
`,
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 approved'], quick: true },
  },
  {
    name: 'fresh-etag-at-the-call',
    means:
      'The act is sent under the ETag that is read at the moment of the call, not under the claimed one.',
    edits: [
      {
        file: change,
        find: '    readUnder(clients, settings.distributionId, claimed.etag) ??\n',
        replace: '',
      },
      {
        file: change,
        find: '  if (seen.etag !== claimed.etag) {',
        replace: "  if (seen.etag === '') {",
      },
      {
        file: change,
        find: '        IfMatch: claimed.etag,',
        replace: '        IfMatch: seen.etag,',
      },
    ],
    expected: {
      by: 'model',
      model: 'promotion',
      mistake: 'M_REFRESH_ETAG',
      because:
        'It shows only where a worker sleeps between its claim and its call, for less than the 30 s after which it calls nothing, while another one carries out a rollback. No random history had that; the model finds it after 30,000 states.',
    },
  },
  {
    name: 'rollback-by-looks',
    means: 'A rollback that finds the old path in production is done without writing anything.',
    edits: [
      {
        file: change,
        find: '  if (!arrived || claim === null) return before;',
        replace:
          '  if (arrived) return done(settings, seen);\n  if (!arrived || claim === null) return before;',
      },
      {
        file: step,
        find: "      if (claim === null && step.does !== 'settle') return { does: 'claim', precondition: null };\n",
        replace: '',
      },
      {
        file: rollingBack,
        find: "    if (step.does !== 'settle' && (promotion.rollback.steps[step.id]?.claim ?? null) === null)\n      return notCurrent();\n",
        replace: '',
      },
    ],
    expected: { by: 'simulation', invariants: ['I6 back'], quick: true },
  },
  {
    name: 'done-by-looks',
    means: 'A switch counts as done when production shows the new path, whoever wrote it.',
    edits: [
      {
        file: change,
        find: '    if (marked || (claim !== null && !settings.marker && believable)) return done(settings, seen);',
        replace: '    if (arrived) return done(settings, seen);',
      },
      {
        file: step,
        find: "      if (claim === null && step.does !== 'settle' && direction === 'forward') {",
        replace: '      if (claim === null && nowMs < 0) {',
      },
      {
        file: step,
        find: "      if (claim === null && step.does !== 'settle') return { does: 'claim', precondition: null };",
        replace:
          "      if (claim === null && step.does !== 'settle' && direction === 'back') return { does: 'claim', precondition: null };",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'] },
  },
  {
    name: 'neighbour-taken-for-somebody',
    means: 'What another app of the same distribution switches counts as somebody else having changed it.',
    edits: [
      {
        file: configuration,
        find: '[...originIds, ...neighbours]',
        replace: '[...originIds, ...neighbours.slice(neighbours.length)]',
      },
    ],
    expected: { by: 'simulation', invariants: ['I10 foreign'], quick: true },
  },
  {
    name: 'drift-overwritten',
    means: 'What somebody else changed is not looked for, and written over.',
    edits: [
      {
        file: change,
        find: '  const { originIds, from, to, fingerprint, sketch } = settings;\n',
        replace:
          "  const { originIds, from, to, fingerprint, sketch } = settings;\n  if (fingerprint !== '') return null;\n",
      },
      {
        file: change,
        find: "(direction === 'forward' && path !== settings.from)",
        replace: "(direction === 'forward' && path === settings.to)",
      },
    ],
    expected: { by: 'simulation', invariants: ['I10 foreign'] },
  },
  {
    name: 'no-hold',
    means:
      'On a target that takes requests unconditionally nothing is waited for once a rollback looks good.',
    edits: [
      {
        file: hold,
        find: "  return step?.fence === 'hold' ? nowMs : before;",
        replace: "  return step?.fence === 'hold' ? before : before;",
      },
    ],
    expected: { by: 'simulation', invariants: ['I2 quiescent', 'I6 back'] },
  },
  {
    name: 'hold-from-the-act',
    means:
      'The hold counts from when the act was seen to be done, so that one that was only claimed is not waited for.',
    edits: [
      {
        file: hold,
        find: "  return step?.fence === 'hold' ? nowMs : before;",
        replace: "  return step?.fence === 'hold' ? before : before;",
      },
      {
        file: deploying,
        find: '      openClaimAtMs: openClaimDone(promotion.openClaimAtMs, step),\n    };\n    return accept(afterStep(done, nowMs)',
        replace:
          "      openClaimAtMs: openClaimDone(promotion.openClaimAtMs, step),\n      unfencedAtMs: step.fence === 'hold' ? nowMs : promotion.unfencedAtMs,\n    };\n    return accept(afterStep(done, nowMs)",
      },
    ],
    expected: { by: 'simulation', invariants: ['I2 quiescent', 'I6 back'] },
  },
  {
    name: 'key-per-revision',
    means: 'Every attempt has a key of its own, so that the mark of an earlier one is not recognised.',
    edits: [
      {
        file: step,
        find: "  const attempt = promotion.phase === 'rolling-back' ? promotion.rollback.attempt : 1;",
        replace: '  const attempt = promotion.revision;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I10 foreign'] },
  },
  {
    name: 'retry-before-the-window',
    means:
      'An act that was not seen to take effect is sent again at the next look, while it may still be on its way.',
    edits: [
      {
        file: stepping,
        find: 'const actWindowMs = 30_000;',
        replace: 'const actWindowMs = 0;',
      },
    ],
    expected: {
      by: 'equivalent',
      because:
        'A repeat carries the claimed ETag, so only one of them can be applied; without compare-and-set the same content is written twice and the hold counts from the last claim. The window only spares calls and attempts.',
    },
  },
  {
    name: 'sleeper-acts-late',
    means: 'A worker that slept since it loaded the promotion claims and acts all the same.',
    edits: [
      {
        file: tick,
        find: 'const isFresh = () => world.elapsedMs() - sinceMs <= actWithinMs && leftMs() > actsWithMs;',
        replace: 'const isFresh = () => world.elapsedMs() >= sinceMs;',
      },
    ],
    expected: {
      by: 'model',
      model: 'hold',
      mistake: 'M_SLEEPER_ACTS',
      because:
        'In the simulator a worker is killed after 30 s, as a Lambda is, and the hold is long enough for those; the model has workers that sleep for as long as they like.',
    },
  },
  {
    name: 'turn-acts-unsaved',
    means: 'What turns a promotion around is carried out although its claim lost the race to be saved.',
    edits: [
      {
        file: turn,
        find: "  if (saved.outcome !== 'saved' || !isFresh()) return false;",
        replace: '  if (!isFresh()) return false;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 approved'] },
  },
  {
    name: 'turn-audits-the-claim-alone',
    means:
      'The decision that turns a promotion around is saved without its audit entry, the claim beside it with one.',
    edits: [
      {
        file: turn,
        find: '    audit: [...first.audit, ...second.audit],',
        replace: '    audit: second.audit,',
      },
    ],
    expected: { by: 'simulation', invariants: ['I12 audit'], quick: true },
  },
  {
    name: 'turn-without-locks',
    means:
      'The claim beside the decision that turns a promotion around does not ask whether it has its locks.',
    edits: [{ file: turn, find: '    locks: second.locks,', replace: '    locks: null,' }],
    expected: { by: 'simulation', invariants: ['I8 lock'] },
  },
];
