import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAnchor } from '../../../src/bot/messages/anchor.ts';
import { announcement } from '../../../src/bot/messages/announcement.ts';
import { card } from '../../../src/bot/messages/card.ts';
import { type Phase, type Promotion, phases } from '../../../src/flows/promotion/promotion.ts';
import { checkBlocks } from '../../../workspace/slack/block-kit.ts';
import { ada, at, doneStep, grace, plan, policy, promotionIn, release } from '../promotions.ts';
import { buttons, parsed, shown } from './drawn.ts';

const drawCard = (promotion: Parameters<typeof card>[0], nowMs = at(6)) => card(promotion, { nowMs });
const labels = (promotion: Parameters<typeof card>[0]) =>
  buttons(drawCard(promotion)).map(({ label }) => label);

describe('before approval the card', () => {
  const promotion = promotionIn('awaiting-approval', {
    approvals: [{ person: grace, atMs: at(2, 10), evidence: 'named' }],
  });
  const message = drawCard(promotion);
  const words = shown(message);

  it('says what is asked, by whom, from which version to which, and why', () => {
    expect(words).toContain('Promote site v1.1.0 to production');
    expect(words).toContain('`v1.0.0` → `v1.1.0`');
    expect(words).toContain(`<@${ada.userId}>`);
    expect(words).toContain('Reason: Brighter lamps before the holidays');
    expect(words).toContain(`<${release.commit.url}|1234567> Brighter lamps (Ada Park)`);
  });

  it('shows the first line of the commit message and leaves the rest to GitHub', () => {
    const message = 'Brighter lamps\n\nThey were dim.\n\nCo-authored-by: Lin Wei <lin@countersign.example>';
    const drawn = shown(
      drawCard({ ...promotion, release: { ...release, commit: { ...release.commit, message } } }),
    );

    expect(drawn).toContain('|1234567> Brighter lamps (Ada Park)');
    expect(drawn).not.toContain('Co-authored-by');
  });

  it('counts the approvals, names who gave them and when, and says that silence means no', () => {
    expect(words).toContain('Waiting for approval: 1 of 2 given.');
    expect(words).toContain(`1 of 2 given (<@${grace.userId}> 14:02:10 UTC)`);
    expect(words).toMatch(/Expires 2026-11-23 14:00 UTC; silence means no/);
    expect(words).toContain('asked and cannot approve');
  });

  it('shows what is signed: changes, steps, evidence with its run, risks, the way back and how long it takes', () => {
    expect(words).toContain('The origin path changes from /blue to /green');
    expect(words).toMatch(/Switch production to green → /);
    expect(words).toMatch(
      /All \d passed.*<https:\/\/github.example\/lamps\/site\/actions\/runs\/42\|Staging run>/,
    );
    expect(words).toContain('Visitors with open pages keep the old scripts');
    expect(words).toContain('To `v1.0.0` on blue, about 3 min: by itself if anything fails');
    expect(words).toContain('<https://lamps.example/|Production>');
  });

  it('reads out what would change and what is at risk', () => {
    expect(message.text).toContain('Will change: The origin path changes from /blue to /green.');
    expect(message.text).toContain('Risk: Visitors with open pages');
    expect(message.text).toContain('Reason: Brighter lamps before the holidays.');
  });

  it('offers Approve as the one emphasised button, Reject unstyled, Cancel, and asks again before Approve counts', () => {
    expect(buttons(message)).toMatchObject([
      { label: 'Approve', style: 'primary', asks: true, value: promotion.id },
      { label: 'Reject', style: undefined },
      { label: 'Cancel', style: undefined },
    ]);
  });

  it('carries in its buttons nothing but the promotion and the plan that was shown, new with every drawing', () => {
    const [first] = buttons(message);
    expect(parseAnchor(first?.blockId ?? '', first?.value)).toEqual({
      promotionId: promotion.id,
      round: 1,
      digest: 'abcdef012345',
      questionId: null,
    });
    expect(buttons(drawCard(promotion, at(7)))[0]?.blockId).not.toBe(first?.blockId);
    expect(message.metadata?.event_payload).toEqual({ promotion_id: promotion.id, revision: 7 });
  });

  it('asks before Approve counts what would happen, in words that a telephone has room for', () => {
    const actions = message.blocks.find(({ type }) => type === 'actions');
    expect(JSON.stringify(actions)).toContain(
      'v1.0.0 → v1.1.0 in production. Its one check passed. Starts 5 min after the last approval.',
    );
  });

  it('says what is decided once more directly above the buttons', () => {
    const index = message.blocks.findIndex(({ type }) => type === 'actions');
    const result = (id: string) => ({ ...plan.results[0], id }) as (typeof plan.results)[0];
    const three = { ...promotion, plan: { ...plan, results: ['a', 'b', 'c'].map(result) } };
    expect(JSON.stringify(message.blocks[index - 1])).toContain('`v1.0.0` → `v1.1.0` · its one check passed');
    expect(JSON.stringify(drawCard(three).blocks[index - 1])).toContain('all 3 checks passed');
  });

  it('links no check but the workflow run, which comes first', () => {
    const [run] = plan.results;
    const alarms = {
      ...run,
      id: 'alarms',
      title: 'Alarms',
      link: 'https://lamps.example/alarms',
    } as typeof run;
    const results = [alarms, run].flatMap((result) => (result === undefined ? [] : [result]));
    const drawn = shown(drawCard({ ...promotion, plan: { ...plan, results } }));
    expect(drawn).toMatch(/All 2 passed, each in the thread: <[^>]*\|Staging run>, Alarms/);
  });

  it('says that it was asked again, and what differs', () => {
    const again = promotionIn('awaiting-approval', {
      round: 2,
      voided: { text: 'The plan changed.', differences: ['The commit was 1234567, now 89abcde'] },
    });
    expect(shown(drawCard(again))).toContain('Asked again: The plan changed.');
    expect(shown(drawCard(again))).toContain('• The commit was 1234567, now 89abcde');
  });

  it('names checks that failed before anything changed', () => {
    const failing = promotionIn('awaiting-approval', {
      plan: { ...plan, failingBefore: [{ id: 'search', title: 'search', text: 'broken' }] },
    });
    expect(shown(drawCard(failing))).toContain('Failing already before this');
  });
});

describe('ALL-11: the witness of the audit', () => {
  const head = '0123456789abcdef'.repeat(4);
  const witnessed = <P extends Promotion>(promotion: P): P => ({
    ...promotion,
    audit: { sequence: 7, head },
  });

  it('stands at the foot of every card, short, and is not read aloud', () => {
    for (const phase of phases) {
      const message = card(witnessed(promotionIn(phase)), { nowMs: at(5) });

      expect(shown(message).split('\n').at(-1), phase).toContain('· audit `0123456789ab` ·');
      expect(message.text, phase).not.toContain('0123456789ab');
    }
  });

  it('stands under the message of the end, and not before it', () => {
    const last = (phase: Phase, topic: 'promoted' | 'started') =>
      announcement(witnessed(promotionIn(phase)), { topic }, { nowMs: at(5) }).map(({ message }) =>
        shown(message),
      );

    expect(last('promoted', 'promoted').join()).toContain('audit `0123456789ab`');
    expect(last('deploying', 'started').join()).not.toContain('audit');
  });

  it('stands under the message of an automatic rollback as well', () => {
    const told = announcement(
      witnessed(promotionIn('rolled-back')),
      { topic: 'rolled-back' },
      { nowMs: at(5) },
    );

    expect(told.length).toBeGreaterThan(0);
    for (const { message } of told) expect(shown(message)).toContain('audit `0123456789ab`');
  });
});

describe('while it is carried out the card', () => {
  it('shows every phase with a word and how long it took or takes', () => {
    const promotion = promotionIn('deploying', {
      steps: {
        shift: doneStep(at(4), at(4, 2)),
        settle: {
          ...doneStep(at(4, 2), 0),
          status: 'waiting',
          doneAtMs: null,
          progress: { text: 'CloudFront is taking it to its edges', fraction: null },
        },
      },
    });
    const words = shown(drawCard(promotion, at(5, 42)));
    expect(words).toContain('*Analysis* — done 1 min');
    expect(words).toMatch(
      /\*Approval\* — done 1 min \(<@U0GRACE001> 14:02:10 UTC, <@U0LIN00001> 14:02:50 UTC\)/,
    );
    expect(words).toContain('Switch production to green — done 2 s');
    expect(words).toContain('CloudFront is taking it to its edges, 1 min 40 s of about 3 min ▓▓▓░░░░');
    expect(words).toContain('Invalidate the cache — to come, about 1 min');
    expect(words).toContain('*Watch* — to come, about 15 min');
    expect(words).toContain('Running for 1 min 42 s of about');
  });

  it('says one time for a step whose provider tells the time as well', () => {
    const settle = (text: string) =>
      shown(
        drawCard(
          promotionIn('deploying', {
            steps: {
              settle: {
                ...doneStep(at(4), 0),
                status: 'waiting',
                doneAtMs: null,
                progress: { text, fraction: null },
              },
            },
          }),
          at(4, 40),
        ),
      );
    expect(settle('CloudFront is delivering it: 0 s so far, usually about 5 min.')).toContain(
      'CloudFront is delivering it, 40 s of about 3 min ▓',
    );
    expect(settle('Stage 2 is 3 min old.')).toMatch(/— Stage 2 is 3 min old ▓/);
  });

  it('reads out how far it is', () => {
    const message = drawCard(promotionIn('monitoring'), at(10));
    expect(message.text).toContain('Watch — 4 of 15 min healthy, last reading healthy');
    expect(message.text).not.toContain('Analysis');
  });

  it('says how much of the watch was healthy', () => {
    const words = shown(drawCard(promotionIn('monitoring'), at(10)));
    expect(words).toContain('*Watch* — 4 of 15 min healthy, last reading healthy ▓░░░░░░');
  });

  it('offers Cancel until the first change and Roll Back, emphasised and asked again, after it', () => {
    expect(labels(promotionIn('deploying', { dirty: false, steps: {} }))).toEqual(['Cancel']);
    for (const phase of ['deploying', 'verifying', 'monitoring', 'promoted'] as const) {
      expect(buttons(drawCard(promotionIn(phase)))).toMatchObject([
        { label: 'Roll Back', style: 'danger', asks: true },
      ]);
    }
    expect(labels(promotionIn('rolling-back'))).toEqual([]);
  });

  it('says what holds it up and when it is tried again', () => {
    const trouble = {
      code: 'aws.throttled',
      text: 'AWS is throttling.',
      sinceMs: at(5),
      retryAtMs: at(5, 10),
      tries: 2,
    };
    const words = shown(drawCard(promotionIn('deploying', { troubles: { work: trouble, people: null } })));
    expect(words).toContain('*Held up* — AWS is throttling. Trying again 14:05:10 UTC');
  });

  it('asks on-call when health cannot be told, with the deadline and what silence means', () => {
    const question = {
      id: 'p0123456789-4',
      askedAtMs: at(10),
      deadlineAtMs: at(20),
      text: 'Errors: no data points',
    };
    const message = drawCard(
      promotionIn('monitoring', { watch: { ...promotionIn('monitoring').watch, question } }),
    );
    expect(shown(message)).toContain('Without an answer by 14:20:00 UTC it is rolled back.');
    expect(buttons(message).map(({ label }) => label)).toEqual(['Continue', 'Roll Back']);
    expect(parseAnchor(buttons(message)[0]?.blockId ?? '', 'p0123456789')?.questionId).toBe('p0123456789-4');
  });
});

describe('when it goes back the card', () => {
  it('shows the clock of the rollback: detected, decided, switched, the provider’s own time apart, verified', () => {
    const words = shown(drawCard(promotionIn('rolled-back')));
    expect(words).toContain('• Detected 14:06:00 UTC');
    expect(words).toContain('• Decided 14:06:00 UTC (+0 s)');
    expect(words).toContain('• Switched 14:06:02 UTC (+2 s)');
    expect(words).toContain('• Everywhere 14:08:12 UTC (+2 min 12 s): 2 min 10 s of the provider’s own time');
    expect(words).toContain('• Verified 14:08:30 UTC (+2 min 30 s)');
    expect(words).toContain('Production shows `v1.0.0` again, verified');
    expect(words).toContain('By itself. What was wrong: ✗ Home page: expected v1.1.0, found v1.0.9');
    expect(words).toContain('*Verify* — FAILED after 1 min');
    expect(words).toContain('*Rollback* — done 1 min');
  });

  it('says what to do by hand when the rollback failed, exactly, and who is paged', () => {
    const message = drawCard(promotionIn('rollback-failed'));
    const words = shown(message);
    expect(words).toContain('THE ROLLBACK FAILED. People are needed now.');
    expect(words).toContain('It was to go back to `v1.0.0`. What production shows now has to be looked at.');
    expect(words).not.toContain('Going back for');
    expect(words).toContain('Waits for people since 14:07:00 UTC');
    expect(words).toContain('Paged: <!subteam^S0ONCALL01> <@U0OTTO0001>; again at 14:22:00 UTC');
    expect(words).toContain('aws cloudfront update-distribution --id E123 --if-match "$ETAG"');
    expect(buttons(message).map(({ label }) => label)).toEqual(['Try the Rollback Again', 'Close by Hand']);
  });

  it('does not promise a watch that will not come, and measures the way back by itself', () => {
    const words = shown(drawCard(promotionIn('rolling-back'), at(8)));
    expect(words).toContain('*Watch* — not reached');
    expect(words).toContain('Going back for 2 min of about 3 min');
  });

  it('reads the commands out as well', () => {
    expect(drawCard(promotionIn('rollback-failed')).text).toContain(
      'By hand: aws cloudfront update-distribution',
    );
  });

  it('names the person who asked for it', () => {
    const { rollback } = promotionIn('rolling-back');
    const asked = promotionIn('rolling-back', {
      rollback: { ...rollback, cause: { code: 'requested', text: 'Looks odd', by: grace } },
    });
    expect(shown(drawCard(asked))).toContain(`Asked for by <@${grace.userId}>: Looks odd`);
    expect(shown(drawCard(asked))).toContain(`stopped after 1 min by <@${grace.userId}>`);
  });
});

describe('once it is promoted the card', () => {
  const promoted = promotionIn('promoted', {
    plan: {
      ...plan,
      analysis: {
        ...plan.analysis,
        links: [...plan.analysis.links, { label: 'Preview of green', url: 'https://lamps.example/green' }],
      },
    },
  });

  it('says what production held, never what it holds now, and offers the way back', () => {
    const message = drawCard(promoted);
    expect(message.text).toContain('Promoted. Production held `v1.1.0` through the watch.');
    expect(message.text).toContain('Allowed now: Roll Back.');
    expect(labels(promoted)).toEqual(['Roll Back']);
  });

  it('offers no way back any more, not even in its text, when something else is live', () => {
    const message = card(promoted, { nowMs: at(20), standing: 'replaced' });
    expect(shown(message)).toContain('It is no longer what is live.');
    expect(message.text).toContain('It is no longer what is live.');
    expect(buttons(message)).toEqual([]);
    expect(message.text).not.toContain('Roll Back');
  });

  it('says that nobody knows what is live, and offers no way back, when people closed a later change by hand', () => {
    const message = card(promoted, { nowMs: at(20), standing: 'unknown' });
    expect(shown(message)).toContain('What is live now is not known');
    expect(message.text).toContain('What is live now is not known');
    expect(shown(message)).not.toContain('no longer');
    expect(buttons(message)).toEqual([]);
    expect(message.text).not.toContain('Roll Back');
  });

  it('calls nothing a preview that visitors see', () => {
    expect(shown(drawCard(promoted))).not.toContain('Preview of green');
    expect(shown(drawCard(promotionIn('deploying', { plan: promoted.plan })))).toContain('Preview of green');
  });
});

it.each(['rejected', 'expired', 'cancelled', 'failed', 'superseded'] as const)(
  'the card of a promotion that was %s says that production was not touched, and has no buttons',
  (phase) => {
    const message = drawCard(promotionIn(phase));
    expect(shown(message)).toContain('Production was not touched.');
    expect(message.text).toContain('Production was not touched.');
    expect(message.text).toContain('Next: Ask again.');
    expect(buttons(message)).toEqual([]);
  },
);

it.each(['deploying', 'rolling-back', 'rolled-back', 'rollback-failed', 'resolved', 'promoted'] as const)(
  'the card never says "not touched" of one that is %s',
  (phase) => expect(shown(drawCard(promotionIn(phase)))).not.toContain('not touched'),
);

it.each(phases)('the text of the card in %s alone tells what, who and what can be done', (phase) => {
  const message = drawCard(promotionIn(phase));
  expect(message.text).toContain('Promote `site` `v1.1.0` to `production`.');
  expect(message.text).toContain(`Requested by <@${ada.userId}>`);
  for (const { label } of buttons(message)) expect(message.text).toContain(label);
  expect(buttons(message).filter(({ style }) => style !== undefined).length).toBeLessThanOrEqual(1);
});

it('a promotion of the rollback kind is told as one', () => {
  const message = drawCard(promotionIn('rolling-back', { kind: 'rollback' }));
  expect(shown(message)).toContain('Roll back site in production to v1.1.0');
  expect(shown(message)).not.toContain('*Deploy*');
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 5000 }),
  fc
    .array(
      fc.constantFrom(
        '<!channel>',
        '<!here>',
        '<@U0EVIL0001>',
        '<https://evil.example|Approve>',
        '`',
        '```',
        '&',
        '*',
        '\u202e',
        '\u200b',
        '\n',
        ':white_check_mark:',
        '𝟙',
        '<',
        '|',
        'a'.repeat(50),
        '&amp;',
      ),
      { maxLength: 300 },
    )
    .map((parts) => parts.join('').slice(0, 5000)),
);
const allowedTokens =
  /<@U0[A-Z]+0+\d>|<!subteam\^S0[A-Z0-9]+>|<!date\^\d+\^[^|<>]*\|[^<>]*>|<https:\/\/(github|lamps)\.example\/[^|<>]*\|[^<>|]*>/g;

it('whatever others wrote, the card stays within Slack’s limits and mentions nobody they named', () => {
  fc.assert(
    fc.property(fc.constantFrom(...phases), nasty, nasty, fc.nat(30), (phase: Phase, text, other, count) => {
      const lines = Array.from({ length: count }, (_, index) => `${index} ${text}`);
      const result = {
        id: 'x',
        title: text,
        outcome: 'failed' as const,
        text: other,
        link: `https://evil.example/${text}`,
        urgent: false,
      };
      const evil = {
        ...plan,
        analysis: {
          ...plan.analysis,
          live: { release: { ...plan.analysis.live.release, version: other }, place: text },
          changes: lines,
          risks: lines,
          byHand: lines,
          links: lines.map((label) => ({ label, url: text })),
          steps: Array.from({ length: count + 1 }, (_, index) => ({
            ...(plan.analysis.steps[0] as (typeof plan.analysis.steps)[0]),
            id: `s${index}`,
            title: text,
          })),
        },
        results: lines.map(() => ({ ...result, link: null })),
        failingBefore: lines.map((line) => ({ id: 'x', title: line, text: line })),
      };
      const trouble = { code: 'x', text, sinceMs: at(1), retryAtMs: at(9), tries: 1 };
      const original = promotionIn(phase);
      const promotion = {
        ...original,
        app: other.slice(0, 500),
        environment: text.slice(0, 500),
        version: text,
        reason: text,
        troubles: { work: trouble, people: trouble },
        policy: { ...policy, onCall: { ...policy.onCall, people: ['U0OTTO0001', text] } },
        ...('release' in original
          ? {
              release: {
                ...release,
                version: text,
                commit: { ...release.commit, message: text, author: other },
              },
            }
          : {}),
        ...('plan' in original ? { plan: evil } : {}),
        ...('ending' in original ? { ending: { ...original.ending, text, next: other } } : {}),
        ...('rollback' in original
          ? {
              rollback: {
                ...original.rollback,
                cause: { ...original.rollback.cause, text: lines.join('\n') },
              },
            }
          : {}),
        ...('failure' in original ? { failure: { ...original.failure, text: lines.join('\n') } } : {}),
      } as typeof original;
      const message = drawCard(promotion);
      let blockIds = 0;
      const checked = checkBlocks(message.blocks, 'message', () => `b${blockIds++}`);
      expect(checked.ok ? [] : checked.errors).toEqual([]);
      expect(message.blocks.length).toBeLessThanOrEqual(50);
      expect(message.text.length).toBeLessThanOrEqual(4000);
      for (const mrkdwn of parsed(message)) {
        expect(mrkdwn.length).toBeLessThanOrEqual(mrkdwn === message.text ? 4000 : 3000);
        expect(mrkdwn.replace(allowedTokens, '')).not.toMatch(/[<>]/);
        expect(mrkdwn).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
      }
    }),
    { numRuns: 300 },
  );
});
