import type { Announcement } from './announcements.ts';
import type { EventOf, EventType, PromotionEvent } from './events.ts';
import type { Release } from './plan.ts';
import type { Phase, Promotion, PromotionIn } from './promotion.ts';
import { type Refusal, refusal } from './refusal.ts';

export interface Accepted {
  readonly outcome: 'accepted';
  /** Without its revision raised and its due time set; `change` does both. */
  readonly promotion: Promotion;
  readonly announcements: readonly Announcement[];
  /** `return` frees them and is refused unless all are still ours; `release` frees those that are. */
  readonly locks: 'take' | 'hold' | 'release' | 'return' | null;
  /** The release that production was just seen to hold. */
  readonly live: Release | null;
}

export type Decision = Accepted | { readonly outcome: 'refused'; readonly refusal: Refusal };

export function accept(
  promotion: Promotion,
  announcements: readonly Announcement[] = [],
  also: Partial<Pick<Accepted, 'locks' | 'live'>> = {},
): Accepted {
  return {
    outcome: 'accepted',
    promotion,
    announcements,
    locks: also.locks ?? null,
    live: also.live ?? null,
  };
}

export function refuse(code: string, text: string, next: string): Decision {
  return { outcome: 'refused', refusal: refusal(code, text, next) };
}

/** What a phase does with the events it accepts; every other event is refused with the phase's own reason. */
export type PhaseRules<P extends Phase> = {
  readonly [T in EventType]?: (promotion: PromotionIn<P>, event: EventOf<T>, nowMs: number) => Decision;
};

/** Applies the rule for this event, or undefined where the phase has none. */
export function applyRules<P extends Phase>(
  rules: PhaseRules<P>,
  promotion: PromotionIn<P>,
  event: PromotionEvent,
  nowMs: number,
): Decision | undefined {
  const rule = rules[event.type] as
    | ((promotion: PromotionIn<P>, event: PromotionEvent, nowMs: number) => Decision)
    | undefined;
  return rule?.(promotion, event, nowMs);
}

/** The promotion in its next phase, its arrival noted. */
export function enter<P extends Phase>(next: PromotionIn<P>, nowMs: number): PromotionIn<P> {
  return { ...next, phases: [...next.phases, { phase: next.phase, atMs: nowMs }] };
}

export function assertNever(value: never): never {
  throw new Error(`not decided: ${JSON.stringify(value)}`);
}
