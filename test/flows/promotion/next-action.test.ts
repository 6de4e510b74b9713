import { describe, expect, it } from 'vitest';
import { toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { type Action, dueAt, nextAction } from '../../../src/flows/promotion/next-action.ts';
import type { PersonClaim, Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { standNames, stands } from './stands.ts';
import { claim, grace, hash, lin, otto, through, type Walk, walkTo } from './walk.ts';

const told = (action: Action): string => {
  switch (action.does) {
    case 'rest':
      return action.untilMs === null ? 'rests for ever' : 'rests';
    case 'emit':
      return action.event.type;
    case 'step':
      return `step ${action.stepId} ${action.direction}`;
    default:
      return action.does;
  }
};

const away = (action: Action): PromotionEvent => ({
  type: 'trouble.met',
  during: action.does === 'authorize' ? 'people' : 'work',
  code: 'aws.unreachable',
  text: 'It does not answer.',
  retryAfterMs: null,
});

/**
 * What is called for as time goes by and nobody does anything. Work that is called for ends it, or with `outside` away
 * is tried in vain.
 */
function timetable(
  { promotion: from, nowMs: fromMs }: Walk,
  atMost = 6,
  outside: 'asked' | 'away' = 'asked',
) {
  const lines: string[] = [];
  let promotion: Promotion = from;
  let nowMs = fromMs;
  const line = (action: Action) => lines.push(`${(nowMs - fromMs) / 1000} s: ${told(action)}`);
  for (let count = 0; count < atMost; count += 1) {
    const action = nextAction(promotion, nowMs);
    expect(dueAt(promotion, nowMs)).toBe(action.does === 'rest' ? action.untilMs : nowMs);
    if (action.does === 'rest') {
      if (action.untilMs === null || action.untilMs <= nowMs) return [...lines, told(action)];
      // While something is held up, a page or an end may be late by the time until the next try.
      if (outside === 'asked')
        expect(nextAction(promotion, action.untilMs - 1)).toMatchObject({ does: 'rest' });
      nowMs = action.untilMs;
      continue;
    }
    line(action);
    if (action.does !== 'emit' && outside === 'asked') return lines;
    const event = action.does === 'emit' ? action.event : away(action);
    const decision = transition(promotion, event, nowMs);
    if (decision.outcome === 'refused') return [...lines, `refused: ${decision.refusal.code}`];
    promotion = toChange(promotion, decision, event, nowMs, hash).promotion;
  }
  return lines;
}

/** One line for as long as it goes on like this. */
function tellTimes(lines: readonly string[]): string[] {
  const runs: string[] = [];
  let last = '';
  for (const line of lines) {
    const [atSeconds = '', what = ''] = line.split(' s: ');
    const run = runs.pop();
    if (run !== undefined && what === last) runs.push(`${run}, ${atSeconds}`);
    else runs.push(...(run === undefined ? [] : [run]), what === '' ? line : `${what} at ${atSeconds}`);
    last = what;
  }
  return runs;
}

const withClaims = (walk: Walk, ...claims: readonly PersonClaim[]): Walk => ({
  ...walk,
  promotion: { ...walk.promotion, claims: [...claims] },
});
const unreadable = (walk: Walk): Walk =>
  through(walk, {
    type: 'trouble.met',
    during: 'people',
    code: 'slack.unreachable',
    text: 'Slack does not answer.',
    retryAfterMs: null,
  });

describe('what the saved state calls for', () => {
  it('as time goes by, wherever it stands', () => {
    expect(Object.fromEntries(standNames.map((name) => [name, timetable(stands[name]())]))).toMatchSnapshot();
  });

  it.each(standNames)(
    'when a person has asked for something, who may is read before anything else, while %s',
    (name) => {
      const { promotion, nowMs } = withClaims(stands[name](), { ...claim('cancel', otto), id: 'cancel' });
      const readableAtMs = promotion.troubles.people?.retryAtMs ?? nowMs;

      expect(nextAction(promotion, readableAtMs)).toEqual({ does: 'authorize', claimId: 'cancel' });
      expect(nextAction({ ...promotion, claims: [] }, readableAtMs)).not.toMatchObject({ does: 'authorize' });
    },
  );

  it('while nothing outside answers: how often it is tried, who is told when, and when it is given up', () => {
    const inVain = standNames.map((name) => [name, tellTimes(timetable(stands[name](), 100, 'away'))]);

    expect(Object.fromEntries(inVain)).toMatchSnapshot();
  });

  it('when the directory cannot be read: the work on a changed production goes on, and the reading is tried again', () => {
    const waits = standNames.map((name) => [
      name,
      timetable(unreadable(withClaims(stands[name](), claim('cancel', otto))), 3),
    ]);

    expect(Object.fromEntries(waits)).toMatchSnapshot();
  });

  it('a person who asks to roll back is settled before all others', () => {
    const { promotion, nowMs } = withClaims(
      walkTo('monitoring'),
      { ...claim('answer', grace), id: 'first' },
      { ...claim('roll-back', lin), id: 'second' },
    );

    expect(nextAction(promotion, nowMs)).toEqual({ does: 'authorize', claimId: 'second' });
  });

  it('of several others who ask, the first is settled first', () => {
    const { promotion, nowMs } = withClaims(
      walkTo('awaiting-approval'),
      { ...claim('approve', grace), id: 'first' },
      { ...claim('approve', lin), id: 'second' },
    );

    expect(nextAction(promotion, nowMs)).toEqual({ does: 'authorize', claimId: 'first' });
  });
});
