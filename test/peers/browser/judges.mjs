import { commandVersion } from '../finders.mjs';

export const judges = [
  {
    id: 'chromium',
    name: 'Chromium',
    judges: 'the page of the workspace',
    config: 'vitest.page.config.ts',
    quiet: true,
    from: 'Debian',
    version: () => commandVersion('/usr/bin/chromium', ['--version'], /(\d+(?:\.\d+)+)/),
  },
];
