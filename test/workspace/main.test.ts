import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readServerEnv } from '../../src/config/env.ts';
import { readPipeline } from '../../src/config/load.ts';
import { startWorkspace, type Workspace } from '../../workspace/main.ts';
import { resumeAtMs } from '../../workspace/saved-state.ts';
import { channelIds, userIds } from '../../workspace/slack/people.ts';
import type { WorkspaceSnapshot } from '../../workspace/snapshot.ts';

let dataDir: string;
const open: Workspace[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'workspace-'));
});

afterEach(async () => {
  for (const workspace of open.splice(0)) await workspace.close();
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<Workspace> {
  const workspace = await startWorkspace({ port: 0, dataDir, speed: 0, spawnBot: false });
  open.push(workspace);
  return workspace;
}

async function post<Answer>(workspace: Workspace, path: string, body: object = {}): Promise<Answer> {
  const response = await fetch(`${workspace.url}/control/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer as Answer;
}

async function stateFor(workspace: Workspace, user: string): Promise<WorkspaceSnapshot> {
  const response = await fetch(`${workspace.url}/control/state?user=${user}`);
  return (await response.json()) as WorkspaceSnapshot;
}

describe('the workspace', () => {
  it('opens with v1.0.0 live, v1.1.0 waiting on the other colour, and both known to GitHub', async () => {
    const { aws, github } = await stateFor(await start(), userIds.ada);
    expect([aws.colours[aws.live].version, aws.colours[aws.idle].version]).toEqual(['v1.0.0', 'v1.1.0']);
    expect(github.releases.map((release) => [release.version, release.run?.conclusion])).toEqual([
      ['v1.1.0', 'success'],
      ['v1.0.0', 'success'],
    ]);
  });

  it('gives the bot settings and a pipeline that the bot takes without a complaint', async () => {
    const workspace = await start();
    expect(readServerEnv(workspace.botEnvironment)).toMatchObject({ outcome: 'valid' });
    const pipeline = await readPipeline(join(dataDir, 'pipeline.yml'));
    expect(pipeline).toMatchObject({
      outcome: 'valid',
      warnings: [],
      pipeline: { apps: [{ app: 'site', environments: [{ environment: 'production' }] }] },
    });
  });

  it('makes the table once and leaves it alone afterwards', async () => {
    const first = await start();
    expect(first.dynamo.control.counts()).toEqual({ CreateTable: 1 });
    await first.close();
    await expect(start()).resolves.toBeDefined();
  });

  it('puts a pushed release on the idle colour only when its staging run has ended', async () => {
    const workspace = await start();
    await post(workspace, 'releases/push', { version: 'v1.4.0' });
    await post(workspace, 'time/advance', { seconds: 19 });
    const during = await stateFor(workspace, userIds.ada);
    await post(workspace, 'time/advance', { seconds: 2 });
    const after = await stateFor(workspace, userIds.ada);
    expect(during.github.releases[0]).toMatchObject({ version: 'v1.4.0', run: { conclusion: null } });
    expect([during.aws.colours.green.version, during.pushes.length]).toEqual(['v1.1.0', 1]);
    expect([after.aws.colours.green.version, after.pushes.length]).toEqual(['v1.4.0', 0]);
    expect(after.github.releases[0]).toMatchObject({ version: 'v1.4.0', run: { conclusion: 'success' } });
  });

  it('leaves the idle colour alone when the staging run fails', async () => {
    const workspace = await start();
    await post(workspace, 'releases/push', { version: 'v1.2.0', conclusion: 'failure', runSeconds: 5 });
    await post(workspace, 'time/advance', { seconds: 60 });
    const { aws, github } = await stateFor(workspace, userIds.ada);
    expect(aws.colours.green.version).toBe('v1.1.0');
    expect(github.releases[0]?.run?.conclusion).toBe('failure');
  });

  it('refuses a release that does not exist, and a second push of one under way', async () => {
    const workspace = await start();
    await expect(post(workspace, 'releases/push', { version: 'v9.9.9' })).rejects.toThrow(
      'There is no release v9.9.9',
    );
    await post(workspace, 'releases/push', { version: 'v1.2.0' });
    await expect(post(workspace, 'releases/push', { version: 'v1.2.0' })).rejects.toThrow(
      'on its way already',
    );
  });

  it('goes on where it stopped: messages, releases, colours and pushes under way', async () => {
    const before = await start();
    await post(before, 'slack/say', {
      user: userIds.ada,
      channel: channelIds.general,
      text: 'still here?',
    });
    await post(before, 'releases/push', { version: 'v1.2.0', runSeconds: 600 });
    const stoppedAtMs = before.clock.nowMs();
    await before.close();

    const after = await start();
    const state = await stateFor(after, userIds.grace);
    expect(state.time.nowMs).toBeGreaterThanOrEqual(stoppedAtMs);
    expect(state.slack.messages[channelIds.general]?.map((message) => message.text)).toEqual(['still here?']);
    expect(state.pushes).toMatchObject([{ version: 'v1.2.0' }]);
    await post(after, 'time/advance', { seconds: 700 });
    expect((await stateFor(after, userIds.grace)).aws.colours.green.version).toBe('v1.2.0');
  });

  it('keeps what happened a moment before it was killed', async () => {
    const workspace = await start();
    await post(workspace, 'slack/say', {
      user: userIds.ada,
      channel: channelIds.general,
      text: 'last words',
    });
    const file = join(dataDir, 'workspace.json');
    await expect
      .poll(() => readFile(file, 'utf8').catch(() => ''), { timeout: 5_000 })
      .toContain('last words');
  });

  it('does not begin afresh beside a database when what it saved cannot be read', async () => {
    await writeFile(join(dataDir, 'workspace.json'), '{"version":1,"time":');
    await expect(start()).rejects.toThrow('npm start -- --reset');
  });

  it('forgets everything when told to', async () => {
    const before = await start();
    await post(before, 'slack/say', { user: userIds.ada, channel: channelIds.general, text: 'forget me' });
    await before.close();
    const after = await startWorkspace({ port: 0, dataDir, speed: 0, spawnBot: false, reset: true });
    open.push(after);
    expect((await stateFor(after, userIds.ada)).slack.messages[channelIds.general] ?? []).toEqual([]);
  });

  it('forgets nothing while another workspace may be using it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = other.address() as AddressInfo;
    await writeFile(join(dataDir, 'workspace.json'), 'kept');
    const starting = startWorkspace({ port, dataDir, speed: 0, spawnBot: false, reset: true });
    await expect(starting).rejects.toThrow('is taken');
    expect(await readFile(join(dataDir, 'workspace.json'), 'utf8')).toBe('kept');
    other.close();
  });

  it('names the port that is taken and the way round it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve());
    });
    const { port } = other.address() as AddressInfo;
    const starting = startWorkspace({ port, dataDir, speed: 0, spawnBot: false });
    await expect(starting).rejects.toThrow(
      new RegExp(`Port ${port} is taken[^]*COUNTERSIGN_WORKSPACE_PORT=`),
    );
    other.close();
  });

  it('pauses, resumes at the speed it had, and jumps', async () => {
    const workspace = await start();
    await post(workspace, 'time/setSpeed', { speed: 60 });
    expect(await post(workspace, 'time/pause')).toMatchObject({ speed: 0, resumeSpeed: 60 });
    const { nowMs } = await post<{ nowMs: number }>(workspace, 'time/state');
    expect(await post(workspace, 'time/advance', { seconds: 300 })).toMatchObject({ nowMs: nowMs + 300_000 });
    expect(await post(workspace, 'time/resume')).toMatchObject({ speed: 60 });
    await expect(post(workspace, 'time/setSpeed', { speed: -1 })).rejects.toThrow('speed');
  });

  it('mends everything at once', async () => {
    const workspace = await start();
    await post(workspace, 'slack/down', { seconds: 60 });
    await post(workspace, 'github/badCredentials', { on: true });
    await post(workspace, 'aws/throttle', { service: 'cloudfront', count: 5 });
    await post(workspace, 'aws/dropMetrics', { on: true });
    await post(workspace, 'dynamo/throttle', { count: 5 });
    const broken = await stateFor(workspace, userIds.ada);
    await post(workspace, 'world/mend');
    const mended = await stateFor(workspace, userIds.ada);
    expect([
      broken.aws.faults.length,
      broken.dynamo.faults.length,
      broken.github.faults.badCredentials,
    ]).toEqual([2, 1, true]);
    expect(broken.slack.faults.downUntilMs).toBeDefined();
    expect([mended.aws.faults, mended.dynamo.faults, mended.github.faults.badCredentials]).toEqual([
      [],
      [],
      false,
    ]);
    expect(mended.slack.faults.downUntilMs).toBeUndefined();
  });
});

describe('virtual time after a restart', () => {
  const time = { virtualMs: 1_000_000, realMs: 5_000, speed: 60 };

  it('covers what may have passed after the last save', () => {
    expect(resumeAtMs(time, 5_900)).toBe(1_000_000 + 900 * 60);
  });

  it('otherwise stood still while the workspace was closed', () => {
    expect(resumeAtMs(time, 5_000 + 86_400_000)).toBe(1_000_000 + 2_000 * 60);
  });

  it('never runs backwards, whatever became of the clock of the machine', () => {
    expect(resumeAtMs(time, 1_000)).toBe(1_000_000);
  });
});
