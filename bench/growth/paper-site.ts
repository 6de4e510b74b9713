import { ConflictError } from '../../src/flows/errors.ts';
import type { Checks, Observation, StepContext, Target } from '../../src/flows/ports.ts';
import { analysis, newRelease, oldRelease, passed } from '../../test/flows/promotion/walk.ts';

/** As CloudFront mostly takes (AWS: "most distributions update within minutes"). */
export const deployMs = 180_000;
export const invalidationMs = 60_000;

/** Production on paper: compare-and-set on an ETag, a marker, slow to deploy; errors on the new release if so wanted. */
export function createPaperSite(nowMs: () => number, failsInTheWatch: boolean) {
  let colour: 'blue' | 'green' = 'blue';
  let etag = 1;
  let marker = '';
  let deployedAtMs = 0;
  const invalidatedAtMs = new Map<string, number>();
  const colourOf = (stepId: string) => (stepId === 'switch-back' ? 'blue' : 'green');

  const observe = ({ step, claim }: StepContext): Observation => {
    if (step.does === 'shift') {
      const done = claim !== null && marker === claim.key && colour === colourOf(step.id);
      return done
        ? { outcome: 'done', text: `points at ${colour}` }
        : { outcome: 'before', precondition: `E${etag}` };
    }
    const readyAtMs = step.does === 'settle' ? deployedAtMs : invalidatedAtMs.get(claim?.reference ?? '');
    if (readyAtMs === undefined) return { outcome: 'before', precondition: null };
    return nowMs() >= readyAtMs
      ? { outcome: 'done', text: 'everywhere' }
      : { outcome: 'applying', text: 'to the edges', fraction: null };
  };

  const target: Target = {
    analyze: async () => ({ outcome: 'analyzed', analysis: { ...analysis, fingerprint: 'f1' } }),
    validate: async () => [passed('candidate')],
    observe: async (_definition, context) => observe(context),
    async act(_definition, { step, claim }) {
      if (claim === null) throw new Error('an act without a claim');
      if (step.does === 'invalidate') {
        invalidatedAtMs.set(claim.key, nowMs() + invalidationMs);
        return { reference: claim.key };
      }
      if (claim.precondition !== `E${etag}`) throw new ConflictError('aws.precondition-failed', 'stale');
      etag += 1;
      colour = colourOf(step.id);
      marker = claim.key;
      deployedAtMs = nowMs() + deployMs;
      return { reference: null };
    },
  };

  const checks: Checks = {
    isAlarm: () => false,
    async run(spec, { expected }) {
      const shown = colour === 'blue' ? oldRelease : newRelease;
      if (spec.kind === 'version' && shown.version !== expected.version)
        return { ...passed(spec.id), outcome: 'failed', text: 'another version' };
      const failing = spec.kind === 'errors' && colour === 'green' && failsInTheWatch;
      return failing ? { ...passed(spec.id), outcome: 'failed', text: '8 %' } : passed(spec.id);
    },
  };
  return { target, checks };
}
