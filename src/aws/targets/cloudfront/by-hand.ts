/** What a person needs to move the origin path themselves. */
export interface ByHand {
  readonly distributionId: string;
  readonly originIds: readonly string[];
  readonly originPath: string;
  readonly colour: string;
  readonly version: string;
  readonly consoleUrl: string;
}

/**
 * The commands that put the origin path where it should be, for a shell with the AWS command line and jq.
 * Configuration and ETag come from one answer, so a change made in between is refused by CloudFront.
 */
export function spellByHand({
  distributionId,
  originIds,
  originPath,
  colour,
  version,
  consoleUrl,
}: ByHand): string[] {
  const origins = originIds.map((id) => JSON.stringify(id)).join(', ');
  const filter = `.DistributionConfig | (.Origins.Items[] | select(.Id | IN(${origins}))).OriginPath = ${JSON.stringify(originPath)}`;
  return [
    `aws cloudfront get-distribution-config --id ${distributionId} --output json > before.json`,
    `jq ${quoted(filter)} before.json > after.json`,
    `aws cloudfront update-distribution --id ${distributionId} --if-match "$(jq -r .ETag before.json)" --distribution-config file://after.json`,
    `aws cloudfront wait distribution-deployed --id ${distributionId}`,
    `aws cloudfront create-invalidation --distribution-id ${distributionId} --paths '/*'`,
    `Or in the console: ${consoleUrl} (Origins, origin path ${originPath}; then Invalidations, /*). Production should then show ${version}, from ${colour}.`,
  ];
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
