import { describe, expect, it } from 'vitest';
import { announcement, type Telling } from '../../../src/bot/messages/announcement.ts';
import type { Announcement } from '../../../src/flows/promotion/announcements.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { checkBlocks } from '../../../workspace/slack/block-kit.ts';
import { ada, at, grace, onCallChannelId, plan, policy, promotionIn } from '../promotions.ts';
import { buttons, shown } from './drawn.ts';

const cardUrl = 'https://slack.example/archives/C0DEPLOYS1/p1';
const tell = (promotion: Promotion, told: Announcement) =>
  announcement(promotion, told, { nowMs: at(9), cardUrl });
const places = (tellings: readonly Telling[]) => tellings.map(({ place }) => place);
const only = (tellings: readonly Telling[]) => {
  expect(tellings).toHaveLength(1);
  return (tellings[0] as Telling).message;
};
const question = { id: 'p0123456789-4', askedAtMs: at(8), deadlineAtMs: at(20), text: 'Errors: no data' };
const asking = () => promotionIn('monitoring', { watch: { ...promotionIn('monitoring').watch, question } });

describe('what must interrupt on-call is a new message that mentions them, in both channels', () => {
  it.each([
    ['an automatic rollback', promotionIn('rolling-back'), { topic: 'rolling-back' }, 'Rolling back `site`'],
    ['its end', promotionIn('rolled-back'), { topic: 'rolled-back' }, 'shows `v1.0.0` again, verified'],
    [
      'a failed rollback',
      promotionIn('rollback-failed'),
      { topic: 'rollback-failed' },
      'THE ROLLBACK FAILED',
    ],
    [
      'a slow rollback',
      promotionIn('rolling-back'),
      { topic: 'rollback-slow', text: 'throttled' },
      'takes longer',
    ],
    [
      'a rollback that waits for another promotion',
      promotionIn('awaiting-approval', { kind: 'rollback' }),
      { topic: 'rollback-waits', holder: 'shop-p9' },
      'has not begun: `shop-p9` holds what it would change.',
    ],
    [
      'inconclusive health',
      asking(),
      { topic: 'question', question, withoutAnswer: 'roll-back' },
      'cannot be told',
    ],
  ] as const)('%s', (_name, promotion, told, words) => {
    const tellings = tell(promotion, told);
    expect(places(tellings)).toEqual(['on-call', 'channel']);
    expect(tellings[0]).toHaveProperty('channel', onCallChannelId);
    for (const { message } of tellings) {
      expect(message.text).toContain('<!subteam^S0ONCALL01> <@U0OTTO0001>');
      expect(shown(message)).toContain(words);
      expect(shown(message)).toContain(
        `<${cardUrl}|${promotion.phase === 'rolled-back' ? 'Its card' : 'Follow it on its card'}>`,
      );
    }
  });

  it('without a channel of their own, once in the promotion’s', () => {
    const promotion = promotionIn('rolling-back', {
      policy: { ...policy, onCall: { ...policy.onCall, channel: null } },
    });
    expect(places(tell(promotion, { topic: 'rolling-back' }))).toEqual(['channel']);
  });

  it('not for a rollback that a person asked for', () => {
    const message = only(tell(promotionIn('rolling-back', { kind: 'rollback' }), { topic: 'rolling-back' }));
    expect(message.text).not.toContain('subteam');
    expect(message.text).toContain('Started: taking `site` in `production` back to `v1.1.0`.');
  });

  it('names whoever asked for a way back, and why only where they said so', () => {
    const asked = (text: string) => {
      const { rollback } = promotionIn('rolling-back');
      const cause = { code: 'requested', text, by: grace };
      const [telling] = tell(promotionIn('rolling-back', { rollback: { ...rollback, cause } }), {
        topic: 'rolling-back',
      });
      return telling?.message.text;
    };
    expect(asked('A person asked for it.')).toContain(`Asked for by <@${grace.userId}>.`);
    expect(asked('A person asked for it.')).not.toContain('A person');
    expect(asked('Lamps flicker.')).toContain(`Asked for by <@${grace.userId}>: Lamps flicker.`);
  });

  it('with the commands that mend it by hand, however much else went wrong', () => {
    const promotion = promotionIn('rollback-failed');
    const noisy = {
      ...promotion,
      failure: { ...promotion.failure, text: Array(20).fill('x'.repeat(2000)).join('\n') },
    };
    const [telling] = tell(noisy, { topic: 'rollback-failed' });
    expect(shown(telling?.message ?? { text: '', blocks: [] })).toContain(
      plan.analysis.byHand[0]?.slice(0, 60),
    );
  });

  it('with the two answers and what silence means', () => {
    const [telling] = tell(asking(), { topic: 'question', question, withoutAnswer: 'roll-back' });
    const message = telling?.message ?? { text: '', blocks: [] };
    expect(buttons(message).map(({ label }) => label)).toEqual(['Continue', 'Roll Back']);
    expect(shown(message)).toContain('Without an answer by 14:20:00 UTC it is rolled back.');
  });

  it('without answers to a question that is settled already', () => {
    const [telling] = tell(promotionIn('monitoring'), {
      topic: 'question',
      question,
      withoutAnswer: 'continue',
    });
    expect(buttons(telling?.message ?? { text: '', blocks: [] })).toEqual([]);
  });
});

describe('started, promoted and ended are short new messages with a link to the card', () => {
  it.each([
    [promotionIn('deploying'), { topic: 'started' }, 'Started: `site` `v1.1.0` to `production`.'],
    [
      promotionIn('promoted'),
      { topic: 'promoted' },
      'Promoted: `site` `v1.1.0` to `production`. It took 6 min',
    ],
    [promotionIn('failed'), { topic: 'ended' }, 'Failed. Production was not touched.'],
  ] as const)('%#', (promotion, told, words) => {
    const tellings = tell(promotion, told);
    expect(places(tellings)).toEqual(['channel']);
    expect(shown(only(tellings))).toContain(words);
    expect(shown(only(tellings))).toContain(cardUrl);
  });
});

it.each([
  ['failed', 'The rollback of `site` in `production` to `v1.1.0` failed. Production was not touched.'],
  [
    'cancelled',
    'The rollback of `site` in `production` to `v1.1.0` was cancelled. Production was not touched.',
  ],
] as const)('a rollback that %s is told as one', (phase, words) => {
  const message = only(tell(promotionIn(phase, { kind: 'rollback' }), { topic: 'ended' }));
  expect(message.text).toContain(words);
  expect(shown(message)).toContain(`<${cardUrl}|Its card>`);
});

describe('the rest', () => {
  it('goes into the thread', () => {
    const results = plan.results;
    for (const told of [
      { topic: 'analyzed' },
      { topic: 'validated', results },
      { topic: 'approved', person: grace, count: 1, required: 2 },
      { topic: 'lock-busy', holder: 'p9' },
      { topic: 'step-done', title: 'Switch', text: 'done' },
      { topic: 'probed', outcome: 'stale', results },
      { topic: 'reading', outcome: 'healthy', results },
      { topic: 'trouble', text: 'AWS is throttling.' },
      { topic: 'answered', person: null, answer: 'roll-back' },
    ] as const) {
      expect(places(tell(promotionIn('awaiting-approval'), told))).toEqual(['thread']);
    }
  });

  it('is not told at all when the card is the message', () => {
    expect(tell(promotionIn('analyzing'), { topic: 'requested' })).toEqual([]);
  });

  it('calls the approvers, and says what differs from what was approved before', () => {
    const message = only(
      tell(promotionIn('awaiting-approval'), {
        topic: 'approval-needed',
        differences: ['commit was 1, now 2'],
      }),
    );
    expect(message.text).toContain('<!subteam^S0APPROVE1>');
    expect(message.text).toContain('Earlier approvals no longer count. What differs: • commit was 1, now 2');
  });

  it('tells a denial to that person alone, with what to do next', () => {
    const refusal = { code: 'x', text: 'Not <!channel> an approver.', next: 'Ask one.' };
    const [telling] = tell(promotionIn('awaiting-approval'), { topic: 'denied', person: ada, refusal });
    expect(telling).toMatchObject({ place: 'private', userId: ada.userId });
    expect(telling?.message.text).toBe('Not done: Not &lt;!channel&gt; an approver. Ask one.');
  });

  it('brings the countdown with its Cancel button', () => {
    const message = only(tell(promotionIn('waiting'), { topic: 'waiting', waitSeconds: 300 }));
    expect(message.text).toContain('starts in 5 min; Cancel stops it');
    expect(buttons(message).map(({ label }) => label)).toEqual(['Cancel']);
  });
});

it('the page of a failed rollback says where it was to go, and has its commands right below their title', () => {
  const [telling] = tell(promotionIn('rollback-failed'), { topic: 'rollback-failed' });
  const { message } = telling ?? { message: { text: '', blocks: [] } };
  expect(message.text).toContain('`site` `v1.1.0` in `production` was to go back to `v1.0.0`.');
  expect(shown(message)).toMatch(/\|Follow it on its card>\s+By hand:\s+```aws cloudfront/);
});

it('every announcement is a message Slack takes', () => {
  const told: Announcement = { topic: 'rollback-failed' };
  for (const { message } of tell(promotionIn('rollback-failed'), told)) {
    const checked = checkBlocks(message.blocks, 'message', () => 'b');
    expect(checked.ok ? [] : checked.errors).toEqual([]);
  }
});
