import { describe, expect, it } from 'vitest';
import { toChange } from '../../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { type Action, dueAt, nextAction } from '../../../src/flows/promotion/next-action.ts';
import type { PersonClaim, Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { standNames, stands } from './stands.ts';
import {
  claim,
  grace,
  hash,
  lin,
  otto,
  startMs,
  through,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

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

  it('an ended promotion calls for nothing, whatever was still asked for', () => {
    const { promotion, nowMs } = withClaims(walkTo('promoted'), claim('roll-back', lin));

    expect(nextAction(promotion, nowMs)).toEqual({ does: 'rest', untilMs: null });
  });

  it('ALL-4 approvals that expire before the first change end it, to the millisecond', () => {
    const { promotion } = walkToUntouchedDeployment();
    const expiring = (expiresAtMs: number) => nextAction({ ...promotion, expiresAtMs } as Promotion, startMs);

    expect(expiring(startMs)).toEqual({ does: 'emit', event: { type: 'approval.expired' } });
    expect(expiring(startMs + 1)).toMatchObject({ does: 'step' });
  });

  it('ALL-3 the gate is looked at again once its evidence is older than a minute', () => {
    const { promotion, nowMs } = walkToUntouchedDeployment();

    expect(nextAction(promotion, nowMs + 60_000)).toMatchObject({ does: 'step' });
    expect(nextAction(promotion, nowMs + 60_001)).toEqual({ does: 'gate' });
  });

  it('ALL-2 while the directory cannot be read the gate waits for it, though never beyond the expiry', () => {
    const { promotion, nowMs } = unreadable(stands['deploying, not looked at again yet']());
    const gate = (expiresAtMs: number, atMs = nowMs) =>
      nextAction({ ...promotion, expiresAtMs } as Promotion, atMs);

    expect(gate(nowMs + 60_000)).toEqual({ does: 'rest', untilMs: nowMs + 5_000 });
    expect(gate(nowMs + 2_000)).toEqual({ does: 'rest', untilMs: nowMs + 2_000 });
    expect(gate(nowMs + 60_000, nowMs + 5_000)).toEqual({ does: 'gate' });
  });

  it('ALL-4 only a Cancel that is being checked holds the first change, not what else is asked for', () => {
    const asked = (does: PersonClaim['does']) => {
      const { promotion, nowMs } = unreadable(withClaims(walkToUntouchedDeployment(), claim(does, otto)));
      return nextAction(promotion, nowMs).does;
    };

    expect(asked('cancel')).toBe('rest');
    expect(asked('approve')).toBe('step');
  });

  it('trouble with the lock is waited out, though never beyond the expiry', () => {
    const { promotion, nowMs } = through(stands['awaiting approval, approved by all'](), {
      type: 'trouble.met',
      during: 'work',
      code: 'aws.throttled',
      text: 'AWS is throttling.',
      retryAfterMs: null,
    });
    const lock = (expiresAtMs: number, atMs = nowMs) =>
      nextAction({ ...promotion, expiresAtMs } as Promotion, atMs);

    expect(lock(nowMs + 60_000)).toEqual({ does: 'rest', untilMs: nowMs + 5_000 });
    expect(lock(nowMs + 2_000)).toEqual({ does: 'rest', untilMs: nowMs + 2_000 });
    expect(lock(nowMs + 60_000, nowMs + 5_000)).toEqual({ does: 'lock' });
  });

  it('a busy lock is tried again, though never after the expiry', () => {
    const { promotion, nowMs } = stands['awaiting approval, approved by all, the lock busy']();
    const lock = (expiresAtMs: number) => nextAction({ ...promotion, expiresAtMs } as Promotion, nowMs);

    expect(lock(nowMs + 60_000)).toEqual({ does: 'rest', untilMs: nowMs + 30_000 });
    expect(lock(nowMs + 10_000)).toEqual({ does: 'rest', untilMs: nowMs + 10_000 });
  });

  it('ALL-9 on-call hears of new trouble after five minutes, of the same again after fifteen more', () => {
    const { promotion, nowMs } = walkTo('verifying');
    const page = (sinceMs: number, pagedAtMs: number | null, atMs: number) => {
      const work = { code: 'x', text: 'x', sinceMs, retryAtMs: atMs + 60_000, tries: 3 };
      const troubled = { ...promotion, pagedAtMs, troubles: { people: null, work } } as Promotion;
      const action = nextAction(troubled, atMs);
      return action.does === 'emit' && action.event.type === 'page.due';
    };
    const minutes = (count: number) => nowMs + count * 60_000;

    expect(page(nowMs, null, minutes(5) - 1)).toBe(false);
    expect(page(nowMs, null, minutes(5))).toBe(true);
    expect(page(nowMs, minutes(5), minutes(20) - 1)).toBe(false);
    expect(page(nowMs, minutes(5), minutes(20))).toBe(true);
  });

  it('what was given up says what stayed like this, and that production was not touched', () => {
    const walk = walkTo('validating');
    const work = {
      code: 'aws.throttled',
      text: 'AWS is throttling.',
      sinceMs: walk.nowMs,
      retryAtMs: 0,
      tries: 9,
    };
    const action = nextAction(
      { ...walk.promotion, troubles: { people: null, work } },
      walk.nowMs + 1_800_000,
    );

    expect(action).toMatchObject({
      does: 'emit',
      event: {
        type: 'plan.refused',
        refusal: {
          code: 'aws.throttled',
          text: expect.stringContaining('AWS is throttling.'),
          next: expect.stringContaining('Production was not touched'),
        },
      },
    });
  });
});
