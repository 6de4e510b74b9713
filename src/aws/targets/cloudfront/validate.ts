import { MisconfiguredError, RetryableError } from '../../../flows/errors.ts';
import type { Analysis, CheckResult } from '../../../flows/promotion/plan.ts';
import { checkAddresses } from '../../checks/http.ts';
import { addressOf } from '../../checks/page.ts';
import type { SiteDeps } from './analyze.ts';
import {
  type Colour,
  type ColourContent,
  coloursOf,
  pageTimeoutMs,
  readColour,
  spellContent,
} from './colour.ts';
import type { CloudFrontBlueGreen } from './config.ts';

/** How many of the assets that the version page refers to are fetched. */
const assetsToFetch = 5;

/** Whether the candidate is exactly what was asked for, and, before a promotion, whether the way back is sound. */
export async function validateSite(
  deps: SiteDeps,
  settings: CloudFrontBlueGreen,
  analysis: Analysis,
): Promise<readonly CheckResult[]> {
  const candidate = colourAt(settings, analysis.candidate.place);
  const live = colourAt(settings, analysis.live.place);
  const [candidateResults, wayBack] = await Promise.all([
    validateCandidate(deps, settings, analysis, candidate),
    // A rollback leaves what is broken: what it leaves need not answer.
    analysis.steps.length === 0 ? null : validateWayBack(deps, settings, analysis, live),
  ]);
  return wayBack === null ? candidateResults : [...candidateResults, wayBack];
}

function colourAt(settings: CloudFrontBlueGreen, place: string): Colour {
  const colour = coloursOf(settings).find((each) => each.place === place);
  if (colour !== undefined) return colour;
  throw new MisconfiguredError('site.place-unknown', `The plan names ${place}, the pipeline does not.`, {
    data: { place },
  });
}

const userAgent = 'countersign/validate';

async function validateCandidate(
  deps: SiteDeps,
  settings: CloudFrontBlueGreen,
  analysis: Analysis,
  colour: Colour,
): Promise<CheckResult[]> {
  const { version, artifact } = analysis.candidate.release;
  const held = resultFor(
    'candidate-version',
    `${colour.name} holds ${version}`,
    addressOf(colour.previewUrl, settings.versionPage),
  );
  const [content, pages] = await Promise.all([
    contentOrReason(deps, settings, colour),
    Promise.all(
      settings.pages.map(async (page) => {
        const url = addressOf(colour.previewUrl, page);
        const seen = await checkAddresses(deps.fetchPage, [{ label: page, url }], pageRequest);
        return resultFor(
          `candidate-page:${page}`,
          `${page} answers on ${colour.name}`,
          url,
        )(seen.outcome, seen.text);
      }),
    ),
  ]);
  if (content.outcome === 'unreached') return [held('inconclusive', content.text), ...pages];
  if (content.outcome === 'unclear') {
    return [held('failed', `${colour.name} should hold ${version}, but it ${content.text}.`), ...pages];
  }
  if (content.version !== version) {
    return [
      held('failed', `${colour.name} should hold ${version}, but it holds ${content.version}.`),
      ...pages,
    ];
  }
  if (content.artifact !== artifact) {
    return [
      held('failed', `${colour.name} holds ${version}, but with other content than when the plan was made.`),
      ...pages,
    ];
  }
  return [
    held('passed', `${colour.name} holds exactly ${version}.`),
    await validateAssets(deps, colour, content.assets),
    ...pages,
  ];
}

async function validateAssets(
  deps: SiteDeps,
  colour: Colour,
  assets: readonly string[],
): Promise<CheckResult> {
  const result = resultFor('candidate-assets', `Assets answer on ${colour.name}`, colour.previewUrl);
  if (assets.length === 0) return result('passed', 'The page refers to no assets of its own.');
  const addresses = assets
    .slice(0, assetsToFetch)
    .map((path) => ({ label: path, url: addressOf(colour.previewUrl, path) }));
  const seen = await checkAddresses(deps.fetchPage, addresses, pageRequest);
  return seen.outcome === 'passed'
    ? result('passed', `${addresses.length} of ${assets.length} assets were fetched and answer 200.`)
    : result(seen.outcome, seen.text);
}

async function validateWayBack(
  deps: SiteDeps,
  settings: CloudFrontBlueGreen,
  analysis: Analysis,
  colour: Colour,
): Promise<CheckResult> {
  const { version, artifact } = analysis.live.release;
  const result = resultFor(
    'way-back',
    `${version} is there to go back to`,
    addressOf(colour.previewUrl, settings.versionPage),
  );
  const content = await contentOrReason(deps, settings, colour);
  if (content.outcome === 'unreached') return result('inconclusive', content.text);
  if (content.outcome === 'unclear' || content.version !== version) {
    return result(
      'failed',
      `Rolling back needs ${version} in ${colour.name}, but ${spellContent(colour, content)}.`,
    );
  }
  return content.artifact === artifact
    ? result('passed', `${colour.name} still holds ${version}.`)
    : result(
        'failed',
        `${colour.name} holds ${version}, but with other content than when the plan was made.`,
      );
}

const pageRequest = { timeoutMs: pageTimeoutMs, userAgent };

async function contentOrReason(
  deps: SiteDeps,
  settings: CloudFrontBlueGreen,
  colour: Colour,
): Promise<ColourContent | { readonly outcome: 'unreached'; readonly text: string }> {
  try {
    return await readColour(deps.fetchPage, settings, colour, userAgent);
  } catch (error) {
    if (error instanceof RetryableError) return { outcome: 'unreached', text: error.message };
    throw error;
  }
}

const resultFor =
  (id: string, title: string, link: string) =>
  (outcome: CheckResult['outcome'], text: string): CheckResult => ({
    id,
    title,
    outcome,
    text,
    link,
    urgent: false,
  });
