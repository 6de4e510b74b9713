import type { Change } from '../../../src/flows/ports.ts';
import type { AuditEntry } from '../../../src/flows/promotion/audit.ts';
import { toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { openPromotion } from '../../../src/flows/promotion/open.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { chainRefusal, type RefusalEntry } from '../../../src/flows/promotion/refusal-chain.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { claim, grace, hash } from './walk.ts';

/** A whole life of a promotion: what was saved, one after the other, and what was refused in between. */
export interface Retold {
  readonly changes: readonly Change[];
  readonly promotion: Promotion;
  readonly entries: readonly AuditEntry[];
  readonly refusals: readonly RefusalEntry[];
}

/** Replays a promotion from its audit, event by event, and has a click refused after every `refuseEvery`th. */
export function retell(ended: Promotion, entries: readonly AuditEntry[], refuseEvery = 3): Retold {
  const { kind, app, environment, requester, reason, policy, definition, requestedAtMs } = ended;
  const asked = entries[0]?.event;
  if (asked?.type !== 'promotion.requested' || asked.request === undefined) throw new Error('nothing asked');
  const opening = openPromotion(
    ended.id,
    { kind, app, environment, version: asked.request.version, person: requester, reason, dedupeKey: 'x' },
    { app, environment, policy, definition },
    requestedAtMs,
    hash,
  );
  const changes = [opening];
  const refusals: RefusalEntry[] = [];
  let promotion: Promotion = opening.promotion;
  for (const { event, atMs } of entries.slice(1)) {
    if (event.type === 'promotion.requested') throw new Error('asked for twice');
    const decision = transition(promotion, event, atMs);
    if (decision.outcome === 'refused') throw new Error(`${event.type}: ${decision.refusal.code}`);
    const change = toChange(promotion, decision, event, atMs, hash);
    changes.push(change);
    promotion = change.promotion;
    if (changes.length % refuseEvery === 0) {
      refusals.push(chainRefusal(refusals.at(-1), promotion, refusedClick(promotion, atMs + 500), hash));
    }
  }
  return { changes, promotion, entries: changes.flatMap(({ audit }) => audit), refusals };
}

/** A click that does not fit where the promotion stands, as the desk hands it to the store. */
export function refusedClick(promotion: Promotion, atMs: number): Parameters<typeof chainRefusal>[2] {
  const events: PromotionEvent[] = [
    { type: 'resolution.claimed', claim: claim('resolve', grace, { reason: 'done by hand' }) },
    { type: 'cancellation.claimed', claim: claim('cancel', grace) },
  ];
  for (const event of events) {
    const decision = transition(promotion, event, atMs);
    if (decision.outcome !== 'refused') continue;
    return {
      promotionId: promotion.id,
      atMs,
      actor: { kind: 'person', person: grace },
      from: promotion.phase,
      to: promotion.phase,
      digest: 'digest' in promotion ? promotion.digest : null,
      event,
      refusal: decision.refusal,
    };
  }
  throw new Error(`everything is accepted while ${promotion.phase}`);
}
