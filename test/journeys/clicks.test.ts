import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import type { SlackBlock } from '../../workspace/slack/control.ts';
import { app, channelIds, groupIds, team, userIds } from '../../workspace/slack/people.ts';
import { tableRows } from './table-rows.ts';
import { type JourneyWorld, startJourney } from './world.ts';

type Name = keyof typeof userIds;

let world: JourneyWorld;
const slack = () => world.workspace.slack.control;
const faults = () => slack().faults;
const channel = channelIds.deploysSite;
const updates = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');

async function ask(user: Name = 'ada', version = 'v1.1.0'): Promise<Promotion> {
  await world.command(user, `/promote site ${version}`);
  await world.advance(5);
  const asked = await world.saved();
  expect(asked).toMatchObject({ phase: 'awaiting-approval', requester: { userId: userIds[user] } });
  return asked;
}

const approvers = (promotion: Promotion) =>
  'approvals' in promotion ? promotion.approvals.map(({ person }) => person.userId) : [];
const approvedBy = async () => approvers(await world.saved());
const timesIn = (promotion: Promotion, phase: Promotion['phase']) =>
  promotion.phases.filter((entered) => entered.phase === phase).length;
const whisper = (user: Name) => world.whispers(user).at(-1) ?? '';

/** Presses a button of the newest card and lets the bot do nothing more than answer. */
const press = (user: Name, actionId: string) =>
  slack().click({ user: userIds[user], channel, messageTs: world.card().ts, actionId });

/** Presses a button as some screen showed it, whatever the card shows by now. */
async function pressOld(user: Name, actionId: string, shown: { blockId: string; value?: string }) {
  const result = await slack().click({
    user: userIds[user],
    channel,
    messageTs: world.card().ts,
    actionId,
    stale: { actionId, ...shown },
  });
  expect(result.outcome).toBe('acknowledged');
  await world.settle();
}

const buttonsIn = (blocks: readonly SlackBlock[]) => {
  const block = blocks.find(({ type }) => type === 'actions');
  if (block === undefined) throw new Error('there are no buttons');
  return { blockId: block.block_id, value: block.block_id.split(':', 1)[0] ?? '' };
};

/** A click that no client of Slack’s would send, rightly signed. */
async function forge(user: { id: string; team_id: string }): Promise<void> {
  const { blockId, value } = buttonsIn(world.card().blocks);
  const body = new URLSearchParams({
    payload: JSON.stringify({
      type: 'block_actions',
      api_app_id: app.id,
      team,
      user,
      channel: { id: channel },
      container: { type: 'message', message_ts: world.card().ts, channel_id: channel },
      trigger_id: '1.2.3',
      actions: [{ action_id: 'cs:approve', block_id: blockId, value, type: 'button', action_ts: '1.1' }],
    }),
  }).toString();
  const answer = await slack().deliverRaw({
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...slack().sign({ body }) },
    body,
  });
  expect(answer.httpStatus).toBe(200);
  await world.advance(5);
}

async function approveTwice(): Promise<void> {
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
  await world.advance(5);
  expect(await world.saved()).toMatchObject({ phase: 'waiting' });
}

async function cancel(): Promise<void> {
  await world.click('ada', 'cs:cancel');
  expect(await world.saved()).toMatchObject({ phase: 'cancelled' });
}

describe('who may approve', () => {
  beforeAll(async () => {
    world = await startJourney();
    for (const user of [userIds.petra, userIds.stan]) faults().addToChannel({ channel, user });
    faults().setSharedExternally({ channel, shared: true });
    await ask();
  });
  afterAll(() => world.close());

  const refused: readonly (readonly [string, Name, string])[] = [
    ['the requester', 'ada', 'You asked for this promotion, so you cannot approve it'],
    ['a guest, though the group lists them', 'gil', 'Guests of the workspace cannot do this'],
    ['a guest of a single channel', 'sol', 'Guests of the workspace cannot do this'],
    ['somebody of a partner', 'petra', 'People of other workspaces cannot do this'],
    ['a stranger', 'stan', 'People of other workspaces cannot do this'],
  ];

  it.each(refused)('ALL-2 %s cannot, and is told why in private', async (_who, user, says) => {
    const posts = slack().messages(channel).length;
    await world.click(user, 'cs:approve');
    await world.advance(5);

    expect(whisper(user)).toContain(says);
    expect(await approvedBy()).toEqual([]);
    expect(slack().messages(channel)).toHaveLength(posts);
  });

  it('ALL-2 a bot cannot', async () => {
    await forge({ id: userIds.bot, team_id: team.id });

    expect(await approvedBy()).toEqual([]);
    expect(whisper('bot')).toContain('Bots and apps cannot do this');
  });

  it('ALL-2 somebody who left cannot, though the group lists them and the click is rightly signed', async () => {
    await forge({ id: userIds.dana, team_id: team.id });

    const saved = await world.saved();
    expect(approvers(saved)).toEqual([]);
    expect(saved.claims).toEqual([]);
  });

  it('ALL-2 an account that Slack does not know cannot', async () => {
    await forge({ id: 'U0NOBODY01', team_id: team.id });

    const saved = await world.saved();
    expect(approvers(saved)).toEqual([]);
    expect(saved.claims).toEqual([]);
  });

  it('ALL-2 somebody from elsewhere who says to be one of us cannot', async () => {
    await forge({ id: userIds.petra, team_id: team.id });

    expect(await approvedBy()).toEqual([]);
  });

  it('ALL-2 a member who is no approver cannot', async () => {
    await ask('lin');
    await world.click('ada', 'cs:approve');

    expect(whisper('ada')).toContain('you are not one of them at the moment');
    expect(await approvedBy()).toEqual([]);
  });

  it('ALL-2 somebody who was taken out of the group after the card was drawn cannot', async () => {
    await ask();
    faults().removeFromGroup({ group: groupIds.releaseApprovers, user: userIds.lin });
    await world.click('lin', 'cs:approve');
    faults().addToGroup({ group: groupIds.releaseApprovers, user: userIds.lin });

    expect(whisper('lin')).toContain('you are not one of them at the moment');
    expect(await approvedBy()).toEqual([]);
  });

  it('ALL-2 somebody who is deactivated between the click and its check cannot', async () => {
    await press('lin', 'cs:approve');
    faults().deactivateUser({ user: userIds.lin });
    await world.advance(5);
    faults().reactivateUser({ user: userIds.lin });

    const saved = await world.saved();
    expect(approvers(saved)).toEqual([]);
    expect(saved.claims).toEqual([]);
  });

  it('ALL-2 when the group is switched off nobody of it can, and people named by id still can', async () => {
    faults().setGroupDisabled({ group: groupIds.releaseApprovers, disabled: true });
    await world.click('grace', 'cs:approve');
    await world.click('otto', 'cs:approve');
    faults().setGroupDisabled({ group: groupIds.releaseApprovers, disabled: false });

    expect(await approvedBy()).toEqual([userIds.otto]);
  });

  it('ALL-2 the requester may not reject either, unless they are an approver', async () => {
    await ask();
    const { openedViewId = '' } = await press('ada', 'cs:reject');
    await slack().submit({
      user: userIds.ada,
      viewId: openedViewId,
      values: { reason: { value: 'Changed my mind' } },
    });
    await world.advance(5);

    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval' });
    expect(whisper('ada')).toContain('approvers of this environment');
  });

  it('ALL-2 nothing was logged but that Slack has nowhere to tell those people', () => {
    const untold =
      /^(slack call was not carried out|private answer was lost|announcement was lost) .*"refused"/;
    expect(world.complaints.filter((line) => !untold.test(line))).toEqual([]);
  });
});

describe('clicks at the same instant', () => {
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  it('ALL-2 of two people both count, and the promotion moves on exactly once', async () => {
    await ask();

    const clicks = [press('grace', 'cs:approve'), press('lin', 'cs:approve')];
    const results = await Promise.all(clicks);
    await Promise.all([world.settle(), world.settle()]);
    await world.advance(5);

    expect(results.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged']);
    const saved = await world.saved();
    expect(saved.phase).toBe('waiting');
    expect(approvers(saved).sort()).toEqual([userIds.grace, userIds.lin]);
    expect(timesIn(saved, 'waiting')).toBe(1);
    expect(world.thread().filter((reply) => reply.startsWith('All approvals are there'))).toHaveLength(1);
    await cancel();
  });

  it('ALL-2 of one person count once, however many there are', async () => {
    await ask();

    await Promise.all([
      press('grace', 'cs:approve'),
      press('grace', 'cs:approve'),
      press('grace', 'cs:approve'),
      world.settle(),
    ]);
    await world.advance(5);

    const saved = await world.saved();
    expect(saved.phase).toBe('awaiting-approval');
    expect(approvers(saved)).toEqual([userIds.grace]);
    expect(saved.claims).toEqual([]);
    expect(world.thread().filter((reply) => reply.startsWith('Approved by'))).toHaveLength(1);
    expect(world.whispers('grace').join('\n')).toMatch(/already asked for this|approved this already/);
  });

  it('ALL-2 one after the other of one person, the second is refused', async () => {
    await world.click('grace', 'cs:approve');

    expect(whisper('grace')).toContain('You have approved this already');
    expect(await approvedBy()).toEqual([userIds.grace]);
  });

  it('ALL-2 a third approval beside the second does not move it on twice', async () => {
    await Promise.all([press('lin', 'cs:approve'), press('otto', 'cs:approve')]);
    await world.advance(5);

    const saved = await world.saved();
    expect(saved.phase).toBe('waiting');
    expect(approvers(saved)).toEqual([...new Set(approvers(saved))]);
    expect(timesIn(saved, 'waiting')).toBe(1);
    await cancel();
  });

  it('ALL-4 an approval beside a rejection ends rejected, whichever came first', async () => {
    await ask();
    await world.click('grace', 'cs:approve');
    const { openedViewId = '' } = await press('otto', 'cs:reject');
    await Promise.all([
      press('lin', 'cs:approve'),
      slack().submit({
        user: userIds.otto,
        viewId: openedViewId,
        values: { reason: { value: 'The prices are wrong' } },
      }),
    ]);
    await world.advance(5);

    expect(await world.saved()).toMatchObject({ phase: 'rejected' });
    expect(updates()).toEqual([]);
  });

  it('ALL-2 lost races are not failures', () => {
    expect(world.complaints).toEqual([]);
  });
});

describe('clicks on what a screen showed earlier', () => {
  let old: { blockId: string; value: string };
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  it('ALL-3 an approval of the plan before this one is refused, as is a rejection of it', async () => {
    await ask();
    old = buttonsIn(world.card().blocks);
    await approveTwice();
    world.workspace.aws.control.editByHand({ what: 'price-class' });
    await world.until(
      'it is asked again',
      async () => (await world.saved()).phase === 'awaiting-approval',
      900,
    );
    await world.advance(5);
    expect(await world.saved()).toMatchObject({ round: 2, approvals: [] });
    expect(buttonsIn(world.card().blocks).blockId).not.toBe(old.blockId);

    await pressOld('grace', 'cs:approve', old);
    expect(whisper('grace')).toContain('The plan changed after your screen showed it');

    const opened = await slack().click({
      user: userIds.lin,
      channel,
      messageTs: world.card().ts,
      actionId: 'cs:reject',
      stale: { actionId: 'cs:reject', ...old },
    });
    const sent = await slack().submit({
      user: userIds.lin,
      viewId: opened.openedViewId ?? '',
      values: { reason: { value: 'No' } },
    });
    expect(sent.viewErrors?.['reason']).toContain('The plan changed');

    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval', approvals: [], claims: [] });
  });

  it('ALL-3 an approval of the plan as it is counts, from any drawing of it', async () => {
    const drawn = buttonsIn(world.card().blocks);
    await world.click('grace', 'cs:approve');
    await world.advance(5);
    expect(buttonsIn(world.card().blocks).blockId).not.toBe(drawn.blockId);

    await pressOld('lin', 'cs:approve', drawn);
    await world.advance(5);

    expect(await world.saved()).toMatchObject({ phase: 'waiting' });
    await cancel();
  });

  it('ALL-2 a click on a card that has ended says how it ended', async () => {
    await pressOld('grace', 'cs:approve', old);

    expect(whisper('grace')).toContain('This promotion was cancelled');
  });

  it('ALL-2 a button that we never drew is refused and changes nothing', async () => {
    await ask();
    const drawn = buttonsIn(world.card().blocks);
    const before = await tableRows(world);
    const forged: readonly { blockId: string; value?: string }[] = [
      { blockId: 'garbage', value: drawn.value },
      { blockId: '', value: drawn.value },
      { blockId: drawn.blockId, value: old.value },
      { blockId: drawn.blockId },
      { blockId: drawn.blockId.replace(drawn.value, old.value), value: drawn.value },
      { blockId: `${drawn.blockId} `, value: drawn.value },
      { blockId: 'x'.repeat(255), value: 'x' },
      { blockId: `__proto__:1:-:1.1.card`, value: 'constructor' },
    ];

    for (const shown of forged) {
      const said = world.whispers('grace').length;
      await pressOld('grace', 'cs:approve', shown);
      expect(world.whispers('grace').slice(said)).toEqual([
        expect.stringContaining('This button cannot be read any more'),
      ]);
    }
    expect(await tableRows(world)).toEqual(before);
  });

  it('ALL-2 a button of a promotion that does not exist is refused', async () => {
    const drawn = buttonsIn(world.card().blocks);
    const before = await tableRows(world);
    await pressOld('grace', 'cs:approve', {
      blockId: drawn.blockId.replace(drawn.value, 'p0000000000'),
      value: 'p0000000000',
    });

    expect(whisper('grace')).toContain('There is no such promotion');
    expect(await tableRows(world)).toEqual(before);
  });

  it('ALL-2 a digest that is cut short, empty or another’s approves nothing', async () => {
    const drawn = buttonsIn(world.card().blocks);
    const [id, round, digest, ...rest] = drawn.blockId.split(':');
    for (const other of [digest?.slice(0, 1), '', '-', 'ffffffffffff']) {
      await pressOld('grace', 'cs:approve', {
        ...drawn,
        blockId: [id, round, other, ...rest].join(':'),
      });
    }
    await pressOld('grace', 'cs:approve', { ...drawn, blockId: [id, '2', digest, ...rest].join(':') });

    expect(await approvedBy()).toEqual([]);
  });

  it('ALL-2 an action of ours that does not exist does nothing', async () => {
    const drawn = buttonsIn(world.card().blocks);
    await pressOld('grace', 'cs:approve-everything', drawn);

    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval', approvals: [], claims: [] });
  });

  it('ALL-8 Roll Back before anything changed is refused: there is Cancel', async () => {
    await pressOld('grace', 'cs:roll-back', buttonsIn(world.card().blocks));

    expect(whisper('grace')).toContain('Nothing has been changed yet');
    expect(whisper('grace')).toContain('Cancel');
  });
});

describe('expiry', () => {
  const expiresAfter = 48 * 3_600;
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  let half: Promotion;
  let halfCard: string;

  it('ALL-2 while Slack’s directory cannot be read an approval waits, and the card says so', async () => {
    half = await ask();
    halfCard = world.card().ts;
    await world.click('grace', 'cs:approve');
    await ask();
    faults().directoryDown({ down: true });
    await world.click('grace', 'cs:approve');
    await world.advance(30);

    expect(whisper('grace')).toContain('being checked');
    expect(await world.saved()).toMatchObject({
      phase: 'awaiting-approval',
      approvals: [],
      claims: [{ does: 'approve', person: { userId: userIds.grace } }],
    });
    expect(world.cardText()).toContain('Clicks cannot be checked at the moment');
  });

  it('ALL-4 after 48 hours an approval no longer counts, even before the bot has noticed', async () => {
    const card = () =>
      slack()
        .messages(channel)
        .find(({ ts }) => ts === halfCard);
    const pressHalf = (actionId: string, stale?: { blockId: string; value: string }) =>
      slack().click({
        user: userIds.lin,
        channel,
        messageTs: halfCard,
        actionId,
        ...(stale === undefined ? {} : { stale: { actionId, ...stale } }),
      });
    const shown = buttonsIn(card()?.blocks ?? []);
    const nowSeconds = () => world.workspace.clock.nowMs() / 1_000;
    await world.advance(half.requestedAtMs / 1_000 + expiresAfter - 60 - nowSeconds(), 12 * 3_600);
    expect(card()?.text).toContain('1 of 2');

    await world.workspace.clock.advance(70_000);
    await pressHalf('cs:approve');
    await world.advance(5);

    expect(whisper('lin')).toContain('This request has expired');
    expect(card()?.text).toContain('Expired');
    expect(card()?.text).toContain('Production was not touched');
    expect(JSON.stringify(card()?.blocks)).not.toContain('cs:approve');

    await pressHalf('cs:approve', shown);
    await world.settle();
    expect(whisper('lin')).toContain('This promotion has expired');
    expect(updates()).toEqual([]);
  });

  it('ALL-2 ALL-4 an approval that could not be checked until then expires with its promotion', async () => {
    await world.advance(60, 30);

    expect(await world.saved()).toMatchObject({ phase: 'expired', approvals: [], claims: [] });
    faults().directoryDown({ down: false });
  });

  it('ALL-2 once the directory is back the waiting approvals count', async () => {
    await ask();
    faults().directoryDown({ down: true });
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    await world.advance(120, 20);
    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval', approvals: [] });

    faults().directoryDown({ down: false });
    await world.until('both count', async () => (await world.saved()).phase === 'waiting', 180);

    expect((await approvedBy()).sort()).toEqual([userIds.grace, userIds.lin]);
    expect(world.cardText()).not.toContain('Clicks cannot be checked');
  });

  it('ALL-2 rights are read again before the first change, and while they cannot be read nothing changes', async () => {
    faults().directoryDown({ down: true });
    await world.advance(240, 20);
    expect(await world.saved()).toMatchObject({ phase: 'deploying', dirty: false });
    expect(updates()).toEqual([]);
    expect(world.cardText()).toContain('Held up');

    faults().directoryDown({ down: false });
    await world.until('the switch is made', () => updates().length === 1, 300);
    expect(await world.saved()).toMatchObject({ phase: 'deploying', dirty: true });
  });

  it('ALL-4 Cancel after the switch is refused: there is Roll Back', async () => {
    const { value, blockId } = buttonsIn(world.card().blocks);
    await pressOld('ada', 'cs:cancel', { blockId, value });

    expect(whisper('ada')).toContain('can no longer be cancelled');
    expect(whisper('ada')).toContain('Roll Back');
    expect(await world.saved()).toMatchObject({ phase: 'deploying', claims: [] });
    expect(world.cardText()).toContain('cs:roll-back');
    expect(world.cardText()).not.toContain('cs:cancel');
  });
});

describe('between approval and execution', () => {
  let green: { server: Server; spoil: (spoilt: boolean) => void };
  beforeAll(async () => {
    // Stands before the preview of green, so that its content can be changed under the same version.
    let origin = '';
    let spoilt = false;
    const server = createServer(async (request, response) => {
      const answer = await fetch(`${origin}${request.url ?? ''}`, { redirect: 'manual' });
      const type = answer.headers.get('content-type') ?? '';
      const body = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-type': type });
      response.end(spoilt && type.startsWith('text/html') ? `${body.toString()}<!-- edited -->` : body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    green = { server, spoil: (next) => (spoilt = next) };
    world = await startJourney({
      pipeline: (text) =>
        text.replace(
          /(green: )(http:\/\/127\.0\.0\.1:\d+)(\S*)/,
          (_line, key: string, host: string, path: string) => {
            origin = host;
            return `${key}http://127.0.0.1:${port}${path}`;
          },
        ),
    });
  });
  afterEach(async () => {
    const saved = await world.saved();
    if (saved.phase === 'waiting' || saved.phase === 'awaiting-approval') await cancel();
    expect(updates()).toEqual([]);
  });
  afterAll(async () => {
    await world.close();
    green.server.close();
  });

  const askedAgain = () =>
    world.until(
      'it is asked again',
      async () => {
        const saved = await world.saved();
        return saved.phase === 'awaiting-approval' && saved.voided !== null;
      },
      300,
    );

  it('ALL-4 Cancel in the wait timer ends it, with nothing touched', async () => {
    await ask();
    await approveTwice();
    await cancel();
    await world.advance(5);

    expect(world.card().text).toContain('Cancelled');
    expect(world.card().text).toContain('Production was not touched');
    await world.advance(180, 60);
    expect(await world.saved()).toMatchObject({ phase: 'cancelled' });
  });

  it('ALL-4 Cancel is for the requester, approvers and on-call, not for everybody', async () => {
    await ask('lin');
    await world.click('grace', 'cs:approve');
    await world.click('otto', 'cs:approve');
    await world.advance(5);
    expect(await world.saved()).toMatchObject({ phase: 'waiting' });

    await world.click('ada', 'cs:cancel');
    expect(whisper('ada')).toContain('the requester, approvers and on-call people');
    expect(await world.saved()).toMatchObject({ phase: 'waiting' });

    await world.click('lin', 'cs:cancel');
    expect(await world.saved()).toMatchObject({
      phase: 'cancelled',
      ending: { by: { userId: userIds.lin } },
    });
  });

  it('ALL-4 an approval in the wait timer is not counted any more, and says so', async () => {
    await ask();
    const shown = buttonsIn(world.card().blocks);
    await approveTwice();
    await pressOld('otto', 'cs:approve', shown);

    expect(whisper('otto')).toContain('All approvals were given already');
    expect((await approvedBy()).sort()).toEqual([userIds.grace, userIds.lin]);
  });

  it('ALL-2 an approver who was taken out of the group no longer counts; a third person is asked', async () => {
    await ask();
    await approveTwice();
    faults().removeFromGroup({ group: groupIds.releaseApprovers, user: userIds.lin });
    await askedAgain();
    await world.advance(5);

    expect(await approvedBy()).toEqual([userIds.grace]);
    expect(world.card().text).toContain('1 of 2');
    expect(world.cardText()).toContain('An approval no longer counts');
    expect(whisper('lin')).toContain('you are not one of them at the moment');
    expect(updates()).toEqual([]);

    await world.click('lin', 'cs:approve');
    expect(await approvedBy()).toEqual([userIds.grace]);
    await world.click('otto', 'cs:approve');
    await world.advance(5);
    expect(await world.saved()).toMatchObject({ phase: 'waiting' });
    faults().addToGroup({ group: groupIds.releaseApprovers, user: userIds.lin });
  });

  it('ALL-3 other content under the same version voids the approvals, and the difference is shown', async () => {
    const { digest } = (await ask()) as Extract<Promotion, { phase: 'awaiting-approval' }>;
    await approveTwice();
    green.spoil(true);
    await askedAgain();
    await world.advance(5);

    const saved = await world.saved();
    expect(saved).toMatchObject({ round: 2, approvals: [] });
    expect('digest' in saved && saved.digest).not.toBe(digest);
    expect(world.card().text).toContain('0 of 2');
    expect(world.cardText()).toMatch(
      /The release: was v1\.1\.0 in green \(\/green\) \(\S+\), is v1\.1\.0 in green/,
    );
    expect(world.thread().join('\n')).toContain('Earlier approvals no longer count');
    green.spoil(false);
  });

  it('ALL-3 a tag that was moved to another commit voids the approvals, and the difference is shown', async () => {
    await ask();
    await approveTwice();
    const { releases } = world.workspace.github.control.state();
    const shaOf = (version: string) => releases.find((release) => release.version === version)?.sha ?? '';
    const before = shaOf('v1.1.0');
    world.workspace.github.control.moveTag('v1.1.0', shaOf('v1.0.0'));
    await askedAgain();
    await world.advance(5);

    expect(await world.saved()).toMatchObject({
      round: 2,
      approvals: [],
      release: { commit: { sha: shaOf('v1.0.0') } },
    });
    expect(world.cardText()).toContain('The release: was v1.1.0');
    world.workspace.github.control.moveTag('v1.1.0', before);
  });

  it('ALL-3 SITE-3 another version in the idle colour ends it untouched, saying which', async () => {
    await ask();
    await approveTwice();
    await world.workspace.aws.control.putRelease({ colour: 'green', version: 'v1.2.0' });
    await world.until('it ends', async () => (await world.saved()).phase === 'failed', 300);
    await world.advance(5);

    expect(world.cardText()).toContain('green should hold v1.1.0, but it holds v1.2.0');
    expect(world.card().text).toContain('Production was not touched');
    await world.workspace.aws.control.putRelease({ colour: 'green', version: 'v1.1.0' });
  });
});

describe('rejecting', () => {
  beforeAll(async () => {
    world = await startJourney();
    await ask();
  });
  afterAll(() => world.close());

  const form = async () => (await press('grace', 'cs:reject')).openedViewId ?? '';
  const send = (viewId: string, reason: string) =>
    slack().submit({ user: userIds.grace, viewId, values: { reason: { value: reason } } });

  it('ALL-4 needs a reason, and one that says something', async () => {
    const viewId = await form();
    const sent = await send(viewId, ' \u200b ');

    expect(sent.viewErrors?.['reason']).toBeDefined();
    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval', claims: [] });
    await slack().closeView({ user: userIds.grace, viewId });
  });

  it('ALL-4 ends it for good, shows who and why to all, and tells nobody by force', async () => {
    await world.click('lin', 'cs:approve');
    const sent = await send(await form(), 'Prices are *wrong* <!channel>');
    await world.advance(5);

    expect(sent.outcome).toBe('acknowledged');
    expect(sent.viewErrors).toBeUndefined();
    expect(await world.saved()).toMatchObject({
      phase: 'rejected',
      ending: { by: { userId: userIds.grace }, text: 'Prices are *wrong* <!channel>' },
    });
    const { text } = world.card();
    expect(text).toContain(`Rejected by <@${userIds.grace}>`);
    expect(text).toContain('Prices are ∗wrong∗ &lt;!channel&gt;');
    expect(text).toContain('Production was not touched');
    expect(
      slack()
        .state()
        .notifications.filter(({ because }) => because === 'channel'),
    ).toEqual([]);
  });

  it('ALL-4 cannot be undone by approving after all', async () => {
    const [first] = slack().versions({ channel, ts: world.card().ts });
    await pressOld('lin', 'cs:approve', buttonsIn(first?.blocks ?? []));

    expect(whisper('lin')).toContain('This promotion was rejected');
    await world.advance(120, 60);
    expect(await world.saved()).toMatchObject({ phase: 'rejected' });
    expect(updates()).toEqual([]);
  });
});
