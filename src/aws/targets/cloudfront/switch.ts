import { UpdateDistributionCommand } from '@aws-sdk/client-cloudfront';
import { ConflictError, TerminalError } from '../../../flows/errors.ts';
import type { Observation, StepContext } from '../../../flows/ports.ts';
import { type AwsClients, callAws } from '../../clients.ts';
import { spellSecond } from '../../spell.ts';
import type { SwitchSettings } from './config.ts';
import { describeDrift, fingerprintOf, unintendedDifferences, withOriginPath } from './configuration.ts';
import {
  clockToleranceMs,
  commonOriginPath,
  type Distribution,
  isBelievable,
  originPaths,
  preconditionOf,
  readDistribution,
  readPrecondition,
  readUnder,
  showsNothingSince,
  spellOriginPaths,
} from './distribution.ts';
import { carriesMark, markComment } from './marker.ts';

/**
 * Where the switch stands.
 *
 * Forward it is done when the path is the new one and the comment carries our mark; without marks a
 * path that is new since the claim counts as ours. A read that shows what was claimed, or what was there before that,
 * answers `before` with the claimed ETag: the repeat carries the same one and is refused, so nothing happens twice.
 * Any other read may be old as well, so nobody is blamed for what is not believable yet.
 *
 * Back it is never "already done" by looks alone: a write moves the ETag, and only that fences off a
 * forward request that is still on its way. Done means: the old path, an ETag other than the claimed
 * one, and our mark (or, without marks, a modification since the claim).
 *
 * Before traffic is moved back, `wayBackGone` looks at the place it would go to: a deployment may have put another
 * release there meanwhile, and nobody approved that one.
 */
export async function observeSwitch(
  clients: AwsClients,
  settings: SwitchSettings,
  context: StepContext,
  wayBackGone: () => Promise<string | null>,
): Promise<Observation> {
  const { direction, claim } = context;
  const [seen, gone] = await Promise.all([
    readDistribution(clients, settings.distributionId),
    direction === 'back' && claim === null ? wayBackGone() : null,
  ]);
  const claimed = claim?.precondition ?? null;
  if (claimed !== null && showsNothingSince(claimed, seen))
    return { outcome: 'before', precondition: claimed, older: true };
  const believable = isBelievable(seen, context);
  const blame = (text: string): Observation => (believable ? { outcome: 'foreign', text } : lookAgain(text));
  const foreign = foreignChange(settings, seen);
  if (foreign !== null) return blame(foreign);

  const arrived = commonOriginPath(seen.config, settings.originIds) === settings.to;
  // A moved ETag with the same time is CloudFront's own doing, and older than our write all the same.
  const older = claimed !== null && readPrecondition(claimed).lastModifiedMs === seen.lastModifiedMs;
  const before: Observation = {
    outcome: 'before',
    precondition: preconditionOf(seen),
    ...(older ? { older } : {}),
  };
  const marked = claim !== null && carriesMark(seen.comment, claim.key);

  if (direction === 'forward') {
    if (!arrived && marked) {
      return {
        outcome: 'foreign',
        text: `Somebody else took the switch back: the origin path is ${settings.from} again (changed at ${spellSecond(seen.lastModifiedMs)} UTC), under the mark of this promotion.`,
      };
    }
    if (!arrived) return before;
    if (marked || (claim !== null && !settings.marker && believable)) return done(settings, seen);
    return blame(
      `The origin path is ${settings.to} already, but not by this promotion: the distribution was changed at ${spellSecond(seen.lastModifiedMs)} UTC by somebody else.`,
    );
  }
  if (!arrived && gone !== null) return { outcome: 'failed', code: 'site.way-back-gone', text: gone };
  if (!arrived || claim === null) return before;
  const touchedSinceClaim = seen.lastModifiedMs >= claim.claimedAtMs - clockToleranceMs;
  return marked || (!settings.marker && touchedSinceClaim) ? done(settings, seen) : before;
}

/**
 * Moves the origin path by one UpdateDistribution under exactly the claimed ETag. Everything else is
 * sent back as it was read, which is asserted first. Throws ConflictError without sending when the
 * configuration that is there is not the one that was claimed: a stale body under a fresh ETag would undo
 * somebody's change.
 */
export async function actSwitch(
  clients: AwsClients,
  settings: SwitchSettings,
  { direction, claim }: StepContext,
): Promise<{ reference: null }> {
  if (claim === null || claim.precondition === null) {
    throw new TerminalError('site.act-without-claim', 'A switch needs a claim with an ETag.');
  }
  const claimed = readPrecondition(claim.precondition);
  const seen =
    readUnder(clients, settings.distributionId, claimed.etag) ??
    (await readDistribution(clients, settings.distributionId));
  if (seen.etag !== claimed.etag) {
    throw new ConflictError('site.changed-meanwhile', 'The distribution changed after it was claimed.', {
      data: { claimed: claimed.etag, found: seen.etag },
    });
  }
  const path = commonOriginPath(seen.config, settings.originIds);
  const foreign = foreignChange(settings, seen);
  if (foreign !== null || (direction === 'forward' && path !== settings.from)) {
    throw new ConflictError('site.changed-meanwhile', foreign ?? 'The origin path is not the one expected.');
  }
  // Without marks, writing the same path again would be no change at all, and might not move the ETag.
  const comment =
    settings.marker || path === settings.to
      ? markComment(seen.comment, { ...settings, key: claim.key, etag: claimed.etag })
      : seen.comment;
  const edited = withOriginPath(seen.config, settings.originIds, settings.to, comment);
  const unintended = unintendedDifferences(seen.config, edited, settings.originIds);
  if (unintended.length > 0 || commonOriginPath(edited, settings.originIds) !== settings.to) {
    throw new TerminalError('site.edit-unsound', 'The edit would change more than the origin path.', {
      data: { fields: unintended.map((difference) => difference.field) },
    });
  }
  await callAws('cloudfront:UpdateDistribution', (options) =>
    clients.cloudFrontWrites.send(
      new UpdateDistributionCommand({
        Id: settings.distributionId,
        IfMatch: claimed.etag,
        DistributionConfig: edited,
      }),
      options,
    ),
  );
  return { reference: null };
}

function done(settings: SwitchSettings, seen: Distribution): Observation {
  return {
    outcome: 'done',
    text: `CloudFront accepted origin path ${settings.to} (${settings.colour}) at ${spellSecond(seen.lastModifiedMs)} UTC.`,
  };
}

const lookAgain = (text: string): Observation => ({
  outcome: 'applying',
  text: `Looking again, as CloudFront may be answering late. ${text}`,
  fraction: null,
});

/** What somebody else changed, in plain words, or null. The ETag alone says nothing: it moves by itself. */
function foreignChange(settings: SwitchSettings, seen: Distribution): string | null {
  const { originIds, from, to, fingerprint, sketch } = settings;
  if (fingerprintOf(seen.config, settings) !== fingerprint) {
    const what = describeDrift(sketch, seen.config, settings).join('; ');
    return `Somebody else changed the distribution: ${what === '' ? 'its configuration is another one' : what}.`;
  }
  const path = commonOriginPath(seen.config, originIds);
  if (path === from || path === to) return null;
  const several = new Set(originPaths(seen.config, originIds).values()).size > 1;
  return `Somebody else moved the origin path: ${spellOriginPaths(seen.config, originIds)}, ${several ? 'which do not agree' : `which is neither ${from} nor ${to}`}.`;
}
