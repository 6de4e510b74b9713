import { type Drawing, timestamp } from './shapes.ts';
import { findCommit, resolveRef, runAt } from './state.ts';

/** A plain page for a run, a commit, a comparison or a tag: what the links on a card lead to. */
export function webPage(drawing: Drawing, path: string): { status: number; html: string } {
  const { repository } = drawing;
  const home = `/${repository.owner}/${repository.name}`;
  const rest = path.startsWith(`${home}/`) ? path.slice(home.length) : undefined;

  const runId = /^\/actions\/runs\/(\d+)/.exec(rest ?? '')?.[1];
  const run = repository.runs.find((each) => String(each.id) === runId);
  if (run !== undefined) {
    const moment = runAt(run, drawing.nowMs);
    const workflow = repository.workflows.find((each) => each.id === run.workflowId);
    return page(`${workflow?.name ?? 'Run'} #${run.runNumber}`, [
      ['Repository', `${repository.owner}/${repository.name}`],
      ['Commit', run.headSha],
      ['Title', findCommit(repository, run.headSha)?.message.split('\n')[0] ?? ''],
      ['Attempt', String(moment.attempt)],
      ['Status', moment.conclusion ?? moment.status],
      ['Started', timestamp(moment.startedAtMs)],
    ]);
  }

  const ref = /^\/(?:commit|tree|releases\/tag)\/([^/]+)$/.exec(rest ?? '')?.[1];
  const commit = ref === undefined ? undefined : resolveRef(repository, ref);
  if (commit !== undefined) {
    return page(commit.message.split('\n')[0] ?? '', [
      ['Repository', `${repository.owner}/${repository.name}`],
      ['Commit', commit.sha],
      ['Author', commit.author],
      ['Committed', timestamp(commit.committedAtMs)],
      ['Message', commit.message],
    ]);
  }

  const range = /^\/compare\/([0-9a-f]+)\.\.\.([0-9a-f]+)$/.exec(rest ?? '');
  if (range !== null) {
    return page('Comparison', [
      ['From', range[1] ?? ''],
      ['To', range[2] ?? ''],
    ]);
  }
  return { ...page('Not found', [['Path', path]]), status: 404 };
}

function page(title: string, rows: readonly (readonly [string, string])[]) {
  const list = rows
    .map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`)
    .join('\n');
  return {
    status: 200,
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 44rem; padding: 0 1rem; color: #1f2328; }
dt { font-weight: 600; margin-top: .75rem; }
dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<dl>
${list}
</dl>
</body>
</html>
`,
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
