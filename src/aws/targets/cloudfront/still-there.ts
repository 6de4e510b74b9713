import { RetryableError } from '../../../flows/errors.ts';
import type { SiteDeps } from './analyze.ts';
import { type Colour, type ColourContent, coloursOf, readColour, spellContent } from './colour.ts';
import type { CloudFrontBlueGreen, SwitchSettings } from './config.ts';

/**
 * Why traffic must not be moved back to a colour, or null. A preview that does not answer, or asks for a login, says
 * nothing about its colour, and production is known to be bad: then the way back is taken.
 */
export async function wayBackGone(
  { fetchPage }: SiteDeps,
  site: CloudFrontBlueGreen,
  back: SwitchSettings,
): Promise<string | null> {
  const colour = colourUnder(site, back.to);
  if (colour === undefined) return null;
  try {
    const content = await readColour(fetchPage, site, colour, 'Countersign (way back)');
    if (isSigned(content, back) || (content.outcome === 'unclear' && content.turnedAway)) return null;
    const should = `The way back is gone: ${colour.name} should hold ${back.version}`;
    const undone = 'Production was left as it is.';
    return content.outcome === 'held' && content.version === back.version
      ? `${should} as it was when the plan was made, but holds other content under that name. ${undone} Put that very build of ${back.version} back into ${colour.name}, then use Try Again.`
      : `${should}, but ${spellContent(colour, content)}. ${undone} Put ${back.version} back into ${colour.name}, then use Try Again.`;
  } catch (error) {
    if (error instanceof RetryableError) return null;
    throw error;
  }
}

/**
 * Whether the live colour still holds what was approved: what somebody put in its place, in words, or null. Answers a
 * RetryableError, and blames nobody, where the colour does not show exactly one release; never rejects with one.
 */
export async function replacedIn(
  { fetchPage }: SiteDeps,
  site: CloudFrontBlueGreen,
  there: SwitchSettings,
): Promise<string | RetryableError | null> {
  const colour = colourUnder(site, there.to);
  if (colour === undefined) return null;
  try {
    const content = await readColour(fetchPage, site, colour, 'Countersign (watch)');
    if (isSigned(content, there)) return null;
    if (content.outcome === 'unclear') {
      const text = `What lies in ${colour.name} cannot be told: it ${content.text}.`;
      return new RetryableError('site.live-content-unclear', text);
    }
    const found =
      content.version === there.version
        ? `other content under the name ${there.version} than was approved`
        : `${content.version} instead of ${there.version}`;
    return `Somebody replaced what lies in ${colour.name}: ${found}.`;
  } catch (error) {
    if (error instanceof RetryableError) return error;
    throw error;
  }
}

const colourUnder = (site: CloudFrontBlueGreen, path: string): Colour | undefined =>
  coloursOf(site).find(({ originPath }) => originPath === path);

/** Plans that were stored before the content was noted in their steps know only its name. */
const isSigned = (content: ColourContent, { version, artifact }: SwitchSettings): boolean =>
  content.outcome === 'held' &&
  content.version === version &&
  (artifact === undefined || content.artifact === artifact);
