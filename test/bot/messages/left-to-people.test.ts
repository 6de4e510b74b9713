import { describe, expect, it } from 'vitest';
import { announcement } from '../../../src/bot/messages/announcement.ts';
import type { Message } from '../../../src/bot/messages/block.ts';
import { card } from '../../../src/bot/messages/card.ts';
import { resultLine } from '../../../src/bot/messages/phrases.ts';
import { lockLostText } from '../../../src/flows/promotion/phases/rolling-back.ts';
import { nobody } from '../../../src/flows/unlock.ts';
import { at, doneStep, promotionIn } from '../promotions.ts';
import { shown } from './drawn.ts';

const drawn = (promotion: Parameters<typeof card>[0], nowMs = at(9)) => shown(card(promotion, { nowMs }));
const { rollback } = promotionIn('rolling-back');
const text = lockLostText(nobody);
const lost = {
  rollback: { ...rollback, cause: { code: 'lock.lost', text, by: null } },
  failure: { code: 'lock.lost', text, atMs: at(7) },
};

const untried = (phase: 'rollback-failed' | 'resolved') => ({
  phases: promotionIn(phase).phases.filter((visit) => visit.phase !== 'rolling-back'),
});

describe('a promotion that lost its lock before any rollback was tried', () => {
  const left = drawn(promotionIn('rollback-failed', { ...lost, ...untried('rollback-failed') }));

  it('offers commands without the button that it does not have, and awaits nothing that will not come', () => {
    expect(left).toContain('LEFT TO PEOPLE.');
    expect(left).toContain('*By hand*, once it is known what is live:');
    expect(left).not.toContain('trying again');
    expect(left).toContain('• Switched — not by this promotion');
    expect(left).toContain('• Verified — not by this promotion');
    expect(left).not.toContain('not yet');
    expect(left).not.toMatch(/FAILED|failed rollback/);
    expect(left).toContain('*Verify* — stopped after 2 min, left to people');
  });

  it('is closed as what it was, with no rollback that failed', () => {
    const closed = promotionIn('resolved', { rollback: lost.rollback, ...untried('resolved') });
    expect(drawn(closed)).toContain('Closed by two people. No rollback was tried.');
    expect(drawn(closed)).not.toMatch(/failed/i);
    expect(drawn(closed)).not.toContain('not yet');
    const [late] = announcement(closed, { topic: 'rollback-failed' }, { nowMs: at(9) });
    expect(late?.message.text).toContain('had been left to people');
    expect(late?.message.text).not.toContain('failed');
  });

  it('while one whose rollback was tried says so', () => {
    const tried = { ...rollback, steps: { back: doneStep(at(6), at(7)) } };
    expect(drawn(promotionIn('resolved', { rollback: tried }))).toContain('after a failed rollback');
    const waits = drawn(promotionIn('rollback-failed'));
    expect(waits).toContain('if trying again does not help');
    expect(waits).toContain('• Verified — not yet');
  });
});

describe('what waits for a lock', () => {
  const waits = (holder: string) =>
    promotionIn('awaiting-approval', {
      approvals: promotionIn('deploying').approvals,
      lockBusy: { holder, retryAtMs: at(9) },
    });

  it('claims nothing of its holder, which may be stuck, and names the way out', () => {
    const words = drawn(waits('p656c41eb07'));
    expect(words).toContain('Approved. Waits for `p656c41eb07`, which holds what it would change.');
    expect(words).toContain('`/promote status` says how that stands, and the way out where it is stuck.');
    expect(drawn(waits(nobody))).not.toContain('/promote status');
  });

  it('also where it is told', () => {
    for (const told of [
      { topic: 'lock-busy', holder: 'p656c41eb07' },
      { topic: 'rollback-waits', holder: 'p656c41eb07' },
    ] as const) {
      const [telling] = announcement(waits('p656c41eb07'), told, { nowMs: at(9) });
      const message = telling?.message as Message;
      expect(message.text).not.toContain('is changing');
      expect(message.text).toContain('`/promote status` says how that stands, and the way out');
    }
  });
});

describe('a check that did not pass', () => {
  const title = 'blue holds v1.3.1';
  const found = 'blue should hold v1.3.1, but it holds v1.3.1-rc.1.';

  it('does not begin with the words of what should be', () => {
    const result = { id: 'x', title, outcome: 'failed', text: found, link: null, urgent: false } as const;
    expect(resultLine(result)).toBe(`✗ ${title} — FAILED: ${found}`);
    expect(resultLine({ ...result, outcome: 'pending' })).toMatch(/^• /);
    expect(resultLine({ ...result, outcome: 'passed' })).toMatch(/^• /);
  });

  it('neither in the end that it makes nor in the cause of a rollback', () => {
    const failed = promotionIn('failed', {
      ending: { code: 'validation.failed', text: `${title}: ${found}\nOther: no`, next: '', by: null },
    });
    expect(drawn(failed)).toContain(`✗ ${title}: ${found}\n✗ Other: no`);
    const cause = { code: 'verification.failed', text: `${title}: ${found}\nOther: no`, by: null };
    expect(drawn(promotionIn('rolling-back', { rollback: { ...rollback, cause } }))).toContain(
      `What was wrong: ✗ ${title}: ${found}\n✗ Other: no`,
    );
  });
});

describe('times on a card that is drawn seldom', () => {
  it('are times of day, which stay true', () => {
    const words = drawn(promotionIn('awaiting-approval'));
    expect(words).toContain('Asked 2026-11-21 14:00 UTC, will take about');
    expect(words).not.toMatch(/ago|waiting for/);
    expect(words).toContain('waiting since 14:02:00 UTC');
  });

  it('are not measured by what was expected once that is passed', () => {
    const step = { ...doneStep(at(4), 0), status: 'waiting', doneAtMs: null } as const;
    const deploying = promotionIn('deploying', { steps: { settle: step } });
    const late = drawn(deploying, at(10));
    expect(late).toContain('asked for, 6 min, longer than expected');
    expect(late).not.toMatch(/longer than expected [▓░]/);
    expect(drawn(deploying, at(7, 10))).toMatch(/asked for, 3 min 10 s$/m);
  });
});

it('shows the times in the words of a check on the reader’s clock, like those below them', () => {
  const cause = {
    code: 'alarm',
    text: 'Errors: Alarm site-5xx is in ALARM since 23:59:26 UTC: 3 of 5.',
    by: null,
  };
  const detectedAtMs = Date.UTC(2026, 10, 22, 0, 0, 40);
  const drawing = card(promotionIn('rolling-back', { rollback: { ...rollback, cause, detectedAtMs } }), {
    nowMs: detectedAtMs,
  });
  const since = Date.UTC(2026, 10, 21, 23, 59, 26) / 1000;
  expect(JSON.stringify(drawing.blocks)).toContain(
    `ALARM since <!date^${since}^{time_secs}|23:59:26 UTC>: 3 of 5.`,
  );
});

it('reads out a path as it is', () => {
  const title = 'Clear /* everywhere';
  const [first, ...others] = promotionIn('deploying').plan.analysis.steps;
  if (first === undefined) throw new Error('there are no steps');
  const { plan } = promotionIn('deploying');
  const analysis = { ...plan.analysis, steps: [{ ...first, title }, ...others] };
  const running = { ...doneStep(at(4), 0), status: 'waiting', doneAtMs: null } as const;
  const steps = { [first.id]: running };
  const message = card(promotionIn('deploying', { plan: { ...plan, analysis }, steps }), { nowMs: at(5) });
  expect(shown(message)).toContain('Clear `/*` everywhere — asked for');
  expect(message.text).toContain('Clear `/*` everywhere — asked for');
  expect(message.text).not.toContain('*Deploy*');
});
