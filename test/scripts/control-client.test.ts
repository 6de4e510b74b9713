import { describe, expect, it } from 'vitest';
import { readCard } from '../../scripts/control-client.mjs';
import { card } from '../../src/bot/messages/card.ts';
import { phases } from '../../src/flows/promotion/promotion.ts';
import { at, promotionIn } from '../bot/promotions.ts';

describe('what the demo reads from a card', () => {
  it.each(phases)('is the phase, while %s', (phase) => {
    const { blocks } = card(promotionIn(phase), { nowMs: at(9) });
    const metadata = { event_payload: { promotion_id: 'p0123456789' } };

    expect(readCard({ ts: '1.1', blocks, metadata })).toMatchObject({ phase, id: 'p0123456789' });
  });
});
