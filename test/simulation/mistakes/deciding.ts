import type { Mistake } from './mistake.ts';

const approving = 'src/flows/promotion/phases/approving.ts';
const claims = 'src/flows/promotion/phases/claims.ts';
const deploying = 'src/flows/promotion/phases/deploying.ts';
const monitoring = 'src/flows/promotion/phases/monitoring.ts';
const nextAction = 'src/flows/promotion/next-action.ts';
const promotion = 'src/flows/promotion/promotion.ts';
const rights = 'src/flows/promotion/rights.ts';
const tick = 'src/flows/engine/tick.ts';
const save = 'src/flows/engine/save.ts';

/** Mistakes in who may, until when, and what cannot be taken back. */
export const deciding: readonly Mistake[] = [
  {
    name: 'clicks-counted',
    means: 'Approvals are counted, not the people who gave them.',
    edits: [
      {
        file: approving,
        find: '  if (promotion.approvals.some((approval) => samePerson(approval.person, claim.person)))\n    return accept(settled);\n',
        replace: '',
      },
      {
        file: approving,
        find: '    if (promotion.approvals.some((approval) => samePerson(approval.person, person))) {',
        replace: '    if (promotion.approvals.length < 0) {',
      },
      {
        file: claims,
        find: '(other) => other.does === claim.does && samePerson(other.person, claim.person),',
        replace: '(other) => other.id === claim.id,',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 approved'], quick: true },
  },
  {
    name: 'own-request-approvable',
    means: 'Whoever asked for a promotion may approve it.',
    edits: [
      {
        file: approving,
        find: '    if (samePerson(person, promotion.requester)) {',
        replace: "    if (person.userId === '') {",
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 approved'], quick: true },
  },
  {
    name: 'shown-plan-ignored',
    means: 'A click counts whichever plan the screen of its person showed.',
    edits: [
      {
        file: approving,
        find: "  return event.round !== promotion.round || event.digest === '' || !promotion.digest.startsWith(event.digest);",
        replace: '  return event.round < 0 && promotion.round < 0;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 approved'], quick: true },
  },
  {
    name: 'rights-not-read-again',
    means: 'Before the first change nobody looks whether the approvers still have the right to.',
    edits: [
      {
        file: tick,
        find: '  for (const { person } of promotion.approvals) {',
        replace: '  for (const { person } of promotion.approvals.slice(promotion.approvals.length)) {',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 rights'], quick: true },
  },
  {
    name: 'gate-never-stale',
    means: 'What was looked at before the first change may be of any age when it is claimed.',
    edits: [
      {
        file: deploying,
        find: 'export const gateFreshMs = 60_000;',
        replace: 'export const gateFreshMs = Number.MAX_SAFE_INTEGER;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 rights'] },
  },
  {
    name: 'gate-skipped',
    means: 'The first change is claimed without looking at rights and plan once more.',
    edits: [
      {
        file: nextAction,
        find: '    const fresh = promotion.gate !== null && nowMs - promotion.gate.atMs <= gateFreshMs;',
        replace: '    const fresh = gateFreshMs > 0;',
      },
      {
        file: deploying,
        find: '      if (promotion.gate === null || nowMs - promotion.gate.atMs > gateFreshMs) {',
        replace: '      if (gateFreshMs === 0) {',
      },
    ],
    expected: { by: 'simulation', invariants: ['I1 rights'], quick: true },
  },
  {
    name: 'blind-cancel',
    means: 'A cancellation that lost a race is saved on whatever is stored by then, without deciding anew.',
    edits: [
      {
        file: save,
        find: '  const saved = await closing(close?.(change.promotion), { promotionId, revision }, (receipt) =>\n    world.store.save(change, receipt),\n  );\n',
        replace: `  let saved = await world.store.save(change);
  if (saved.outcome === 'conflict' && decision.promotion.phase === 'cancelled') {
    const newest = await world.store.load(promotion.id);
    if (newest !== undefined)
      saved = await world.store.save(toChange(newest.promotion, decision, event, nowMs, world.hash));
  }
`,
      },
    ],
    expected: { by: 'simulation', invariants: ['I3 untouched', 'I4 dirty', 'I5 ended'] },
  },
  {
    name: 'cancel-after-the-claim',
    means: 'Cancel ends a promotion whose first change was claimed already.',
    edits: [
      {
        file: deploying,
        find: '    promotion.dirty ? tooLate() : recordClaim(promotion, event.claim),',
        replace: '    recordClaim(promotion, event.claim),',
      },
      {
        file: deploying,
        find: "    if (!promotion.dirty) return beforeFirstChange['claim.granted'](promotion, event, nowMs);\n    const claim = claimById(promotion, event.claimId);",
        replace:
          "    const claim = claimById(promotion, event.claimId);\n    if (!promotion.dirty || claim?.does === 'cancel') return beforeFirstChange['claim.granted'](promotion, event, nowMs);",
      },
    ],
    expected: { by: 'simulation', invariants: ['I3 untouched', 'I4 dirty'], quick: true },
  },
  {
    name: 'dirty-cleared',
    means: 'Once the last step is done, the promotion forgets that it has changed production.',
    edits: [
      {
        file: deploying,
        find: '    ...executingOf(promotion),\n    verification: freshVerification(nowMs),',
        replace:
          '    ...executingOf(promotion),\n    dirty: false,\n    verification: freshVerification(nowMs),',
      },
    ],
    expected: { by: 'simulation', invariants: ['I4 dirty'], quick: true },
  },
  {
    name: 'page-ends-the-obligation',
    means: 'A rollback that was handed to people counts as ended.',
    edits: [
      {
        file: promotion,
        find: 'export function isEnd(phase: string): boolean {\n',
        replace:
          "export function isEnd(phase: string): boolean {\n  if (phase === 'rollback-failed') return true;\n",
      },
    ],
    expected: { by: 'simulation', invariants: ['I14 due', 'I15 ends'], quick: true },
  },
  {
    name: 'expired-still-executed',
    means: 'Approvals that have expired after they were complete are executed all the same.',
    edits: [
      {
        file: nextAction,
        find: "      if (nowMs >= promotion.expiresAtMs) return emit({ type: 'approval.expired' });\n      if (promotion.executeAtMs === null)",
        replace: '      if (promotion.executeAtMs === null)',
      },
      {
        file: nextAction,
        find: "    if (nowMs >= promotion.expiresAtMs) return emit({ type: 'approval.expired' });\n    const outlasted",
        replace: '    const outlasted',
      },
      {
        file: deploying,
        find: '      if (nowMs >= promotion.expiresAtMs)\n',
        replace: '      if (nowMs < 0)\n',
      },
    ],
    expected: { by: 'simulation', invariants: ['I16 times'], quick: true },
  },
  {
    name: 'countdown-nobody-saw',
    means: 'The countdown starts when it is saved, not when its message was delivered.',
    edits: [
      {
        file: approving,
        find: '      noticeAtMs: counted ? null : nowMs,\n      executeAtMs: counted ? null : nowMs,',
        replace: '      noticeAtMs: nowMs,\n      executeAtMs: counted ? nowMs + waitSeconds * 1000 : nowMs,',
      },
    ],
    expected: { by: 'simulation', invariants: ['I16 times'], quick: true },
  },
  {
    name: 'rollback-waits-for-slack',
    means:
      "People who are named in the configuration are looked up in Slack's directory before they may roll back.",
    edits: [
      {
        file: rights,
        find: '        namedWithoutDirectory: true,',
        replace: '        namedWithoutDirectory: false,',
      },
      {
        file: rights,
        find: "        namedWithoutDirectory: does !== 'resolve',",
        replace: "        namedWithoutDirectory: does === 'resolve' && policy.channel === '',",
      },
    ],
    expected: { by: 'simulation', invariants: ['I19 without Slack'] },
  },
  {
    name: 'named-behind-others',
    means: 'Whoever is named waits for the directory behind those who need it.',
    edits: [
      {
        file: nextAction,
        find: 'const claim = (promotion.troubles.people === null ? undefined : first(named)) ?? first(promotion.claims);',
        replace: 'const claim = first(promotion.claims) ?? first(named);',
      },
    ],
    expected: { by: 'simulation', invariants: ['I19 without Slack'], quick: true },
  },
  {
    name: 'wish-overruled',
    means: 'A release is called good while a Roll Back that was taken is still being checked.',
    edits: [
      {
        file: monitoring,
        find: '    if (over && !blind && !isWishedBack(seen)) return promote(seen, nowMs, told);',
        replace: '    if (over && !blind) return promote(seen, nowMs, told);',
      },
    ],
    expected: { by: 'simulation', invariants: ['I19 obeyed'], quick: true },
  },
  {
    name: 'answer-dropped',
    means: 'An answer "roll back" that is still being checked is dropped when its question settles itself.',
    edits: [
      {
        file: monitoring,
        find: "({ answer }: PersonClaim) => answer === 'continue';",
        replace: '({ answer }: PersonClaim) => answer !== null;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I19 obeyed'] },
  },
];
