import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { transition } from '../../src/flows/promotion/transition.ts';
import type { Stage } from './history.ts';
import { ended } from './invariants.ts';
import { type Shadow, surfaceOf } from './shadow.ts';

/** Topics whose loss costs nobody anything: not told again where it is unsure whether they arrived. */
const details: ReadonlySet<string> = new Set([
  'requested',
  'analyzed',
  'validated',
  'lock-busy',
  'step-done',
  'probed',
  'reading',
  'trouble',
]);

/** What must hold once everything has come to rest. */
export function checkTheEnd(stage: Stage): void {
  for (const shadow of stage.watcher.shadows.values()) {
    checkEnded(stage, shadow);
    if (stage.shows) {
      checkCard(stage, shadow);
      checkPostedOnce(stage, shadow);
      checkTold(stage, shadow);
    }
    checkFold(stage, shadow);
  }
  checkProduction(stage);
}

function checkEnded({ watcher }: Stage, { promotion, id }: Shadow): void {
  if (!ended(promotion)) watcher.fail('I15 ends', `${id} is still ${promotion.phase}`);
}

function checkCard({ watcher, slack }: Stage, shadow: Shadow): void {
  const { promotion, id } = shadow;
  const surface = surfaceOf(shadow);
  if (!promotion.admitted) return;
  const card = surface?.ts == null ? undefined : slack.cardAt(surface.channel, surface.ts);
  if (card === undefined) watcher.fail('I17 card', `${id} has no card`);
  else if (card.revision !== promotion.revision) {
    watcher.fail('I17 card', `the card of ${id} shows revision ${card.revision}, not ${promotion.revision}`);
  }
}

/** Where nothing was unsure, nothing was posted a second time. */
function checkPostedOnce({ watcher, slack, kernel, weather, coverage }: Stage, { id }: Shadow): void {
  if (kernel.interrupted() + weather.struck('dynamo') + slack.ambiguous() > 0) return;
  coverage.hit('antecedent shown with nothing unsure');
  const cards = slack.posts.filter(
    ({ about, revision, deleted }) => about === id && revision !== null && !deleted,
  );
  if (cards.length > 1) watcher.fail('I17 card', `${id} has ${cards.length} cards`);
}

function checkTold({ watcher, slack }: Stage, { id, told, promotion, toldSequence }: Shadow): void {
  if (!promotion.admitted) return;
  if (toldSequence < promotion.announced) {
    watcher.fail('I17 told', `${id} has told ${toldSequence} of ${promotion.announced}`);
    return;
  }
  let last = -1;
  for (const { sequence, topic } of told) {
    if (details.has(topic) || topic === 'denied') continue;
    const first = slack.posts.findIndex(
      (post) => post.about === id && post.telling.includes(sequence) && post.revision === null,
    );
    if (first === -1) {
      watcher.fail('I17 told', `${id} never told ${sequence} ${topic}`);
    } else if (first < last) {
      watcher.fail('I17 told', `${id} told ${sequence} ${topic} before what came first`);
    }
    last = Math.max(last, first);
  }
}

/** Fields that unaudited looks move, or that only say when and how often. */
const unaudited: ReadonlySet<string> = new Set([
  'revision',
  'nowMs',
  'dueAtMs',
  'audit',
  'announced',
  'troubles',
  'lookAtMs',
  'progress',
  'startedAtMs',
  'schema',
  'since',
]);

/** A step that only unaudited looks have begun. */
const onlyLookedAt = (value: object) => 'status' in value && value.status === 'waiting';

function plainly(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(plainly).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const record = value as Record<string, unknown>;
  let text = '';
  for (const key of Object.keys(record).sort()) {
    const member = record[key];
    if (member === undefined || unaudited.has(key)) continue;
    if (typeof member === 'object' && member !== null && onlyLookedAt(member)) continue;
    text += `${key}:${plainly(member)},`;
  }
  return `{${text}}`;
}

/** The chain alone gives back what is stored. */
function checkFold({ watcher }: Stage, { id, opened, entries, promotion }: Shadow): void {
  let folded: Promotion = opened;
  for (const { event, atMs, sequence } of entries) {
    if (event.type === 'promotion.requested') continue;
    const decision = transition(folded, event, atMs);
    if (decision.outcome === 'refused') {
      watcher.fail('I12 fold', `${id} entry ${sequence} ${event.type} is refused: ${decision.refusal.code}`);
      return;
    }
    folded = { ...decision.promotion, nowMs: Math.max(folded.nowMs, atMs) };
  }
  const expected = plainly(folded);
  const stored = plainly(promotion);
  if (expected === stored) return;
  let same = 0;
  while (expected[same] === stored[same]) same += 1;
  const part = (text: string) => text.slice(Math.max(0, same - 60), same + 120);
  watcher.fail('I12 fold', `${id} is stored as …${part(stored)} and folded as …${part(expected)}`);
}

/** Late requests have all arrived or died: production is still what the last end said, unless somebody else changed it. */
function checkProduction({ watcher, service }: Stage): void {
  const finished = [...watcher.shadows.values()]
    .filter(({ promotion, everDirty }) => promotion.app === 'worker' && everDirty && ended(promotion))
    .sort((a, b) => a.savedAtMs - b.savedAtMs);
  const last = finished.at(-1)?.promotion;
  if (last === undefined || last.phase === 'resolved' || service.now().by === 'somebody') return;
  if (!('plan' in last) || last.plan === null) return;
  const { live, candidate } = last.plan.analysis;
  const goes = last.kind === 'rollback' || last.phase === 'promoted' ? candidate : live;
  if (service.now().version !== goes.release.version) {
    watcher.fail('I2 quiescent', `${last.id} was ${last.phase}, and ${service.now().version} runs`);
  }
}
