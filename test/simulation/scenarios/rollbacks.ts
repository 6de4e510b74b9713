import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { people } from '../setup.ts';
import type { End, Scenario } from './scenario.ts';
import { forbidChanges, pointElsewhere, restage, siteOf, wasGood } from './world.ts';

const { ada, grace, lin, otto, olga } = people;
const requested: End = 'promotion rolled-back requested';

const pressedIn = (phase: 'deploying' | 'verifying' | 'monitoring'): Scenario => ({
  name: `Roll Back pressed while ${phase}`,
  app: 'site',
  ends: { ends: [requested], live: 'v1.0.0' },
  begin(script) {
    script.once(
      (promotion) => promotion.phase === phase && promotion.dirty,
      (shadow) => script.press(shadow, 'roll-back', { inSeconds: 2 }),
    );
    script.ask('promotion', 'v1.1.0');
  },
});

const first = (promotion: Promotion) => promotion.version === 'v1.1.0' && promotion.kind === 'promotion';

/** A release is live that the bot has brought there itself; then something else begins. */
const afterGood = (
  scenario: Omit<Scenario, 'app' | 'begin'> & {
    begin: (script: Parameters<Scenario['begin']>[0]) => void;
    next: (script: Parameters<Scenario['begin']>[0]) => void;
  },
): Scenario => ({
  ...scenario,
  app: 'site',
  begin(script) {
    script.once(
      (promotion) => first(promotion) && promotion.phase === 'promoted',
      () => scenario.next(script),
    );
    scenario.begin(script);
    script.ask('promotion', 'v1.1.0');
  },
});

/**
 * The rollback of a release fails, people go back by hand and close it; later somebody asks for a rollback. Not among
 * those that are killed at each await: what people do by hand in it goes by the clock.
 */
export const fledByHand: Scenario = {
  name: '/rollback after people fled from a release by hand',
  app: 'site',
  ends: {
    ends: ['promotion promoted', 'rollback failed site.rollback-target-unknown', 'rollback resolved'],
    live: 'v1.0.0',
  },
  begin(script) {
    script.once(
      (promotion) => promotion.phase === 'promoted',
      () => {
        const allow = forbidChanges(script);
        script.once(
          (promotion) => promotion.phase === 'rollback-failed',
          (shadow) => {
            allow();
            script.in(5, () => pointElsewhere(script, siteOf(script.stage).colours.blue.path));
            script.press(shadow, 'resolve', { inSeconds: 400, everySeconds: 60, person: otto });
            script.press(shadow, 'resolve', { inSeconds: 420, everySeconds: 60, person: olga });
          },
        );
        script.once(
          (promotion) => promotion.phase === 'resolved',
          () => script.ask('rollback', null, { inSeconds: 30 }),
        );
        script.ask('rollback', 'v1.0.0', { inSeconds: 5 });
      },
    );
    script.ask('promotion', 'v1.1.0');
  },
};

/** Planned while the other one has switched, and carried out once that one has switched back. */
export const waitsForNeighbour: Scenario = {
  name: '/rollback waits for another app of its distribution, which switches back meanwhile',
  app: 'site',
  ends: { ends: [requested, 'rollback rolled-back requested'], live: 'v1.1.0' },
  begin(script) {
    wasGood(script, 'green');
    script.once(
      (promotion) => promotion.app === 'shop' && promotion.phase === 'monitoring',
      (shadow) => {
        script.ask('rollback', null, { person: grace });
        script.press(shadow, 'roll-back', { inSeconds: 12 });
      },
    );
    script.ask('promotion', 'v1.1.0', { app: 'shop' });
  },
};

/** Stories in which people want to go back. */
export const rollbackScenarios: readonly Scenario[] = [
  pressedIn('deploying'),
  pressedIn('verifying'),
  pressedIn('monitoring'),
  {
    name: 'Roll Back pressed on what was promoted',
    app: 'site',
    ends: { ends: ['promotion promoted', 'rollback rolled-back requested'], live: 'v1.0.0' },
    begin(script) {
      script.once(
        (promotion) => promotion.phase === 'promoted',
        (shadow) => script.press(shadow, 'roll-back', { inSeconds: 5 }),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: '/rollback joins the promotion that runs',
    app: 'site',
    ends: { ends: [requested], live: 'v1.0.0' },
    begin(script) {
      script.once(
        (promotion) => promotion.phase === 'deploying' && promotion.dirty,
        () => script.ask('rollback', null, { inSeconds: 2, person: grace }),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  afterGood({
    name: '/rollback standing alone',
    ends: { ends: ['promotion promoted', 'rollback rolled-back requested'], live: 'v1.0.0' },
    begin() {},
    next: (script) => script.ask('rollback', null, { person: grace }),
  }),
  afterGood({
    name: '/rollback with approvals, standing alone',
    policy: { rollback: { approvals: 1 } },
    ends: { ends: ['promotion promoted', 'rollback rolled-back requested'], live: 'v1.0.0' },
    begin() {},
    next: (script) => script.ask('rollback', 'v1.0.0', { person: ada }),
  }),
  afterGood({
    name: '/rollback over a holder that has changed nothing',
    policy: { approvals: { waitSeconds: 60 } },
    ends: {
      ends: ['promotion promoted', 'promotion superseded', 'rollback rolled-back requested'],
      live: 'v1.0.0',
    },
    begin(script) {
      script.once(
        (promotion) => promotion.version === 'v1.0.0' && promotion.phase === 'waiting',
        () => script.ask('rollback', null, { inSeconds: 2, person: grace }),
      );
    },
    next: (script) => script.ask('promotion', 'v1.0.0'),
  }),
  afterGood({
    name: '/rollback over a holder that has changed production: handed over',
    policy: { monitoring: { soakSeconds: 100 } },
    ends: {
      ends: ['promotion promoted', 'promotion superseded handed-over', 'rollback rolled-back requested'],
      live: 'v1.0.0',
    },
    begin(script) {
      script.once(
        (promotion) => promotion.version === 'v1.2.0' && promotion.phase === 'monitoring',
        () => {
          restage(script, 'green', 'v1.0.0');
          script.ask('rollback', 'v1.0.0', { inSeconds: 2, person: grace });
        },
      );
    },
    next: (script) => {
      restage(script, 'blue', 'v1.2.0');
      script.ask('promotion', 'v1.2.0');
    },
  }),
  waitsForNeighbour,
  afterGood({
    name: 'two rollbacks at once',
    ends: {
      ends: ['promotion promoted', 'rollback failed rollback.running', 'rollback rolled-back requested'],
      live: 'v1.0.0',
    },
    turns: [
      {
        ends: ['promotion promoted', 'rollback failed rollback.fled', 'rollback rolled-back requested'],
        live: 'v1.0.0',
        why: 'killed before the second one was looked at: by then production was back, and it would have gone forward again',
      },
      {
        ends: ['promotion promoted', 'rollback failed rollback.overtaken', 'rollback rolled-back requested'],
        live: 'v1.0.0',
        why: 'the same, and the first one had ended by then',
      },
    ],
    begin() {},
    next: (script) => {
      script.ask('rollback', null, { person: grace });
      script.ask('rollback', null, { person: lin });
    },
  }),
];
