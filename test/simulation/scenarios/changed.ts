import { people } from '../setup.ts';
import type { Scenario } from './scenario.ts';
import { flawed, forbidChanges, pointElsewhere, restage, siteOf } from './world.ts';

const { otto, olga } = people;

export const goodRelease: Scenario = {
  name: 'a good release',
  app: 'site',
  ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
  begin(script) {
    script.ask('promotion', 'v1.1.0');
  },
};

export const wrongVersion: Scenario = {
  name: 'a release that shows the wrong version',
  app: 'site',
  ends: { ends: ['promotion rolled-back verification.failed'], live: 'v1.0.0' },
  begin(script) {
    flawed(script, 'wrong-version');
    script.ask('promotion', 'v1.1.0');
  },
};

/** Stories in which production is changed, and what the watch makes of it. */
export const changedScenarios: readonly Scenario[] = [
  goodRelease,
  wrongVersion,
  {
    name: 'errors in the watch',
    app: 'site',
    policy: { monitoring: { unhealthyReadings: 2 } },
    ends: { ends: ['promotion rolled-back health.unhealthy'], live: 'v1.0.0' },
    begin(script) {
      flawed(script, 'errors');
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'an alarm in the watch',
    app: 'site',
    policy: { monitoring: { soakSeconds: 100 } },
    ends: { ends: ['promotion rolled-back alarm'], live: 'v1.0.0' },
    begin(script) {
      script.when('monitoring', () => flawed(script, 'alarm'));
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'an alarm while it is delivered',
    app: 'site',
    ends: { ends: ['promotion rolled-back alarm'], live: 'v1.0.0' },
    begin(script) {
      script.stage.cloud.alarmAfterMs = 0;
      flawed(script, 'alarm');
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'metrics go missing and nobody answers',
    app: 'site',
    ends: { ends: ['promotion rolled-back health.inconclusive'], live: 'v1.0.0' },
    begin(script) {
      flawed(script, 'no-metrics');
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'metrics go missing and on-call says continue',
    app: 'site',
    ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
    begin(script) {
      flawed(script, 'no-metrics');
      script.once(
        (promotion) => promotion.phase === 'monitoring' && promotion.watch.question !== null,
        (shadow) => script.press(shadow, 'continue', { inSeconds: 5 }),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'metrics go missing and on-call says roll back',
    app: 'site',
    ends: { ends: ['promotion rolled-back requested'], live: 'v1.0.0' },
    begin(script) {
      flawed(script, 'no-metrics');
      script.once(
        (promotion) => promotion.phase === 'monitoring' && promotion.watch.question !== null,
        (shadow) => script.press(shadow, 'answer-roll-back', { inSeconds: 5 }),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: "somebody else's change in the watch, closed by two",
    app: 'site',
    ends: { ends: ['promotion resolved'], live: 'something else' },
    begin(script) {
      script.when('monitoring', () => pointElsewhere(script, '/elsewhere'));
      script.when('rollback-failed', (shadow) => {
        script.press(shadow, 'resolve', { inSeconds: 5, person: otto });
        script.press(shadow, 'resolve', { inSeconds: 10, person: olga });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'another release is put into the live colour in the watch, closed by two',
    app: 'site',
    ends: { ends: ['promotion resolved'], live: 'v1.2.0' },
    begin(script) {
      script.when('monitoring', () => restage(script, 'green', 'v1.2.0'));
      script.when('rollback-failed', (shadow) => {
        script.press(shadow, 'resolve', { inSeconds: 5, person: otto });
        script.press(shadow, 'resolve', { inSeconds: 10, person: olga });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'the release is built anew under its name after the gate, and rolled back',
    app: 'site',
    ends: { ends: ['promotion rolled-back drift'], live: 'v1.0.0' },
    begin(script) {
      script.once(
        (promotion) => promotion.phase === 'deploying' && promotion.dirty,
        () => restage(script, 'green', 'v1.1.0', 8),
      );
      script.when('rollback-failed', (shadow) => script.press(shadow, 'retry', { inSeconds: 15 }));
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'the way back is staged anew in the watch, and put back',
    app: 'site',
    ends: { ends: ['promotion rolled-back alarm'], live: 'v1.0.0' },
    begin(script) {
      script.when('monitoring', () => {
        flawed(script, 'alarm');
        restage(script, 'blue', 'v1.2.0');
      });
      script.when('rollback-failed', (shadow) => {
        script.in(10, () => restage(script, 'blue', 'v1.0.0'));
        script.press(shadow, 'retry', { inSeconds: 15 });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'the way back is built anew under its name, closed by two',
    app: 'site',
    ends: { ends: ['promotion resolved'], live: 'v1.1.0' },
    begin(script) {
      flawed(script, 'wrong-version');
      script.once(
        (promotion) => promotion.phase === 'deploying' && promotion.dirty,
        () => restage(script, 'blue', 'v1.0.0', 8),
      );
      script.when('rollback-failed', (shadow) => {
        script.press(shadow, 'resolve', { inSeconds: 5, person: otto });
        script.press(shadow, 'resolve', { inSeconds: 10, person: olga });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'a rollback fails and a person has it tried again',
    app: 'site',
    ends: { ends: ['promotion rolled-back verification.failed'], live: 'v1.0.0' },
    begin(script) {
      flawed(script, 'wrong-version');
      let done = false;
      script.when('rolling-back', () => {
        if (!done) pointElsewhere(script, '/elsewhere');
        done = true;
      });
      script.when('rollback-failed', (shadow) => {
        script.in(10, () => pointElsewhere(script, siteOf(script.stage).colours.green.path));
        script.press(shadow, 'retry', { inSeconds: 15 });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'a rollback fails and two people close it',
    app: 'site',
    ends: { ends: ['promotion resolved'], live: 'v1.1.0' },
    begin(script) {
      flawed(script, 'wrong-version');
      script.when('rolling-back', () => void forbidChanges(script));
      script.when('rollback-failed', (shadow) => {
        // The first click comes while a request of ours may still arrive.
        script.press(shadow, 'resolve', { inSeconds: 20, everySeconds: 200, person: otto });
        script.press(shadow, 'resolve', { inSeconds: 400, everySeconds: 20, person: olga });
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
];
