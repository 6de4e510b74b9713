import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Promotion, PromotionIn } from '../../src/flows/promotion/promotion.ts';
import type { Cloud, Flaw, Site } from './cloud.ts';
import type { Coverage } from './coverage.ts';
import type { Service } from './service.ts';

/** What really was, as the model of the world knows it, against what the bot says it saw. */
export interface Truth {
  /** A reading or probe that was just saved: notes what there was to be seen. */
  note(before: Promotion, event: PromotionEvent): void;
  /** Why the last probe of a promotion could not pass; null where it could. `fromMs`: when it was begun at the earliest. */
  probedWrongly(promotion: Promotion, version: string, fromMs: number, untilMs: number): string | null;
  /** What every watch of this promotion had to see and did not; null where there is nothing. */
  overlooked(promotion: PromotionIn<'promoted'>): Flaw | null;
}

export interface TruthDeps {
  readonly cloud: Cloud;
  readonly service: Service;
  readonly coverage: Coverage;
  readonly siteOf: (promotion: Promotion) => Site | undefined;
}

/** Which reading has to see what. */
const seenBy: Partial<Record<Flaw, string>> = { errors: 'errors', 'no-metrics': 'errors', alarm: 'alarm' };

/**
 * Lenient where it cannot tell: what was replaced or moved meanwhile, what failed before, what people accepted, and what
 * comes and goes is nobody's fault here.
 */
export function createTruth({ cloud, service, coverage, siteOf }: TruthDeps): Truth {
  const inService = (fromMs: number, untilMs: number): readonly string[] =>
    service.deployments.flatMap(({ version, atMs }, index) => {
      const goneMs = service.deployments[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      return atMs <= untilMs && goneMs > fromMs ? version : [];
    });

  /** What was wrong from one time to another, all the while; null where it cannot be told. */
  const wrongFrom = (promotion: Promotion, fromMs: number, untilMs: number): Flaw | null => {
    const site = siteOf(promotion);
    if (site !== undefined) return cloud.wrongFrom(site, fromMs, untilMs);
    const [version, ...others] = inService(fromMs, untilMs);
    return version === undefined || others.length > 0 ? null : (service.flaws.get(version) ?? 'none');
  };

  const pageWas = (promotion: Promotion, fromMs: number, untilMs: number): readonly string[] | null => {
    const site = siteOf(promotion);
    if (site === undefined)
      return inService(fromMs, untilMs).map((version) =>
        service.flaws.get(version) === 'wrong-version' ? `not ${version}` : version,
      );
    if (cloud.hasMoved(site, fromMs, untilMs)) return null;
    return [fromMs, untilMs].map((atMs) => cloud.readAt(site, atMs) ?? 'nothing');
  };

  return {
    note(before, event) {
      if (event.type === 'reading.recorded' && before.phase === 'monitoring') {
        const flaw = wrongFrom(before, before.nowMs, before.nowMs) ?? 'none';
        if (flaw !== 'none') coverage.hit(`antecedent watched a release with ${flaw}`);
      }
      if (event.type === 'probe.recorded' && before.phase === 'verifying') {
        const flaw = wrongFrom(before, before.nowMs, before.nowMs) ?? 'none';
        if (flaw === 'wrong-version') coverage.hit('antecedent probed a page of the wrong version');
      }
    },
    probedWrongly(promotion, version, fromMs, untilMs) {
      if (!('plan' in promotion) || promotion.plan?.failingBefore.some(({ id }) => id === 'version'))
        return null;
      const read = pageWas(promotion, fromMs, untilMs);
      return read === null || read.includes(version) ? null : read.join(', ');
    },
    overlooked(promotion) {
      const { watch, plan } = promotion;
      if (watch.acceptedBy !== null || watch.last === null) return null;
      const flaw = wrongFrom(promotion, watch.startedAtMs, watch.last.atMs);
      if (flaw === null) return null;
      const site = siteOf(promotion);
      const reading = site === undefined ? 'health' : seenBy[flaw];
      if (seenBy[flaw] === undefined || plan.failingBefore.some(({ id }) => id === reading)) return null;
      // An alarm needs a while until it rings.
      if (site !== undefined && flaw === 'alarm' && watch.last.atMs < cloud.ringsFromMs(site)) return null;
      return flaw;
    },
  };
}
