/** What Slack makes of a typed command when `should_escape` is on: entities escaped, names and links in angle brackets. */
import type { World } from './world.ts';

export function escapeCommandText(world: World, typed: string): string {
  const escaped = typed.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return escaped
    .replace(/https?:\/\/[^\s]+/g, (url) => `<${url}>`)
    .replace(/(^|\s)@([a-z0-9._-]*[a-z0-9])/gi, (whole, before: string, name: string) => {
      if (['here', 'channel', 'everyone'].includes(name)) return `${before}<!${name}>`;
      const person = world.data.people.find((candidate) => candidate.name === name);
      if (person !== undefined) return `${before}<@${person.id}|${person.name}>`;
      const group = world.data.groups.find((candidate) => candidate.handle === name && !candidate.disabled);
      return group === undefined ? whole : `${before}<!subteam^${group.id}|@${group.handle}>`;
    })
    .replace(/(^|\s)#([a-z0-9_-]+)/g, (whole, before: string, name: string) => {
      const channel = world.channel(`#${name}`);
      return channel === undefined ? whole : `${before}<#${channel.id}|${channel.name}>`;
    });
}
