import type { Change } from '../../src/flows/ports.ts';
import { openPromotion } from '../../src/flows/promotion/open.ts';
import { ada, hash, policy, startMs } from '../flows/promotion/walk.ts';

/** An environment at which nothing is looked. */
export const paperSettings = {
  app: 'site',
  environment: 'production',
  policy,
  definition: {
    repository: null,
    target: { kind: 'paper', settings: {} },
    gates: [],
    checks: [],
    readings: [],
  },
};

/** The first save of a promotion to it; asked for twice under one id it is one promotion. */
export function opening(id = 'p1', nowMs = startMs): Change {
  const wanted = {
    kind: 'promotion',
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    person: ada,
    reason: null,
    dedupeKey: id,
  } as const;
  return openPromotion(id, wanted, paperSettings, nowMs, hash);
}
