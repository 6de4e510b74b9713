import { describe, expect, it } from 'vitest';
import { createBotApp } from '../../src/bot/app.ts';
import { actionIds } from '../../src/bot/messages/anchor.ts';
import type { Work } from '../../src/bot/ports.ts';
import { createIngress } from '../../src/bot/receiver.ts';
import { createDesk } from '../../src/flows/engine/desk.ts';
import { RetryableError } from '../../src/flows/errors.ts';
import type { Change } from '../../src/flows/ports.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createDeliveries } from '../../src/store/deliveries.ts';
import { createLocks } from '../../src/store/locks.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Transport } from '../../src/store/transport.ts';
import { hash } from '../flows/promotion/walk.ts';
import { createTableModel } from '../simulation/table-model.ts';
import { catalog } from './catalog.ts';
import { fakeLog } from './fakes.ts';
import { clickBody, envelope, homeOpenedBody, submissionBody } from './payloads.ts';
import { ada, at, grace, promotionIn } from './promotions.ts';
import { createRemotes, remoteTransport } from './remotes.ts';
import { commandFields, form, gateSettings, signed } from './signed.ts';

const nowMs = at(20);
const saved = (promotion: Promotion): Change => ({
  promotion,
  audit: [],
  announcements: [],
  locks: null,
  handedOver: null,
  live: null,
});

/** The Slack-facing part as a function of its own would have it: the real store and desk, a queue, a form opener. */
async function createFunction(promotions: readonly Promotion[], holder: string | null) {
  const remotes = createRemotes();
  const table = createTableModel({ nowMs: () => nowMs });
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return `n${nonces}`;
  };
  const local: Transport = createSdkTransport({
    client: table.client,
    tableName: 't',
    pause: async () => {},
  });
  const near = createPromotionStore({ transport: local, nonce });
  for (const promotion of promotions) await near.create(saved(promotion));
  if (holder !== null)
    await local.write({ does: 'put', item: { ...keys.lock('site#production'), holder: { S: holder } } });

  let beforeWrite: (() => Promise<unknown>) | undefined;
  let away: 'reads' | 'after-the-write' | null = null;
  const stopAt = (when: typeof away) => {
    if (away !== when) return;
    away = 'reads';
    throw new RetryableError('store.unreachable', 'The store is away.');
  };
  const transport = remoteTransport(
    {
      ...local,
      async get(key) {
        stopAt('reads');
        return local.get(key);
      },
      async write(write) {
        const answer = await local.write(write);
        stopAt('after-the-write');
        return answer;
      },
      async transact(writes, token) {
        const first = beforeWrite;
        beforeWrite = undefined;
        await first?.();
        const answer = await local.transact(writes, token);
        stopAt('after-the-write');
        return answer;
      },
    },
    remotes,
  );
  const store = createPromotionStore({ transport, nonce });
  const log = fakeLog();
  const desk = createDesk({
    store,
    hash,
    log,
    catalog,
    hints: { wake() {} },
    nearest: () => undefined,
    looking: null,
    unlocking: {
      locks: createLocks({ transport, nonce, hash }),
      directory: { kindOf: async () => 'member', membersOf: async () => [] },
    },
  });
  const sent: Work[] = [];
  const send = (work: readonly Work[]) =>
    remotes.remote(
      `send ${work.map((each) => (each.does === 'look' ? 'look' : each.errand.does)).join(' ')}`,
      async () => {
        sent.push(...work);
      },
    );
  let clockMs = nowMs;
  const ingress = createIngress({
    gate: gateSettings,
    log,
    nowMs: () => clockMs,
    storeNowMs: async () => {
      clockMs = await store.now();
      return clockMs;
    },
    send,
    after: () => () => {},
  });
  createBotApp({
    receiver: { init: (app) => ingress.init(app), start: async () => {}, stop: async () => {} },
    desk,
    catalog,
    slack: { openView: () => remotes.remote('views.open', async () => ({ outcome: 'sent' })) },
    deliveries: createDeliveries({ transport }),
    send,
    nowMs: () => clockMs,
    teamId: gateSettings.teamId,
    appId: gateSettings.appId,
    botId: 'B0COUNTER',
    botUserId: 'U0COUNTER',
    log,
  });
  return {
    near,
    sent,
    table,
    /** What becomes of the errands, in the order in which they were sent. */
    standing: () =>
      Promise.all(
        sent.flatMap((work) => {
          if (work.does !== 'errand' || work.errand.does !== 'tell') return [];
          const { receipt, errand } = work;
          const said = errand.answer.text;
          if (receipt === null) return [Promise.resolve(['at once', said])];
          const taking = createDeliveries({ transport: local }).take(receipt, receipt);
          return [taking.then((standing) => [standing, said])];
        }),
      ),
    /** Happens before the next transaction arrives. */
    first(happens: () => Promise<unknown>) {
      beforeWrite = happens;
    },
    /** The store does not answer: from now on, or from the next write on, which it still makes. */
    goAway(from: 'reads' | 'after-the-write') {
      away = from;
    },
    sleep(milliseconds: number) {
      clockMs -= milliseconds;
    },
    async ask(body: string, contentType?: string, secret?: string) {
      const also = {
        ...(contentType === undefined ? {} : { contentType }),
        ...(secret === undefined ? {} : { secret }),
      };
      return remotes.answered(() => ingress.handle(signed({ body, nowMs, ...also })).answer);
    },
    async askTwiceAtOnce(body: string) {
      const request = signed({ body, nowMs });
      return remotes.answered(() =>
        Promise.all([request, request].map((each) => ingress.handle(each).answer)),
      );
    },
  };
}

const waiting = promotionIn('awaiting-approval');
const monitoring = promotionIn('monitoring');
const asking = promotionIn('monitoring', {
  watch: {
    ...monitoring.watch,
    question: { id: `${monitoring.id}-4`, askedAtMs: at(10), deadlineAtMs: at(40), text: 'no data' },
  },
});

const command = (text: string, name = '/promote') => form(commandFields({ text, command: name }));
const click = (actionId: string, promotion: Promotion, person = grace, teamId = 'T0COUNTER') =>
  clickBody(actionId, promotion, nowMs, { user: { id: person.userId, team_id: teamId } });
const anchor = { promotionId: waiting.id, round: 1, digest: 'abcdef012345', questionId: null };
const shortcut = form({
  payload: JSON.stringify({
    type: 'shortcut',
    ...envelope,
    callback_id: 'promote_shortcut',
    user: { id: ada.userId },
    action_ts: '1.1',
  }),
});
interface Row {
  readonly name: string;
  readonly body: string;
  readonly type?: string;
  readonly there?: Promotion;
  readonly holds?: boolean;
  /** Somebody else who holds the environment. */
  readonly holder?: Promotion;
  /** It only asks what is stored. */
  readonly asks?: boolean;
  readonly rounds: readonly (readonly string[])[];
}

const read = ['get P', 'query REFUSAL'];
const anyFormOpens = [['views.open']];

const rows: readonly Row[] = [
  { name: '/promote help', body: command('help'), rounds: [] },
  { name: '/promote with a typo', body: command('sitee v1'), rounds: [] },
  {
    name: '/promote status of one environment',
    body: command('status site production'),
    asks: true,
    there: waiting,
    holds: true,
    rounds: [
      ['get LOCK', 'query LIVE', 'query UNLOCK', 'query UNLOCK', 'query list', 'write REQ'],
      ['get P', 'get P'],
    ],
  },
  {
    name: '/promote plan',
    body: command('plan site v1.1.0'),
    rounds: [['send rehearse', 'write REQ']],
  },
  {
    name: '/promote unlock',
    body: command('unlock site production It is stuck'),
    rounds: [['send unlock', 'write REQ']],
  },
  { name: '/promote without arguments', body: command(''), rounds: anyFormOpens },
  { name: 'the shortcut', body: shortcut, rounds: anyFormOpens },
  {
    name: '/promote',
    body: command('site v1.1.0'),
    rounds: [['get SYS'], ['send look', 'transact']],
  },
  {
    name: '/rollback where nothing is under way',
    body: command('site', '/rollback'),
    rounds: [
      ['get LOCK', 'get SYS'],
      ['send look', 'transact'],
    ],
  },
  {
    name: 'Approve, accepted',
    body: click(actionIds.approve, waiting),
    there: waiting,
    rounds: [read, ['send look tell', 'transact']],
  },
  {
    name: 'Approve, refused',
    body: click(actionIds.approve, waiting, ada),
    there: waiting,
    rounds: [read, ['send tell', 'transact']],
  },
  {
    name: 'Approve on a card that was never there',
    body: click(actionIds.approve, waiting),
    rounds: [read, ['send tell', 'write REQ']],
  },
  {
    name: 'Approve by somebody of another workspace',
    body: click(actionIds.approve, waiting, grace, 'T0PARTNER'),
    there: waiting,
    rounds: [['send tell', 'write REQ']],
  },
  {
    name: 'Cancel',
    body: click(actionIds.cancel, waiting),
    there: waiting,
    rounds: [read, ['send look tell', 'transact']],
  },
  {
    name: 'Roll Back while it is watched',
    body: click(actionIds.rollBack, monitoring),
    there: monitoring,
    holds: true,
    rounds: [read, ['send look tell', 'transact']],
  },
  {
    name: 'the answer to a question',
    body: click(actionIds.answerContinue, asking),
    there: asking,
    rounds: [read, ['send look tell', 'transact']],
  },
  {
    name: 'Try the Rollback Again',
    body: click(actionIds.retry, promotionIn('rollback-failed')),
    there: promotionIn('rollback-failed'),
    rounds: [read, ['send look tell', 'transact']],
  },
  {
    name: 'Reject, which asks why',
    body: click(actionIds.reject, waiting),
    there: waiting,
    rounds: anyFormOpens,
  },
  {
    name: 'the form of Reject',
    body: submissionBody('cs:form-reject', { reason: 'too late' }, anchor),
    there: waiting,
    rounds: [read, ['send look', 'transact']],
  },
  {
    name: 'the form of Reject, refused',
    body: submissionBody('cs:form-reject', { reason: 'too late' }, { ...anchor, digest: '000000000000' }),
    there: waiting,
    rounds: [read, ['transact']],
  },
  {
    name: 'the form of Close by Hand',
    body: submissionBody('cs:form-resolve', { reason: 'mended' }, anchor),
    there: promotionIn('rollback-failed'),
    rounds: [read, ['send look', 'transact']],
  },
  {
    name: 'the form of a promotion',
    body: submissionBody('cs:form-promote', { where: 'site production', version: 'v1.1.0' }),
    rounds: [['get SYS'], ['send look', 'transact']],
  },
  {
    name: 'the form of a promotion, with a mistake',
    body: submissionBody('cs:form-promote', { where: 'site production', version: '' }),
    rounds: [],
  },
  {
    name: 'the Home tab',
    body: homeOpenedBody,
    type: 'application/json',
    rounds: [['send home', 'write REQ']],
  },
];

/** What takes longer, because each read says what the next one is about. */
const longer: readonly Row[] = [
  {
    name: '/rollback while a promotion has changed the environment: lock, its holder, the save',
    body: command('site', '/rollback'),
    there: monitoring,
    holds: true,
    rounds: [['get LOCK', 'get SYS'], read, ['send look', 'transact']],
  },
  {
    name: '/rollback while a promotion waits that has changed nothing: lock, its holder, the new one',
    body: command('site', '/rollback'),
    there: waiting,
    holds: true,
    rounds: [['get LOCK', 'get SYS'], read, ['send look', 'transact']],
  },
  {
    name: 'Roll Back on the card of a promotion that has ended: it, what is live and who holds, the new one',
    body: click(actionIds.rollBack, promotionIn('promoted')),
    there: promotionIn('promoted'),
    rounds: [read, ['get LOCK', 'query LIVE'], ['send look tell', 'transact']],
  },
  {
    name: 'the same while another promotion has changed the environment: that one is read as well, and turned around',
    body: click(actionIds.rollBack, promotionIn('promoted')),
    there: promotionIn('promoted'),
    holder: promotionIn('monitoring', { id: 'p9999999999' }),
    rounds: [read, ['get LOCK', 'query LIVE'], read, ['send look tell', 'transact']],
  },
];

describe('from a request to its acknowledgement', () => {
  it.each(rows)('$name takes at most two rounds', async ({ body, type, there, holds = false, rounds }) => {
    const slack = await createFunction(
      there === undefined ? [] : [there],
      holds ? (there?.id ?? null) : null,
    );

    const asked = await slack.ask(body, type);

    expect(asked.answer.status).toBe(200);
    expect(asked).toMatchObject({ rounds, left: 0 });
    expect(rounds.length).toBeLessThanOrEqual(2);
  });

  it.each(longer)('$name', async ({ body, there, holds = false, holder, rounds }) => {
    const holderId = holder?.id ?? (holds ? there?.id : undefined) ?? null;
    const promotions = [there, holder].filter((promotion) => promotion !== undefined);
    const slack = await createFunction(promotions, holderId);

    const asked = await slack.ask(body);

    expect(asked).toMatchObject({ rounds, left: 0 });
    expect(asked.answer.body).not.toContain('Not');
  });

  it.each(rows)('$name, sent again, takes no longer, changes nothing and learns nothing new', async (row) => {
    const { there, holds = false } = row;
    const slack = await createFunction(
      there === undefined ? [] : [there],
      holds ? (there?.id ?? null) : null,
    );
    const first = await slack.ask(row.body, row.type);
    const before = slack.table.rows();

    const again = await slack.ask(row.body, row.type);

    if (row.asks === true) expect(again.answer.body).toContain('This was answered already');
    else expect(again.answer).toEqual(first.answer);
    expect(again.rounds.length).toBeLessThanOrEqual(row.rounds.length);
    expect(slack.table.rows()).toEqual(before);
  });
});

describe('what is sent beside the write', () => {
  const being = 'Your approval is being checked. The card will show it.';
  const approve = click(actionIds.approve, waiting);
  const unknown = /^It is not known whether this was taken/;

  it('is to be done once the write is there, and once only', async () => {
    const slack = await createFunction([waiting], null);
    await slack.ask(approve);
    await slack.ask(approve);

    const { revision } = waiting;
    expect(slack.sent[0]).toEqual({ does: 'look', promotionId: waiting.id, revision: revision + 1 });
    expect(await slack.standing()).toEqual([
      ['taken', being],
      ['over', expect.any(String)],
    ]);
  });

  it('after a lost race takes two rounds more, and only the answer that was written is told', async () => {
    const slack = await createFunction([waiting], null);
    slack.first(() =>
      slack.near.save(saved({ ...promotionIn('cancelled'), revision: waiting.revision + 1 })),
    );

    const asked = await slack.ask(approve);

    expect(asked.rounds).toEqual([read, ['send look tell', 'transact'], read, ['send tell', 'transact']]);
    expect(await slack.standing()).toEqual([
      ['over', being],
      ['taken', expect.stringMatching(/^Not done: /)],
    ]);
  });

  it('of two deliveries at once only the one that was written is told', async () => {
    const slack = await createFunction([waiting], null);

    const asked = await slack.askTwiceAtOnce(approve);

    expect(asked.rounds).toHaveLength(2);
    expect((await slack.standing()).map(([standing]) => standing).sort()).toEqual(['over', 'taken']);
  });

  it('never comes to anything where the write was not made, and the person hears that', async () => {
    const slack = await createFunction([waiting], null);
    slack.first(() => Promise.reject(new RetryableError('store.unreachable', 'The store is away.')));

    await slack.ask(approve);

    expect(await slack.standing()).toEqual([
      ['absent', being],
      ['at once', expect.stringMatching(unknown)],
    ]);
  });
});

describe('while the store does not answer', () => {
  const wanted = { where: 'site production', version: 'v1.1.0' };
  const requests: readonly (readonly [string, string])[] = [
    ['a command', command('site v1.1.0')],
    ['a click', click(actionIds.approve, waiting)],
    ['a form', submissionBody('cs:form-promote', wanted)],
  ];
  const toldOf = async (slack: Awaited<ReturnType<typeof createFunction>>, request: string) => {
    const { answer } = await slack.ask(request);
    return JSON.stringify([answer, await slack.standing()]);
  };

  it.each([
    ...requests,
    ['a wish to free a lock', command('unlock site production its row is gone')] as const,
  ])('%s that was saved without an answer is not said to have been refused', async (_what, request) => {
    const slack = await createFunction([waiting], null);
    const before = slack.table.rows().length;
    slack.goAway('after-the-write');

    const told = await toldOf(slack, request);

    expect(slack.table.rows().length).toBeGreaterThan(before);
    expect(told).toContain('It is not known whether this was taken');
    expect(told).toContain('before you ask again');
    expect(told).not.toMatch(/[Nn]ot accepted|nothing was started/);
  });

  it.each(requests)(
    '%s that was never sent to be saved has started nothing, and that is said',
    async (_what, request) => {
      const slack = await createFunction([waiting], null);
      slack.goAway('reads');

      const told = await toldOf(slack, request);

      expect(told).toContain('Not accepted, nothing was started.');
      expect(told).not.toContain('not known');
    },
  );

  it('a question has started nothing, whatever became of its receipt', async () => {
    const slack = await createFunction([waiting], null);
    slack.goAway('after-the-write');

    const { answer } = await slack.ask(command('status'));

    expect(answer.body).toContain('nothing was started');
  });
});

describe('before anything is believed', () => {
  it('a request that is not signed rightly reaches nothing, whatever time it names', async () => {
    const slack = await createFunction([], null);
    slack.sleep(3_600_000);

    const asked = await slack.ask(command('site v1.1.0'), undefined, 'of somebody else');

    expect(asked).toMatchObject({ answer: { status: 401 }, rounds: [] });
  });

  it('a request that is signed rightly for another time costs one look at the clock', async () => {
    const slack = await createFunction([], null);
    slack.sleep(3_600_000);

    const asked = await slack.ask(command('site v1.1.0'));

    expect(asked.rounds).toEqual([['get SYS'], ['get SYS'], ['send look', 'transact']]);
    expect(asked.answer.body).toContain('Asked for');
  });
});
