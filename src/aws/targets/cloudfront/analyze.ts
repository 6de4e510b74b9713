import { MisconfiguredError, RetryableError } from '../../../flows/errors.ts';
import type { AnalysisRequest, LiveRecord, Target } from '../../../flows/ports.ts';
import type { Analysis, Release } from '../../../flows/promotion/plan.ts';
import { type Refusal, refusal } from '../../../flows/promotion/refusal.ts';
import type { FetchPage } from '../../checks/page.ts';
import { type AwsClients, cloudFrontRegion } from '../../clients.ts';
import { spellList } from '../../spell.ts';
import { spellByHand } from './by-hand.ts';
import { type Colour, type ColourContent, coloursOf, readColour, spellContent } from './colour.ts';
import type { CloudFrontBlueGreen } from './config.ts';
import { fingerprintOf, sketchOf } from './configuration.ts';
import { commonOriginPath, type Distribution, readDistribution, spellOriginPaths } from './distribution.ts';
import { leavesRoomForMark } from './marker.ts';
import { owningTool } from './ownership.ts';
import { backwardSteps, forwardSteps } from './steps.ts';

type Analyzed = Awaited<ReturnType<Target['analyze']>>;

export interface SiteDeps {
  readonly clients: AwsClients;
  readonly fetchPage: FetchPage;
  /** Every origin of a distribution that some environment of the configuration switches. */
  readonly switchedOrigins: (distributionId: string) => readonly string[];
}

interface Side {
  readonly colour: Colour;
  readonly content: ColourContent;
}

/**
 * Which colour is live, what each holds, and what would be done. Says nothing that changes by itself
 * (deployment status, running invalidations), since the approvals are bound to it. Whether the idle
 * colour really holds the version asked for is told by `validate`.
 */
export async function analyzeSite(
  deps: SiteDeps,
  settings: CloudFrontBlueGreen,
  request: AnalysisRequest,
): Promise<Analyzed> {
  const distribution = await find(deps.clients, settings.distributionId);
  if (distribution === null) return refused(notFound(settings.distributionId));

  const originIds = originsToSwitch(settings, distribution);
  if ('code' in originIds) return refused(originIds);

  const sides = await readSides(deps, settings, request, distribution, originIds);
  if ('code' in sides) return refused(sides);

  const tool = await owningTool(deps.clients, distribution);
  const obstacle = obstacleTo(request.kind, settings, distribution, tool);
  if (obstacle !== null) return refused(obstacle);

  const choice =
    request.kind === 'promotion'
      ? choosePromotion(request, sides)
      : chooseRollback(request.version, request.history, sides);
  if ('code' in choice) return refused(choice);

  return {
    outcome: 'analyzed',
    analysis: describe({
      settings,
      request,
      distribution,
      originIds,
      neighbours: neighboursOf(deps, distribution, originIds),
      sides,
      choice,
      tool,
    }),
  };
}

const refused = (no: Refusal): Analyzed => ({ outcome: 'refused', refusal: no });

async function find(clients: AwsClients, id: string): Promise<Distribution | null> {
  try {
    return await readDistribution(clients, id);
  } catch (error) {
    if (error instanceof MisconfiguredError && error.code === 'aws.not-found') return null;
    throw error;
  }
}

const notFound = (id: string): Refusal =>
  refusal(
    'site.distribution-not-found',
    `There is no CloudFront distribution ${id} in this AWS account.`,
    'Correct distributionId in the pipeline, or the AWS account of this environment.',
  );

function originsToSwitch(settings: CloudFrontBlueGreen, { config, id }: Distribution): string[] | Refusal {
  const known = (config.Origins?.Items ?? []).flatMap((origin) => origin.Id ?? []);
  const asked = settings.originIds;
  if (asked === undefined) {
    if (known.length === 1) return known;
    return refusal(
      'site.origin-ambiguous',
      `Distribution ${id} has ${known.length} origins (${spellList(known)}), and the pipeline does not say which are switched.`,
      'Name them under originIds.',
    );
  }
  const missing = asked.filter((each) => !known.includes(each));
  if (missing.length === 0) return [...asked];
  return refusal(
    'site.origin-unknown',
    `Distribution ${id} has no origin ${spellList(missing)}; it has ${spellList(known)}.`,
    'Correct originIds in the pipeline.',
  );
}

/** Origins of the distribution that other apps switch. */
function neighboursOf(
  { switchedOrigins }: SiteDeps,
  { config, id }: Distribution,
  originIds: readonly string[],
): string[] {
  const switched = new Set(switchedOrigins(id));
  const known = (config.Origins?.Items ?? []).flatMap((origin) => origin.Id ?? []);
  return known.filter((each) => switched.has(each) && !originIds.includes(each)).sort();
}

async function readSides(
  { fetchPage }: SiteDeps,
  settings: CloudFrontBlueGreen,
  request: AnalysisRequest,
  { config, id }: Distribution,
  originIds: readonly string[],
): Promise<{ live: Side; idle: Side } | Refusal> {
  const path = commonOriginPath(config, originIds);
  const colours = coloursOf(settings);
  const live = colours.find((colour) => colour.originPath === path);
  const idle = colours.find((colour) => colour.originPath !== path);
  if (live === undefined || idle === undefined) {
    return refusal(
      'site.origin-path-unknown',
      `The origin path of ${spellOriginPaths(config, originIds)}, which is neither ${colours.map((each) => each.place).join(' nor ')}.`,
      `Set distribution ${id} to one of the two colours, or correct colours in the pipeline.`,
    );
  }
  const read = async (colour: Colour): Promise<Side> => {
    try {
      return {
        colour,
        content: await readColour(fetchPage, settings, colour, `countersign/${request.promotionId}`),
      };
    } catch (error) {
      // What is live may be broken: that is no reason to keep it.
      if (request.kind !== 'rollback' || colour !== live || !(error instanceof RetryableError)) throw error;
      return { colour, content: { outcome: 'unclear', text: 'does not answer' } };
    }
  };
  const [liveSide, idleSide] = await Promise.all([read(live), read(idle)]);
  return { live: liveSide, idle: idleSide };
}

/** A rollback is not held up by what would only make a promotion unwise. */
function obstacleTo(
  kind: AnalysisRequest['kind'],
  settings: CloudFrontBlueGreen,
  { config, deployed, id }: Distribution,
  tool: string | null,
): Refusal | null {
  if (config.Staging === true) {
    return refusal(
      'site.staging-distribution',
      `${id} is a staging distribution; visitors do not see it.`,
      'Give the id of the production distribution.',
    );
  }
  if (kind === 'rollback') return null;
  if (config.Enabled !== true) {
    return refusal('site.disabled', `Distribution ${id} is disabled.`, 'Enable it and ask again.');
  }
  if ((config.ContinuousDeploymentPolicyId ?? '') !== '') {
    return refusal(
      'site.continuous-deployment',
      `Distribution ${id} has a continuous deployment policy, which may send visitors to another configuration.`,
      'Detach the policy and ask again.',
    );
  }
  if (tool !== null && settings.otherTools === 'refuse') {
    return refusal(
      'site.owned-by-another-tool',
      `Distribution ${id} is looked after by ${tool}, whose next run would set the origin path back.`,
      'Have that tool leave the origin path alone (Terraform: ignore_changes), then set otherTools: accept.',
    );
  }
  if (!deployed) {
    throw new RetryableError(
      'site.not-deployed',
      `CloudFront is still delivering an earlier change of distribution ${id}.`,
      { data: { distributionId: id } },
    );
  }
  return null;
}

interface Choice {
  readonly live: Release;
  readonly candidate: Release;
  readonly risks: readonly string[];
}

const releaseOf = (content: ColourContent & { outcome: 'held' }): Release => ({
  version: content.version,
  commit: null,
  artifact: content.artifact,
});

/** Where the content could not be identified there is no artifact; `validate` says why. */
const noArtifact = 'none';

function choosePromotion(
  { version, commit }: AnalysisRequest,
  { live, idle }: { live: Side; idle: Side },
): Choice | Refusal {
  if (live.content.outcome !== 'held') {
    return refusal(
      'site.live-version-unknown',
      `Production is served from ${live.colour.place}, but ${spellContent(live.colour, live.content)}, so there is no proven way back.`,
      `Mend ${live.colour.previewUrl} first.`,
    );
  }
  if (version === null) {
    return refusal(
      'site.version-missing',
      'The promotion does not say which version is meant.',
      'Name the version.',
    );
  }
  if (live.content.version === version) {
    return refusal(
      'site.already-live',
      `${version} is live already, from ${live.colour.name}.`,
      'There is nothing to promote.',
    );
  }
  const artifact = idle.content.outcome === 'held' ? idle.content.artifact : noArtifact;
  return { live: releaseOf(live.content), candidate: { version, commit, artifact }, risks: [] };
}

/** Why a release is not one that may be gone back to without approval, or null. `history` is newest first. */
function doubtAbout(
  target: { readonly version: string; readonly artifact: string },
  colour: Colour,
  history: readonly LiveRecord[],
): string | null {
  const records = history.filter(({ version }) => version === target.version);
  if (records.length === 0) return 'it was never seen to hold in production here';
  if (!records.some(({ artifact }) => artifact === target.artifact)) {
    return `${colour.name} holds other content under that name than what was good in production`;
  }
  const newestGood = history.findIndex(({ artifact }) => artifact === target.artifact);
  const rolledBack = history.findIndex(({ replaced }) => replaced === target.artifact);
  return rolledBack !== -1 && rolledBack <= newestGood
    ? 'it was rolled back the last time it was live'
    : null;
}

function chooseRollback(
  version: string | null,
  history: readonly LiveRecord[],
  { live, idle }: { live: Side; idle: Side },
): Choice | Refusal {
  const held = `${spellContent(live.colour, live.content)}, and ${spellContent(idle.colour, idle.content)}`;
  const liveVersion = live.content.outcome === 'held' ? live.content.version : null;
  if (version !== null && version === liveVersion) {
    return refusal(
      'site.already-live',
      `${version} is live already, from ${live.colour.name}.`,
      'There is nothing to roll back.',
    );
  }
  if (idle.content.outcome !== 'held' || (version !== null && idle.content.version !== version)) {
    return refusal(
      'site.version-not-staged',
      `${version ?? 'An earlier version'} is in neither colour: ${held}.`,
      `Put ${version ?? 'it'} into ${idle.colour.name} (run the staging workflow for it), then ask again.`,
    );
  }
  const target = idle.content;
  if (target.version === liveVersion) {
    return refusal(
      'site.no-other-version',
      `Both colours hold ${target.version}, so there is nothing to go back to.`,
      `Put an earlier version into ${idle.colour.name} (run the staging workflow for it), then ask again.`,
    );
  }
  const doubt = doubtAbout(target, idle.colour, history);
  if (doubt !== null) {
    return refusal(
      'site.rollback-target-unknown',
      `Nothing says that ${target.version} is good: ${doubt}.`,
      `A rollback only goes to a release that was good in production. Use /promote for ${target.version}, with its approvals and checks.`,
    );
  }
  return {
    live: {
      version: liveVersion ?? 'unknown',
      commit: null,
      artifact: live.content.outcome === 'held' ? live.content.artifact : noArtifact,
    },
    candidate: releaseOf(target),
    risks: [],
  };
}

interface Findings {
  readonly settings: CloudFrontBlueGreen;
  readonly request: AnalysisRequest;
  readonly distribution: Distribution;
  readonly originIds: readonly string[];
  readonly neighbours: readonly string[];
  readonly sides: { readonly live: Side; readonly idle: Side };
  readonly choice: Choice;
  readonly tool: string | null;
}

function describe(findings: Findings): Analysis {
  const { settings, request, distribution, originIds, neighbours, sides, choice, tool } = findings;
  const { config, comment, id } = distribution;
  const live = sides.live.colour;
  const idle = sides.idle.colour;
  const marker = settings.marker && leavesRoomForMark(comment);
  const switched = {
    originIds: [...originIds],
    ...(neighbours.length === 0 ? {} : { neighbours: [...neighbours] }),
  };
  const fingerprint = fingerprintOf(config, switched);
  const base = {
    distributionId: id,
    ...switched,
    marker,
    fingerprint,
    sketch: { ...sketchOf(config, switched) },
  };
  const there = {
    ...base,
    from: live.originPath,
    to: idle.originPath,
    colour: idle.name,
    version: choice.candidate.version,
    artifact: choice.candidate.artifact,
  };
  const back = {
    ...base,
    from: idle.originPath,
    to: live.originPath,
    colour: live.name,
    version: choice.live.version,
    artifact: choice.live.artifact,
  };
  const consoleUrl = `https://${cloudFrontRegion}.console.aws.amazon.com/cloudfront/v4/home#/distributions/${id}`;
  const home = request.kind === 'promotion' ? back : there;
  return {
    live: { release: choice.live, place: live.place },
    candidate: { release: choice.candidate, place: idle.place },
    fingerprint,
    resources: [distribution.arn],
    changes: [
      ...originIds.map((each) => `Origin path of ${each}: ${live.originPath} → ${idle.originPath}`),
      `Visitors see ${choice.candidate.version} (${idle.name}) instead of ${choice.live.version} (${live.name})`,
      "CloudFront's cache is emptied (/*)",
    ],
    risks: [
      ...choice.risks,
      'CloudFront takes minutes to deliver a configuration everywhere, there and back; until then visitors may see either version.',
      ...(tool === null ? [] : [`Looked after by ${tool}: its next run may set the origin path back.`]),
      ...(settings.marker && !marker
        ? [
            "The distribution's comment leaves no room for a mark, so a switch made by hand at the same moment could be taken for ours.",
          ]
        : []),
    ],
    steps: request.kind === 'promotion' ? forwardSteps(settings, there) : [],
    rollback:
      request.kind === 'promotion'
        ? backwardSteps(settings, back, ['switch'])
        : backwardSteps(settings, there, []),
    byHand: spellByHand({
      distributionId: id,
      originIds,
      originPath: home.to,
      colour: home.colour,
      version: home.version,
      consoleUrl,
    }),
    links: [
      { label: 'Production', url: settings.url },
      { label: `Preview of ${idle.name}`, url: idle.previewUrl },
      { label: 'CloudFront console', url: consoleUrl },
    ],
  };
}
