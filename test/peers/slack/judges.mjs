import { readFileSync } from 'node:fs';
import { packageVersion } from '../finders.mjs';

/** Data of others that stands in this folder cannot be missing; its version is the day it was taken. */
const taken = (day) => () => {
  readFileSync(new URL('data/README.md', import.meta.url));
  return day;
};

const part = (name) => [`test/peers/slack/${name}.test.ts`];

export const judges = [
  {
    id: 'slack-emulate',
    name: 'emulate, Slack',
    judges: 'the bot’s half of the Web API, and the stand-in beside it',
    files: part('emulate'),
    from: 'npm',
    version: () => packageVersion('emulate'),
  },
  {
    id: 'slack-methods',
    name: 'Slack’s method reference',
    judges: 'the bot’s calls, the stand-in’s methods and refusals',
    files: part('methods'),
    from: 'npm',
    version: taken('2026-08-20'),
  },
  {
    id: 'slack-samples',
    name: 'Slack’s SDK samples, Bolt’s types',
    judges: 'what the stand-in delivers',
    files: part('samples'),
    from: 'npm',
    version() {
      packageVersion('ts-json-schema-generator');
      return `${taken('2026-08-07')()}, @slack/bolt ${packageVersion('@slack/bolt')}`;
    },
  },
  {
    id: 'slack-answers',
    name: 'Slack’s types of answers',
    judges: 'what the stand-in answers',
    files: part('answers'),
    from: 'npm',
    version() {
      packageVersion('ts-json-schema-generator');
      return `@slack/web-api ${packageVersion('@slack/web-api')}`;
    },
  },
  {
    id: 'slack-types',
    name: 'Slack’s types and their comments',
    judges: 'all that the bot shows, what the stand-in takes',
    files: part('types'),
    from: 'npm',
    version() {
      packageVersion('ts-json-schema-generator');
      return `@slack/types ${packageVersion('@slack/types')}`;
    },
  },
  {
    id: 'slack-limits',
    name: 'Slack’s written limits',
    judges: 'all that the bot shows, what the stand-in refuses',
    files: part('limits'),
    from: 'npm',
    version: taken('2026-11'),
  },
  {
    id: 'slack-manifest',
    name: 'Slack’s manifest schema',
    judges: 'the manifest',
    files: part('manifest'),
    from: 'npm',
    version: taken('1.0.0'),
  },
];
