import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/flows/ports.ts';
import { toChange } from '../../../src/flows/promotion/change.ts';
import { eventTypes, type PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { type PersonClaim, Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { samples } from './sample-events.ts';
import { type Stand, standNames, stands } from './stands.ts';
import { claim, hash, otto, type Walk } from './walk.ts';

const everything: readonly PersonClaim['does'][] = [
  'request',
  'approve',
  'reject',
  'cancel',
  'roll-back',
  'answer',
  'retry',
  'resolve',
];

/** Every save has them, and they follow from the rest. */
const inEverySave = new Set(['revision', 'nowMs', 'audit', 'announced']);

/** Times as seconds from now, ids without their number, and what is long by its hash: the same in every run. */
function told(value: unknown, nowMs: number): string {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'number' && member > 1e12 ? `${(member - nowMs) / 1000} s` : member,
  );
  const plain = (text ?? 'gone').replaceAll(/claim-\d+/g, 'claim');
  return plain.length <= 160
    ? plain
    : `${plain.slice(0, 120)}... ${createHash('sha256').update(plain).digest('hex').slice(0, 8)}`;
}

/** Most of a promotion is the same object before and after; only the rest is worth writing out. */
const differs = (before: unknown, after: unknown, nowMs: number) =>
  before !== after && told(before, nowMs) !== told(after, nowMs);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a list that grew what is new, of an object the members that are other now. */
function difference(before: unknown, after: unknown, nowMs: number): unknown {
  if (Array.isArray(before) && Array.isArray(after) && after.length > before.length) {
    return { added: after.slice(before.length) };
  }
  if (!isRecord(before) || !isRecord(after)) return after;
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = names.filter((name) => differs(before[name], after[name], nowMs));
  return Object.fromEntries(changed.map((name) => [name, after[name] === undefined ? 'gone' : after[name]]));
}

/** What a decision changes, tells, locks and calls for next, one line each. */
function consequences(before: Promotion, change: Change, nowMs: number): string[] {
  const after: Readonly<Record<string, unknown>> = { ...change.promotion };
  const earlier: Readonly<Record<string, unknown>> = { ...before };
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(after)])]
    .filter((name) => !inEverySave.has(name) && differs(earlier[name], after[name], nowMs))
    .sort();
  const gone = names.filter((name) => !(name in after));
  return [
    ...names
      .filter((name) => name in after)
      .map((name) => `${name}: ${told(difference(earlier[name], after[name], nowMs), nowMs)}`),
    ...(gone.length === 0 ? [] : [`drops ${gone.join(', ')}`]),
    ...change.announcements.map(({ announcement }) => `tells ${told(announcement, nowMs)}`),
    ...(change.locks === null ? [] : [`locks ${change.locks.does} ${change.locks.keys.join(' ')}`]),
    ...(change.live === null ? [] : [`live ${told(change.live, nowMs)}`]),
    `next ${told(nextAction(change.promotion, nowMs), nowMs)}`,
  ];
}

function decided({ promotion, nowMs: standsAtMs }: Walk, event: PromotionEvent): string[] | string {
  const nowMs = standsAtMs + 1_000;
  const decision = transition(promotion, event, nowMs);
  if (decision.outcome === 'refused') return decision.refusal.code;
  const change = toChange(promotion, decision, event, nowMs, hash);
  expect(Promotion.safeParse(change.promotion).error).toBeUndefined();
  expect(change.promotion).toMatchObject({
    revision: promotion.revision + 1,
    nowMs,
    announced: promotion.announced + change.announcements.length,
  });
  return consequences(promotion, change, nowMs);
}

function withClaim(walk: Walk, does: PersonClaim['does']): { walk: Walk; claimId: string } {
  const made = claim(does, otto, { reason: 'because', answer: does === 'answer' ? 'continue' : null });
  const claims = [...walk.promotion.claims, made];
  return { walk: { ...walk, promotion: { ...walk.promotion, claims } }, claimId: made.id };
}

type Decided = readonly (readonly [what: string, outcome: string[] | string])[];

/** The same outcome stands once, with everything that has it; refusals by their code. */
function grouped(decisions: Decided) {
  const all = new Map<string, { outcome: string[] | string; what: string[] }>();
  for (const [what, outcome] of decisions) {
    const key = JSON.stringify(outcome);
    const group = all.get(key) ?? { outcome, what: [] };
    all.set(key, { outcome, what: [...group.what, what] });
  }
  const groups = [...all.values()];
  return {
    taken: Object.fromEntries(
      groups.flatMap(({ outcome, what }) =>
        typeof outcome === 'string' ? [] : [[what.join(', '), outcome]],
      ),
    ),
    refused: Object.fromEntries(
      groups.flatMap(({ outcome, what }) =>
        typeof outcome === 'string' ? [[outcome, what.join(', ')]] : [],
      ),
    ),
  };
}

/** A reviewer reads in the difference of the snapshot what a change of the rules does, and to whom. */
describe('every decision, with what it changes, tells, locks and calls for next', () => {
  it.each(standNames)('on what happens, while %s', (name: Stand) => {
    const walk = stands[name]();

    const table = eventTypes
      .filter((type) => type !== 'claim.granted' && type !== 'claim.denied')
      .map((type) => [type, decided(walk, samples[type])] as const);

    expect(grouped(table)).toMatchSnapshot();
  });

  it.each(standNames)('on what a person asked for and may do, while %s', (name) => {
    const walk = stands[name]();

    const table = everything.map((does) => {
      const { walk: asked, claimId } = withClaim(walk, does);
      return [does, decided(asked, { type: 'claim.granted', claimId, evidence: 'named' })] as const;
    });

    expect(grouped(table)).toMatchSnapshot();
  });
});
