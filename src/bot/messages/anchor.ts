import type { Promotion } from '../../flows/promotion/promotion.ts';

/**
 * What a button carries: which promotion, and which plan the person's screen showed. Nothing else is ever read from a
 * click; the rest comes from the store. The block id is new with every drawing, as Slack wants it for edits.
 */
export interface Anchor {
  readonly promotionId: string;
  /** Zero before there is a plan. */
  readonly round: number;
  /** The first characters of the plan's digest; empty before there is a plan. */
  readonly digest: string;
  readonly questionId: string | null;
}

export const actionIds = {
  approve: 'cs:approve',
  reject: 'cs:reject',
  cancel: 'cs:cancel',
  rollBack: 'cs:roll-back',
  answerContinue: 'cs:answer-continue',
  answerRollBack: 'cs:answer-roll-back',
  retry: 'cs:retry',
  resolve: 'cs:resolve',
} as const;

const digestLength = 12;
const none = '-';

export function blockIdOf(promotion: Promotion, part: string, nowMs: number): string {
  const round = 'round' in promotion ? promotion.round : 0;
  const digest = 'digest' in promotion && promotion.digest !== null ? promotion.digest : '';
  const question = 'watch' in promotion ? (promotion.watch?.question ?? null) : null;
  const suffix = `${promotion.revision}.${nowMs.toString(36)}.${part}`;
  const asked = question === null ? '' : `.q-${question.id}`;
  return `${promotion.id}:${round}:${digest.slice(0, digestLength) || none}:${suffix}${asked}`;
}

const pattern =
  /^(?<id>[^:\s<>]{1,100}):(?<round>0|[1-9]\d{0,5}):(?<digest>-|[\w+/=]{12}):[\w]+\.\w+\.\w+(\.q-(?<question>[^:\s<>]{1,110}))?$/;

/** Undefined for anything that we did not draw, or whose value names another promotion. */
export function parseAnchor(blockId: string, value: string | undefined): Anchor | undefined {
  const groups = blockId.length > 255 ? undefined : pattern.exec(blockId)?.groups;
  if (groups === undefined) return undefined;
  const { id, round, digest, question } = groups;
  if (id === undefined || round === undefined || digest === undefined || value !== id) return undefined;
  return {
    promotionId: id,
    round: Number(round),
    digest: digest === none ? '' : digest,
    questionId: question ?? null,
  };
}
