import type { Purpose, Spent } from './metered-bot.ts';
import type { SweepTime } from './native-sweep.ts';
import type { Run } from './one-promotion.ts';

export interface Growth {
  readonly open: number;
  /** A sweep that finds nothing due. */
  readonly idleSweep: Spent;
  /** A sweep that finds one promotion due: its tick and its card included. */
  readonly busySweep: Spent;
  /** A whole good promotion, without the sweeps that found it. */
  readonly promotion: Spent;
}

export interface PhaseCost {
  readonly phase: string;
  readonly deciding: Spent;
  readonly showing: Spent;
}

export interface PromotionCost extends Omit<Run, 'ledger'> {
  readonly phases: readonly PhaseCost[];
  readonly total: Spent;
}

export interface Figures {
  readonly machine: string;
  readonly growth: readonly Growth[];
  readonly good: PromotionCost;
  readonly rolledBack: PromotionCost;
  /** Undefined where it was not measured. */
  readonly sweepTimes: readonly SweepTime[] | undefined;
}

export const nothing: Spent = { calls: 0, read: 0, write: 0 };

export const plus = (a: Spent, b: Spent): Spent => ({
  calls: a.calls + b.calls,
  read: a.read + b.read,
  write: a.write + b.write,
});

export function costOf({ ledger, ...run }: Run): PromotionCost {
  const phases = [...new Set([...ledger.keys()].map((key) => key.split(' ')[1] ?? ''))];
  const spent = (purpose: Purpose, phase: string) => ledger.get(`${purpose} ${phase}`) ?? nothing;
  const costs = phases
    .map((phase) => ({ phase, deciding: spent('deciding', phase), showing: spent('showing', phase) }))
    .filter(({ deciding, showing }) => deciding.calls + showing.calls > 0);
  const total = costs.reduce((sum, { deciding, showing }) => plus(sum, plus(deciding, showing)), nothing);
  return { ...run, phases: costs, total };
}
