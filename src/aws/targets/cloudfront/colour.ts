import { createHash } from 'node:crypto';
import { RetryableError } from '../../../flows/errors.ts';
import { addressOf, assetsOf, complaintAbout, type FetchPage, versionOf } from '../../checks/page.ts';
import { spellList } from '../../spell.ts';
import type { CloudFrontBlueGreen } from './config.ts';

/** One of the two places a release can lie. */
export interface Colour {
  readonly name: string;
  readonly originPath: string;
  readonly previewUrl: string;
  /** As the plan names it: "blue (/blue)". */
  readonly place: string;
}

/** What a colour's preview shows. */
export type ColourContent =
  | {
      readonly outcome: 'held';
      readonly version: string;
      /** Hash of the version page and of the assets it refers to, whose names carry their own hashes. */
      readonly artifact: string;
      readonly assets: readonly string[];
    }
  /** It answered, but not with exactly one version. `text` continues "green …"; `turnedAway` by a door before it. */
  | { readonly outcome: 'unclear'; readonly text: string; readonly turnedAway?: boolean };

export function coloursOf(settings: CloudFrontBlueGreen): Colour[] {
  return Object.entries(settings.colours).map(([name, originPath]) => ({
    name,
    originPath,
    previewUrl: settings.previews[name] ?? '',
    place: `${name} (${originPath})`,
  }));
}

export const pageTimeoutMs = 5000;

/** Reads a colour's version page. Throws RetryableError `site.preview-unreachable` where nobody could answer. */
export async function readColour(
  fetchPage: FetchPage,
  settings: CloudFrontBlueGreen,
  colour: Colour,
  userAgent: string,
): Promise<ColourContent> {
  const url = addressOf(colour.previewUrl, settings.versionPage);
  const answer = await fetchPage(url, { timeoutMs: pageTimeoutMs, userAgent });
  if (answer.outcome === 'unanswered') throw unreachable(colour, url, answer.reason);
  if (answer.status >= 500 || answer.status === 429) {
    throw unreachable(colour, url, `it answered ${answer.status}`);
  }
  const complaint = complaintAbout(answer);
  // S3 answers 403 for what is not there, so that says something of the colour; a login does not.
  const turnedAway = answer.status === 401 || (answer.status >= 300 && answer.status < 400);
  if (complaint !== null) return { outcome: 'unclear', text: complaint, turnedAway };
  if (answer.truncated) return { outcome: 'unclear', text: 'answers with a page longer than 2 MB' };
  const version = versionOf(answer.body);
  switch (version.outcome) {
    case 'none':
      return { outcome: 'unclear', text: 'has no deployment-version meta' };
    case 'several':
      return {
        outcome: 'unclear',
        text: `has ${version.versions.length} deployment-version metas (${spellList(version.versions)})`,
      };
    case 'one': {
      const assets = assetsOf(answer.body, settings.versionPage);
      const artifact = createHash('sha256')
        .update(`${answer.body}\n${assets.toSorted().join('\n')}`)
        .digest('hex');
      return { outcome: 'held', version: version.version, artifact: `sha256:${artifact}`, assets };
    }
  }
}

function unreachable(colour: Colour, url: string, reason: string): RetryableError {
  return new RetryableError(
    'site.preview-unreachable',
    `The preview of ${colour.name} could not be read: ${reason}.`,
    { data: { url, reason } },
  );
}

/** "green holds 1.5.0", "green has no deployment-version meta". */
export function spellContent(colour: Colour, content: ColourContent): string {
  return content.outcome === 'held'
    ? `${colour.name} holds ${content.version}`
    : `${colour.name} ${content.text}`;
}
