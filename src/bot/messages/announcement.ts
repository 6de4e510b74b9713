import type { KnownBlock } from '@slack/types';
import type { Announcement } from '../../flows/promotion/announcements.ts';
import { assertNever } from '../../flows/promotion/decision.ts';
import { returnsTo } from '../../flows/promotion/phases/rolling-back.ts';
import type { Step } from '../../flows/promotion/plan.ts';
import { hasEnded, type Promotion } from '../../flows/promotion/promotion.ts';
import { context, type Message, section, sentences } from './block.ts';
import { actionsOf, answers, type buttonsOf } from './buttons.ts';
import { commands, headlineOf } from './card.ts';
import {
  approverMentions,
  auditWords,
  bullets,
  causeWords,
  environmentName,
  lockedBy,
  lostItsLock,
  movement,
  onCallMentions,
  resultLine,
  rollbackWaitsFor,
  triedBack,
  undertaking,
  untouched,
  versionOf,
  versionWords,
  wayOutOfLock,
} from './phrases.ts';
import { rollbackClock } from './progress.ts';
import { code, foreign, link, person } from './text.ts';
import { clock, duration, expectedDuration, onReadersClock } from './time.ts';

/** One message of an announcement. Edits notify nobody, so whatever must interrupt a person is a new message. */
export type Telling =
  | { readonly place: 'thread'; readonly message: Message }
  /** A new message in the promotion's channel. */
  | { readonly place: 'channel'; readonly message: Message }
  /** A new message in the environment's on-call channel. */
  | { readonly place: 'on-call'; readonly channel: string; readonly message: Message }
  /** Seen by one person only. */
  | { readonly place: 'private'; readonly userId: string; readonly message: Message };

export interface TellingOptions {
  readonly nowMs: number;
  /** Where the card is, once it is known. */
  readonly cardUrl?: string;
}

/** What is told of one announcement, and where; nothing when the card itself says it (ALL-6, ALL-9). */
export function announcement(
  promotion: Promotion,
  told: Announcement,
  options: TellingOptions,
): readonly Telling[] {
  const thread = (all: readonly string[]): readonly Telling[] => [{ place: 'thread', message: said(all) }];
  const channel = (all: readonly string[]): readonly Telling[] => [
    { place: 'channel', message: said(all, [cardLink(promotion, options), finalAudit(promotion)]) },
  ];
  const moving = undertaking(promotion);

  switch (told.topic) {
    case 'requested':
      return [];
    case 'analyzed':
      return thread(analyzed(promotion));
    case 'validated':
      return thread([`Checked before asking:`, ...told.results.slice(0, 15).map(resultLine)]);
    case 'approval-needed':
      return thread([
        `Approval needed for ${moving}. ${approverMentions(promotion.policy)}`,
        ...(told.differences.length === 0
          ? []
          : ['Earlier approvals no longer count. What differs:', ...bullets(told.differences.slice(0, 15))]),
      ]);
    case 'approved':
      return thread([
        `Approved by ${person(told.person.userId)} — ${told.count} of ${told.required} needed.`,
      ]);
    case 'denied':
      return [
        {
          place: 'private',
          userId: told.person.userId,
          message: said([`Not done: ${foreign(told.refusal.text)}`, foreign(told.refusal.next)]),
        },
      ];
    case 'waiting':
      return [
        {
          place: 'thread',
          message: withButtons(
            promotion,
            options,
            'wait',
            [
              `All approvals are there. ${sentenceStart(moving)} starts in ${duration(told.waitSeconds * 1000)}; Cancel stops it until then.`,
            ],
            undefined,
          ),
        },
      ];
    case 'lock-busy':
      return thread([`${lockedBy(told.holder)} ${wayOutOfLock(told.holder)}`]);
    case 'started':
      return channel([`Started: ${moving}.`]);
    case 'step-done':
      return thread([
        `${foreign(told.title, 150)} — done. ${onReadersClock(foreign(told.text), options.nowMs)}`,
      ]);
    case 'probed':
      return thread([`Probe: ${probeWords(told.outcome)}`, ...told.results.slice(0, 15).map(resultLine)]);
    case 'reading':
      return thread([
        `Watch: ${readingWords(told.outcome)}`,
        unwatchedWords(told.unwatchedMs),
        ...told.results.slice(0, 15).map(resultLine),
      ]);
    case 'trouble':
      return thread([`Held up: ${foreign(told.text)} It is tried again by itself.`]);
    case 'question':
      return onCall(
        promotion,
        options,
        'ask',
        asked(promotion, told),
        isOpen(promotion, told.question.id) ? answers(promotion) : [],
      );
    case 'answered':
      return thread([answered(promotion, told)]);
    case 'rolling-back':
      return promotion.kind === 'rollback'
        ? channel([
            `Started: taking ${code(promotion.app)} in ${code(promotion.environment)} back to ${versionWords(promotion)}.`,
          ])
        : onCall(promotion, options, 'back', [
            `Rolling back ${stay(promotion)}${backTo(promotion)}. It goes on by itself; the next message says how it ended.`,
            ...causes(promotion),
          ]);
    case 'held':
      return onCall(promotion, options, 'held', [
        `${stay(promotion)} waits for people: ${foreign(told.text)}`,
        'Nothing was changed by it.',
      ]);
    case 'held-up':
      return onCall(promotion, options, 'slow', [
        `${stay(promotion)} was changed, and the next step has been held up: ${foreign(told.text)}`,
        'It goes on by itself as soon as it can. Look at the card; Roll Back is there.',
      ]);
    case 'rollback-slow':
      return onCall(
        promotion,
        options,
        'slow',
        [
          `The rollback of ${stay(promotion)} takes longer than it should: ${foreign(told.text)}`,
          'It goes on by itself. Look at the card; if it does not move, be ready to switch by hand.',
        ],
        [],
        byHand(promotion),
      );
    case 'rollback-waits':
      return onCall(promotion, options, 'waits', [
        `The rollback of ${stay(promotion)} has not begun: ${rollbackWaitsFor(told.holder)}`,
        `It begins by itself when that is over. ${code('/promote status')} says how that stands, and the way out where it is stuck.`,
      ]);
    case 'rolled-back':
      return promotion.kind === 'rollback'
        ? channel(backAgain(promotion))
        : onCall(promotion, options, 'done', [
            ...backAgain(promotion),
            ...causes(promotion),
            ...ringsOn(promotion),
          ]);
    case 'rollback-failed':
      if (promotion.phase !== 'rollback-failed')
        return onCall(promotion, options, 'failed', [
          'rollback' in promotion && !triedBack(promotion)
            ? `${stay(promotion)} had been left to people, who have taken it further since.`
            : `The rollback of ${stay(promotion)} had failed, and people have taken it further since.`,
          'Its card says how it stands now.',
        ]);
      if (lostItsLock(promotion))
        return onCall(promotion, options, 'failed', [
          `LEFT TO PEOPLE: ${stay(promotion)}.`,
          ...bullets(promotion.failure.text.split('\n').slice(0, 6)),
          'See what is live before you change anything: another promotion may be at work there. Then let two people close this one.',
        ]);
      return onCall(
        promotion,
        options,
        'failed',
        [
          `THE ROLLBACK FAILED: ${stay(promotion)}${promotion.kind === 'rollback' ? '' : ` was to go back to ${code(returnsTo(promotion).version)}`}. It is not tried again by itself.`,
          ...bullets(promotion.failure.text.split('\n').slice(0, 6)),
          'Mend the cause and press Try the Rollback Again on the card, or do it by hand and let two people close it.',
        ],
        [],
        byHand(promotion),
      );
    case 'retrying':
      return channel([`${person(told.person.userId)} has the rollback of ${stay(promotion)} tried again.`]);
    case 'resolution':
      return channel([
        `${person(told.person.userId)} says that ${code(promotion.app)} in ${code(promotion.environment)} is mended by hand (${told.count} of 2): ${foreign(told.reason)}`,
      ]);
    case 'promoted':
      return channel([`Promoted: ${moving}. ${took(promotion)}`]);
    case 'ended':
      return channel(endedWords(promotion));
    default:
      return assertNever(told);
  }
}

/**
 * Several replies as one, for a thread that would be flooded or a channel that is full; the first `count` of them that
 * fit into one message.
 */
export function joined(all: readonly Message[]): { readonly message: Message; readonly count: number } {
  const kept: Message[] = [];
  let length = 0;
  let blocks = 0;
  for (const message of all) {
    length += message.text.length + 1;
    blocks += message.blocks.length;
    if (kept.length > 0 && (length > joinedTextLimit || blocks > joinedBlockLimit)) break;
    kept.push(message);
  }
  const message = {
    text: kept.map(({ text }) => text).join('\n'),
    blocks: kept.flatMap((each) => each.blocks),
  };
  return { message, count: kept.length };
}

const joinedTextLimit = 3500;
const joinedBlockLimit = 40;

/** A question that is closed, without its buttons: nobody should be asked what nobody can answer any more. */
export function settledQuestion(
  promotion: Promotion,
  question: Extract<Announcement, { topic: 'question' }>,
  later: readonly Announcement[],
): Message {
  return said([
    question.question.overlong === true
      ? `Settled: whether ${stay(promotion)} is watched any longer.`
      : `Settled: whether ${stay(promotion)} goes on although its health could not be told.`,
    settledBy(promotion, question.question, later),
    ...bullets(question.question.text.split('\n').slice(0, 6)),
  ]);
}

function settledBy(
  promotion: Promotion,
  question: Extract<Announcement, { topic: 'question' }>['question'],
  later: readonly Announcement[],
): string {
  for (const told of later) {
    if (told.topic === 'answered') return answered(promotion, told);
    if (told.topic === 'promoted') return 'Its watch has ended well; nobody has to decide.';
    if (told.topic === 'reading' && told.outcome === 'healthy' && question.overlong !== true) {
      return 'Health could be told again; nobody has to decide.';
    }
    if (told.topic === 'rolling-back') return 'It was rolled back for another reason; see its card.';
  }
  return 'Nobody has to decide any more; see its card.';
}

function said(all: readonly string[], footer: readonly string[] = []): Message {
  const kept = all.filter((line) => line !== '');
  const under = footer.filter((line) => line !== '');
  return {
    text: sentences(kept),
    blocks: [...sections(kept), ...(under.length === 0 ? [] : [context(under)])],
  };
}

/** Commands to copy stand in a section of their own, so that other lines cannot crowd them out. */
function sections(all: readonly string[]): KnownBlock[] {
  const fenced = all.filter((line) => line.startsWith('```'));
  const words = all.filter((line) => !line.startsWith('```'));
  return [section(words), ...fenced.map((line) => section(line))];
}

function withButtons(
  promotion: Promotion,
  options: TellingOptions,
  part: string,
  all: readonly string[],
  specs: ReturnType<typeof buttonsOf> | undefined,
): Message {
  const message = said(all);
  return { ...message, blocks: [...message.blocks, ...actionsOf(promotion, part, options.nowMs, specs)] };
}

/** After the end the audit never changes, so that this message is a witness that can no longer be edited away by a drawing. */
function finalAudit(promotion: Promotion): string {
  return hasEnded(promotion) ? auditWords(promotion) : '';
}

/** On-call people are mentioned in the promotion's channel and, where there is one, in their own (ALL-9). */
function onCall(
  promotion: Promotion,
  options: TellingOptions,
  part: string,
  all: readonly string[],
  specs: ReturnType<typeof buttonsOf> = [],
  /** At the end, below the link to the card. */
  commandsByHand: readonly string[] = [],
): readonly Telling[] {
  const mentions = onCallMentions(promotion.policy);
  const [first = '', ...rest] = all;
  const lines = [
    `${mentions} ${first}`.trim(),
    ...rest,
    cardLink(promotion, options),
    ...commandsByHand,
  ].filter((line) => line !== '');
  const asking = withButtons(promotion, options, part, lines, specs);
  const audit = finalAudit(promotion);
  const message = audit === '' ? asking : { ...asking, blocks: [...asking.blocks, context([audit])] };
  const { channel } = promotion.policy.onCall;
  return [
    ...(channel === null || channel === promotion.policy.channel
      ? []
      : [{ place: 'on-call', channel, message } as const]),
    { place: 'channel', message },
  ];
}

const cardLink = (promotion: Promotion, { cardUrl }: TellingOptions) =>
  cardUrl === undefined ? '' : link(cardUrl, hasEnded(promotion) ? 'Its card' : 'Follow it on its card');

const sentenceStart = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function endedWords(promotion: Promotion): string[] {
  const [first = '', ...more] = headlineOf(promotion);
  if (promotion.kind === 'promotion') return [`Ended: ${movement(promotion)}.`, first, ...more];
  const verbs: Partial<Record<Promotion['phase'], string>> = {
    failed: 'failed',
    expired: 'expired',
    rejected: 'was rejected',
    cancelled: 'was cancelled',
    superseded: 'was superseded',
  };
  const verb = verbs[promotion.phase];
  const moving = sentenceStart(undertaking(promotion));
  return verb === undefined
    ? [`${moving} ended.`, first, ...more]
    : [`${moving} ${first.replace(/^\S+?(?=[. ])/, verb)}`, ...more];
}

/** "site v1.1.0 in production"; of a rollback, where it goes: "site in production to v1.0.0". */
function stay(promotion: Promotion): string {
  if (promotion.kind === 'rollback') return movement(promotion);
  return `${code(promotion.app)} ${code(versionOf(promotion))} in ${code(promotion.environment)}`;
}

function analyzed(promotion: Promotion): string[] {
  const analysis =
    'analysis' in promotion ? promotion.analysis : 'plan' in promotion ? promotion.plan?.analysis : undefined;
  if (analysis === undefined) return ['Looked at what is live.'];
  const { live, candidate, changes, steps, rollback } = analysis;
  return [
    `Live now: ${code(live.release.version)} on ${foreign(live.place, 100)}. To come: ${code(candidate.release.version)} on ${foreign(candidate.place, 100)}.`,
    ...bullets(changes.slice(0, 10)),
    ...timed('Steps', steps),
    ...timed('Steps back', promotion.kind === 'rollback' ? [] : rollback.map(({ step }) => step)),
    ...timed('Steps', promotion.kind === 'rollback' ? rollback.map(({ step }) => step) : []),
  ];
}

function timed(title: string, steps: readonly Step[]): string[] {
  if (steps.length === 0) return [];
  const took = (seconds: number) => (seconds > 0 ? `, about ${expectedDuration(seconds * 1000)}` : '');
  return [`*${title}*`, ...steps.map((step) => `• ${foreign(step.title, 150)}${took(step.typicalSeconds)}`)];
}

function probeWords(outcome: string): string {
  if (outcome === 'stale') return 'still the release before; this can be a cache for a while.';
  return outcome === 'inconclusive' ? 'cannot be told.' : `${foreign(outcome, 40)}.`;
}

function unwatchedWords(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return '';
  return `Nobody had looked for ${expectedDuration(milliseconds)}: what was healthy before no longer counts.`;
}

function readingWords(outcome: string): string {
  if (outcome === 'pending') return 'no data yet.';
  return outcome === 'inconclusive' ? 'health cannot be told.' : `${foreign(outcome, 40)}.`;
}

function asked(
  promotion: Promotion,
  { question, withoutAnswer }: Extract<Announcement, { topic: 'question' }>,
): string[] {
  const silence = withoutAnswer === 'roll-back' ? 'it is rolled back' : 'it goes on';
  return [
    question.overlong === true
      ? `The watch of ${stay(promotion)} does not end by itself. Go on watching, or roll back?`
      : `Health of ${stay(promotion)} cannot be told. Continue, or roll back?`,
    ...bullets(question.text.split('\n').slice(0, 6)),
    `Without an answer by ${clock(question.deadlineAtMs)} ${silence}.`,
  ];
}

/** Whether this question still waits for an answer. */
export function isOpen(promotion: Promotion, questionId: string): boolean {
  return promotion.phase === 'monitoring' && promotion.watch.question?.id === questionId;
}

function answered(promotion: Promotion, told: Extract<Announcement, { topic: 'answered' }>): string {
  const who = told.person === null ? 'No answer came in time' : person(told.person.userId);
  if (told.answer === 'roll-back') return `${who}: ${stay(promotion)} is rolled back.`;
  return told.overlong === true
    ? `${who}: ${stay(promotion)} stays, and is watched on.`
    : `${who}: ${stay(promotion)} stays, without conclusive data.`;
}

function causes(promotion: Promotion): string[] {
  if (!('rollback' in promotion)) return [];
  return causeWords(promotion.rollback, 'What was wrong:');
}

function backTo(promotion: Promotion): string {
  return 'plan' in promotion && promotion.plan !== null
    ? `, back to ${code(promotion.plan.analysis.live.release.version)}`
    : '';
}

/** The way back is verified by what production shows, and an alarm may have another cause than the release. */
function ringsOn(promotion: Promotion): string[] {
  return 'rollback' in promotion && promotion.rollback.cause.code === 'alarm'
    ? [
        'Whether the alarm is quiet by now was not waited for: look at it, since its cause may be another one.',
      ]
    : [];
}

function backAgain(promotion: Promotion): string[] {
  if (!('rollback' in promotion)) return [`Rolled back: ${stay(promotion)}.`];
  const back = promotion.phase === 'rolled-back' ? code(returnsTo(promotion).version) : 'the release before';
  return [
    `Rolled back: ${environmentName(promotion)} of ${code(promotion.app)} shows ${back} again, verified.`,
    ...rollbackClock(promotion),
  ];
}

function byHand(promotion: Promotion): string[] {
  const plan = 'plan' in promotion ? promotion.plan : null;
  const stands = promotion.phase === 'rolling-back' || promotion.phase === 'rollback-failed';
  if (!stands || plan === null || plan.analysis.byHand.length === 0) return [];
  return ['By hand:', commands(plan.analysis.byHand.slice(0, 8))];
}

function took(promotion: Promotion): string {
  if (!('endedAtMs' in promotion) || !('startedAtMs' in promotion)) return untouched(promotion);
  return `It took ${duration(promotion.endedAtMs - promotion.startedAtMs)} from the start of the work.`;
}
