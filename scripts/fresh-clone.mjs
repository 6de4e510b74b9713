// What somebody new meets: a clone of HEAD, npm start, a promotion, the end, and npm start again. Prints the seconds.
import { execFile, spawn } from 'node:child_process';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connectTo } from './control-client.mjs';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');
const firstStartSeconds = 60;
const nextStartSeconds = 5;
const downloadSeconds = 600;
const endSeconds = 20;

const folder = await mkdtemp(join(tmpdir(), 'countersign-clone-'));
const started = new Set();
try {
  await main(join(folder, 'countersign'));
  console.log('A fresh clone works.');
} finally {
  for (const child of started) signal(child, 'SIGKILL');
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function main(clone) {
  await run('git', ['clone', '--quiet', root, clone]);
  const { stdout: head } = await run('git', ['-C', clone, 'log', '-1', '--format=%h %s']);
  console.log(`Cloned ${head.trim()}`);

  const port = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const control = connectTo(url);

  const first = start(clone, port);
  const installedMs = await first.saw(/^added \d+ packages/m, downloadSeconds, 'npm ci to end');
  const readyMs = await answers(first, url, firstStartSeconds + 30);
  console.log(`npm ci took ${seconds(installedMs - first.startedMs)} s`);
  within('From npm ci to the page', readyMs - installedMs, firstStartSeconds);
  await first.saw(/Countersign is running at/, 10, 'the address');
  await first.saw(/Three things to try:\n {2}1\. .+\n {2}2\. .+\n {2}3\. .+/, 10, 'three things to try');
  const page = await (await fetch(url)).text();
  expect(page.includes('<script type="module"'), 'the address shows the page');

  const demo = await run(process.execPath, ['scripts/demo.mjs', '--at', url, '--only', 'good'], {
    cwd: clone,
  });
  process.stdout.write(demo.stdout);
  const before = await control.state();
  const [card] = await control.cards();
  expect(card?.phase === 'promoted', 'the promotion is over');

  await end(first);
  expect(!(await isReachable(url)), 'nothing answers once it has ended');

  const second = start(clone, port);
  within('The second npm start', (await answers(second, url, 60)) - second.startedMs, nextStartSeconds);
  const after = await control.state();
  const [same] = await control.cards();
  expect(same?.id === card.id && same.phase === 'promoted', 'the card is still there');
  expect(after.aws.live === before.aws.live, 'production is as it was left');
  expect(after.time.nowMs >= before.time.nowMs, 'time did not run backwards');
  await control.until('the bot to answer', async () => (await control.state()).bot.state === 'running', 10);
  const status = await control.command('ada', '/promote status');
  expect(status.includes('v1.1.0'), `the bot knows what is live, and says: ${status}`);
  await end(second);

  const { stdout: changes } = await run('git', ['-C', clone, 'status', '--porcelain']);
  expect(changes === '', `nothing was written but what git ignores: ${changes}`);
  await access(join(clone, '.countersign/workspace.json'));
}

/** `npm start` as a person's terminal runs it: in a group of its own, which a Ctrl-C reaches as a whole. */
function start(cwd, port) {
  const startedMs = performance.now();
  const child = spawn('npm', ['start'], {
    cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COUNTERSIGN_WORKSPACE_PORT: String(port) },
  });
  started.add(child);
  let output = '';
  let look = () => {};
  const take = (chunk) => {
    output += chunk;
    look();
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  const exited = new Promise((done) => {
    child.on('exit', (code, how) => {
      started.delete(child);
      done(code ?? how);
      look();
    });
  });
  return {
    child,
    startedMs,
    exited,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    output: () => output,
    /** Resolves to when its output first matched. */
    saw: (pattern, limitSeconds, what) =>
      new Promise((seen, failed) => {
        const stop = (settle) => {
          clearTimeout(timer);
          look = () => {};
          settle();
        };
        const timer = setTimeout(
          () => stop(() => failed(new Error(`Waited ${limitSeconds} s in vain for ${what}:\n${output}`))),
          limitSeconds * 1000,
        );
        look = () => {
          if (pattern.test(output)) stop(() => seen(performance.now()));
          else if (child.exitCode !== null) stop(() => failed(new Error(`npm start ended:\n${output}`)));
        };
        look();
      }),
  };
}

/** Resolves to when the page first answered. */
async function answers(process_, url, limitSeconds) {
  const deadlineMs = performance.now() + limitSeconds * 1000;
  while (performance.now() < deadlineMs) {
    if (await isReachable(url)) return performance.now();
    if (process_.hasEnded()) break;
    await pause(50);
  }
  throw new Error(`The page did not answer:\n${process_.output()}`);
}

async function end(process_) {
  signal(process_.child, 'SIGINT');
  const ended = await Promise.race([process_.exited, pause(endSeconds * 1000, 'late', { ref: false })]);
  expect(ended !== 'late', `Ctrl-C ends it within ${endSeconds} s:\n${process_.output()}`);
}

/** Only ever the group of a process that this script started. */
function signal(child, name) {
  try {
    process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

function isReachable(url) {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** A port that is free, and likely the ten behind it as well; the workspace moves where one of those is not. */
async function freePorts() {
  return new Promise((found, failed) => {
    const server = createServer().on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => found(Math.min(port, 65_000)));
    });
  });
}

function seconds(ms) {
  return (ms / 1000).toFixed(1);
}

function within(what, ms, limitSeconds) {
  console.log(`${what}: ${seconds(ms)} s (${limitSeconds} s are allowed)`);
  expect(ms < limitSeconds * 1000, `${what} takes less than ${limitSeconds} s`);
}

function expect(holds, what) {
  if (!holds) throw new Error(`Expected that ${what}.`);
}
