import type { Surface } from '../flows/ports.ts';
import { hasEnded, isDirty, type Promotion } from '../flows/promotion/promotion.ts';
import type { EditWeight } from './pacing.ts';

/** Edits of one message come no closer than this. Source: Slack, human interface guidelines: about one in three seconds. */
const closestEditsMs = 3_000;
/** An open card is drawn anew now and then: its times move on, and a card that somebody deleted comes back. */
const refreshMs = 5 * 60_000;

export interface Edit {
  readonly weight: EditWeight;
  /** Not before this time. */
  readonly atMs: number;
}

/** What a card must not be late with, in words that are only ever compared: phase, approvals, questions, troubles. */
export function mattersOf(promotion: Promotion): string {
  const approvals = 'approvals' in promotion ? promotion.approvals.length : 0;
  const watch = 'watch' in promotion ? promotion.watch : null;
  const { people, work } = promotion.troubles;
  return [
    promotion.phase,
    isDirty(promotion) ? 'dirty' : '',
    `${approvals} approvals`,
    'lockBusy' in promotion && promotion.lockBusy !== null ? 'turn' : '',
    'executeAtMs' in promotion && promotion.executeAtMs !== null ? 'counting' : '',
    watch?.question?.id ?? '',
    watch?.last?.outcome ?? '',
    'resolutions' in promotion ? `${promotion.resolutions.length} resolutions` : '',
    people === null && work === null ? '' : 'trouble',
  ]
    .filter((word) => word !== '')
    .join(' ');
}

/** The edit that the card wants next; undefined when it shows what is saved and nothing can change that but a save. */
export function nextEdit(surface: Surface, promotion: Promotion): Edit | undefined {
  const notBeforeMs = Math.max(surface.drawnAtMs + closestEditsMs, surface.drawingUntilMs ?? 0);
  if (surface.drawnRevision < promotion.revision) {
    const matters = surface.shown !== mattersOf(promotion);
    const weight = !matters ? 'progress' : hasEnded(promotion) ? 'final' : 'news';
    return { weight, atMs: notBeforeMs };
  }
  if (surface.redrawAtMs !== null) {
    return { weight: 'news', atMs: Math.max(surface.redrawAtMs, notBeforeMs) };
  }
  return hasEnded(promotion)
    ? undefined
    : { weight: 'progress', atMs: Math.max(refreshAtMs(surface, promotion), notBeforeMs) };
}

/** The longer nothing happens, the more rarely: what is only open must not cost what something happening costs. */
function refreshAtMs(surface: Surface, promotion: Promotion): number {
  return surface.drawnAtMs + Math.max(refreshMs, surface.drawnAtMs - promotion.nowMs);
}
