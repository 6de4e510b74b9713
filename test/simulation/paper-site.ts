import { ConflictError } from '../../src/flows/errors.ts';
import type { Checks, Observation, StepContext, Target } from '../../src/flows/ports.ts';
import type { Analysis, Step } from '../../src/flows/promotion/plan.ts';
import { analysis, newRelease, oldRelease, passed } from '../flows/promotion/walk.ts';

/** What goes wrong in production once the new release is live. */
export type SiteFault = 'none' | 'wrong-version' | 'unhealthy' | 'alarm' | 'no-metrics';

export interface PaperSite {
  readonly target: Target;
  readonly checks: Checks;
  /** Which release the distribution points at. */
  path(): 'blue' | 'green';
  /** Every accepted write: to which path, under which claim. */
  readonly writes: { readonly to: 'blue' | 'green'; readonly key: string; readonly atMs: number }[];
}

const deploySeconds = 120;

/** A distribution in memory: ETag compare-and-set, a marker, Deployed after a delay, idempotent invalidations. */
export function createPaperSite(nowMs: () => number, fault: SiteFault): PaperSite {
  let path: 'blue' | 'green' = 'blue';
  let etag = 1;
  let marker = '';
  let deployedAtMs = 0;
  const invalidations = new Map<string, number>();
  const writes: PaperSite['writes'] = [];

  const shiftTo = (step: Step): 'blue' | 'green' => (step.id === 'switch-back' ? 'blue' : 'green');

  const observeShift = ({ step, claim }: StepContext): Observation => {
    const to = shiftTo(step);
    if (claim !== null && marker === claim.key && path === to)
      return { outcome: 'done', text: `points at ${to}` };
    if (step.id === 'switch' && path === to) return { outcome: 'foreign', text: 'somebody else switched it' };
    return { outcome: 'before', precondition: `E${etag}` };
  };

  const target: Target = {
    async analyze() {
      const live: Analysis = { ...analysis, fingerprint: 'f1' };
      return { outcome: 'analyzed', analysis: live };
    },
    validate: async () => [passed('candidate')],
    async observe(_definition, context) {
      const { step, claim } = context;
      if (step.does === 'shift') return observeShift(context);
      if (step.does === 'settle') {
        return nowMs() >= deployedAtMs
          ? { outcome: 'done', text: 'deployed' }
          : { outcome: 'applying', text: 'to the edges', fraction: null };
      }
      const completedAtMs = claim === null ? undefined : invalidations.get(claim.reference ?? '');
      if (completedAtMs === undefined) return { outcome: 'before', precondition: null };
      return nowMs() >= completedAtMs
        ? { outcome: 'done', text: 'completed' }
        : { outcome: 'applying', text: 'in progress', fraction: null };
    },
    async act(_definition, { step, claim }) {
      if (claim === null) throw new Error('an act without a claim');
      if (step.does === 'invalidate') {
        if (!invalidations.has(claim.key)) invalidations.set(claim.key, nowMs() + 60_000);
        return { reference: claim.key };
      }
      if (claim.precondition !== `E${etag}`) throw new ConflictError('aws.precondition-failed', 'stale');
      etag += 1;
      path = shiftTo(step);
      marker = claim.key;
      deployedAtMs = nowMs() + deploySeconds * 1000;
      writes.push({ to: path, key: claim.key, atMs: nowMs() });
      return { reference: null };
    },
  };

  const checks: Checks = {
    async run(spec, { expected }) {
      const shown = path === 'blue' ? oldRelease : newRelease;
      if (spec.kind === 'version') {
        const wrong = fault === 'wrong-version' && path === 'green';
        return shown.version === expected.version && !wrong
          ? passed(spec.id)
          : { ...passed(spec.id), outcome: 'failed', text: 'another version' };
      }
      if (path === 'blue') return passed(spec.id);
      if (spec.kind === 'errors' && fault === 'unhealthy')
        return { ...passed(spec.id), outcome: 'failed', text: '8 %' };
      if (spec.kind === 'errors' && fault === 'no-metrics')
        return { ...passed(spec.id), outcome: 'inconclusive', text: 'no data' };
      if (spec.kind === 'alarm' && fault === 'alarm')
        return { ...passed(spec.id), outcome: 'failed', text: 'ALARM', urgent: true };
      return passed(spec.id);
    },
  };

  return { target, checks, path: () => path, writes };
}
