import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const dayMs = 86_400_000;

const git = (...args) => {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout : null;
};

/** What is checked out; null where git does not say. */
export const commitHere = () => git('rev-parse', 'HEAD')?.trim() ?? null;

/** What a result must be of to be taken: this commit, and begun after the last change that is in none. */
export function sourcesHere() {
  const changed = git('status', '--porcelain', '-z', '--no-renames', '--', 'src', 'workspace', 'test') ?? '';
  const times = changed
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => statSync(join(root, line.slice(3)), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return { commit: commitHere(), changedMs: Math.max(0, ...times), nowMs: Date.now() };
}

/** Why what a part left is no answer about these sources; null where it is one. */
export function whyRefused({ commit, startedMs }, { commit: here, changedMs, nowMs }) {
  if (commit === undefined || startedMs === undefined)
    return 'it does not say of which sources it is, or of when';
  if (commit !== here) return `it is of the commit ${commit ?? 'unknown'}, and this is ${here ?? 'unknown'}`;
  if (startedMs < changedMs) return 'the sources were changed after it began';
  // Where git says nothing this alone tells yesterday's.
  if (nowMs - startedMs > dayMs || startedMs > nowMs) return 'it was not begun within the last day';
  return null;
}
