import type { CheckContext, Hash, LiveRecord, Looked, Mandate } from '../ports.ts';
import { canonical } from '../promotion/canonical.ts';
import type { Analysis, CheckResult, CheckSpec, Definition, Plan, Release } from '../promotion/plan.ts';
import type { Policy } from '../promotion/policy.ts';
import type { Promotion } from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
import type { World } from './world.ts';

type Looking = Pick<World, 'targetOf' | 'checks' | 'releases' | 'hash'>;

export interface PlanRequest extends Mandate {
  readonly kind: Promotion['kind'];
  readonly app: string;
  readonly environment: string;
  readonly version: string | null;
  readonly definition: Definition;
  readonly policy: Policy;
  readonly history: readonly LiveRecord[];
  readonly nowMs: number;
}

const mandateOf = ({ promotionId, digest }: Mandate): Mandate => ({ promotionId, digest });

export type Analyzed =
  | { readonly outcome: 'analyzed'; readonly analysis: Analysis; readonly release: Release }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** Finds the release and looks at the target: what is live, what would change, and the way back. */
export async function analyze(world: Looking, request: PlanRequest): Promise<Analyzed> {
  const commit = await commitOf(world, request);
  if (commit.outcome === 'refused') return commit;
  const target = world.targetOf(request.definition, mandateOf(request));
  const looked = await target.analyze({
    kind: request.kind,
    promotionId: request.promotionId,
    app: request.app,
    environment: request.environment,
    definition: request.definition,
    version: request.version,
    commit: commit.commit,
    history: request.history,
    nowMs: request.nowMs,
  });
  if (looked.outcome === 'refused') return looked;
  return { outcome: 'analyzed', analysis: looked.analysis, release: looked.analysis.candidate.release };
}

type Commit =
  | { readonly outcome: 'found'; readonly commit: Release['commit'] }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** A rollback never depends on GitHub (design: promise 6), so it asks for no commit. */
async function commitOf(world: Looking, request: PlanRequest): Promise<Commit> {
  const { repository } = request.definition;
  if (request.kind === 'rollback' || repository === null || request.version === null) {
    return { outcome: 'found', commit: null };
  }
  const resolved = await world.releases.resolve(repository, request.version);
  if (resolved.outcome === 'found') return { outcome: 'found', commit: resolved.commit };
  const [nearest] = resolved.nearest;
  return {
    outcome: 'refused',
    refusal: refusal(
      'release.unknown',
      `${repository} has no tag ${request.version}.`,
      nearest === undefined ? 'Tag the release first.' : `The nearest tag is ${nearest}.`,
    ),
  };
}

/** Runs everything that has to hold before approval, on the candidate and on production as it is. */
export async function validate(world: Looking, request: PlanRequest, analysis: Analysis): Promise<Plan> {
  const { definition } = request;
  const context: CheckContext = {
    ...mandateOf(request),
    definition,
    expected: analysis.candidate.release,
    previous: analysis.live.release,
    changedAtMs: null,
    judgedUntilMs: null,
    nowMs: request.nowMs,
  };
  const gates = request.kind === 'rollback' ? [] : definition.gates;
  const gateResults = await runAll(world, gates, context);
  const targetResults = await world
    .targetOf(definition, mandateOf(request))
    .validate(definition, analysis, request.nowMs);
  // Production may be broken already when somebody rolls back: that is the reason to, and no excuse for what comes after.
  const alarms = definition.readings.filter((spec) => world.checks.isAlarm(spec));
  const before =
    request.kind === 'rollback'
      ? []
      : await runAll(world, [...definition.checks, ...alarms], {
          ...context,
          expected: analysis.live.release,
          previous: null,
        });
  const essential = new Set(definition.checks.filter((check) => check.essential).map(({ id }) => id));
  const baseline = before
    .filter(({ id, outcome }) => essential.has(id) && outcome !== 'passed')
    .map((result) => ({
      ...result,
      id: `before-${result.id}`,
      title: `Production before: ${result.title}`,
    }));
  return {
    analysis,
    results: [...gateResults, ...targetResults, ...baseline],
    failingBefore: plain(before)
      .filter(({ id, outcome }) => !essential.has(id) && outcome === 'failed')
      .map(({ id, title, text, signs }) => ({ id, title, text, ...(signs === undefined ? {} : { signs }) })),
  };
}

/** Runs checks one after the other, as they are written in the configuration. */
export async function runAll(
  world: Pick<World, 'checks'>,
  specs: readonly CheckSpec[],
  context: CheckContext,
): Promise<Looked[]> {
  const results: Looked[] = [];
  for (const spec of specs) results.push(await world.checks.run(spec, context));
  return results;
}

/** Longer words of others say nothing more, and a promotion that grows too large could not be saved. */
const longest = { text: 500, title: 200, link: 1_000, signs: 100, sign: 100 };

/** Drops what only the engine needs from a result, and cuts foreign text where it enters. */
export function plain(results: readonly Looked[]): CheckResult[] {
  return results.map(({ id, title, outcome, text, link, urgent, signs }) => ({
    id,
    title: title.slice(0, longest.title),
    outcome,
    text: text.slice(0, longest.text),
    link: link !== null && link.length > longest.link ? null : link,
    urgent,
    ...(signs === undefined
      ? {}
      : { signs: signs.slice(0, longest.signs).map((sign) => sign.slice(0, longest.sign)) }),
  }));
}

type Failing = Plan['failingBefore'][number];

/** The names of what fails, without since when. */
const namesIn = ({ signs = [] }: Failing) =>
  [...new Set(signs.map((sign) => sign.split('@')[0] ?? ''))].sort();
const spellFailing = (failing: Failing) => [failing.id, ...namesIn(failing)].join(' ');

/** Whether nothing fails that the approvers were not shown: what has healed since is no reason to ask them again. */
export function failsNoMore(fresh: Plan, approved: Plan): boolean {
  return fresh.failingBefore.every((failing) => {
    const known = approved.failingBefore.find(({ id }) => id === failing.id);
    const names = known === undefined ? [] : namesIn(known);
    return known !== undefined && namesIn(failing).every((name) => names.includes(name));
  });
}

/** What the approvers sign, without what changes from look to look: times, wording of evidence, links. */
function signed(plan: Plan, definition: Definition, policy: Policy) {
  const { analysis } = plan;
  return {
    live: analysis.live,
    candidate: analysis.candidate,
    fingerprint: analysis.fingerprint,
    resources: analysis.resources,
    changes: analysis.changes,
    risks: analysis.risks,
    steps: analysis.steps,
    rollback: analysis.rollback,
    results: plan.results.map(({ id, outcome }) => ({ id, outcome })),
    failingBefore: plan.failingBefore.map(spellFailing),
    definition,
    policy,
  };
}

export function digestOf(plan: Plan, definition: Definition, policy: Policy, hash: Hash): string {
  return hash(canonical(signed(plan, definition, policy)));
}

const parts: Record<keyof ReturnType<typeof signed>, string> = {
  live: 'What is live now',
  candidate: 'The release',
  fingerprint: 'Configuration of the target',
  resources: 'Resources that are changed',
  changes: 'What will change',
  risks: 'Risks',
  steps: 'Steps',
  rollback: 'Way back',
  results: 'Gate results',
  failingBefore: 'Checks that fail already',
  definition: 'Settings in pipeline.yml',
  policy: 'Rules in pipeline.yml',
};

/** The differences between two plans in words, for the people who approved the first (ALL-3). */
export function differencesBetween(
  before: Plan,
  after: Plan,
  definition: Definition,
  policy: Policy,
): string[] {
  const old = signed(before, definition, policy);
  const now = signed(after, definition, policy);
  const lines: string[] = [];
  for (const [key, label] of Object.entries(parts)) {
    const a = old[key as keyof typeof old];
    const b = now[key as keyof typeof now];
    if (canonical(a) !== canonical(b)) lines.push(describe(label, key, before, after));
  }
  return lines;
}

function describe(label: string, key: string, before: Plan, after: Plan): string {
  const released = (plan: Plan, side: 'live' | 'candidate') =>
    `${plan.analysis[side].release.version} in ${plan.analysis[side].place} (${plan.analysis[side].release.artifact.slice(0, 8)})`;
  if (key === 'live' || key === 'candidate')
    return `${label}: was ${released(before, key)}, is ${released(after, key)}`;
  if (key === 'fingerprint') return `${label}: somebody changed it`;
  if (key === 'results') {
    const was = new Map(before.results.map(({ id, outcome }) => [id, outcome]));
    const changed = after.results.filter(({ id, outcome }) => was.get(id) !== outcome);
    return `${label}: ${changed.map(({ title, text }) => `${title}: ${text}`).join('; ') || 'fewer than before'}`;
  }
  return `${label}: changed`;
}
