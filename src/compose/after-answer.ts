import { type ErrandParts, runErrand } from '../bot/errands.ts';
import { createSlackClient } from '../bot/slack-client.ts';
import type { ServerEnv } from '../config/env.ts';
import type { Catalog } from '../flows/desk.ts';
import type { Hints, Log } from '../flows/ports.ts';
import { buildAnnouncing } from './announcing.ts';
import { buildHeldKeeper } from './held.ts';
import type { Store } from './store.ts';
import { buildWorker } from './worker.ts';

/** Everything that is done after a request was answered, in a server and in the function that works off the queue. */
export function buildAfterAnswer(deps: {
  readonly env: Pick<ServerEnv, 'github' | 'awsRegion' | 'tableName'> & {
    readonly slack: Pick<ServerEnv['slack'], 'botToken' | 'teamId' | 'apiUrl'>;
  };
  readonly catalog: Catalog;
  readonly store: Store;
  /** What people's requests make due. */
  readonly hints: Hints;
  /** What a tick leaves to be done. */
  readonly tickHints: Hints;
  readonly log: Log;
}) {
  const { env, catalog, store, hints, tickHints, log } = deps;
  const { botToken: token, teamId, apiUrl } = env.slack;
  const slack = createSlackClient({
    token,
    log,
    teamId,
    ...(apiUrl === null ? {} : { slackApiUrl: apiUrl }),
  });
  const { desk, tick } = buildWorker({ env, catalog, store, slack, hints, tickHints, log });
  const held = buildHeldKeeper({
    rows: store.held,
    outbox: store.outbox,
    budget: store.budget,
    slack,
    catalog,
    tableName: env.tableName,
    log,
  });
  const nowMs = () => store.clock.nowMs();
  const errandParts: ErrandParts = { desk, slack, hold: (row) => held.hold(row, nowMs()), nowMs, log };
  return {
    slack,
    desk,
    tick,
    held,
    announce: buildAnnouncing({ store, desk, slack, hints, log }),
    runErrand: (errand: Parameters<typeof runErrand>[1]) => runErrand(errandParts, errand),
  };
}
