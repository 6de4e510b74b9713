/** Everything that the bot can have Slack show: every card, announcement, notice, answer, form and Home. */

import { drawHome } from '../../../src/bot/home.ts';
import { announcement, joined, settledQuestion } from '../../../src/bot/messages/announcement.ts';
import { openAnswer, refusalAnswer, said } from '../../../src/bot/messages/answers.ts';
import { card } from '../../../src/bot/messages/card.ts';
import { heldMessage, overMessage } from '../../../src/bot/messages/held.ts';
import { helpAnswer } from '../../../src/bot/messages/help.ts';
import { reasonForm, requestForm, resultView } from '../../../src/bot/messages/modal.ts';
import { rehearsalAnswer } from '../../../src/bot/messages/rehearsal.ts';
import { statusAnswer } from '../../../src/bot/messages/status.ts';
import { noticeMessages, unlockAnswer, unlockFailed } from '../../../src/bot/messages/unlock.ts';
import { notAccepted, stillSaving, unreadable } from '../../../src/bot/reply.ts';
import type { Catalog, EnvironmentStatus } from '../../../src/flows/desk.ts';
import { bareRow, type Held, newerSchema, type UnreadableRow } from '../../../src/flows/held.ts';
import type { Announcement } from '../../../src/flows/promotion/announcements.ts';
import type { CheckResult, Plan, Step } from '../../../src/flows/promotion/plan.ts';
import { type Phase, Promotion, phases } from '../../../src/flows/promotion/promotion.ts';
import type { UnlockEntry } from '../../../src/flows/unlock.ts';
import { fakeDesk, fakeLog, fakeSlack } from '../../bot/fakes.ts';
import { ada, at, channelId, grace, plan, policy, promotionIn } from '../../bot/promotions.ts';

export type Drawing = { readonly name: string } & (
  | {
      readonly surface: 'message';
      readonly text: string;
      readonly blocks: readonly unknown[];
      readonly metadata?: unknown;
    }
  | { readonly surface: 'modal' | 'home'; readonly view: Readonly<Record<string, unknown>> }
);

/** How others wrote: shortly, or as much and as oddly as nobody hopes they do. */
interface Wording {
  readonly name: 'as usual' | 'at its worst';
  readonly text: string;
  readonly short: string;
  readonly count: number;
}
const usual: Wording = {
  name: 'as usual',
  text: 'Home page: expected v1.1.0, found v1.0.9',
  short: 'site',
  count: 2,
};
const worst: Wording = {
  name: 'at its worst',
  text: '<!channel> `a` *b* & <https://evil.example|Approve>\u202e 𝟙 '.repeat(20),
  short: 'x'.repeat(75),
  count: 30,
};
const wordings = [usual, worst];

const many = <Item>(count: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index));

const outcomes = ['passed', 'failed', 'inconclusive', 'pending', 'stale'] as const;

const resultsIn = ({ text, count }: Wording): CheckResult[] =>
  many(count, (index) => ({
    id: `check-${index}`,
    title: text,
    outcome: outcomes[index % outcomes.length] ?? 'failed',
    text,
    link: `https://lamps.example/${text}`,
    urgent: false,
  }));

function planIn(wording: Wording): Plan {
  const { text, count } = wording;
  const lines = many(count, (index) => `${index} ${text}`);
  const { analysis } = plan;
  const steps = (all: readonly Step[]) =>
    many(Math.ceil(count / all.length), (round) =>
      all.map((step) => ({ ...step, id: `${step.id}-${round}`, title: text })),
    ).flat();
  const release = {
    ...analysis.candidate.release,
    version: wording === usual ? 'v1.1.0' : text,
    commit: {
      sha: '1234567890abcdef1234567890abcdef12345678',
      author: text,
      message: text,
      url: 'https://github.example/c',
    },
  };
  return {
    results: resultsIn(wording),
    failingBefore: lines.map((line) => ({ id: line, title: line, text: line })),
    analysis: {
      ...analysis,
      live: { release: { ...release, version: text }, place: text },
      candidate: { release, place: text },
      changes: lines,
      risks: lines,
      byHand: lines,
      steps: steps(analysis.steps),
      rollback: steps(analysis.rollback.map(({ step }) => step)).map((step) => ({ undoes: [], step })),
      links: lines.map((label) => ({ label, url: `https://lamps.example/${label}` })),
    },
  };
}

/** Every text of a promotion that others write, written so. */
function worded<P extends Phase>(phase: P, kind: Promotion['kind'], wording: Wording): Promotion {
  if (wording === usual) return promotionIn<Phase>(phase, { kind });
  const { text } = wording;
  const trouble = { code: 'x', text, sinceMs: at(5), retryAtMs: at(6), tries: 99 };
  const base = promotionIn<Phase>(phase);
  const drawn = {
    ...base,
    kind,
    app: wording.short,
    environment: wording.short,
    version: text.slice(0, 100),
    reason: text,
    troubles: { work: trouble, people: trouble },
    ...('release' in base ? { release: planIn(wording).analysis.candidate.release } : {}),
    ...('analysis' in base ? { analysis: planIn(wording).analysis } : {}),
    ...('plan' in base && base.plan !== null ? { plan: planIn(wording) } : {}),
    ...('results' in base ? { results: resultsIn(wording) } : {}),
    ...('ending' in base
      ? { ending: { code: 'x', text: many(30, () => text).join('\n'), next: text, by: ada } }
      : {}),
    ...('failure' in base
      ? { failure: { code: 'drift', text: many(30, () => text).join('\n'), atMs: at(7) } }
      : {}),
    ...('voided' in base ? { voided: { text, differences: many(60, () => text) } } : {}),
    ...('approvals' in base
      ? { approvals: many(40, () => ({ person: grace, atMs: at(2), evidence: text })) }
      : {}),
    ...('resolutions' in base
      ? { resolutions: many(20, () => ({ person: grace, reason: text, atMs: at(8) })) }
      : {}),
  };
  return Promotion.parse(drawn);
}

const kinds = ['promotion', 'rollback'] as const;
const promotions: readonly {
  readonly name: string;
  readonly wording: Wording;
  readonly promotion: Promotion;
}[] = wordings.flatMap((wording) =>
  kinds.flatMap((kind) =>
    phases.map((phase) => ({
      name: `${kind} in ${phase}, ${wording.name}`,
      wording,
      promotion: worded(phase, kind, wording),
    })),
  ),
);

const cardUrl = 'https://countersign.slack.com/archives/C0DEPLOYS1/p1700000000000001';
const cards = (): Drawing[] =>
  promotions.flatMap(({ name, promotion }) =>
    (['live', 'replaced', 'unknown'] as const).map((standing) => ({
      name: `card of a ${name}${standing === 'live' ? '' : `, ${standing} since`}`,
      surface: 'message' as const,
      ...card(promotion, { nowMs: at(9), standing }),
    })),
  );

const topics = (wording: Wording): Announcement[] => {
  const { text } = wording;
  const results = resultsIn(wording);
  const question = {
    id: 'p0123456789-4',
    askedAtMs: at(8),
    deadlineAtMs: at(20),
    text: many(30, () => text).join('\n'),
  };
  const refusal = { code: 'x', text, next: text };
  return [
    { topic: 'requested' },
    { topic: 'analyzed' },
    { topic: 'validated', results },
    { topic: 'approval-needed', differences: many(wording.count, () => text) },
    { topic: 'approved', person: grace, count: 1, required: 2 },
    { topic: 'denied', person: grace, refusal },
    { topic: 'waiting', waitSeconds: 300 },
    { topic: 'lock-busy', holder: text },
    { topic: 'started' },
    { topic: 'step-done', title: text, text },
    { topic: 'probed', outcome: 'stale', results },
    { topic: 'reading', outcome: 'inconclusive', results },
    { topic: 'reading', outcome: 'healthy', results, unwatchedMs: 9 * 60_000 },
    { topic: 'trouble', text },
    { topic: 'question', question, withoutAnswer: 'roll-back' },
    { topic: 'answered', person: null, answer: 'roll-back' },
    { topic: 'answered', person: grace, answer: 'continue' },
    { topic: 'rolling-back' },
    { topic: 'rollback-slow', text },
    { topic: 'rollback-waits', holder: text },
    { topic: 'held', text },
    { topic: 'held-up', text },
    { topic: 'rolled-back' },
    { topic: 'rollback-failed' },
    { topic: 'retrying', person: grace },
    { topic: 'resolution', person: grace, count: 1, reason: text },
    { topic: 'promoted' },
    { topic: 'ended' },
  ];
};

/** Every topic of every phase: which of them can meet is not this file's to know. */
const announcements = (): Drawing[] =>
  promotions.flatMap(({ name, wording, promotion }) => {
    const all = topics(wording).flatMap((told) =>
      announcement(promotion, told, { nowMs: at(9), cardUrl }).map(({ place, message }) => ({
        name: `${told.topic} in the ${place} of a ${name}`,
        surface: 'message' as const,
        ...message,
      })),
    );
    const question = topics(wording).find((told) => told.topic === 'question');
    const settled =
      question === undefined
        ? []
        : [
            {
              name: `settled question of a ${name}`,
              surface: 'message' as const,
              ...settledQuestion(promotion, question, []),
            },
          ];
    const { message } = joined(all);
    return [
      ...all,
      ...settled,
      { name: `replies joined of a ${name}`, surface: 'message' as const, ...message },
    ];
  });

export const catalogOf = (count: number, short: string, each = count): Catalog => ({
  apps: many(count, (index) => ({
    app: `${index}${short}`.slice(0, 40),
    environments: many(each, (environment) => `${environment}${short}`.slice(0, 30)),
  })),
  find: () => undefined,
  defaultEnvironment: () => undefined,
});

const statusIn = (wording: Wording, count: number): EnvironmentStatus[] =>
  many(count, (index) => ({
    app: wording.short,
    environment: `${index}${wording.short}`,
    live: {
      app: wording.short,
      environment: wording.short,
      version: wording.text,
      artifact: 'a',
      promotionId: 'p',
      atMs: at(0),
      replaced: null,
    },
    open: phases.map((phase) => worded(phase, 'promotion', wording)),
    lastEnded: worded('failed', 'rollback', wording),
    stuck: {
      holder: wording.text,
      because: 'unreadable',
      first: { person: ada, reason: wording.text, atMs: at(0), evidence: wording.text },
      untilMs: at(30),
    },
    unseen: { holder: wording.text, because: 'unreadable' },
    unreadable: { promotions: 3, live: true },
  }));

const answers = (): Drawing[] =>
  wordings.flatMap((wording) => {
    const { text, short, count } = wording;
    const entry: UnlockEntry = {
      app: short,
      environment: short,
      sequence: 3,
      does: 'free',
      atMs: at(9),
      by: { person: ada, reason: text, atMs: at(9), evidence: text },
      first: { person: grace, reason: text, atMs: at(1), evidence: text },
      holder: text,
      because: 'unreadable',
      epoch: 4,
      keys: many(count, () => text),
      freeFromMs: at(15),
      previous: '',
      hash: 'abcdef0123456789'.repeat(4),
    };
    const refusal = { code: 'x', text, next: text };
    const wanted = { app: short, environment: short, person: ada, reason: text };
    const worked = promotionIn('analyzing', { app: short });
    const people = many(count, () => ada.userId);
    const row: UnreadableRow = {
      ...bareRow,
      kind: 'promotion',
      id: text,
      code: newerSchema,
      app: short,
      environment: short,
      phase: 'deploying',
      schema: 99,
    };
    const held: Held[] = many(count, () => ({
      row,
      sinceMs: at(0),
      over: null,
      untold: null,
      told: [],
      unsure: 0,
      dueAtMs: at(1),
      revision: 1,
    }));
    const words = {
      mentions: people
        .map((id) => `<@${id}>`)
        .slice(0, 20)
        .join(' '),
      lookWith: () => text,
      newestSchema: 2,
    };
    const planned = {
      outcome: 'planned' as const,
      analysis: planIn(wording).analysis,
      results: resultsIn(wording),
      policy,
    };
    const environment = { kind: 'promotion' as const, app: short, environment: short };
    const all = {
      'help for no app': helpAnswer(catalogOf(0, short)),
      'help for many apps': helpAnswer(catalogOf(count, short)),
      'status of nothing': statusAnswer([]),
      'status of one': statusAnswer(statusIn(wording, 1)),
      'status of many': statusAnswer(statusIn(wording, count)),
      refusal: refusalAnswer(refusal),
      opened: openAnswer({ outcome: 'opened', promotion: worked }),
      joined: openAnswer({ outcome: 'joined', promotion: worked }),
      'not opened': openAnswer({ outcome: 'refused', refusal }),
      rehearsal: rehearsalAnswer(environment, planned),
      'refused rehearsal': rehearsalAnswer(environment, { outcome: 'refused', refusal }),
      'unlock stated': unlockAnswer(wanted, { outcome: 'stated', entry }),
      'unlock freed': unlockAnswer(wanted, { outcome: 'freed', entry }),
      'unlock rests': unlockAnswer(wanted, { outcome: 'rests', entry, freeFromMs: at(15) }),
      'unlock refused': unlockAnswer(wanted, { outcome: 'refused', refusal }),
      'unlock failed': unlockFailed(wanted, 'slack.directory-unavailable'),
      'not accepted': said([notAccepted]),
      'still saving': said([stillSaving]),
      unreadable: said([unreadable]),
      'held rows': heldMessage(held, words),
      'one held row': heldMessage(held.slice(0, 1), words),
      'held no longer': overMessage(held.map((each) => ({ ...each, over: 'readable' }))),
      ...Object.fromEntries(
        (['state', 'free'] as const).flatMap((does) =>
          noticeMessages({
            id: 'notice:unlock:a#b:1',
            topic: 'unlock',
            entry: { ...entry, does },
            channel: channelId,
            onCall: { ...policy.onCall, people, groups: many(count, () => 'S0ONCALL01') },
          }).map(({ channel, message }) => [`notice: ${does}, in ${channel}`, message]),
        ),
      ),
    };
    return Object.entries(all).map(([name, { text: said, blocks = [] }]) => ({
      name: `${name}, ${wording.name}`,
      surface: 'message' as const,
      text: said,
      blocks,
    }));
  });

async function views(): Promise<Drawing[]> {
  const anchor = {
    promotionId: 'p'.repeat(20),
    round: 99,
    digest: 'abcdef012345',
    questionId: `${'p'.repeat(40)}-99`,
  };
  const all: Drawing[] = [];
  for (const { name, text, short, count } of wordings) {
    const known = { app: short, environment: short, version: text.slice(0, 100), reason: text.slice(0, 500) };
    const forms = {
      'form for a promotion': requestForm('promotion', catalogOf(count, short), known),
      'form for a rollback': requestForm('rollback', catalogOf(count, short), known),
      'form for one of 120 apps': requestForm('promotion', catalogOf(120, short, 5), known),
      'form that asks why it is rejected': reasonForm('reject', anchor),
      'form that asks what was mended': reasonForm('resolve', anchor),
      'form that was taken': resultView(
        text,
        many(count, () => refusalAnswer({ code: 'x', text, next: text }).text),
      ),
    };
    for (const [form, view] of Object.entries(forms)) {
      if (view === undefined) throw new Error(`${form} was not drawn`);
      all.push({ name: `${form}, ${name}`, surface: 'modal', view: { ...view } });
    }
  }
  for (const [name, status] of [
    ['of nothing', []],
    ['as usual', statusIn(usual, 3)],
    ['at its worst', statusIn(worst, 120)],
  ] as const) {
    const slack = fakeSlack();
    const desk = { ...fakeDesk(), status: async () => status };
    await drawHome({ desk, slack, nowMs: () => at(9), log: fakeLog() }, ada.userId);
    const [published] = slack.of('publishHome');
    all.push({ name: `Home ${name}`, surface: 'home', view: { ...(published?.['view'] as object) } });
  }
  return all;
}

export async function everyDrawing(): Promise<readonly Drawing[]> {
  return [...cards(), ...announcements(), ...answers(), ...(await views())];
}

/** By what they are, whatever they say. */
export function inGroups(drawings: readonly Drawing[]): Map<string, Drawing[]> {
  const groups = new Map<string, Drawing[]>();
  for (const drawing of drawings) {
    const group = drawing.name.startsWith('card ')
      ? drawing.name.split(',')[0]
      : drawing.name.split(/ of a (?:promotion|rollback) in |, /)[0];
    groups.set(group ?? '', [...(groups.get(group ?? '') ?? []), drawing]);
  }
  return groups;
}

export const blocksOf = (drawing: Drawing): readonly unknown[] => {
  if (drawing.surface === 'message') return drawing.blocks;
  const { blocks } = drawing.view;
  return Array.isArray(blocks) ? blocks : [];
};
