import { setTimeout as pause } from 'node:timers/promises';
import type { Figure, Finding } from './figure.ts';
import { groupsOf, isToSlack, roundsOf } from './site/chain.ts';
import { signedEvent } from './site/click.ts';
import { ours, oursWithSecrets } from './site/contenders.ts';
import type { Context } from './site/context.ts';
import { keptSecrets } from './site/environment.ts';
import { startRemotes } from './site/remotes-process.ts';
import { listed, type RequestKind, requestKinds } from './site/requests.ts';
import { waitingPromotion } from './site/waiting.ts';
import { startWarm, type WarmProcess } from './site/warm-process.ts';

const latencyMs = 100;

/** Rounds of remote calls before the acknowledgement, for every kind of request, and at the start. */
export async function rounds(given: Context): Promise<Finding> {
  // Of its own: what other benches leave in the table would be listed.
  const remotes = await startRemotes(given.place);
  const context: Context = { ...given, remotes };
  await remotes.ask({ does: 'keep-secrets', secrets: keptSecrets });
  await remotes.ask({ does: 'wait', latencyMs });
  await remotes.ask({ does: 'tell-calls' });
  const started = await startWarm(context, oursWithSecrets);
  await pause(5 * latencyMs);
  const atStart = await remotes.ask({ does: 'tell-calls' });
  started.stop();

  const handler = await startWarm(context, ours);
  await pause(5 * latencyMs);
  const ids = Array.from({ length: listed }, (_, nth) => `listed${nth}`);
  await remotes.ask({ does: 'seed-waiting', ids, nowMs: Date.now() });
  const counted = [];
  for (const kind of requestKinds) counted.push({ kind, ...(await count(context, handler, kind)) });
  handler.stop();
  remotes.stop();

  const decided = counted.filter(({ toSlack }) => toSlack === 0);
  const most = Math.max(...decided.map((each) => each.rounds));
  return {
    name: 'rounds',
    title: 'Rounds of remote calls before the acknowledgement',
    how: `The packaged function, every remote answering after ${latencyMs} ms; a round is a call that had to wait for the answer of another. Counted from what arrived at the remotes, so that a busy machine changes nothing.`,
    figures: [
      {
        name: 'at the start, secrets in the Parameter Store',
        value: roundsOf(atStart),
        unit: 'rounds',
        target: 1,
        held: { exactly: 1 },
      },
      {
        name: 'calls to Slack at the start',
        value: atStart.filter(isToSlack).length,
        unit: 'calls',
        target: 0,
        held: { exactly: 0 },
      },
      {
        name: 'the most before an acknowledgement',
        value: most,
        unit: 'rounds',
        target: 2,
        held: { atMost: 2 },
      },
      ...counted.flatMap(({ kind, rounds, toSlack }): Figure[] => [
        {
          name: kind.name,
          value: rounds,
          unit: 'rounds',
          held: { atMost: kind.rounds },
          ...(kind.toSlack === 0 ? {} : { note: 'to Slack, because a trigger lives three seconds' }),
        },
        ...(toSlack === kind.toSlack
          ? []
          : [
              {
                name: `${kind.name}: calls to Slack`,
                value: toSlack,
                unit: 'calls' as const,
                held: { exactly: kind.toSlack },
              },
            ]),
      ]),
    ],
    details: [
      '| request | what is called, round by round | answered after 100 ms times |',
      '|---|---|---|',
      ...counted.map(
        ({ kind, names, elapsedMs }) => `| ${kind.name} | ${names} | ${(elapsedMs / latencyMs).toFixed(2)} |`,
      ),
    ].join('\n'),
    data: { atStart, counted: counted.map(({ kind, ...rest }) => ({ request: kind.name, ...rest })) },
  };
}

let nth = 0;

async function count({ remotes }: Context, handler: WarmProcess, kind: RequestKind) {
  const nowMs = Date.now();
  nth += 1;
  const id = `rounds${nth}`;
  const promotion = kind.there?.(id, nowMs) ?? waitingPromotion(id, nowMs);
  if (kind.there !== undefined) await remotes.ask({ does: 'seed', promotion, holds: kind.holds ?? false });
  await remotes.ask({ does: 'tell-calls' });
  const block = await handler.run([signedEvent(kind.body(promotion, nowMs), nowMs, kind.contentType)]);
  const calls = await remotes.ask({ does: 'tell-calls' });
  const [answer] = block.answers;
  if (answer?.status !== 200) throw new Error(`${kind.name} was answered with ${answer?.status}`);
  if (answer.body.includes('Not accepted')) throw new Error(`${kind.name} was not accepted`);
  return {
    rounds: roundsOf(calls),
    toSlack: calls.filter(isToSlack).length,
    elapsedMs: block.times[0] ?? Number.NaN,
    names:
      groupsOf(calls)
        .map((names) => names.join(' + '))
        .join(', then ') || 'nothing',
  };
}
