import type { AuditEntry } from '../../src/flows/promotion/audit.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Person, PersonClaim, Promotion } from '../../src/flows/promotion/promotion.ts';
import type { Bot } from './bot.ts';
import type { Coverage } from './coverage.ts';
import { ended } from './invariants.ts';
import type { Kernel } from './kernel.ts';
import type { People } from './outside.ts';
import { type AppName, people as all } from './setup.ts';
import type { Shadow } from './shadow.ts';

/** What people do on their own account, in numbers of a thousand; all zero is two approvers and nothing else. */
export interface Habits {
  /** Nobody, or only one, ever approves. */
  silent: number;
  rejects: number;
  cancels: number;
  /** Clicks of people who may not, or twice, or on an old card. */
  wrong: number;
  /** The Roll Back button while something is under way. */
  button: number;
  /** `/rollback` while something is under way. */
  command: number;
  /** Back from a promotion that ended well. */
  regrets: number;
  /** An approver leaves after approving. */
  leaves: number;
  /** What is said to a question: 0 nothing, 1 continue, 2 roll back. */
  answer: number;
  /** The next release follows the one that was promoted, and is rolled back past it. */
  follows: number;
  /** Somebody does by hand what a promotion is about to do. */
  hasty: number;
  /** Two people free an environment whose holder the bot that they reach cannot read. */
  unlocks: number;
  /** A failed rollback is given up for another one. */
  retakes: number;
  /** A failed rollback is closed by hand instead of tried again. */
  closes: number;
  /** Back from a release while another app of the same distribution is about to switch its own. */
  crosses: number;
  /** Nobody can be looked up just when people want something: those who need a group ask first, the named ones after. */
  dark: number;
  /** The same while a question is open. */
  darkAnswers: number;
}

export interface Crowd {
  /** Somebody types a command. */
  open(kind: Promotion['kind'], app: AppName, version: string | null, person?: Person, twice?: boolean): void;
  noticed(shadow: Shadow, before: Promotion | undefined, entries: readonly AuditEntry[]): void;
  readonly habits: Habits;
}

export interface CrowdDeps {
  readonly kernel: Kernel;
  readonly chance: (perMille: number) => boolean;
  readonly draw: (choices: number) => number;
  readonly coverage: Coverage;
  readonly people: People;
  /** The process that people's requests reach now. */
  readonly web: () => Bot;
  /** People mend what stands in the way before they have a failed rollback tried again. */
  readonly mend: (promotion: Promotion) => void;
  /** Somebody else does by hand what it wants to do. */
  readonly forestall: (promotion: Promotion) => void;
  readonly isCalm: () => boolean;
  /** Nobody can be looked up for so long. */
  readonly darken: (forMs: number) => void;
}

type Claimed = Extract<PromotionEvent, { claim: PersonClaim }>;
const againMs = 20_000;
const digestLength = 12;
const firstVersion = 'v1.0.0';
const nextVersion = 'v1.2.0';

/** Requesters, approvers, on-call people and some who are neither. They look at the card and click, and click again. */
export function createCrowd(deps: CrowdDeps): Crowd {
  const { kernel, draw, coverage } = deps;
  /** A thousand of a thousand is for scripts: no draw decides it. */
  const chance = (perMille: number) => perMille >= 1000 || deps.chance(perMille);
  const habits: Habits = {
    silent: 0,
    rejects: 0,
    cancels: 0,
    wrong: 0,
    button: 0,
    command: 0,
    regrets: 0,
    leaves: 0,
    answer: 0,
    follows: 0,
    hasty: 0,
    unlocks: 0,
    closes: 0,
    retakes: 0,
    crosses: 0,
    dark: 0,
    darkAnswers: 0,
  };
  let clicks = 0;
  const later = (milliseconds: number, what: string, run: () => void) =>
    kernel.at(kernel.nowMs() + milliseconds, `people ${what}`, run);

  const claimOf = (
    does: PersonClaim['does'],
    person: Person,
    also: Partial<PersonClaim> = {},
  ): PersonClaim => {
    clicks += 1;
    return {
      id: `click-${clicks}`,
      does,
      person,
      atMs: Math.floor(kernel.nowMs() / 1000) * 1000,
      reason: null,
      answer: null,
      ...also,
    };
  };

  const decide = (id: string, event: Claimed) => {
    const web = deps.web();
    kernel.begin(web.process, id, event.type, () => web.desk.decide(id, event));
  };

  const open: Crowd['open'] = (kind, app, version, person = all.ada, twice = false) => {
    clicks += 1;
    const request = {
      kind,
      app,
      environment: 'production',
      version,
      person,
      reason: kind === 'rollback' ? 'it is broken' : null,
      dedupeKey: `trigger-${clicks}`,
    };
    const say = () => {
      const web = deps.web();
      kernel.begin(web.process, '', `open ${kind}`, () => web.desk.open(request));
    };
    say();
    if (twice) later(1_500, 'open again', say);
  };

  /** A click, and another one as long as it was not seen to count. */
  const insist = (
    shadow: Shadow,
    what: string,
    still: (promotion: Promotion) => Claimed | null,
    firstMs: number,
    tries = 40,
    thenEveryMs: number | null = null,
  ) => {
    later(firstMs, what, () => {
      const event = still(shadow.promotion);
      if (event === null) return;
      if (
        !shadow.promotion.claims.some(
          (claim) => claim.does === event.claim.does && sameUser(claim, event.claim),
        )
      )
        decide(shadow.id, event);
      if (chance(habits.wrong)) {
        // A second click of the same person: the very same request, or one of its own.
        const { id } = claimOf(event.claim.does, event.claim.person);
        decide(shadow.id, draw(2) === 1 ? { ...event, claim: { ...event.claim, id } } : event);
      }
      if (tries > 1) insist(shadow, what, still, againMs, tries - 1, thenEveryMs);
      else if (thenEveryMs !== null) insist(shadow, what, still, thenEveryMs, 1, thenEveryMs);
    });
  };

  const approving =
    (person: Person) =>
    (promotion: Promotion): Claimed | null => {
      if (promotion.phase !== 'awaiting-approval') return null;
      if (promotion.approvals.some((one) => one.person.userId === person.userId)) return null;
      const { round, digest } = promotion;
      const claim = claimOf('approve', person);
      return { type: 'approval.claimed', claim, round, digest: digest.slice(0, digestLength) };
    };

  const atApproval = (shadow: Shadow, promotion: Extract<Promotion, { phase: 'awaiting-approval' }>) => {
    const { round, digest } = promotion;
    const shown = { round, digest: digest.slice(0, digestLength) };
    const claimWrong = (
      type: 'approval.claimed' | 'rejection.claimed',
      person: Person,
      old = false,
    ): Claimed => ({
      type,
      claim: claimOf(type === 'approval.claimed' ? 'approve' : 'reject', person),
      round: old ? shown.round - 1 : shown.round,
      digest: old ? 'ffffffffffff' : shown.digest,
    });
    if (chance(habits.wrong)) {
      const wrong = [
        claimWrong('approval.claimed', all.ada),
        claimWrong('approval.claimed', all.guest),
        claimWrong('approval.claimed', all.nobody),
        claimWrong('approval.claimed', all.grace, true),
        claimWrong('rejection.claimed', all.nobody),
        claimWrong('rejection.claimed', all.grace, true),
      ];
      const event = wrong[draw(wrong.length)];
      if (event !== undefined) later(draw(30_000), 'wrong', () => decide(shadow.id, event));
      // The same plan on an old screen: clicked long after.
      const late = claimWrong('approval.claimed', all.mia);
      if (draw(2) === 1) later(draw(200_000), 'late', () => decide(shadow.id, late));
    }
    if (chance(habits.rejects))
      insist(
        shadow,
        'reject',
        (now) => (now.phase === 'awaiting-approval' ? claimWrong('rejection.claimed', all.lin) : null),
        draw(20_000),
        2,
      );
    if (chance(habits.cancels)) cancel(shadow, draw(20_000));
    const silent = chance(habits.silent) ? 1 + draw(2) : 0;
    const [first, second, third] =
      draw(2) === 0 ? [all.grace, all.lin, all.mia] : [all.lin, all.mia, all.grace];
    if (silent < 2) insist(shadow, 'approve', approving(first), 4_000 + draw(3) * 7_000);
    if (silent < 1) {
      // Both at the same moment, or one after the other.
      insist(shadow, 'approve', approving(second), draw(3) === 2 ? 4_000 : 8_000 + draw(20_000));
      insist(shadow, 'approve', approving(third), 100_000);
    }
    if (chance(habits.leaves)) {
      const who = draw(2) === 0 ? first : second;
      later(draw(90_000), 'leaves', () => {
        deps.people.leftAtMs.set(who.userId, kernel.nowMs());
        coverage.hit('an approver left');
      });
    }
  };

  const cancel = (shadow: Shadow, inMs: number) =>
    insist(
      shadow,
      'cancel',
      (now) =>
        ended(now) || ('dirty' in now && now.dirty)
          ? null
          : { type: 'cancellation.claimed', claim: claimOf('cancel', draw(2) === 0 ? all.ada : all.nobody) },
      inMs,
      2,
    );

  const rollBack = (shadow: Shadow, inMs: number) =>
    insist(
      shadow,
      'roll back',
      (now) =>
        ended(now) || now.phase === 'rolling-back' || now.phase === 'rollback-failed'
          ? null
          : {
              type: 'rollback.claimed',
              claim: claimOf('roll-back', [all.grace, all.grace, all.otto, all.guest][draw(4)] ?? all.grace),
            },
      inMs,
      3,
    );

  const inTheDark = (perMille = habits.dark) => {
    const dark = !deps.isCalm() && chance(perMille);
    if (dark) deps.darken(40_000 + draw(3) * 40_000);
    return dark;
  };

  const pressing =
    (person: Person) =>
    (now: Promotion): Claimed | null =>
      ended(now) || now.phase === 'rolling-back' || now.phase === 'rollback-failed'
        ? null
        : { type: 'rollback.claimed', claim: claimOf('roll-back', person) };

  const rollBackInTheDark = (shadow: Shadow) => {
    insist(shadow, 'roll back in the dark', pressing(draw(2) === 0 ? all.grace : all.mia), 1_000, 2);
    if (draw(2) === 0) insist(shadow, 'roll back by name', pressing(all.otto), 6_000 + draw(60_000), 2);
  };

  const whileChanged = (shadow: Shadow, promotion: Promotion) => {
    if (promotion.phase === 'deploying')
      later(6_000, 'dark', () => {
        const { promotion: now } = shadow;
        // Before the first change nobody could roll back, and the gate could not look anybody up.
        if (now.phase === 'deploying' && now.dirty && inTheDark()) rollBackInTheDark(shadow);
      });
    else if (promotion.phase !== 'rolling-back' && inTheDark()) rollBackInTheDark(shadow);
    if (chance(habits.button)) rollBack(shadow, draw(40_000));
    if (chance(habits.cancels))
      later(draw(20_000), 'cancel late', () =>
        decide(shadow.id, { type: 'cancellation.claimed', claim: claimOf('cancel', all.ada) }),
      );
    if (promotion.phase === 'deploying' && chance(habits.hasty))
      later(draw(2) === 1 ? draw(8_000) : 10_000 + draw(20_000), 'hasty', () => {
        if (shadow.promotion.phase === 'deploying') deps.forestall(shadow.promotion);
      });
    if (promotion.version === nextVersion && chance(700)) {
      later(draw(60_000), 'rollback past it', () =>
        open('rollback', promotion.app as AppName, firstVersion, all.grace),
      );
    }
    if (!chance(habits.command)) return;
    const version = [null, 'v1.0.0', 'v1.1.0', 'v0.9.0'][draw(4)] ?? null;
    const app = promotion.app as AppName;
    later(draw(40_000), 'rollback command', () => {
      open('rollback', app, version, all.grace);
      if (draw(3) === 2) open('rollback', app, version, all.lin);
    });
  };

  const afterFailure = (shadow: Shadow) => {
    const closes = chance(habits.closes);
    const retrying =
      (person: Person) =>
      (now: Promotion): Claimed | null =>
        now.phase === 'rollback-failed' && now.rollback.attempt < 3
          ? { type: 'retry.claimed', claim: claimOf('retry', person) }
          : null;
    if (inTheDark()) {
      insist(shadow, 'retry in the dark', retrying(draw(2) === 0 ? all.grace : all.mia), 4_000, 1);
      insist(shadow, 'retry by name', retrying(all.olga), 10_000 + draw(30_000), 2);
    }
    if (!closes || deps.isCalm()) {
      later(15_000, 'mend', () => deps.mend(shadow.promotion));
      insist(shadow, 'retry', retrying(all.otto), 20_000 + draw(60_000), 3);
    }
    const firstMs = closes ? 10_000 + draw(60_000) : 300_000;
    for (const [index, person] of [all.otto, all.grace, all.olga, all.mia].entries()) {
      insist(
        shadow,
        'resolve',
        (now) =>
          now.phase === 'rollback-failed' &&
          !now.resolutions.some((one) => one.person.userId === person.userId)
            ? { type: 'resolution.claimed', claim: claimOf('resolve', person, { reason: 'mended by hand' }) }
            : null,
        firstMs + index * 4_000,
        8,
        // What changed production is not walked away from, however long nothing can be stored.
        5 * 60_000,
      );
    }
  };

  const unlock = (app: string, person: Person, inMs: number) =>
    later(inMs, 'unlock', () => {
      const { process, desk } = deps.web();
      const request = { app, environment: 'production', person, reason: 'it cannot be worked on' };
      kernel.begin(process, '', 'unlock', () => desk.unlock(request));
    });

  const onQuestion = (shadow: Shadow, questionId: string) => {
    const answering =
      (person: () => Person, answer: 'continue' | 'roll-back') =>
      (now: Promotion): Claimed | null =>
        now.phase === 'monitoring' && now.watch.question?.id === questionId
          ? { type: 'answer.claimed', claim: claimOf('answer', person(), { answer }), questionId }
          : null;
    if (inTheDark(habits.darkAnswers)) {
      const one = () => all.grace;
      const says = (['roll-back', 'continue'] as const)[draw(2)] ?? 'continue';
      insist(shadow, 'answer in the dark', answering(one, says), 3_000, 2);
      if (draw(3) === 2)
        insist(shadow, 'answer otherwise', answering(one, 'roll-back'), 12_000 + draw(20_000), 1);
      const named = draw(3);
      if (named === 0)
        insist(
          shadow,
          'answer by name',
          answering(() => all.olga, draw(2) === 0 ? 'continue' : 'roll-back'),
          10_000 + draw(40_000),
          2,
        );
      if (named === 1) insist(shadow, 'roll back by name', pressing(all.otto), 10_000 + draw(40_000), 2);
    }
    if (habits.answer === 0) return;
    insist(
      shadow,
      'answer',
      answering(
        () => (draw(4) === 3 ? all.nobody : all.otto),
        habits.answer === 1 ? 'continue' : 'roll-back',
      ),
      5_000 + draw(60_000),
      3,
    );
  };

  return {
    habits,
    open,
    noticed(shadow, before, _entries) {
      const { promotion } = shadow;
      const newer = (kernel.actor()?.schema ?? 0) > deps.web().process.schema;
      if (newer && 'dirty' in promotion && !ended(promotion) && chance(habits.unlocks)) {
        unlock(promotion.app, all.otto, 2_000);
        unlock(promotion.app, all.olga, 4_000 + draw(6_000));
      }
      const arrived = before?.phase !== promotion.phase;
      const round = 'round' in promotion ? promotion.round : 0;
      const roundBefore = before !== undefined && 'round' in before ? before.round : 0;
      if (promotion.phase === 'awaiting-approval' && (arrived || round !== roundBefore))
        return atApproval(shadow, promotion);
      if (promotion.phase === 'monitoring') {
        const asked = promotion.watch.question?.id;
        const askedBefore = before?.phase === 'monitoring' ? before.watch.question?.id : undefined;
        if (asked !== undefined && asked !== askedBefore) onQuestion(shadow, asked);
      }
      if (!arrived) return;
      switch (promotion.phase) {
        case 'analyzing':
        case 'validating':
        case 'waiting':
          if (promotion.phase === 'waiting' && promotion.app === 'shop' && chance(habits.crosses))
            later(draw(30_000), 'crosses', () => open('rollback', 'site', null, all.grace));
          if (chance(habits.cancels)) cancel(shadow, draw(15_000));
          if (chance(habits.wrong))
            decide(shadow.id, { type: 'rollback.claimed', claim: claimOf('roll-back', all.grace) });
          break;
        case 'deploying':
        case 'verifying':
        case 'monitoring':
        case 'rolling-back':
          whileChanged(shadow, promotion);
          break;
        case 'rollback-failed':
          if (chance(habits.retakes)) {
            const version = [null, 'v1.0.0', 'v1.1.0'][draw(3)] ?? null;
            later(draw(30_000), 'another rollback', () =>
              open('rollback', promotion.app as AppName, version, all.grace),
            );
          }
          afterFailure(shadow);
          break;
        case 'promoted':
          if (promotion.app === 'worker' && promotion.version === 'v1.1.0' && chance(habits.follows))
            later(draw(60_000), 'next release', () => open('promotion', 'worker', nextVersion));
          if (promotion.app === 'site' && promotion.kind === 'promotion' && chance(habits.crosses))
            later(draw(20_000), 'the other app', () => open('promotion', 'shop', 'v1.1.0'));
          if (chance(habits.regrets))
            later(draw(60_000), 'regrets', () => {
              if (draw(2) === 0) open('rollback', promotion.app as AppName, null, all.grace);
              else decide(shadow.id, { type: 'rollback.claimed', claim: claimOf('roll-back', all.grace) });
            });
          if (chance(habits.wrong))
            decide(shadow.id, { type: 'cancellation.claimed', claim: claimOf('cancel', all.ada) });
          break;
        default:
      }
    },
  };
}

const sameUser = (a: PersonClaim, b: PersonClaim) => a.person.userId === b.person.userId;
