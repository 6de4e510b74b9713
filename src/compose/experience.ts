import type { PromotionStore } from '../flows/ports.ts';
import type { Phase, Promotion } from '../flows/promotion/promotion.ts';

type Durations = Readonly<Partial<Record<Phase, number>>>;

const remembered = 20;
const freshMs = 5 * 60_000;
/**
 * What follows each phase that was carried to its end. One that was cut short, or whose length lies with people, says
 * nothing about the next promotion.
 */
const followedBy: Readonly<Partial<Record<string, Phase>>> = {
  analyzing: 'validating',
  validating: 'awaiting-approval',
  deploying: 'verifying',
  verifying: 'monitoring',
  monitoring: 'promoted',
  'rolling-back': 'rolled-back',
};

/**
 * How long each phase took, in seconds: the median of the newest promotions of the same kind and environment that went
 * through it. Remembered for five minutes, since it is asked for at every drawing.
 */
export function createExperience(store: Pick<PromotionStore, 'list'>, nowMs: () => number) {
  const known = new Map<string, { readonly untilMs: number; readonly durations: Durations }>();
  return async (promotion: Promotion): Promise<Durations> => {
    const key = `${promotion.app}#${promotion.environment}#${promotion.kind}`;
    const found = known.get(key);
    if (found !== undefined && nowMs() < found.untilMs) return found.durations;
    const earlier = await store.list(promotion.app, promotion.environment, remembered);
    const durations = medians(earlier.filter(({ kind }) => kind === promotion.kind));
    known.set(key, { untilMs: nowMs() + freshMs, durations });
    return durations;
  };
}

function medians(promotions: readonly Promotion[]): Durations {
  const seconds = new Map<string, number[]>();
  for (const { phases } of promotions) {
    phases.forEach(({ phase, atMs }, index) => {
      const next = phases[index + 1];
      if (next === undefined || next.phase !== followedBy[phase]) return;
      seconds.set(phase, [...(seconds.get(phase) ?? []), (next.atMs - atMs) / 1000]);
    });
  }
  const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return Object.fromEntries([...seconds].map(([phase, values]) => [phase, Math.round(middle(values))]));
}
