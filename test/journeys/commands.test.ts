import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryResult, InputValues } from '../../workspace/slack/control.ts';
import { userIds } from '../../workspace/slack/people.ts';
import { parsedTexts } from './parsed-texts.ts';
import { promotionIds, tableRows } from './table-rows.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeAll(async () => {
  world = await startJourney();
});
afterAll(() => world.close());

const slack = () => world.workspace.slack.control;
const cardCount = () => Object.values(slack().state().messages).flat().length;
const changes = () =>
  world.workspace.aws.control
    .calls()
    .filter(({ operation }) => /^(Create|Update|Delete|Put|Tag|Untag)/.test(operation));
const saying = (result: DeliveryResult) =>
  result.ephemeral === undefined
    ? ''
    : `${result.ephemeral.text}\n${JSON.stringify(result.ephemeral.blocks)}`;

/** Runs it, and proves that it saved nothing, posted nothing for all to see and changed nothing in AWS. */
async function startsNothing<T>(work: () => Promise<T>): Promise<T> {
  const before = { rows: await tableRows(world), messages: cardCount(), changes: changes().length };
  const result = await work();
  await world.advance(10);
  const after = { rows: await tableRows(world), messages: cardCount(), changes: changes().length };
  expect(after).toEqual(before);
  return result;
}

describe('what is only told', () => {
  it('ALL-1 /promote help names every command, app and environment', async () => {
    const said = saying(await startsNothing(() => world.command('ada', '/promote help')));

    for (const words of ['/promote plan', '/promote status', '/rollback', '`site`: `production`']) {
      expect(said).toContain(words);
    }
  });

  it('ALL-1 /rollback help says the same to whoever came that way', async () => {
    expect(saying(await startsNothing(() => world.command('lin', '/rollback help')))).toContain(
      '/rollback APP [ENVIRONMENT] [VERSION]',
    );
  });

  it('ALL-1 /promote status says what is live where, for all, for one app and for one environment', async () => {
    for (const text of ['', ' site', ' site production']) {
      const said = saying(await startsNothing(() => world.command('ada', `/promote status${text}`)));
      expect(said).toContain('`site` `production`');
      expect(said).toContain('live: not known');
    }
  });

  it('ALL-1 /promote plan works the whole plan out and starts nothing', async () => {
    const asked = await startsNothing(() => world.command('ada', '/promote plan site v1.1.0'));

    expect(saying(asked)).toContain('Nothing is started');
    const plan = world.whispers('ada').at(-1) ?? '';
    for (const words of [
      'Plan, not started',
      'Every check passed',
      '2 approvals would be needed',
      '/blue → /green',
      'deploy-staging.yml succeeded',
      'The way back',
    ]) {
      expect(plan).toContain(words);
    }
    expect(plan).not.toContain('cs:approve');
  });

  it('ALL-1 /promote plan of a release that would be refused says why', async () => {
    await startsNothing(() => world.command('ada', '/promote plan site v1.0.0'));

    expect(world.whispers('ada').at(-1)).toContain('v1.0.0 is live already');
  });

  it('ALL-1 /promote plan of a tag that is not there names the nearest', async () => {
    await startsNothing(() => world.command('ada', '/promote plan site v1.1.1'));

    const said = world.whispers('ada').at(-1) ?? '';
    expect(said).toContain('has no tag v1.1.1');
    expect(said).toContain('The nearest tag is v1.1.0');
  });

  it('ALL-1 /rollback plan before anything was promoted says that there is nothing known to go back to', async () => {
    await startsNothing(() => world.command('ada', '/rollback plan site'));

    expect(world.whispers('ada').at(-1)).toContain('Nothing says that v1.1.0 is good');
  });
});

describe('words that are wrong', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    ['a misspelt app', '/promote stie v1.1.0', 'Did you mean site?'],
    ['a misspelt app in another case', '/promote Site v1.1.0', 'Did you mean site?'],
    ['a misspelt subcommand', '/promote stauts', 'Did you mean status?'],
    ['a misspelt help', '/promote halp', 'Did you mean help?'],
    ['a misspelt plan', '/promote paln site v1.1.0', 'Did you mean plan?'],
    ['a misspelt environment', '/promote site v1.1.0 prodution', 'Did you mean production?'],
    ['a misspelt environment in front', '/promote site prodution v1.1.0', 'Did you mean production?'],
    ['a misspelt environment in place of a version', '/promote site prodution', 'Did you mean production?'],
    ['a misspelt app in status', '/promote status stie', 'Did you mean site?'],
    ['a misspelt environment in status', '/promote status site prod', 'Known are: production.'],
    ['a misspelt app of a rollback', '/rollback stie', 'Did you mean site?'],
    ['a misspelt environment of a rollback', '/rollback site prodution v1.0.0', 'Did you mean production?'],
    ['a word nothing is like', '/promote zzzzzzzz v1.1.0', 'Known are: site, plan, status, unlock, help.'],
    ['a word too many', '/promote site v1.1.0 production now', 'one word too many'],
    ['a word behind help', '/promote help me', 'one word too many'],
    ['two environments', '/promote site production production', 'second environment'],
    ['two versions', '/promote site v1.1.0 v1.2.0', 'is not an environment of site'],
    ['an option that is not there', '/promote site v1.1.0 --force', 'There is no option --force'],
    ['an empty reason', '/promote site v1.1.0 --reason', 'The reason is empty'],
    ['a plan of nothing', '/promote plan', 'A plan needs to know what of'],
  ];

  it.each(refused)('ALL-1 %s is refused with the right word and never guessed', async (_what, text, says) => {
    const result = await startsNothing(() => world.command('ada', text));

    expect(result.outcome).toBe('acknowledged');
    expect(result.openedViewId).toBeUndefined();
    expect(saying(result)).toContain('Not done');
    expect(saying(result)).toContain(says);
  });

  it('ALL-1 a version that was never tagged ends on its card with the nearest tag, production untouched', async () => {
    const before = changes().length;
    await world.command('ada', '/promote site v1.1.1');
    await world.advance(5);

    expect(await world.saved()).toMatchObject({ phase: 'failed', version: 'v1.1.1' });
    expect(world.cardText()).toContain('has no tag v1.1.1');
    expect(world.cardText()).toContain('The nearest tag is v1.1.0');
    expect(world.card().text).toContain('Production was not touched');
    expect(changes().length).toBe(before);
  });
});

describe('forms', () => {
  const value = (text: string | null) => ({ value: text });
  const filled = (where: string, version: string | null, reason: string | null = null): InputValues => ({
    where: value(where),
    version: value(version),
    reason: value(reason),
  });
  const opened = (result: DeliveryResult) => {
    const view = slack()
      .state({ user: userIds.ada })
      .views.find(({ id }) => id === result.openedViewId);
    if (view === undefined) throw new Error(`no form was opened: ${JSON.stringify(result)}`);
    return view;
  };
  const submit = (viewId: string, values: InputValues) =>
    slack().submit({ user: userIds.ada, viewId, values });
  const close = (viewId: string) => slack().closeView({ user: userIds.ada, viewId });

  it('ALL-1 /promote opens a form; sent in, it asks for the promotion and the card appears', async () => {
    const view = opened(await startsNothing(() => world.command('ada', '/promote')));
    const known = (await promotionIds(world)).length;

    const sent = await submit(view.id, filled('site production', 'v1.1.0', 'Lamps for *Advent* <!channel>'));
    await world.advance(5);

    expect(sent.outcome).toBe('acknowledged');
    expect(sent.viewErrors).toBeUndefined();
    expect(JSON.stringify(opened({ ...sent, openedViewId: view.id }).blocks)).toContain('Asked for');
    expect((await promotionIds(world)).length).toBe(known + 1);
    expect(await world.saved()).toMatchObject({
      phase: 'awaiting-approval',
      version: 'v1.1.0',
      requester: { userId: userIds.ada },
      reason: 'Lamps for *Advent* <!channel>',
    });
    expect(world.cardText()).toContain('Lamps for');
    expect(world.card().text).toContain('Lamps for ∗Advent∗ &lt;!channel&gt;');
    expect(parsedTexts(world).filter((text) => text.includes('<!channel'))).toEqual([]);
    await close(view.id);
  });

  it('ALL-1 the form knows what was typed already', async () => {
    const view = opened(await startsNothing(() => world.command('ada', '/promote site --reason New lamps')));

    expect(view.values['where']?.['value']).toMatchObject({
      selected_option: { value: 'site production' },
    });
    expect(view.values['reason']?.['value']).toMatchObject({ value: 'New lamps' });
    await close(view.id);
  });

  it('ALL-1 a form with a bad version says so under that field and starts nothing', async () => {
    const view = opened(await world.command('ada', '/promote'));

    for (const version of ['v1.1.0; rm -rf', '<!channel>', '`v1.1.0`', '-v1']) {
      const sent = await startsNothing(() => submit(view.id, filled('site production', version)));
      expect(Object.keys(sent.viewErrors ?? {})).toEqual(['version']);
      expect(sent.viewErrors?.['version']).toContain('cannot be a version');
    }
    await close(view.id);
  });

  it('ALL-1 a form that was tampered with names each wrong field', async () => {
    const view = opened(await world.command('ada', '/promote'));
    await startsNothing(() => submit(view.id, filled('site production', 'not a version')));
    const { body } = slack()
      .deliveries()
      .findLast(({ kind }) => kind === 'view_submission') ?? { body: '' };
    const forged = new URLSearchParams(body);
    forged.set('payload', (forged.get('payload') ?? '').replaceAll('site production', 'site moon'));

    const answer = await startsNothing(() =>
      slack().deliverRaw({
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...slack().sign({ body: forged.toString() }),
        },
        body: forged.toString(),
      }),
    );

    expect(answer.httpStatus).toBe(200);
    const { response_action: action, errors } = JSON.parse(answer.body);
    expect(action).toBe('errors');
    expect(Object.keys(errors).sort()).toEqual(['version', 'where']);
    await close(view.id);
  });

  it('ALL-1 sending the same form twice at the same instant asks once', async () => {
    const view = opened(await world.command('ada', '/promote site'));
    const known = (await promotionIds(world)).length;
    const values = filled('site production', 'v1.1.0');

    await Promise.all([submit(view.id, values), submit(view.id, values)]);
    await world.advance(5);

    expect((await promotionIds(world)).length).toBe(known + 1);
    await slack().closeView({ user: userIds.ada, viewId: view.id, all: true });
  });

  it('ALL-1 ALL-8 /rollback opens a form in which the version may stay empty', async () => {
    const view = opened(await startsNothing(() => world.command('ada', '/rollback')));
    expect(view.title).toContain('rollback');

    await submit(view.id, filled('site production', null, 'It looks wrong'));
    await world.advance(5);

    expect(await world.saved()).toMatchObject({
      kind: 'rollback',
      phase: 'failed',
      reason: 'It looks wrong',
    });
    expect(world.card().text).toContain('Production was not touched');
    await close(view.id);
  });

  it('ALL-1 when the form cannot be opened it says so, and how to write it out', async () => {
    const complained = world.complaints.length;
    slack().faults.fail({ method: 'views.open', error: 'internal_error', times: 5 });
    const result = await startsNothing(() => world.command('ada', '/promote'));
    slack().faults.clear();
    expect(world.complaints.splice(complained)).toEqual([expect.stringContaining('views.open')]);

    expect(saying(result)).toContain('nothing was started');
    expect(saying(result)).toContain('/promote APP VERSION');
  });
});

describe('App Home', () => {
  it('ALL-12 shows what waits for approval, what runs and what is live where', async () => {
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);

    await startsNothing(async () => {
      expect((await slack().openHome({ user: userIds.grace })).outcome).toBe('acknowledged');
      await world.settle();
    });

    const home = JSON.stringify(slack().state({ user: userIds.grace }).homes[userIds.grace]?.blocks);
    expect(home).toMatch(/Waits for approval.*Promote `site` `v1\.1\.0` to `production`.*Runs/);
    expect(home).toContain('live: not known');
  });

  it('ALL-1 status names what waits', async () => {
    expect(saying(await world.command('lin', '/promote status site'))).toContain(
      'Promote `site` `v1.1.0` to `production`',
    );
  });
});

it('nothing of all this was a failure that was only logged', () => {
  expect(world.complaints).toEqual([]);
});
