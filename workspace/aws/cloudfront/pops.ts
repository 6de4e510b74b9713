/**
 * Three edge locations, which hear about a change at different times: `share` is the part of the whole delay
 * after which it has arrived there. The whole delay is when the control plane says it is done.
 */
export const pops = [
  { code: 'FRA56-P4', deployShare: 0.35, invalidationShare: 0.3 },
  { code: 'IAD89-P2', deployShare: 0.65, invalidationShare: 0.6 },
  { code: 'NRT57-P3', deployShare: 0.95, invalidationShare: 0.9 },
] as const;

export type Pop = (typeof pops)[number]['code'];

export const isPop = (code: string | undefined): code is Pop => pops.some((pop) => pop.code === code);

export const perPop = <T>(value: (pop: (typeof pops)[number]) => T): Record<Pop, T> =>
  Object.fromEntries(pops.map((pop) => [pop.code, value(pop)])) as Record<Pop, T>;
