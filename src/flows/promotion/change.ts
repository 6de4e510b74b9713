import type { Change, Hash, LiveRecord } from '../ports.ts';
import type { StoredAnnouncement } from './announcements.ts';
import type { AuditEntry } from './audit.ts';
import { canonical } from './canonical.ts';
import type { Accepted } from './decision.ts';
import type { PromotionEvent } from './events.ts';
import { dueAt } from './next-action.ts';
import { fledFrom } from './phases/rolling-back.ts';
import { type Actor, hasEnded, lockKeys, type Promotion } from './promotion.ts';

/** Looks that only move a progress line are saved without an audit entry; everything else has one. */
const unaudited: ReadonlySet<PromotionEvent['type']> = new Set(['step.progressed']);

/** Who an event is recorded to come from. */
export function actorOf(promotion: Promotion, event: PromotionEvent): Actor {
  if ('claim' in event) return { kind: 'person', person: event.claim.person };
  if (event.type === 'claim.granted' || event.type === 'claim.denied') {
    const claim = promotion.claims.find(({ id }) => id === event.claimId);
    if (claim !== undefined) return { kind: 'person', person: claim.person };
  }
  return { kind: 'system' };
}

/** The hash of an audit entry: over the entry before it and everything in this one. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>, hash: Hash): string {
  return hash(canonical(entry));
}

/** One decision as the one write that carries it: revision, due time, audit entry, announcements, locks. */
export function toChange(
  before: Promotion,
  decision: Accepted,
  event: PromotionEvent,
  atMs: number,
  hash: Hash,
): Change {
  const nowMs = Math.max(before.nowMs, atMs);
  // One that ends a trouble decides when on-call is told of the next: the audit could not be replayed without it.
  const audited = !unaudited.has(event.type) || decision.promotion.troubles.work !== before.troubles.work;
  const sequence = before.audit.sequence + 1;
  const next = decision.promotion;
  const entries: AuditEntry[] = [];
  if (audited) {
    const entry = {
      promotionId: before.id,
      sequence,
      atMs: nowMs,
      actor: actorOf(before, event),
      from: before.phase,
      to: next.phase,
      digest: 'digest' in next ? next.digest : null,
      event,
      refusal: null,
      previous: before.audit.head,
    };
    entries.push({ ...entry, hash: auditHash(entry, hash) });
  }
  const head = entries[0]?.hash ?? before.audit.head;
  const saved: Promotion = {
    ...next,
    revision: before.revision + 1,
    nowMs,
    dueAtMs: hasEnded(next) ? null : dueAt({ ...next, nowMs }, nowMs),
    audit: { sequence: audited ? sequence : before.audit.sequence, head },
    announced: before.announced + decision.announcements.length,
  };
  return {
    promotion: saved,
    audit: entries,
    announcements: numbered(saved.id, before.announced, nowMs, decision),
    locks:
      decision.locks === null
        ? null
        : { does: decision.locks, keys: lockKeys(decision.locks === 'take' ? saved : before) },
    handedOver: null,
    live: liveRecord(saved, decision, nowMs),
  };
}

function numbered(
  promotionId: string,
  after: number,
  atMs: number,
  decision: Accepted,
): StoredAnnouncement[] {
  return decision.announcements.map((announcement, index) => ({
    promotionId,
    sequence: after + index + 1,
    atMs,
    announcement,
  }));
}

function liveRecord(promotion: Promotion, decision: Accepted, atMs: number): LiveRecord | null {
  if (decision.live === null) return null;
  return {
    app: promotion.app,
    environment: promotion.environment,
    version: decision.live.version,
    artifact: decision.live.artifact,
    promotionId: promotion.id,
    atMs,
    replaced:
      promotion.phase === 'rolled-back' || promotion.phase === 'resolved'
        ? (fledFrom(promotion)?.artifact ?? null)
        : null,
  };
}
