import { createClientsByRole } from '../aws/assume.ts';
import { createAwsChecks, isAlarm } from '../aws/checks/index.ts';
import { createFetchPage } from '../aws/checks/page.ts';
import { createAwsClients } from '../aws/clients.ts';
import { switchedOriginsIn } from '../aws/targets/cloudfront/neighbours.ts';
import { createTargets } from '../aws/targets/index.ts';
import { createDirectory } from '../bot/people.ts';
import type { SlackClient } from '../bot/slack-client.ts';
import type { ServerEnv } from '../config/env.ts';
import { nearest } from '../config/nearest.ts';
import type { Catalog } from '../flows/desk.ts';
import { createDesk } from '../flows/engine/desk.ts';
import { type TickOptions, tick } from '../flows/engine/tick.ts';
import type { World } from '../flows/engine/world.ts';
import type { Checks, Hints, Log, Releases } from '../flows/ports.ts';
import { createGithubClient } from '../github/client.ts';
import { createWorkflowGate } from '../github/gate.ts';
import { createReleases } from '../github/releases.ts';
import { createWorkflows } from '../github/workflows.ts';
import { elapsedMs } from './elapsed.ts';
import { mustBeThere } from './held.ts';
import { type Store, sha256 } from './store.ts';

const githubApi = 'https://api.github.com';

/** Everything a tick asks of the world, as production answers it. */
export function buildWorker(deps: {
  readonly env: Pick<ServerEnv, 'github' | 'awsRegion'> & {
    readonly slack: Pick<ServerEnv['slack'], 'teamId'>;
  };
  readonly catalog: Catalog;
  readonly store: Pick<Store, 'promotions' | 'locks'>;
  readonly slack: SlackClient;
  /** What people's requests make due. */
  readonly hints: Hints;
  /** What a tick leaves to be done. */
  readonly tickHints: Hints;
  readonly log: Log;
}) {
  const { env, catalog, store, slack, hints, tickHints, log } = deps;
  const github = createGithubClient({ token: env.github.token, baseUrl: env.github.apiUrl ?? githubApi });
  const clientsFor = createClientsByRole({ own: createAwsClients(), region: env.awsRegion });
  const fetchPage = createFetchPage();
  const switchedOrigins = switchedOriginsIn(catalog);
  const checks = joinChecks(
    {
      isAlarm,
      run: (spec, context) =>
        createAwsChecks({ clients: clientsFor(context.definition.role, context), fetchPage }).run(
          spec,
          context,
        ),
    },
    createWorkflowGate(createWorkflows(github)),
  );
  const world: World = {
    store: store.promotions,
    targetOf: (definition, mandate) =>
      createTargets({ clients: clientsFor(definition.role, mandate), fetchPage, switchedOrigins })(
        definition,
      ),
    checks,
    releases: releasesOf(github),
    directory: createDirectory({ slack, teamId: env.slack.teamId }),
    configured: (app, environment) => catalog.find(app, environment) !== undefined,
    elapsedMs,
    hints,
    hash: sha256,
    log,
  };
  const unlocking = { locks: store.locks, directory: world.directory };
  const desk = createDesk({ ...world, catalog, nearest, looking: world, unlocking });
  const ticking: World = { ...world, store: mustBeThere(store.promotions), hints: tickHints };
  return { desk, tick: (promotionId: string, options?: TickOptions) => tick(ticking, promotionId, options) };
}

function joinChecks(aws: Checks, workflowGate: Pick<Checks, 'run'>): Checks {
  return {
    isAlarm: aws.isAlarm,
    run: (spec, context) => (spec.kind === 'github-workflow' ? workflowGate : aws).run(spec, context),
  };
}

function releasesOf(github: ReturnType<typeof createGithubClient>): Releases {
  const releases = createReleases(github);
  return {
    async resolve(repository, version) {
      const resolved = await releases.resolveRelease({ repository, version });
      if (resolved.outcome === 'absent') return resolved;
      const { sha, author, message, url } = resolved.commit;
      return { outcome: 'found', version: resolved.version, commit: { sha, author, message, url } };
    },
  };
}
