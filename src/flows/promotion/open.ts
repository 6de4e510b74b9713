import type { EnvironmentSettings, OpenRequest } from '../desk.ts';
import type { Change, Hash } from '../ports.ts';
import { auditHash } from './change.ts';
import type { Promotion } from './promotion.ts';

const announcedAtOpening = 1;

/** The claim of whoever asked for the promotion: settled first of all. */
export const requestClaimId = (promotionId: string) => `${promotionId}-request`;

/** A promotion as it is first saved: asked for, its requester's rights still to be read; `heldBy` holds its environment. */
export function openPromotion(
  id: string,
  request: OpenRequest,
  settings: EnvironmentSettings,
  nowMs: number,
  hash: Hash,
  heldBy?: string,
): Change {
  const { kind, app, environment, version, reason } = request;
  const entry = {
    promotionId: id,
    sequence: 1,
    atMs: nowMs,
    actor: { kind: 'person' as const, person: request.person },
    from: 'none',
    to: 'analyzing',
    digest: null,
    event: {
      type: 'promotion.requested' as const,
      request: { kind, app, environment, version, reason },
    },
    refusal: null,
    previous: '',
  };
  const audit = { ...entry, hash: auditHash(entry, hash) };
  const promotion: Promotion = {
    schema: 3,
    phase: 'analyzing',
    id,
    kind: request.kind,
    app: request.app,
    environment: request.environment,
    version: request.version,
    requester: request.person,
    reason: request.reason,
    requestedAtMs: nowMs,
    policy: settings.policy,
    definition: settings.definition,
    revision: 1,
    nowMs,
    dueAtMs: nowMs,
    claims: [
      {
        id: requestClaimId(id),
        does: request.kind === 'rollback' ? 'roll-back' : 'request',
        person: request.person,
        atMs: nowMs,
        reason: request.reason,
        answer: null,
      },
    ],
    troubles: { people: null, work: null },
    phases: [{ phase: 'analyzing', atMs: nowMs }],
    audit: { sequence: 1, head: audit.hash },
    announced: announcedAtOpening,
    admitted: false,
    ...(heldBy === undefined ? {} : { heldBy }),
  };
  return {
    promotion,
    audit: [audit],
    announcements: [{ promotionId: id, sequence: 1, atMs: nowMs, announcement: { topic: 'requested' } }],
    locks: null,
    handedOver: null,
    live: null,
  };
}
