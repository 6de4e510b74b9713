import type { JourneyWorld } from './world.ts';

/**
 * Every text of the app that Slack parses for mentions, links and formatting, wherever it is shown: mrkdwn objects, and
 * the top-level text, which notifications are made of. `plain_text` is not parsed.
 */
export function parsedTexts(world: JourneyWorld): string[] {
  const { messages, ephemerals, views, homes } = world.workspace.slack.control.state();
  const said = [...Object.values(messages).flat(), ...ephemerals];
  const drawn = [...said, ...views, ...Object.values(homes)].flatMap(({ blocks }) => mrkdwnIn(blocks));
  return [...said.map(({ text }) => text), ...drawn];
}

function mrkdwnIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'mrkdwn' && 'text' in value) return [String(value.text)];
  return Object.values(value).flatMap(mrkdwnIn);
}
