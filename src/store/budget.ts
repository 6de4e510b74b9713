import { RetryableError } from '../flows/errors.ts';
import { number, numberOf } from './items.ts';
import { keys } from './table.ts';
import type { Expression, Item, Transport } from './transport.ts';

/** How a pot is shared out: one place per interval, and so much of it at once after a pause. */
export interface Terms {
  readonly nowMs: number;
  readonly intervalMs: number;
  readonly burstMs: number;
  /** How far ahead a place may be kept; a pot that is booked out for longer is full. */
  readonly withinMs: number;
}

export type Place =
  /** Ours; to be used at this time, which may lie ahead. */
  | { readonly outcome: 'taken'; readonly atMs: number }
  /** Ask again then. */
  | { readonly outcome: 'full'; readonly atMs: number };

/** `nextMs` is the theoretical arrival time of the generic cell rate algorithm. */
interface Pot {
  readonly nextMs: number;
  readonly blockedMs: number;
}

const races = 6;
const contendedMs = 1_000;

/**
 * Rates that all processes share: one row per pot, taken with one conditional write and read never. A pot that rests
 * takes one write whoever took last; a busy one takes a second when another process took since this one last heard of
 * it, because the first was refused and brought the row. What is known to be full costs nothing. A place that is taken
 * and not used is lost and hurts nobody. Throws what the transport throws.
 */
export function createBudget({ transport }: { readonly transport: Pick<Transport, 'write'> }) {
  const known = new Map<string, Pot>();

  /** Undefined where the last answer does not say that the pot is full. */
  const fullUntilMs = (pot: string, terms: Terms): number | undefined => {
    const seen = known.get(pot);
    if (seen === undefined) return undefined;
    const atMs = slotMs(seen, terms);
    return atMs - terms.nowMs > terms.withinMs ? atMs - terms.withinMs : undefined;
  };

  const write = async (pot: string, update: Expression, condition: Expression): Promise<'written' | Pot> => {
    const answer = await transport.write({ does: 'update', key: keys.budget(pot), update, condition });
    return answer.outcome === 'written' ? 'written' : potOf(answer.found);
  };

  const takeOnce = async (pot: string, terms: Terms): Promise<Place | undefined> => {
    const seen = known.get(pot) ?? { nextMs: 0, blockedMs: 0 };
    const atMs = slotMs(seen, terms);
    const nextMs = Math.max(seen.nextMs, atMs) + terms.intervalMs;
    const rests = Math.max(seen.nextMs, seen.blockedMs) <= terms.nowMs;
    const met = await write(
      pot,
      { text: setPot, values: potValues(nextMs) },
      rests ? resting(terms.nowMs) : unchanged(seen),
    );
    if (met !== 'written') {
      known.set(pot, met);
      return undefined;
    }
    known.set(pot, { nextMs, blockedMs: seen.blockedMs });
    return { outcome: 'taken', atMs };
  };

  return {
    fullUntilMs,
    /** Takes the next place, now or ahead, or says when one may be had. */
    async take(pot: string, terms: Terms): Promise<Place> {
      for (let race = 0; race < races; race += 1) {
        const fullMs = fullUntilMs(pot, terms);
        if (fullMs !== undefined) return { outcome: 'full', atMs: fullMs };
        try {
          const place = await takeOnce(pot, terms);
          if (place !== undefined) return place;
        } catch (error) {
          // The place may be taken although nobody has it; the next write finds out what the row says.
          known.delete(pot);
          if (!(error instanceof RetryableError) || race > 0) throw error;
        }
      }
      return { outcome: 'full', atMs: terms.nowMs + contendedMs };
    },
    /** Nobody takes a place before this time. */
    async block(pot: string, untilMs: number): Promise<void> {
      const met = await write(
        pot,
        {
          text: 'SET nextMs = if_not_exists(nextMs, :zero), blockedMs = :until',
          values: { ':zero': number(0), ':until': number(untilMs) },
        },
        {
          text: 'attribute_not_exists(blockedMs) OR blockedMs < :until',
          values: { ':until': number(untilMs) },
        },
      );
      const seen = known.get(pot) ?? { nextMs: 0, blockedMs: 0 };
      known.set(pot, met === 'written' ? { ...seen, blockedMs: untilMs } : met);
    },
  };
}

const setPot = 'SET nextMs = :next, blockedMs = if_not_exists(blockedMs, :zero)';

function potValues(nextMs: number): Item {
  return { ':next': number(nextMs), ':zero': number(0) };
}

function resting(nowMs: number): Expression {
  return {
    text: '(attribute_not_exists(nextMs) OR nextMs <= :now) AND (attribute_not_exists(blockedMs) OR blockedMs <= :now)',
    values: { ':now': number(nowMs) },
  };
}

function unchanged({ nextMs, blockedMs }: Pot): Expression {
  return {
    text: 'nextMs = :seenNext AND blockedMs = :seenBlocked',
    values: { ':seenNext': number(nextMs), ':seenBlocked': number(blockedMs) },
  };
}

function potOf(item: Item | undefined): Pot {
  const of = (name: string) => (item === undefined ? 0 : (numberOf(item, name) ?? 0));
  return { nextMs: of('nextMs'), blockedMs: of('blockedMs') };
}

function slotMs({ nextMs, blockedMs }: Pot, { nowMs, burstMs }: Terms): number {
  return Math.max(nowMs, nextMs - burstMs, blockedMs);
}
