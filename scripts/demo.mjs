// npm run demo: promotes, breaks and rolls back through the control API, and prints the clocks.
import { channel, connectTo } from './control-client.mjs';

const usage = `npm run demo [-- options]
  --at URL     use the workspace that runs there; otherwise the one of npm start, or one of its own
  --speed N    virtual seconds per real second while it runs (20 unless told)
  --only NAME  one act: good, by-hand (needs a good one before it), wrong-version, alarm or caught-before
Exits 1 when something ends otherwise than it should.`;

const acts = {
  good: { title: 'A good release', ends: 'promoted' },
  'by-hand': { title: '/rollback by a person', ends: 'rolled-back' },
  'wrong-version': { title: 'A page that says another version', version: 'v1.3.0', ends: 'rolled-back' },
  alarm: { title: 'An alarm goes off while it is delivered', version: 'v1.6.0', ends: 'rolled-back' },
  'caught-before': { title: 'A build that only looks right', version: 'v1.3.1', ends: 'failed' },
};
const goodVersions = ['v1.1.0', 'v1.2.0', 'v1.0.0'];
const endings = [
  'promoted',
  'rolled-back',
  'rejected',
  'expired',
  'cancelled',
  'failed',
  'superseded',
  'resolved',
];

const options = parseArguments(process.argv.slice(2));
async function main() {
  const { url, close } = await findWorkspace();
  const control = connectTo(url);
  const { time } = await control.state();
  console.log(`\nThe workspace at ${url}, ${options.speed} times as fast as real time\n`);
  let wrong = 0;
  try {
    await control.post('time', 'setSpeed', { speed: options.speed });
    for (const name of options.only === undefined ? Object.keys(acts) : [options.only]) {
      wrong += await play(control, name);
    }
  } catch (error) {
    wrong += 1;
    console.error(`\n${error instanceof Error ? error.message : error}`);
  } finally {
    await control.post('time', 'setSpeed', { speed: time.speed }).catch(() => undefined);
    await close();
  }
  console.log(wrong === 0 ? 'All of it ended as it should.' : 'Not everything ended as it should.');
  return wrong === 0 ? 0 : 1;
}

/** One act from its command to its end; returns how many things were not as they should be. */
async function play(control, name) {
  const act = acts[name];
  const before = await control.state();
  const liveBefore = liveVersion(before);
  const version =
    act.version ?? (name === 'by-hand' ? undefined : goodVersions.find((each) => each !== liveBefore));
  console.log(`== ${act.title}${version === undefined ? '' : ` (${version})`}`);

  if (version !== undefined) await bringToIdle(control, version);
  const known = new Set((await control.cards()).map(({ id }) => id));
  const answer = await control.command(
    'ada',
    version === undefined ? '/rollback site' : `/promote site ${version}`,
  );
  const find = async () => (await control.cards()).find(({ id }) => !known.has(id));
  const first = await control.until(`a card after "${answer}"`, find);
  const current = async () => (await control.cards()).find(({ id }) => id === first.id);
  const reached = (what, holds, limit) =>
    control.until(
      `${what} of ${act.title}`,
      async () => {
        const card = await current();
        return card !== undefined && holds(card) ? card : undefined;
      },
      limit,
    );

  const opened = await reached(
    'the approval',
    ({ phase }) => phase === 'awaiting-approval' || isOver(phase) || phase === 'rolling-back',
  );
  if (opened.phase === 'awaiting-approval') {
    await control.click('grace', opened.ts, 'cs:approve');
    await control.click('lin', opened.ts, 'cs:approve');
  }
  const ended = await reached('the end', ({ phase }) => isOver(phase), 3_600 / options.speed + 60);
  const after = await control.state();
  const visits = await control.post('aws', 'probeReport', { sinceMs: before.time.nowMs });

  for (const line of [...ended.phases, ...ended.clock]) console.log(`   ${line}`);
  console.log(`   ${ended.headline.split('\n').join('\n   ')}`);
  console.log(
    `   Visitors: ${visits.failed.length} of ${visits.requests} requests failed${tally(visits.failed)}.`,
  );

  const problems = check({
    name,
    act,
    version,
    liveBefore,
    ended,
    before,
    after,
    visits,
    calls: await switches(control, before),
  });
  for (const problem of problems) console.log(`   WRONG: ${problem}`);
  console.log('');
  return problems.length;
}

function check({ name, act, version, liveBefore, ended, before, after, visits, calls }) {
  const problems = [];
  const expect = (holds, text) => {
    if (!holds) problems.push(text);
  };
  const live = liveVersion(after);
  expect(ended.phase === act.ends, `it ended ${ended.phase}, and not ${act.ends}`);
  if (act.ends === 'promoted') {
    expect(live === version, `production holds ${live}, and not ${version}`);
    expect(visits.failed.length === 0, 'requests of visitors failed during a good promotion');
  } else if (name === 'by-hand') {
    expect(live !== liveBefore, `production still holds ${live}`);
    expect(visits.failed.length === 0, 'requests of visitors failed during the rollback');
  } else {
    expect(live === liveBefore, `production holds ${live}, and not ${liveBefore}`);
  }
  if (act.ends === 'failed') {
    expect(calls.length === 0, `CloudFront was changed ${calls.length} times`);
    expect(ended.text.includes('was not touched'), 'the card does not say that production was not touched');
  }
  if (act.ends === 'rolled-back') {
    const seconds = secondsToSwitch(ended.clock);
    expect(seconds !== undefined && seconds < 30, `the switch back took ${seconds} s from the failed check`);
    if (name !== 'by-hand') expect(callsOnCall(after, before), 'nobody on call was mentioned');
  }
  return problems;
}

const isOver = (phase) => endings.includes(phase) || phase === 'rollback-failed';
const liveVersion = ({ aws }) => aws.colours[aws.live].version;

/** "Switched 05:19:22 UTC (+1 min 2 s)": how long after the failed check, in seconds. */
function secondsToSwitch(clock) {
  const line = clock.find((each) => each.includes('Switched'));
  const found = /\(\+(?:(\d+) min ?)?(?:(\d+) s)?\)/.exec(line ?? '');
  return found === null ? undefined : Number(found[1] ?? 0) * 60 + Number(found[2] ?? 0);
}

async function switches(control, before) {
  const calls = await control.post('aws', 'calls');
  return calls.filter(
    ({ operation, atMs }) => operation === 'UpdateDistribution' && atMs >= before.time.nowMs,
  );
}

const callsOnCall = ({ slack }, before) =>
  slack.messages[channel].some(
    ({ atMs, text }) => atMs >= before.time.nowMs && text.includes('<!subteam^S0ONCALL01>'),
  );

function tally(failed) {
  const counts = new Map();
  for (const { status, path } of failed) {
    const key = `${status} ${path}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts.size === 0 ? '' : ` (${[...counts].map(([key, count]) => `${count} × ${key}`).join(', ')})`;
}

/** Pushes a release unless the idle colour holds it, and waits for its staging run. */
async function bringToIdle(control, version) {
  const { aws } = await control.state();
  if (aws.colours[aws.idle].version === version) return;
  await control.post('releases', 'push', { version });
  await control.until(`${version} on the idle colour`, async () => {
    const { aws: now, pushes } = await control.state();
    return pushes.length === 0 && now.colours[now.idle].version === version;
  });
}

async function findWorkspace() {
  const nothing = async () => undefined;
  if (options.at !== undefined) return { url: options.at, close: nothing };
  const url = `http://127.0.0.1:${process.env.COUNTERSIGN_WORKSPACE_PORT || 4400}`;
  const isRunning = await connectTo(url)
    .state()
    .then(
      () => true,
      () => false,
    );
  if (isRunning) return { url, close: nothing };
  const { startOwnWorkspace } = await import('./own-workspace.mjs');
  return startOwnWorkspace({ speed: options.speed });
}

function parseArguments(args) {
  const found = { help: false, at: undefined, speed: 20, only: undefined };
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index];
    if (arg === '--help' || arg === '-h') found.help = true;
    else if (arg === '--at') found.at = args[++index]?.replace(/\/$/, '');
    else if (arg === '--speed') found.speed = Number(args[++index]);
    else if (arg === '--only') found.only = args[++index];
    else fail(`Unknown option ${arg}.`);
  }
  if (!(found.speed >= 1 && found.speed <= 60)) fail('--speed takes a number from 1 to 60.');
  if (found.only !== undefined && !Object.hasOwn(acts, found.only))
    fail(`--only takes one of ${Object.keys(acts).join(', ')}.`);
  return found;
}

function fail(text) {
  console.error(`${text}\n\n${usage}`);
  process.exit(2);
}

if (options.help) console.log(usage);
else process.exitCode = await main();
