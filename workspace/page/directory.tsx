import { createContext, useContext } from 'react';
import type { SlackChannel, SlackPerson, SlackUserGroup } from '../slack/control.ts';

/** Who is looking, and the names behind the ids. */
export interface Directory {
  viewer: string;
  zone: string;
  /** Virtual time of the last snapshot: good enough for "today" and "2 minutes ago". */
  nowMs: number;
  people: ReadonlyMap<string, SlackPerson>;
  channels: ReadonlyMap<string, SlackChannel>;
  groups: ReadonlyMap<string, SlackUserGroup>;
  botUserId: string;
}

const DirectoryContext = createContext<Directory | undefined>(undefined);
export const DirectoryProvider = DirectoryContext.Provider;

export function useDirectory(): Directory {
  const directory = useContext(DirectoryContext);
  if (directory === undefined) throw new Error('There is no directory around this part of the page.');
  return directory;
}

const hues = [206, 12, 158, 268, 36, 334, 184, 88, 226, 300];

export function Avatar({ id, size = 36 }: { id: string; size?: 20 | 28 | 36 }) {
  const { people, botUserId } = useDirectory();
  const person = people.get(id);
  if (id === botUserId) {
    return <img className={`avatar avatar-${size}`} src="/favicon.svg" alt="" width={size} height={size} />;
  }
  const hue = hues[[...people.keys()].indexOf(id) % hues.length] ?? 206;
  const initials = (person?.realName ?? '?')
    .split(' ')
    .map((word) => word.charAt(0))
    .slice(0, 2)
    .join('');
  return (
    <span
      className={`avatar avatar-${size} avatar-initials`}
      style={{ backgroundColor: `hsl(${hue} 38% 42%)` }}
      aria-hidden="true"
    >
      {initials}
    </span>
  );
}

export const kindLabels: Record<SlackPerson['kind'], string> = {
  member: 'Member',
  guest: 'Guest',
  'single-channel-guest': 'Single-channel guest',
  bot: 'App',
  deactivated: 'Deactivated',
  partner: 'Partner workspace',
  stranger: 'Stranger',
};
