import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrowserWorld, openBrowserWorld, type Person } from './person-at-the-page.ts';

let world: BrowserWorld;
let person: Person;

beforeAll(async () => {
  world = await openBrowserWorld();
  person = world.person;
});
afterAll(() => world?.close());

const failedVisits = () => person.words(person.page.getByTestId('failed-visits'));

/** Asks as Ada, approves as two others, and hurries. */
async function promoteWithApprovals(version: string) {
  const card = person.card(`Promote site ${version} to production`);
  await person.actAs('ada');
  await person.type(`/promote site ${version}`);
  await person.sees(card, 'Waiting for approval: 0 of 2');
  for (const name of ['grace', 'lin'] as const) {
    await person.actAs(name);
    await person.press(card, 'approve');
  }
  await person.speed(60);
  return card;
}

describe('a good release', () => {
  const title = 'Promote site v1.1.0 to production';

  it('ALL-1 ALL-6 SITE-1 SITE-2 SITE-3 a typed command brings a card that says what was found and checked', async () => {
    expect(await world.production()).toBe('v1.0.0');
    await person.actAs('ada');
    await person.type('/promote site v1.1.0');
    await person.isTold('Asked for: promote site v1.1.0 to production');

    const card = person.card(title);
    await person.sees(card, 'Waiting for approval: 0 of 2 given');
    const words = await person.words(card);
    expect(words).toMatch(/v1\.0\.0\s*→\s*v1\.1\.0/);
    expect(words).toContain('deploy-staging.yml');
    expect(words).toContain('green holds v1.1.0');
    expect(words).toContain('v1.0.0 is there to go back to');
    await person.picture('01-asked');
  });

  it('ALL-2 two people who may approve it do; the requester, a guest and the same person again may not', async () => {
    const card = person.card(title);
    await person.press(card, 'approve');
    await person.isTold('You asked for this promotion, so you cannot approve it');

    await person.actAs('grace');
    await person.press(card, 'approve');
    await person.sees(card, '1 of 2 given');
    await person.press(card, 'approve');
    await person.isTold('You have approved this already');

    await person.actAs('gil');
    await person.press(card, 'approve');
    await person.isTold('Guests of the workspace cannot do this');
    await person.picture('02-refused');
    await person.sees(card, '1 of 2 given');
    expect(await world.production()).toBe('v1.0.0');

    await person.actAs('lin');
    await person.press(card, 'approve');
    await person.sees(card, 'Approved. Starts at');
  });

  it('ALL-4 SITE-4 the countdown can be seen and cancelled, and production is as it was', async () => {
    const card = person.card(title);
    await person.sees(card, /Wait — starts in \d+ s/);
    expect(await card.getByTestId('block-button-cs:cancel').isVisible()).toBe(true);
    expect(await world.production()).toBe('v1.0.0');
    await person.picture('03-countdown');
  });

  it('SITE-5 SITE-6 SITE-7 visitors see the old version, then the new one, and no request fails', async () => {
    const card = person.card(title);
    await person.reads('Started: site v1.1.0 to production');
    await person.sees(card, 'Deploying to production');
    await person.picture('04-deploying');
    const seen = [await world.production()];
    expect(seen).toEqual(['v1.0.0']);

    await person.speed(60);
    while (!/Watched:/.test(await person.words(card))) seen.push(await world.production());
    expect(new Set(seen)).toEqual(new Set(['v1.0.0', 'v1.1.0']));
    for (const path of ['/', '/pricing/', '/about/']) expect(await world.production(path)).toBe('v1.1.0');
    expect(await person.page.getByTestId('live-version').getAttribute('data-version')).toBe('v1.1.0');
    expect(await failedVisits()).toBe('0');
  });

  it('ALL-6 the watch is read in the thread, and the card ends promoted, with durations', async () => {
    const card = person.card(title);
    await person.sees(card, /Watch — \d of 5 min healthy/);
    await card.getByTestId('thread-link').click();
    await person.sees(person.page.getByTestId('thread-pane'), /Watch: healthy/);
    await person.sees(person.page.getByTestId('thread-pane'), /Server errors 0 % in .*, limit 1 %/);
    await person.picture('05-watched');
    await person.page.getByRole('button', { name: 'Close thread' }).click();

    await person.sees(card, 'Promoted. Production held v1.1.0 through the watch');
    const words = await person.words(card);
    for (const phase of ['Analysis', 'Validation', 'Approval', 'Wait', 'Deploy', 'Verify', 'Watch']) {
      expect(words).toMatch(new RegExp(`${phase} — done \\d`));
    }
    await person.reads('Promoted: site v1.1.0 to production');
    await person.picture('06-promoted');
  });
});

describe('commands', () => {
  it('ALL-1 status, help, a plan and a slip of the finger are answered in private', async () => {
    await person.type('/promote status');
    await person.isTold(/site production — live: v1\.1\.0/);
    await person.type('/promote help');
    await person.isTold('/rollback APP [ENVIRONMENT] [VERSION]');
    await person.type('/promote plan site v1.0.0');
    await person.isTold('Nothing was started');
    await person.type('/promote stie v1.1.0');
    await person.isTold('stie is not an app or a subcommand. Did you mean site?');
    await person.picture('07-commands');
    expect(await person.page.getByTestId('message').getByRole('heading').count()).toBe(1);
  });

  it('ALL-1 a version that nobody tagged is refused on its card, and production is not touched', async () => {
    await person.type('/promote site v9.9.9');
    await person.sees(person.card('Promote site v9.9.9 to production'), 'Failed. Production was not touched');
  });

  it('ALL-8 /rollback goes to the release before, at once and with its clock', async () => {
    await person.actAs('otto');
    await person.type('/rollback site');
    const card = person.card('Roll back site in production to v1.0.0');
    await person.sees(card, 'Rolled back. Production shows v1.0.0 again, verified');
    await person.sees(card, /Switched .*\(\+\d+ s\)/);
    expect(await world.production()).toBe('v1.0.0');
    expect(await failedVisits()).toBe('0');
  });
});

describe('bad releases', () => {
  it.each([
    ['v1.3.0', 'SITE-7 SITE-8 SITE-9 ALL-7 ALL-9', 'another version in the page', 'v1.2.9'],
    ['v1.4.0', 'SITE-7 SITE-8 SITE-9 ALL-7 ALL-9', 'a page that answers 500', '500'],
    ['v1.6.0', 'SITE-8 SITE-9 ALL-7 ALL-9', 'an alarm while it is delivered', 'site-origin-latency'],
  ])(
    '%s: %s %s is rolled back with its clock, and on-call is mentioned',
    async (version, _rows, _what, says) => {
      await person.actAs('ada');
      await person.push(version);
      const card = await promoteWithApprovals(version);

      await person.sees(card, 'Rolled back. Production shows v1.0.0 again, verified');
      const words = await person.words(card);
      expect(words).toContain(says);
      expect(words).toMatch(/Detected .*\d\d:\d\d:\d\d/);
      for (const moment of ['Decided', 'Switched', 'Verified']) {
        expect(words).toMatch(new RegExp(`${moment} .*\\(\\+\\d`));
      }
      await person.reads(new RegExp(`@oncall Rolling back site ${version}`));
      await person.picture(`08-${version}`);
      expect(await world.production()).toBe('v1.0.0');
      expect(await world.production('/pricing/')).toBe('v1.0.0');
    },
  );

  it('ALL-9 the person on call finds the mentions in their channel', async () => {
    await person.actAs('otto');
    await person.page.getByTestId('badge-oncall').waitFor();
    await person.page.getByTestId('channel-oncall').click();
    await person.reads(/@oncall Rolling back site v1\.6\.0/);
    await person.page.getByTestId('channel-deploys-site').click();
  });

  it('ALL-7 SITE-3 v1.3.1 is caught before the switch, and the card says that production was not touched', async () => {
    await person.actAs('ada');
    await person.push('v1.3.1');
    await person.type('/promote site v1.3.1');
    const card = person.card('Promote site v1.3.1 to production');
    await person.sees(card, 'Failed. Production was not touched');
    await person.sees(card, 'v1.3.1-rc.1');
    await person.picture('09-caught-before');
    expect(await world.production()).toBe('v1.0.0');
  });
});

describe('a form, a telephone and the Roll Back button', () => {
  const title = 'Promote site v1.2.0 to production';

  it('ALL-1 a command without arguments opens a form, which asks for what is missing', async () => {
    await person.actAs('ada');
    await person.push('v1.2.0');
    await person.type('/promote');
    const form = person.page.getByTestId('modal');
    await form.getByLabel('App and environment').selectOption('site · production');
    await person.page.getByTestId('modal-submit').click();
    await person.sees(form, /Version[\s\S]*(required|Please complete|missing)/i);
    await form.getByLabel('Version').fill('v1.2.0');
    await person.picture('10-form');
    await person.page.getByTestId('modal-submit').click();
    await person.sees(form, 'Asked for: promote site v1.2.0 to production');
    await person.page.getByTestId('modal-close').click();
    await person.sees(person.card(title), 'Waiting for approval: 0 of 2');
  });

  it('ALL-2 ALL-6 on a telephone the card fits and its Approve button can be pressed', async () => {
    const phone = await world.phone();
    await phone.actAs('grace');
    const card = phone.card(title);
    await phone.sees(card, 'Waiting for approval: 0 of 2');
    await card.getByTestId('block-button-cs:approve').scrollIntoViewIfNeeded();
    await phone.picture('11-telephone');
    const widest = await phone.page.evaluate('document.documentElement.scrollWidth');
    expect(widest).toBeLessThanOrEqual(390);
    const button = await card.getByTestId('block-button-cs:approve').boundingBox();
    expect(button?.height).toBeGreaterThanOrEqual(44);

    await phone.press(card, 'approve');
    await phone.sees(card, '1 of 2 given');
    await phone.page.context().close();
  });

  it('ALL-8 the Roll Back button takes it back while it is watched', async () => {
    const card = person.card(title);
    await person.actAs('lin');
    await person.press(card, 'approve');
    await person.speed(60);
    await person.sees(card, 'Watched:');
    expect(await world.production()).toBe('v1.2.0');
    await person.actAs('otto');
    await person.press(card, 'roll-back');

    await person.sees(card, /Rolled back\. Production shows v1\.0\.0 again, verified/);
    await person.sees(card, /Asked for by @Otto Brandt/);
    expect(await world.production()).toBe('v1.0.0');
    await person.picture('12-rolled-back');
  });
});

describe('the page', () => {
  it('wrote no error to the console', () => {
    expect(world.consoleErrors).toEqual([]);
  });
});
