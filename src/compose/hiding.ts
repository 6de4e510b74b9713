/** Addresses that let whoever has them answer in Slack. */
const responseAddress = /https:\/\/hooks\.slack\.com\/[^\s"\\]+/g;
const shortestSecret = 8;

/** As the text stands inside a line. */
const inJson = (secret: string) => JSON.stringify(secret).slice(1, -1);

/** Takes these texts, and addresses to answer at, out of a line of JSON. */
export function hiding(secrets: readonly string[]): (line: string) => string {
  const hidden = secrets.filter((secret) => secret.length >= shortestSecret).map(inJson);
  return (line) =>
    hidden
      .reduce((text, secret) => text.replaceAll(secret, 'hidden'), line)
      .replaceAll(responseAddress, 'hidden');
}
