import type { KnownBlock } from '@slack/types';
import { assertNever } from '../../flows/promotion/decision.ts';
import { risksOf } from '../../flows/promotion/hold.ts';
import { approvalsNeeded } from '../../flows/promotion/phases/approving.ts';
import { returnsTo } from '../../flows/promotion/phases/rolling-back.ts';
import type { CheckResult } from '../../flows/promotion/plan.ts';
import { hasEnded, isDirty, type Promotion, type Trouble } from '../../flows/promotion/promotion.ts';
import { context, fields, fitting, header, type Message, quote, section, sentences } from './block.ts';
import { actionsOf, buttonsOf } from './buttons.ts';
import {
  auditWords,
  bullets,
  causeWords,
  checksWords,
  environmentName,
  lockedBy,
  lostItsLock,
  movement,
  onCallMentions,
  resultLine,
  titleOf,
  triedBack,
  untouched,
  versionBefore,
  versionOf,
  wayOutOfLock,
  wrong,
} from './phrases.ts';
import {
  approvalList,
  type Expected,
  expectedBackSeconds,
  expectedTotalSeconds,
  healthyMinutes,
  phaseLines,
  rollbackClock,
} from './progress.ts';
import { clean, code, cut, foreign, lines, link, person, verbatim } from './text.ts';
import { clock, date, duration, expectedDuration, spentOf } from './time.ts';

/** What is known of a promoted release by now: that it is live, that another is, or that nobody can tell. */
export type Standing = 'live' | 'replaced' | 'unknown';

const sinceThen: Readonly<Record<Standing, readonly string[]>> = {
  live: [],
  replaced: ['It is no longer what is live.'],
  unknown: ['What is live now is not known: people have closed a later change by hand.'],
};

export interface CardOptions {
  readonly nowMs: number;
  readonly expected?: Expected;
  /** Of a promoted one; left out, its release is what is live. */
  readonly standing?: Standing;
}

/**
 * The one live message of a promotion (ALL-6), drawn from its saved state and nothing else. Every part is cut while it
 * is built, and the longest ones once more, so the whole stays below Slack's limits (50 blocks, 3,000 characters a text,
 * 4,000 of top-level text, 13,200 of all blocks).
 */
export function card(promotion: Promotion, options: CardOptions): Message {
  const { nowMs, expected = {}, standing = 'live' } = options;
  const headline = headlineOf(promotion, standing);
  const buttons = buttonsOf(promotion, standing === 'live');
  const blocks: KnownBlock[] = [
    header(titleOf(promotion)),
    section(headline.map((line, index) => (index === 0 ? `*${line}*` : line))),
    fields(facts(promotion)),
    ...(promotion.reason === null ? [] : [quote('Reason', promotion.reason)]),
    ...troubleBlocks(promotion),
    section(phaseLines(promotion, nowMs, expected)),
    ...planBlocks(promotion, expected),
    ...('rollback' in promotion ? [section(rollbackClock(promotion))] : []),
    ...byHandBlocks(promotion),
    ...linkBlocks(promotion),
    ...decisionBlocks(promotion),
    ...actionsOf(promotion, 'card', nowMs, buttons),
    context(footer(promotion, nowMs, expected)),
  ];
  return {
    text: spoken(
      promotion,
      headline,
      phaseLines(promotion, nowMs, expected),
      buttons.map(({ label }) => label),
    ),
    blocks: fitting(blocks),
    metadata: {
      event_type: 'promotion',
      event_payload: { promotion_id: promotion.id, revision: promotion.revision },
    },
  };
}

/** What matters most first: where it stands, and who has to do what. Escaped; the first line stands alone. */
export function headlineOf(promotion: Promotion, standing: Standing = 'live'): string[] {
  switch (promotion.phase) {
    case 'analyzing':
      return promotion.admitted
        ? ['Looking at what is live and what would change.']
        : ['Checking who asks, before anything is looked at.'];
    case 'validating':
      return ['Checking the release and the way back, before anybody is asked to approve.'];
    case 'awaiting-approval':
      return awaiting(promotion);
    case 'waiting':
      return promotion.executeAtMs === null
        ? ['Approved. The countdown begins once this is seen in the channel.', 'Cancel stops it.']
        : [`Approved. Starts at ${clock(promotion.executeAtMs)}.`, 'Cancel stops it until then.'];
    case 'deploying':
      return promotion.dirty
        ? [`Deploying to ${foreign(promotion.environment, 80)}.`]
        : ['Approved. A last look before the first change; nothing has been changed yet.'];
    case 'verifying':
      return [
        `${environmentName(promotion)} was changed and is being verified.`,
        ...lastResults(promotion.verification.last, 'passed'),
      ];
    case 'monitoring':
      return watching(promotion);
    case 'rolling-back':
      return [
        `Rolling back to ${code(returnsTo(promotion).version)}.`,
        ...causeLines(promotion),
        ...lastResults(promotion.rollback.verification?.last ?? null, 'passed'),
      ];
    case 'rollback-failed':
      return [
        ...(lostItsLock(promotion)
          ? [
              'LEFT TO PEOPLE. See what is live before anything is changed: another promotion may be at work there.',
            ]
          : [
              'THE ROLLBACK FAILED. People are needed now.',
              `It was to go back to ${code(returnsTo(promotion).version)}. What ${foreign(promotion.environment, 80)} shows now has to be looked at.`,
            ]),
        ...failureLines(promotion.failure),
        `Paged: ${onCallMentions(promotion.policy) || 'nobody is named as on call'}; again at ${clock(promotion.pageAtMs)}.`,
        ...promotion.resolutions.map(
          ({ person: by, reason }) =>
            `${person(by.userId)} says it is mended: ${foreign(reason)} A second person has to say so too.`,
        ),
      ];
    case 'promoted':
      return [
        // What it holds now is not this promotion's to say: it may have been replaced since.
        promotion.policy.monitoring.soakSeconds > 0
          ? `Promoted. ${environmentName(promotion)} held ${code(versionOf(promotion))} through the watch.`
          : `Promoted. ${environmentName(promotion)} showed ${code(versionOf(promotion))}, verified.`,
        ...sinceThen[standing],
      ];
    case 'rolled-back':
      return [
        `Rolled back. ${environmentName(promotion)} shows ${code(returnsTo(promotion).version)} again, verified.`,
        ...causeLines(promotion),
      ];
    case 'resolved':
      return [
        triedBack(promotion)
          ? 'Closed by two people after a failed rollback.'
          : 'Closed by two people. No rollback was tried.',
        ...promotion.resolutions.map(({ person: by, reason }) => `${person(by.userId)}: ${foreign(reason)}`),
      ];
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'failed':
    case 'superseded':
      return ended(promotion);
    default:
      return assertNever(promotion);
  }
}

function awaiting(promotion: Extract<Promotion, { phase: 'awaiting-approval' }>): string[] {
  const needed = approvalsNeeded(promotion);
  const given = promotion.approvals.length;
  const { lockBusy, voided } = promotion;
  const first =
    given < needed
      ? `Waiting for approval: ${given} of ${needed} given.`
      : lockBusy === null
        ? 'Approved. Taking its turn.'
        : `Approved. ${lockedBy(lockBusy.holder)}`;
  return [
    first,
    given < needed
      ? `${person(promotion.requester.userId)} asked and cannot approve. Expires ${date(promotion.expiresAtMs)}; silence means no.`
      : `The approvals hold until ${date(promotion.expiresAtMs)}.`,
    ...(given < needed || lockBusy === null ? [] : [wayOutOfLock(lockBusy.holder)]),
    ...(voided === null
      ? []
      : [`Asked again: ${foreign(voided.text)}`, ...bullets(voided.differences.slice(0, 8))]),
  ];
}

function watching(promotion: Extract<Promotion, { phase: 'monitoring' }>): string[] {
  const { question, last, soakFromMs, healthyUntilMs } = promotion.watch;
  if (question !== null) {
    const silence = promotion.policy.monitoring.withoutAnswer;
    return [
      question.overlong === true
        ? 'Its watch does not end by itself. On-call decides: Continue or Roll Back.'
        : 'Health cannot be told. On-call decides: Continue or Roll Back.',
      ...bullets(question.text.split('\n').slice(0, 6)),
      `Without an answer by ${clock(question.deadlineAtMs)} it ${silence === 'roll-back' ? 'is rolled back' : 'goes on'}.`,
    ];
  }
  const soakMs = promotion.policy.monitoring.soakSeconds * 1000;
  const healthyMs = Math.min(soakMs, Math.max(0, (healthyUntilMs ?? soakFromMs) - soakFromMs));
  return [
    `${environmentName(promotion)} holds ${code(versionOf(promotion))}. Watched: ${healthyMinutes(healthyMs, soakMs)} healthy.`,
    ...lastResults(last, 'healthy'),
  ];
}

function lastResults(
  last: { readonly outcome: string; readonly results: Parameters<typeof resultLine>[0][] } | null,
  good: string,
): string[] {
  if (last === null || last.outcome === good) return [];
  return last.results
    .filter(({ outcome }) => outcome !== 'passed')
    .slice(0, 6)
    .map(resultLine);
}

function causeLines(promotion: Extract<Promotion, { phase: 'rolling-back' | 'rolled-back' }>): string[] {
  return causeWords(promotion.rollback, 'By itself. What was wrong:');
}

function ended(
  promotion: Extract<Promotion, { phase: 'rejected' | 'expired' | 'cancelled' | 'failed' | 'superseded' }>,
): string[] {
  const { by, text, next } = promotion.ending;
  const [first = '', ...more] = text.split('\n');
  const words = {
    rejected: 'Rejected',
    expired: 'Expired',
    cancelled: 'Cancelled',
    failed: 'Failed',
    superseded: 'Superseded',
  } as const;
  const who = by === null ? '' : ` by ${person(by.userId)}`;
  return [
    `${words[promotion.phase]}${who}. ${untouched(promotion)}`,
    ...(promotion.ending.code === 'validation.failed'
      ? [first, ...more.slice(0, 8)].map(wrong)
      : [foreign(first), ...bullets(more.slice(0, 8))]),
    ...(next === '' ? [] : [`Next: ${foreign(next.replace(/^\S+ was not touched\. /, ''))}`]),
  ];
}

/** The first line is the commit's title; trailers and explanations belong to GitHub's page. */
const subjectOf = (message: string) => message.trim().split(/\r?\n/, 1)[0] ?? '';

function facts(promotion: Promotion): string[] {
  const before = versionBefore(promotion);
  const commit = 'release' in promotion ? promotion.release.commit : null;
  const change =
    before === undefined ? code(versionOf(promotion)) : `${code(before)} → ${code(versionOf(promotion))}`;
  return [
    `*App*\n${code(promotion.app)}`,
    `*Environment*\n${code(promotion.environment)}`,
    `*Version*\n${change}`,
    `*Requested by*\n${person(promotion.requester.userId)} ${date(promotion.requestedAtMs)}`,
    ...(commit === null
      ? []
      : [
          `*Commit*\n${link(commit.url, commit.sha.slice(0, 7))} ${foreign(cut(clean(subjectOf(commit.message)), 100))} (${foreign(commit.author, 60)})`,
        ]),
  ];
}

function troubleBlocks(promotion: Promotion): KnownBlock[] {
  const { work, people } = promotion.troubles;
  const told = [
    ...(work === null ? [] : [troubleLine(work, '')]),
    ...(people === null ? [] : [troubleLine(people, 'Clicks cannot be checked at the moment. ')]),
  ];
  return told.length === 0 ? [] : [section(told)];
}

function troubleLine(trouble: Trouble, lead: string): string {
  return `*Held up* — ${lead}${foreign(trouble.text)} Trying again ${clock(trouble.retryAtMs)} (since ${clock(trouble.sinceMs)}, ${trouble.tries} tries).`;
}

/** What the approvers sign; left out once it is being carried out and the lines would only be in the way. */
function planBlocks(promotion: Promotion, expected: Expected): KnownBlock[] {
  if (!('plan' in promotion) || promotion.plan === null || isDirty(promotion)) return [];
  const { analysis, results, failingBefore } = promotion.plan;
  const risks = risksOf(promotion.plan);
  const blocks: KnownBlock[] = [];
  const add = (title: string, list: readonly string[]) => {
    if (list.length > 0) blocks.push(section([`*${title}*`, ...list.slice(0, 10), ...rest(list.length, 10)]));
  };
  add('What will change', bullets(analysis.changes));
  add(
    'Steps',
    analysis.steps.length === 0 ? [] : [analysis.steps.map((step) => foreign(step.title, 150)).join(' → ')],
  );
  add('Checked before asking', checked(results));
  add('Risks', bullets(risks));
  if (promotion.kind === 'promotion') {
    const back = expectedBackSeconds(promotion, expected);
    add('The way back', [
      `To ${code(analysis.live.release.version)} on ${foreign(analysis.live.place, 100)}${about(back ?? 0)}: by itself if anything fails after the first change, or by Roll Back.`,
    ]);
  }
  add('Failing already before this', bullets(failingBefore.map(({ title }) => title)));
  return hasEnded(promotion) ? blocks.slice(0, 3) : blocks;
}

/** Whoever decides has ten seconds: what passed is named, what did not is spelled out, all of it stands in the thread. */
function checked(results: readonly CheckResult[]): string[] {
  const odd = results.filter(({ outcome }) => outcome !== 'passed');
  if (odd.length > 0) return odd.map(resultLine);
  if (results.length === 0) return [];
  // One link is followed, ten are a wall: the workflow run is the one that is looked at before signing.
  const run = results.find(({ link: url }) => url?.includes('/actions/runs/') ?? false);
  const names = [
    ...(run === undefined || run.link === null ? [] : [link(run.link, cut(clean(run.title), 80))]),
    ...results.filter((result) => result !== run).map(({ title }) => foreign(title, 80)),
  ];
  return [`All ${results.length} passed, each in the thread: ${names.slice(0, 10).join(', ')}`];
}

const about = (seconds: number) => (seconds > 0 ? `, about ${expectedDuration(seconds * 1000)}` : '');
const rest = (length: number, shown: number) => (length > shown ? [`… and ${length - shown} more`] : []);

function byHandBlocks(promotion: Promotion): KnownBlock[] {
  if (promotion.phase !== 'rollback-failed') return [];
  const { byHand } = promotion.plan.analysis;
  if (byHand.length === 0) return [section('*By hand* — the target names no commands; use the links below.')];
  const when = lostItsLock(promotion) ? 'once it is known what is live' : 'if trying again does not help';
  return [section(`*By hand*, ${when}:`), section(commands(byHand))];
}

/** Commands must be copied exactly: nothing but what Slack would parse is replaced. */
export function commands(all: readonly string[]): string {
  return `\`\`\`${lines(
    all.map((line) => verbatim(line)),
    2700,
  )}\`\`\``;
}

function linkBlocks(promotion: Promotion): KnownBlock[] {
  const analysis =
    'analysis' in promotion ? promotion.analysis : 'plan' in promotion ? promotion.plan?.analysis : undefined;
  const links = (analysis?.links ?? [])
    // What was the preview is what visitors see by then.
    .filter(({ label }) => promotion.phase !== 'promoted' || !label.startsWith('Preview of '))
    .slice(0, 8)
    .map(({ label, url }) => link(url, label));
  return links.length === 0 ? [] : [context(links)];
}

/** What is decided, once more beside the buttons: a telephone shows no more of a card than its end. */
function decisionBlocks(promotion: Promotion): KnownBlock[] {
  if (promotion.phase !== 'awaiting-approval' || promotion.approvals.length >= approvalsNeeded(promotion)) {
    return [];
  }
  const checks = checksWords(promotion.plan.results);
  const change = `${code(versionBefore(promotion) ?? '')} → ${code(versionOf(promotion))}`;
  return [context([checks === undefined ? change : `${change} · ${checks}`])];
}

/** What a check found is not said like what it looks for. */
function failureLines({
  code: why,
  text,
}: Extract<Promotion, { phase: 'rollback-failed' }>['failure']): string[] {
  const all = text.split('\n').slice(0, 6);
  return why === 'rollback.not-verified' ? all.map(wrong) : bullets(all);
}

function footer(promotion: Promotion, nowMs: number, expected: Expected): string[] {
  // Where the plan was carried out, the line of its approval phase names them already.
  const named = 'approvals' in promotion && !('release' in promotion) && promotion.approvals.length > 0;
  return [
    ...(named ? [`Approved by ${approvalList(promotion.approvals)}`] : []),
    elapsed(promotion, nowMs, expected),
    `${code(promotion.id, 60)} · ${promotion.phase} · ${auditWords(promotion)} · updated ${clock(nowMs)}`,
  ];
}

function elapsed(promotion: Promotion, nowMs: number, expected: Expected): string {
  const started = 'startedAtMs' in promotion ? promotion.startedAtMs : null;
  if ('endedAtMs' in promotion) {
    const whole = duration(promotion.endedAtMs - promotion.requestedAtMs);
    return started === null
      ? `Took ${whole}`
      : `Took ${whole} in all, ${duration(promotion.endedAtMs - started)} since the start`;
  }
  if (promotion.phase === 'rollback-failed') return `Waits for people since ${clock(promotion.failure.atMs)}`;
  if ('rollback' in promotion) {
    const back = expectedBackSeconds(promotion, expected);
    return `Going back for ${spentOf(nowMs - promotion.rollback.decidedAtMs, back)}`;
  }
  const total = expectedTotalSeconds(promotion, expected);
  if (started === null) {
    // Drawn seldom while it waits, so a time of day and not how long ago.
    const expectation =
      total === undefined ? '' : `, will take about ${expectedDuration(total * 1000)} once it starts`;
    return `Asked ${date(promotion.requestedAtMs)}${expectation}`;
  }
  return `Running for ${spentOf(nowMs - started, total)}`;
}

/** For screen readers, which read this and not the blocks. */
function spoken(
  promotion: Promotion,
  headline: readonly string[],
  phases: readonly string[],
  allowed: readonly string[],
): string {
  const before = versionBefore(promotion);
  const { work, people } = promotion.troubles;
  const plan = 'plan' in promotion ? promotion.plan : null;
  return sentences([
    `${promotion.kind === 'promotion' ? 'Promote' : 'Roll back'} ${movement(promotion)}.`,
    ...headline,
    allowed.length === 0 ? '' : `Allowed now: ${allowed.join(', ')}.`,
    ...(promotion.phase === 'rollback-failed' && plan !== null
      ? plan.analysis.byHand.map((line) => `By hand: ${verbatim(line)}`)
      : []),
    ...phases
      .filter((line) => !settled.test(line))
      .map((line) => sentence(line.replace(/^\*([^*]+)\*/, '$1').trim())),
    before === undefined ? '' : `From ${code(before)} to ${code(versionOf(promotion))}.`,
    `Requested by ${person(promotion.requester.userId)}.`,
    promotion.reason === null ? '' : sentence(`Reason: ${foreign(promotion.reason)}`),
    ...[work, people].map((trouble) => (trouble === null ? '' : troubleLine(trouble, ''))),
    'approvals' in promotion && promotion.approvals.length > 0
      ? `Approved by ${approvalList(promotion.approvals)}.`
      : '',
    ...(promotion.phase === 'awaiting-approval' && plan !== null
      ? [
          ...plan.analysis.changes.map((change) => sentence(`Will change: ${foreign(change)}`)),
          ...risksOf(plan).map((risk) => sentence(`Risk: ${foreign(risk)}`)),
        ]
      : []),
  ]);
}

/** Phases about which there is nothing to say while they are read out. */
const settled = / — (done|to come|not reached|not required)/;

const sentence = (text: string) => (/[.!?…]$/.test(text) ? text : `${text}.`);
