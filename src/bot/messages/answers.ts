import type { OpenAnswer } from '../../flows/desk.ts';
import type { Refusal } from '../../flows/promotion/refusal.ts';
import type { EphemeralAnswer } from '../slack-client.ts';
import { section } from './block.ts';
import { movement } from './phrases.ts';
import { channel, foreign } from './text.ts';

/** A no, with what to do next. */
export function refusalAnswer(refusal: Refusal): EphemeralAnswer {
  return said([`Not done: ${foreign(refusal.text, 600)}`, foreign(refusal.next, 400)]);
}

export function openAnswer(answer: OpenAnswer): EphemeralAnswer {
  if (answer.outcome === 'refused') return refusalAnswer(answer.refusal);
  const { promotion } = answer;
  const where = `The card is in ${channel(promotion.policy.channel)}.`;
  if (answer.outcome === 'joined') {
    return said([
      `Asked for: the promotion that is changing ${foreign(promotion.environment, 80)} at the moment is taken back. Your right to do so is being checked.`,
      where,
    ]);
  }
  const verb = promotion.kind === 'promotion' ? 'promote' : 'roll back';
  return said([`Asked for: ${verb} ${movement(promotion)}.`, where]);
}

export function said(all: readonly string[]): EphemeralAnswer {
  const kept = all.filter((line) => line !== '');
  return { text: kept.join(' '), blocks: [section(kept)] };
}
