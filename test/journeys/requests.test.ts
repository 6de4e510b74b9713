import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RawAnswer } from '../../workspace/slack/control.ts';
import { app, channelIds, groupIds, partnerTeam, team, userIds } from '../../workspace/slack/people.ts';
import { parsedTexts } from './parsed-texts.ts';
import { promotionIds, tableRows } from './table-rows.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeAll(async () => {
  world = await startJourney();
});
afterAll(() => world.close());

const slack = () => world.workspace.slack.control;
const nowSeconds = () => Math.floor(world.workspace.clock.nowMs() / 1_000);
const formType = { 'content-type': 'application/x-www-form-urlencoded' };
const jsonType = { 'content-type': 'application/json' };

let triggers = 0;
/** What Slack sends for `/promote site v1.1.0`, the body that would start something if it were let in. */
function commandBody(fields: Record<string, string> = {}): string {
  triggers += 1;
  return new URLSearchParams({
    team_id: team.id,
    channel_id: channelIds.deploysSite,
    channel_name: 'deploys-site',
    user_id: userIds.ada,
    user_name: 'ada',
    command: '/promote',
    text: 'site v1.1.0',
    api_app_id: app.id,
    is_enterprise_install: 'false',
    trigger_id: `1.2.${triggers}`,
    ...fields,
  }).toString();
}

const signed = (
  body: string,
  options: { timestampSeconds?: number; version?: string; secret?: string } = {},
) => slack().sign({ body, ...options });

interface Attempt {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly method?: string;
  readonly path?: string;
}

async function send({ headers, body = commandBody(), method, path }: Attempt): Promise<RawAnswer> {
  const url = slack().requestUrl();
  if (path !== undefined) slack().setRequestUrl(new URL(path, url).href);
  try {
    return await slack().deliverRaw({
      headers: headers ?? { ...formType, ...signed(body) },
      body,
      ...(method === undefined ? {} : { method }),
    });
  } finally {
    slack().setRequestUrl(url);
  }
}

/** Sends it and proves that the table and the channels are as they were, also after the bot has had time to work. */
async function leavesNothing(attempt: Attempt): Promise<RawAnswer> {
  const posted = () => Object.values(slack().state().messages).flat();
  const seen = async () => ({ rows: await tableRows(world), posts: posted().map(({ ts }) => ts) });
  const before = await seen();
  const answer = await send(attempt);
  await world.advance(5);
  expect(await seen()).toEqual(before);
  return answer;
}

const refusedAs = (status: number, code: string) => ({
  httpStatus: status,
  body: JSON.stringify({ error: code }),
});

describe('requests that are not Slack’s', () => {
  const without = (headers: Record<string, string>, name: string) =>
    Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
  const attempts: readonly (readonly [string, number, string, () => Attempt])[] = [
    ['an unsigned one', 401, 'signature.missing', () => ({ headers: formType })],
    [
      'one without its time',
      401,
      'signature.missing',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...without(signed(body), 'x-slack-request-timestamp') } };
      },
    ],
    [
      'one signed with another secret',
      401,
      'signature.wrong',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body, { secret: 'guessed' }) } };
      },
    ],
    [
      'one signed with an empty secret',
      401,
      'signature.wrong',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body, { secret: '' }) } };
      },
    ],
    [
      'one whose body was changed after it was signed',
      401,
      'signature.wrong',
      () => ({ body: commandBody(), headers: { ...formType, ...signed(commandBody()) } }),
    ],
    [
      'one from 301 seconds ago',
      401,
      'timestamp.outside-window',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body, { timestampSeconds: nowSeconds() - 302 }) } };
      },
    ],
    [
      'one from 301 seconds ahead',
      401,
      'timestamp.outside-window',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body, { timestampSeconds: nowSeconds() + 303 }) } };
      },
    ],
    [
      'one whose signature says another version',
      401,
      'signature.malformed',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body, { version: 'v9' }) } };
      },
    ],
    [
      'one whose time is no number',
      401,
      'timestamp.malformed',
      () => {
        const body = commandBody();
        return { body, headers: { ...formType, ...signed(body), 'x-slack-request-timestamp': 'now' } };
      },
    ],
    [
      'one whose signature is in capitals',
      401,
      'signature.malformed',
      () => {
        const body = commandBody();
        const headers = signed(body);
        const shouted = `v0=${(headers['x-slack-signature'] ?? '').slice(3).toUpperCase()}`;
        return { body, headers: { ...formType, ...headers, 'x-slack-signature': shouted } };
      },
    ],
    ['one to another path', 404, 'path.unknown', () => ({ path: '/slack/commands' })],
    ['one to a path that only begins like ours', 404, 'path.unknown', () => ({ path: '/slack/events/' })],
    ['one that only reads', 405, 'method.not-post', () => ({ method: 'GET', body: '' })],
    ['one that puts', 405, 'method.not-post', () => ({ method: 'PUT' })],
    [
      'one larger than Slack ever sends',
      413,
      'body.too-large',
      () => ({ body: commandBody({ text: 'x'.repeat(300_000) }) }),
    ],
    ['one for another app', 401, 'app.unknown', () => ({ body: commandBody({ api_app_id: 'A0OTHER' }) })],
    [
      'one from another workspace',
      401,
      'team.unknown',
      () => ({ body: commandBody({ team_id: partnerTeam.id }) }),
    ],
  ];

  it.each(attempts)('%s is refused and leaves nothing behind', async (_what, status, code, attempt) => {
    expect(await leavesNothing(attempt())).toMatchObject(refusedAs(status, code));
  });

  it('the same command rightly signed is let in, up to five minutes early or late', async () => {
    for (const offsetSeconds of [-299, 0, 299]) {
      const body = commandBody({ text: 'status' });
      const timestampSeconds = nowSeconds() + offsetSeconds;
      const answer = await send({ body, headers: { ...formType, ...signed(body, { timestampSeconds }) } });
      expect(answer.httpStatus).toBe(200);
      expect(answer.body).toContain('`site` `production`');
    }
  });

  it('a click for another app and one from another workspace start nothing', async () => {
    const payload = (fields: Record<string, unknown>) =>
      new URLSearchParams({
        payload: JSON.stringify({
          type: 'block_actions',
          api_app_id: app.id,
          team: { id: partnerTeam.id },
          user: { id: userIds.petra, team_id: partnerTeam.id },
          container: {},
          trigger_id: '1.2.3',
          actions: [{ action_id: 'cs:approve', block_id: 'x', action_ts: '1.1' }],
          ...fields,
        }),
      }).toString();

    expect(await leavesNothing({ body: payload({ api_app_id: 'A0OTHER' }) })).toMatchObject(
      refusedAs(401, 'app.unknown'),
    );
    expect(await leavesNothing({ body: payload({}) })).toMatchObject({ httpStatus: 200, body: '' });
  });
});

describe('a captured request', () => {
  it('sent again within its five minutes does nothing twice and is answered as it was', async () => {
    const first = await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);
    const known = await promotionIds(world);
    const rows = await tableRows(world);
    const original = slack()
      .deliveries()
      .findLast(({ kind }) => kind === 'command');

    const again = await slack().replayLast({ kind: 'command' });
    await world.advance(5);

    expect(first.outcome).toBe('acknowledged');
    expect(known).toHaveLength(1);
    expect(again).toMatchObject({ httpStatus: 200, body: original?.ackBody });
    expect(await promotionIds(world)).toEqual(known);
    expect(await tableRows(world)).toEqual(rows);
  });

  it('sent ten times at the same instant is carried out once', async () => {
    const known = (await promotionIds(world)).length;
    const body = commandBody();
    const headers = { ...formType, ...signed(body) };

    const answers = await Promise.all(Array.from({ length: 10 }, () => send({ body, headers })));
    await world.advance(5);

    expect(answers.every(({ httpStatus }) => httpStatus === 200)).toBe(true);
    expect(answers.filter(({ body: said }) => said.includes('Asked for'))).not.toEqual([]);
    expect((await promotionIds(world)).length).toBe(known + 1);
  });

  it('of a question is not answered anew: it tells nothing of what has changed since', async () => {
    const before = await world.command('ada', '/promote status');
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);
    const original = slack()
      .deliveries()
      .find(({ id }) => id === before.deliveryId);
    if (original === undefined) throw new Error('the command was not delivered');

    const again = await send({ headers: original.headers, body: original.body });

    expect(again).toMatchObject({ httpStatus: 200 });
    expect(JSON.parse(again.body)).toMatchObject({ text: 'This was answered already. Ask again.' });
    expect((await world.command('ada', '/promote status')).ephemeral?.text).not.toBe(before.ephemeral?.text);
  });

  it('ALL-2 of a click that was denied does not count later, when the person may', async () => {
    const member = { group: groupIds.releaseApprovers, user: userIds.grace };
    slack().faults.removeFromGroup(member);
    await world.click('grace', 'cs:approve');
    await world.advance(5);
    expect(world.whispers('grace').at(-1)).toContain('you are not one of them');
    slack().faults.addToGroup(member);
    const rows = await tableRows(world);

    expect(await slack().replayLast({ kind: 'block_actions' })).toMatchObject({ httpStatus: 200, body: '' });
    await world.advance(5);

    expect(await tableRows(world)).toEqual(rows);
    expect(await world.saved()).toMatchObject({ phase: 'awaiting-approval', approvals: [], claims: [] });
  });

  it('sent again after five minutes is too old', async () => {
    await world.command('ada', '/promote status');
    await world.advance(301, 301);
    const rows = await tableRows(world);

    expect(await slack().replayLast({ kind: 'command' })).toMatchObject(
      refusedAs(401, 'timestamp.outside-window'),
    );
    expect(await tableRows(world)).toEqual(rows);
  });

  it('cannot be cut anew so that an old event becomes a command with a fresh time', async () => {
    const now = nowSeconds();
    const old = now - 86_400;
    // The attacker wrote this into a message that Slack sent on as an event, a day ago, rightly signed.
    const smuggled = commandBody();
    const captured = `{"type":"event_callback","text":"x:${now}:&${smuggled}&y="}`;
    const { 'x-slack-signature': signature = '' } = signed(captured, { timestampSeconds: old });
    const border = captured.indexOf(`:${now}:`);
    const recut = {
      version: `v0:${old}:${captured.slice(0, border)}`,
      body: captured.slice(border + `:${now}:`.length),
    };
    // The cut is right: the same bytes are signed, so that only the version tells the two apart.
    const digest = createHmac('sha256', world.workspace.botEnvironment['SLACK_SIGNING_SECRET'] ?? '')
      .update(`${recut.version}:${now}:${recut.body}`)
      .digest('hex');
    expect(signature).toBe(`v0=${digest}`);

    for (const version of [recut.version, encodeURIComponent(recut.version), 'v0']) {
      const answer = await leavesNothing({
        body: recut.body,
        headers: {
          ...formType,
          'x-slack-request-timestamp': String(now),
          'x-slack-signature': `${version}=${digest}`,
        },
      });
      expect(answer.httpStatus).toBe(401);
    }
  });
});

describe('bodies that are signed and odd', () => {
  const odd: readonly (readonly [string, number, string, Record<string, string>, string])[] = [
    ['base64', 401, 'app.unknown', formType, Buffer.from(commandBody()).toString('base64')],
    [
      'base64 said to be JSON',
      400,
      'body.malformed',
      jsonType,
      Buffer.from('{"type":"x"}').toString('base64'),
    ],
    ['JSON that breaks off', 400, 'body.malformed', jsonType, '{"type":"event_callback"'],
    ['JSON that is a list', 400, 'body.malformed', jsonType, '[1,2]'],
    ['JSON that is null', 400, 'body.malformed', jsonType, 'null'],
    ['a payload that breaks off', 400, 'body.malformed', formType, 'payload=%7B%22type%22'],
    ['a payload that is a list', 400, 'body.malformed', formType, 'payload=%5B%5D'],
    ['nothing', 401, 'app.unknown', formType, ''],
    ['a text', 400, 'content-type.unsupported', { 'content-type': 'text/plain' }, 'site v1.1.0'],
    ['two commands in one', 400, 'body.malformed', formType, `${commandBody()}&text=site+v1.2.0`],
    ['our id and nothing else', 400, 'body.unknown-kind', formType, `api_app_id=${app.id}`],
    ['a command as JSON', 401, 'app.unknown', jsonType, '{"command":"/promote","text":"site v1.1.0"}'],
  ];

  it.each(odd)('%s is refused and leaves nothing behind', async (_what, status, code, type, body) => {
    const answer = await leavesNothing({ body, headers: { ...type, ...signed(body) } });

    expect(answer).toMatchObject(refusedAs(status, code));
  });

  it('no content type at all is refused', async () => {
    const body = commandBody();
    expect(await leavesNothing({ body, headers: signed(body) })).toMatchObject(
      refusedAs(400, 'content-type.unsupported'),
    );
  });

  it('a charset behind the content type makes no difference', async () => {
    const body = commandBody({ text: 'status' });
    const answer = await leavesNothing({
      body,
      headers: {
        'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
        ...signed(body),
      },
    });

    expect(answer.httpStatus).toBe(200);
    expect(answer.body).toContain('`site` `production`');
  });

  it('a command with fields missing is answered, and nothing is started', async () => {
    const body = new URLSearchParams({
      command: '/promote',
      team_id: team.id,
      api_app_id: app.id,
    }).toString();
    const complained = world.complaints.length;
    const answer = await leavesNothing({ body });

    expect(answer.httpStatus).toBe(200);
    expect(answer.body).toContain('nothing was started');
    expect(world.complaints.slice(complained).join()).not.toContain('trigger_id');
  });

  it('a command that was never registered starts nothing', async () => {
    const answer = await leavesNothing({ body: commandBody({ command: '/deploy' }) });

    expect(answer.httpStatus).toBe(200);
    expect(answer.body).not.toContain('Asked for');
  });

  it('Slack’s own handshake and certificate check are answered and save nothing', async () => {
    expect(await slack().verifyRequestUrl()).toBe(true);
    expect(await leavesNothing({ headers: formType, body: 'ssl_check=1&token=abc' })).toMatchObject({
      httpStatus: 200,
      body: '',
    });
  });

  it('a command beside a forged certificate check is not let in by it', async () => {
    expect(await leavesNothing({ headers: formType, body: `${commandBody()}&ssl_check=1` })).toMatchObject(
      refusedAs(401, 'signature.missing'),
    );
  });

  it('no refusal told the stranger what was expected', () => {
    const answers = slack()
      .deliveries()
      .filter(({ httpStatus = 0 }) => httpStatus >= 400);
    expect(answers.length).toBeGreaterThan(25);
    for (const { ackBody = '' } of answers) expect(ackBody).toMatch(/^\{"error":"[a-z.-]+"\}$/);
  });
});

describe('versions that are meant to do something else', () => {
  const nasty: readonly (readonly [string, string, string])[] = [
    ['<!channel>', '<!channel>', '&lt;!channel&gt;'],
    ['Slack’s own @channel', '@channel', ''],
    ['a person', '@grace', ''],
    ['a link', '<https://evil.example|v1.1.0>', ''],
    ['bold text', '*v1.1.0*', '∗v1.1.0∗'],
    ['backticks', '`v1.1.0`', ''],
    ['a code block', '```v1.1.0```', ''],
    ['an emoji', ':rotating_light:', '∶rotating_light:'],
    ['5,000 characters', `v${'1'.repeat(4_999)}`, '…'],
    ['a text that turns its direction', 'v1.1.0\u202e0.1v', 'U+202E'],
    ['a zero-width character', 'v1.1\u200b.0', 'U+200B'],
    ['a byte-order mark', '\ufeffv1.1.0', 'U+FEFF'],
    ['Cyrillic that looks Latin', 'v1.1.0\u0430', 'U+0430'],
    ['a NUL', 'v1.1.0\u0000', 'U+0000'],
    ['a way out of a path', '../../v1.1.0', ''],
    ['a query', 'v1.1.0?ref=main', ''],
    ['a shell', 'v1.1.0;$(id)', ''],
  ];

  it.each(nasty)(
    'ALL-1 %s is no version: refused in words that are safe themselves',
    async (_what, version, says) => {
      const before = await tableRows(world);
      const result = await world.command('ada', `/promote site ${version}`);
      await world.advance(5);

      expect(result.outcome).toBe('acknowledged');
      expect(await tableRows(world)).toEqual(before);
      const said = result.ephemeral?.text ?? '';
      expect(said).toContain('Not done');
      expect(said).toContain(says);
      expect(said.length).toBeLessThan(700);
      expect(said).not.toMatch(/<[!@#]|<https?:|[\p{Cf}\p{Cc}]/u);
    },
  );

  it('ALL-1 sent raw, as no client of Slack’s would, they fare no better', async () => {
    for (const text of [
      'site <!channel>',
      'site <!here>',
      'site v1.1.0<!everyone>',
      'site <@U0GRACE001>',
      'site v1.1.0\u2028<!channel>',
    ]) {
      const answer = await leavesNothing({ body: commandBody({ text }) });
      expect(answer.httpStatus).toBe(200);
      expect(answer.body).toContain('Not done');
      expect(answer.body).not.toMatch(/<[!@#]/);
    }
  });

  it('ALL-1 a reason of 5,000 characters is refused; one with markup is shown as it was written', async () => {
    const before = (await promotionIds(world)).length;
    const long = await world.command('ada', `/promote site v1.1.0 --reason ${'x'.repeat(5_000)}`);
    expect(long.ephemeral?.text).toContain('5000 characters');
    expect((await promotionIds(world)).length).toBe(before);

    await world.command(
      'ada',
      '/promote site v1.1.0 --reason <!channel> *all* `clear` <https://evil.example|Approve> \u202edne',
    );
    await world.advance(5);

    expect(world.card().text).toContain('&lt;!channel&gt; ∗all∗');
    expect(world.card().text).not.toContain('\u202e');
  });

  it('ALL-1 in no place does any text of the app ping a channel, hide a link or turn around', () => {
    const texts = parsedTexts(world);

    expect(texts.length).toBeGreaterThan(50);
    expect(texts.filter((text) => /<!(channel|here|everyone)|evil\.example\||\p{Cf}/u.test(text))).toEqual(
      [],
    );
    expect(
      slack()
        .state()
        .notifications.filter(({ because }) => because === 'channel'),
    ).toEqual([]);
  });
});
