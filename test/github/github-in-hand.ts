import { afterEach } from 'vitest';
import { createGithubClient } from '../../src/github/client.ts';
import { createWorkspaceClock } from '../../workspace/clock.ts';
import { createGithubStandIn } from '../../workspace/github/stand-in.ts';

export const repository = 'northwind/site';
export const token = 'ghs_workspace';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A stand-in with a still clock and a real client of it; both are closed after the test. */
export async function githubInHand(options: { token?: string; timeoutMs?: number } = {}) {
  const clock = createWorkspaceClock({ startMs: Date.parse('2026-03-02T09:00:00Z'), speed: 0 });
  const standIn = await createGithubStandIn({ clock, token });
  closers.push(async () => {
    await standIn.close();
    clock.close();
  });
  const client = createGithubClient({
    token: options.token ?? token,
    baseUrl: standIn.apiUrl,
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  return { clock, client, control: standIn.control, apiUrl: standIn.apiUrl };
}
