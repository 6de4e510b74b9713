import { describe, expect, it } from 'vitest';
import { type EventType, eventTypes } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { hasEnded, type Phase, phases } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { samples } from './sample-events.ts';
import { type Walk, walkTo } from './walk.ts';

function cell(walk: Walk, type: EventType): string {
  const decision = transition(walk.promotion, samples[type], walk.nowMs);
  return decision.outcome === 'accepted' ? `-> ${decision.promotion.phase}` : `no: ${decision.refusal.code}`;
}

describe('transition', () => {
  it('every phase answers every event: with the next phase, or with a reason and what to do', () => {
    const walks = phases.map((phase): [Phase, Walk] => [phase, walkTo(phase)]);
    const table = Object.fromEntries(
      eventTypes.map((type) => [
        type,
        Object.fromEntries(walks.map(([phase, walk]) => [phase, cell(walk, type)])),
      ]),
    );

    expect(table).toMatchSnapshot();
  });

  it.each(phases.filter((phase) => hasEnded(walkTo(phase).promotion)))(
    'nothing changes a promotion that is %s',
    (phase) => {
      const walk = walkTo(phase);

      const taken = eventTypes.filter(
        (type) => transition(walk.promotion, samples[type], walk.nowMs).outcome === 'accepted',
      );

      expect(taken).toEqual([]);
      expect(nextAction(walk.promotion, walk.nowMs + 1e12)).toEqual({ does: 'rest', untilMs: null });
    },
  );

  it.each(phases)('every refusal while %s says what is wrong and what to do next', (phase) => {
    const walk = walkTo(phase);

    const mute = eventTypes
      .map((type) => transition(walk.promotion, samples[type], walk.nowMs))
      .filter((decision) => decision.outcome === 'refused')
      .filter(({ refusal: why }) => why.text.length < 10 || why.next.length < 4);

    expect(mute).toEqual([]);
  });

  it.each(phases.filter((phase) => !hasEnded(walkTo(phase).promotion)))(
    'a promotion that is %s wants to be looked at again by itself',
    (phase) => {
      const { promotion } = walkTo(phase);

      expect(promotion.dueAtMs).not.toBeNull();
    },
  );
});
