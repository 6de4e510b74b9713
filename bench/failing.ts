import type { Finding } from './figure.ts';
import { groupsOf } from './site/chain.ts';
import type { FunctionWorld } from './site/function-world.ts';
import type { VirtualCall } from './site/virtual-time.ts';
import { approvedUntil, asked, done, passed, until } from './site/whole-promotion.ts';

const roundMs = 100;
const wayBack = 'aws act switch-back';

/** From the sign that production does not hold to the first call that takes it back. */
export async function failing(): Promise<Finding> {
  const pushed = await callsUntilTheWayBack(async (world) => {
    await done(world, world.fireAlarm());
  });
  const polled = await callsUntilTheWayBack(async (world) => world.fireAlarmUnheard());
  const inTick = pushed.calls.slice(pushed.calls.findIndex(({ name }) => name.startsWith('queue send')) + 1);
  const count = (is: (call: VirtualCall) => boolean) => inTick.filter(is).length;
  const rounds = groupsOf(inTick);
  const isLooking = (names: readonly string[]) => names.some((name) => name.startsWith('aws '));
  return {
    name: 'failing',
    title: 'From a failing signal to the rollback’s first call',
    how: `As above, ${roundMs} ms a call in virtual time, during the watch. Pushed: CloudWatch’s event reaches the function for alarms, which reads who holds the environment and sends a message. Polled: nobody says so, and the next look finds it, one minute being its interval here.`,
    figures: [
      {
        name: 'store reads from the look’s begin to the call',
        value: count(({ name }) => name === 'table get' || name === 'table query'),
        unit: 'calls',
        target: 1,
        held: { exactly: 1 },
      },
      {
        name: 'rounds of looking',
        value: rounds.slice(0, -1).filter(isLooking).length,
        unit: 'rounds',
        target: 1,
        held: { exactly: 1 },
      },
      {
        name: 'writes, decision and claim together',
        value: count(({ name }) => name === 'table transact' || name === 'table write'),
        unit: 'calls',
        target: 1,
        held: { exactly: 1 },
      },
      {
        name: 'calls to the target that change something',
        value: count(({ name }) => name === wayBack),
        unit: 'calls',
        target: 1,
        held: { exactly: 1 },
      },
      {
        name: 'rounds in that tick before the call is sent',
        value: rounds.length - 1,
        unit: 'rounds',
        target: 3,
        held: { exactly: 3 },
      },
      {
        name: 'waits in between',
        value: (lastOf(pushed.calls).fromMs - firstOf(inTick).fromMs - (rounds.length - 1) * roundMs) / 1000,
        unit: 'calls',
        target: 0,
        held: { exactly: 0 },
      },
      {
        name: 'the alarm’s event to the call, all rounds',
        value: (lastOf(pushed.calls).fromMs - pushed.firedAtMs) / roundMs,
        unit: 'rounds',
        held: { exactly: 5 },
      },
      {
        name: 'polled: ticks from the failure to the call',
        value: polled.ticks,
        unit: 'ticks',
        target: 1,
        held: { exactly: 1 },
        note: `${((lastOf(polled.calls).fromMs - polled.firedAtMs) / 1000).toFixed(1)} s after a failure right behind a look`,
      },
      {
        name: 'polled: rounds in that tick before the call is sent',
        value: polled.roundsInTick,
        unit: 'rounds',
        target: 4,
        held: { atMost: 4 },
      },
    ],
    details: [
      '| round | pushed: calls |',
      '|---|---|',
      ...groupsOf(pushed.calls).map((names, round) => `| ${round + 1} | ${names.join(', ')} |`),
    ].join('\n'),
    data: { pushed, polled },
  };
}

async function callsUntilTheWayBack(sign: (world: FunctionWorld) => Promise<void>) {
  const world = await asked(() => roundMs);
  await approvedUntil(world, 'monitoring');
  const { time } = world;
  await passed(world, 185_000);
  const ticksBefore = ticksIn(world);
  const firedAtMs = time.nowMs();
  const from = time.calls.length;
  await sign(world);
  await until(world, 'rolling-back');
  await time.until(
    () => time.calls.slice(from).some(({ name }) => name === wayBack),
    time.nowMs() + 600_000,
    'the way back',
  );
  const since = time.calls.slice(from);
  const end = since.findIndex(({ name }) => name === wayBack);
  const calls = since.slice(0, end + 1);
  // The tick that acts begins after the last pause.
  const groups = groupsOf(calls);
  const begin = calls.findLastIndex(
    ({ fromMs }, nth) => nth === 0 || fromMs > (calls[nth - 1]?.untilMs ?? 0),
  );
  return {
    firedAtMs,
    calls,
    ticks: ticksIn(world) - ticksBefore,
    rounds: groups.length,
    roundsInTick: groupsOf(calls.slice(begin)).length - 1,
  };
}

const ticksIn = ({ ledger }: FunctionWorld) =>
  [...ledger.values()].reduce((sum, { ticks }) => sum + ticks, 0);

function firstOf(calls: readonly VirtualCall[]): VirtualCall {
  const [call] = calls;
  if (call === undefined) throw new Error('nothing was called');
  return call;
}
function lastOf(calls: readonly VirtualCall[]): VirtualCall {
  const call = calls.at(-1);
  if (call === undefined) throw new Error('nothing was called');
  return call;
}
