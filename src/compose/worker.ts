import { createAwsChecks } from '../aws/checks/index.ts';
import { createFetchPage } from '../aws/checks/page.ts';
import { createAwsClients } from '../aws/clients.ts';
import { createTargets } from '../aws/targets/index.ts';
import { createDirectory } from '../bot/people.ts';
import type { SlackClient } from '../bot/slack-client.ts';
import type { ServerEnv } from '../config/env.ts';
import { nearest } from '../config/nearest.ts';
import type { Catalog } from '../flows/desk.ts';
import { createDesk } from '../flows/engine/desk.ts';
import { tick } from '../flows/engine/tick.ts';
import type { World } from '../flows/engine/world.ts';
import type { Checks, Hints, Log, Releases } from '../flows/ports.ts';
import { createGithubClient } from '../github/client.ts';
import { createWorkflowGate } from '../github/gate.ts';
import { createReleases } from '../github/releases.ts';
import { createWorkflows } from '../github/workflows.ts';
import { createDynamoClient, type DynamoClient } from '../store/dynamo-client.ts';
import { mustBeThere } from './held.ts';
import { type Store, sha256 } from './store.ts';

const githubApi = 'https://api.github.com';

/** DynamoDB as these settings name it. */
export const databaseOf = (env: ServerEnv): DynamoClient => createDynamoClient({ region: env.awsRegion });

/** Everything a tick asks of the world, as production answers it. */
export function buildWorker(deps: {
  readonly env: ServerEnv;
  readonly catalog: Catalog;
  readonly store: Store;
  readonly slack: SlackClient;
  readonly hints: Hints;
  readonly log: Log;
}) {
  const { env, catalog, store, slack, hints, log } = deps;
  const github = createGithubClient({ token: env.github.token, baseUrl: env.github.apiUrl ?? githubApi });
  const clients = createAwsClients();
  const fetchPage = createFetchPage();
  const checks = joinChecks(
    createAwsChecks({ clients, fetchPage }),
    createWorkflowGate(createWorkflows(github)),
  );
  const world: World = {
    store: store.promotions,
    targetOf: createTargets({ clients, fetchPage }),
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
  const ticking: World = { ...world, store: mustBeThere(store.promotions) };
  return { desk, tick: (promotionId: string) => tick(ticking, promotionId) };
}

/** The monotonic clock may stand still while a machine sleeps, the other may be set: whichever went further. */
const bornMs = Date.now();
const elapsedMs = () => Math.max(performance.now(), Date.now() - bornMs);

function joinChecks(aws: Checks, workflowGate: Checks): Checks {
  return {
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
