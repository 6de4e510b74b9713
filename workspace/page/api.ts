import type { WorkspaceSnapshot } from '../snapshot.ts';

/** `POST /control/<area>/<name>`. Throws an Error with the workspace's own words when it says no. */
export async function post<Result = unknown>(area: string, name: string, body: object = {}): Promise<Result> {
  const response = await fetch(`/control/${area}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(errorText(answer) ?? `The workspace answered ${response.status}.`);
  return answer as Result;
}

export async function getSnapshot(user: string): Promise<WorkspaceSnapshot> {
  const response = await fetch(`/control/state?user=${encodeURIComponent(user)}`);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(errorText(answer) ?? `The workspace answered ${response.status}.`);
  return answer as WorkspaceSnapshot;
}

function errorText(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return undefined;
  return typeof answer.error === 'string' ? answer.error : undefined;
}
