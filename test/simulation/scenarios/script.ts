import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import {
  hasEnded,
  isDirty,
  type Person,
  type PersonClaim,
  type Phase,
  type Promotion,
  samePerson,
} from '../../../src/flows/promotion/promotion.ts';
import { type Stage, webOf } from '../history.ts';
import { people } from '../setup.ts';
import type { Shadow } from '../shadow.ts';

type Claimed = Extract<PromotionEvent, { claim: PersonClaim }>;

export interface Pace {
  /** When it is first done, from now. */
  readonly inSeconds?: number;
  /** How soon it is done again as long as nothing of it is to be seen. */
  readonly everySeconds?: number;
}

/** What people and the world do in one scenario. They look before they do anything twice. */
export interface Script {
  readonly stage: Stage;
  /** Who approves; each as soon as a plan is put before them. */
  approvers: readonly Person[];
  /** A command, typed again if nothing of it is to be seen after a while; about the scenario's app unless told. */
  ask(
    kind: Promotion['kind'],
    version: string | null,
    about?: Pace & { person?: Person; app?: Promotion['app'] },
  ): void;
  /** Once for every promotion that comes into this phase, when it does. */
  when(phase: Phase, run: (shadow: Shadow) => void, kind?: Promotion['kind']): void;
  /** Once, at the first save for which this holds. */
  once(holds: (promotion: Promotion) => boolean, run: (shadow: Shadow) => void): void;
  /** A click, and another one as long as none was seen to count. */
  press(shadow: Shadow, button: Button, about?: Pace & { person?: Person }): void;
  in(seconds: number, run: () => void): void;
}

export type Button =
  | 'reject'
  | 'cancel'
  | 'roll-back'
  | 'retry'
  | 'resolve'
  | 'continue'
  | 'answer-roll-back';

const digestLength = 12;
const mostTries = 60;
/** The store's clock has only whole seconds. */
const secondMs = 1000;
const { ada, grace, lin, otto } = people;

export function createScript(stage: Stage, ownApp: Promotion['app']): Script {
  const { kernel, watcher } = stage;
  const arrivals: { phase: Phase; run: (shadow: Shadow) => void; kind?: Promotion['kind'] | undefined }[] =
    [];
  const waiting: { holds: (promotion: Promotion) => boolean; run: (shadow: Shadow) => void }[] = [];
  let clicks = 0;
  const nextClick = () => {
    clicks += 1;
    return clicks;
  };
  const later = (seconds: number, run: () => void) =>
    kernel.at(kernel.nowMs() + seconds * 1000, 'people', run);

  /** Does it, looks after a while whether it is settled, and does it again; the story goes on until then. */
  const persist = (isSettled: () => boolean, act: () => void, { inSeconds = 1, everySeconds = 10 }: Pace) => {
    stage.story.pending += 1;
    const attempt = (tries: number) => {
      if (isSettled() || tries === 0) {
        stage.story.pending -= 1;
        return;
      }
      act();
      later(everySeconds, () => attempt(tries - 1));
    };
    later(inSeconds, () => attempt(mostTries));
  };

  const decide = (id: string, event: Claimed) => {
    const { desk, process } = webOf(stage);
    kernel.begin(process, id, event.type, () => desk.decide(id, event));
  };

  const claimOf = (
    does: PersonClaim['does'],
    person: Person,
    also: Partial<PersonClaim> = {},
  ): PersonClaim => ({
    id: `click-${nextClick()}`,
    does,
    person,
    atMs: Math.floor(kernel.nowMs() / 1000) * 1000,
    reason: null,
    answer: null,
    ...also,
  });

  const asked = ({ promotion }: Shadow, does: PersonClaim['does'], person: Person) =>
    promotion.claims.some((claim) => claim.does === does && samePerson(claim.person, person));

  const script: Script = {
    stage,
    approvers: [grace, lin],
    in: later,
    ask(kind, version, { person = ada, app = ownApp, ...pace } = {}) {
      const begunMs = kernel.nowMs();
      const isSettled = () =>
        [...watcher.shadows.values()].some(
          (shadow) =>
            (shadow.opened.kind === kind &&
              shadow.opened.app === app &&
              samePerson(shadow.opened.requester, person) &&
              shadow.opened.requestedAtMs >= begunMs - secondMs) ||
            (kind === 'rollback' && shadow.promotion.app === app && hasJoined(shadow, person)),
        );
      const request = () => ({
        kind,
        app,
        environment: 'production',
        version,
        person,
        reason: kind === 'rollback' ? 'it is broken' : null,
        dedupeKey: `trigger-${nextClick()}`,
      });
      const type = () => {
        const { desk, process } = webOf(stage);
        kernel.begin(process, '', `open ${kind}`, () => desk.open(request()));
      };
      persist(isSettled, type, pace);
    },
    when(phase, run, kind) {
      arrivals.push({ phase, run, kind });
    },
    once(holds, run) {
      waiting.push({ holds, run });
    },
    press(shadow, button, { person = presser[button], ...pace } = {}) {
      const does = claims[button];
      const { id } = shadow;
      const rollbacks = () =>
        [...watcher.shadows.values()].filter(({ opened }) => opened.kind === 'rollback').length;
      const rollbacksBefore = rollbacks();
      const { phase } = shadow.promotion;
      const round = 'round' in shadow.promotion ? shadow.promotion.round : 0;
      const isSettled = () => {
        const { promotion } = shadow;
        if (asked(shadow, does, person)) return true;
        if (button === 'roll-back' && phase === 'promoted') return rollbacks() > rollbacksBefore;
        if (button === 'roll-back') return 'rollback' in promotion || hasEnded(promotion);
        if (button === 'cancel') return hasEnded(promotion) || isDirty(promotion);
        if (button === 'resolve' && promotion.phase === 'rollback-failed')
          return promotion.resolutions.some((one) => samePerson(one.person, person));
        return promotion.phase !== phase || ('round' in promotion && promotion.round !== round);
      };
      const event = (): Claimed | null => {
        const { promotion } = shadow;
        switch (button) {
          case 'reject':
            if (promotion.phase !== 'awaiting-approval') return null;
            return {
              type: 'rejection.claimed',
              claim: claimOf(does, person),
              round: promotion.round,
              digest: promotion.digest.slice(0, digestLength),
            };
          case 'cancel':
            return { type: 'cancellation.claimed', claim: claimOf(does, person) };
          case 'roll-back':
            return { type: 'rollback.claimed', claim: claimOf(does, person) };
          case 'retry':
            return { type: 'retry.claimed', claim: claimOf(does, person) };
          case 'resolve':
            return { type: 'resolution.claimed', claim: claimOf(does, person, { reason: 'mended by hand' }) };
          case 'continue':
          case 'answer-roll-back': {
            const question = promotion.phase === 'monitoring' ? promotion.watch.question : null;
            if (question === null) return null;
            const answer = button === 'continue' ? ('continue' as const) : ('roll-back' as const);
            return {
              type: 'answer.claimed',
              claim: claimOf(does, person, { answer }),
              questionId: question.id,
            };
          }
        }
      };
      const act = () => {
        const made = event();
        if (made !== null) decide(id, made);
      };
      persist(isSettled, act, pace);
    },
  };

  const approve = (shadow: Shadow, person: Person, inSeconds: number) => {
    if (shadow.promotion.phase !== 'awaiting-approval') return;
    const { round } = shadow.promotion;
    const isSettled = () => {
      const { promotion } = shadow;
      if (promotion.phase !== 'awaiting-approval' || promotion.round !== round) return true;
      return (
        asked(shadow, 'approve', person) || promotion.approvals.some((one) => samePerson(one.person, person))
      );
    };
    const act = () => {
      const { promotion } = shadow;
      if (promotion.phase !== 'awaiting-approval') return;
      const digest = promotion.digest.slice(0, digestLength);
      decide(shadow.id, { type: 'approval.claimed', claim: claimOf('approve', person), round, digest });
    };
    persist(isSettled, act, { inSeconds });
  };

  stage.crowd.noticed = (shadow, before) => {
    const { promotion } = shadow;
    const arrived = before?.phase !== promotion.phase;
    const roundOf = (of: Promotion | undefined) => (of !== undefined && 'round' in of ? of.round : 0);
    if (promotion.phase === 'awaiting-approval' && (arrived || roundOf(before) !== roundOf(promotion))) {
      const { policy, kind } = promotion;
      const needed = kind === 'rollback' ? policy.rollback.approvals : policy.approvals.required;
      for (const [index, person] of script.approvers.entries()) {
        if (index < needed) approve(shadow, person, 4 + index * 4);
      }
    }
    if (arrived) {
      for (const { phase, run, kind } of [...arrivals]) {
        if (phase === promotion.phase && (kind === undefined || kind === promotion.kind)) run(shadow);
      }
    }
    for (const each of [...waiting]) {
      if (!each.holds(promotion)) continue;
      waiting.splice(waiting.indexOf(each), 1);
      each.run(shadow);
    }
  };
  return script;
}

const claims: Readonly<Record<Button, PersonClaim['does']>> = {
  reject: 'reject',
  cancel: 'cancel',
  'roll-back': 'roll-back',
  retry: 'retry',
  resolve: 'resolve',
  continue: 'answer',
  'answer-roll-back': 'answer',
};

const presser: Readonly<Record<Button, Person>> = {
  reject: lin,
  cancel: ada,
  'roll-back': grace,
  retry: otto,
  resolve: otto,
  continue: otto,
  'answer-roll-back': otto,
};

/** A rollback that was asked for became the way back of what runs already. */
function hasJoined({ promotion }: Shadow, person: Person): boolean {
  if (promotion.claims.some(({ does, person: by }) => does === 'roll-back' && samePerson(by, person))) {
    return promotion.kind === 'promotion';
  }
  if (!('rollback' in promotion) || promotion.kind !== 'promotion') return false;
  const { by } = promotion.rollback.cause;
  return by !== null && samePerson(by, person);
}
