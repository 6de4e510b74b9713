import type { EnvironmentSettings } from '../../src/flows/desk.ts';
import { hasEnded, type Promotion } from '../../src/flows/promotion/promotion.ts';
import { ada, claim, grace, lin, policy } from '../../test/flows/promotion/walk.ts';
import type { TableModel } from '../../test/simulation/table-model.ts';
import { createMeteredBot, type Ledger, type Spent } from './metered-bot.ts';
import { createPaperSite } from './paper-site.ts';

/** A promotion among others, and the sweeps around it. */
export interface Measured {
  readonly idleSweep: Spent;
  readonly busySweep: Spent;
  readonly run: Run;
}

export interface Run {
  readonly ended: Promotion['phase'];
  readonly seconds: number;
  readonly revisions: number;
  readonly ticks: number;
  readonly messages: number;
  readonly ledger: Ledger;
}

const check = (id: string) => ({ id, kind: id, title: id, essential: id === 'version', settings: {} });
const stepMs = 1_000;
const longestMs = 3 * 3_600_000;

/** A quarter of an hour of watch, two approvals, five minutes to cancel. */
export const settings: EnvironmentSettings = {
  app: 'site',
  environment: 'production',
  policy: { ...policy, monitoring: { ...policy.monitoring, soakSeconds: 900, intervalSeconds: 60 } },
  definition: {
    repository: 'northwind/site',
    target: { kind: 'paper', settings: {} },
    gates: [check('staging')],
    checks: [check('version')],
    readings: [check('errors'), check('alarm')],
  },
};

/** One promotion from the command to its end, its last message told, looked after every second. */
export async function runPromotion(deps: {
  readonly table: TableModel;
  readonly clock: { nowMs: number };
  readonly failsInTheWatch: boolean;
}): Promise<Measured> {
  const { table, clock, failsInTheWatch } = deps;
  const nowMs = () => clock.nowMs;
  const startedAtMs = nowMs();
  const site = createPaperSite(nowMs, failsInTheWatch);
  const bot = createMeteredBot({ table, nowMs, site, settings });
  const sweepCost = async (): Promise<Spent> => {
    const before = table.units();
    await bot.sweep();
    const { calls, read, write } = table.units();
    return { calls: calls - before.calls, read: read - before.read, write: write - before.write };
  };
  const idleSweep = await sweepCost();
  // The next one looks for held rows too, as every one does that comes so much later.
  clock.nowMs += 60_000;
  const opened = await bot.desk.open({
    kind: 'promotion',
    app: settings.app,
    environment: settings.environment,
    version: 'v1.1.0',
    person: ada,
    reason: null,
    dedupeKey: `bench-${startedAtMs}`,
  });
  if (opened.outcome !== 'opened') throw new Error('the promotion was not opened');
  const { id } = opened.promotion;
  const busySweep = await sweepCost();
  let endedAtMs: number | undefined;
  let clicks = 0;
  for (; nowMs() < startedAtMs + longestMs; clock.nowMs += stepMs) {
    await bot.sweep();
    const promotion = readRow(table, id);
    if (hasEnded(promotion)) {
      endedAtMs ??= nowMs();
      // The card and the last words follow within seconds.
      if (nowMs() > endedAtMs + 60_000) break;
    }
    if (promotion.phase === 'awaiting-approval' && clicks < 2) {
      const person = clicks === 0 ? grace : lin;
      clicks += 1;
      await bot.desk.decide(id, {
        type: 'approval.claimed',
        claim: claim('approve', person, { id: `click-${clicks}`, atMs: nowMs() }),
        round: promotion.round,
        digest: promotion.digest.slice(0, 12),
      });
    }
  }
  const ended = readRow(table, id);
  const run = {
    ended: ended.phase,
    seconds: ((endedAtMs ?? nowMs()) - startedAtMs) / 1000,
    revisions: ended.revision,
    ticks: bot.ticks(),
    messages: bot.posts(),
    ledger: bot.ledger,
  };
  return { idleSweep, busySweep, run };
}

/** Read past the meter. */
function readRow(table: TableModel, id: string): Promotion {
  const row = table.row({ pk: { S: `P#${id}` }, sk: { S: 'META' } });
  return JSON.parse(row?.['body']?.S ?? 'null') as Promotion;
}
