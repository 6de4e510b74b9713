import type { Catalog } from '../../flows/desk.ts';
import type { EphemeralAnswer } from '../slack-client.ts';
import { section } from './block.ts';
import { code, lines } from './text.ts';

/** What can be typed, and for which apps. */
export function helpAnswer(catalog: Catalog): EphemeralAnswer {
  const usage = [
    '*Countersign* takes a release to production: it looks, asks for approvals, carries it out and takes it back when production does not hold.',
    '• `/promote APP VERSION [ENVIRONMENT] [--reason TEXT]` asks for a promotion',
    '• `/promote plan APP VERSION [ENVIRONMENT]` shows the plan and starts nothing',
    '• `/promote status [APP] [ENVIRONMENT]` shows what is live where, what waits and what runs',
    '• `/promote` opens a form',
    '• `/promote unlock APP ENVIRONMENT REASON` frees an environment whose promotion cannot be worked on any more; two people have to say so',
    '• `/rollback APP [ENVIRONMENT] [VERSION] [--reason TEXT]` goes back, to the release before if no version is named',
    '• `/rollback plan APP [ENVIRONMENT] [VERSION]` shows the way back and starts nothing',
  ];
  const apps = catalog.apps.map(
    ({ app, environments }) => `• ${code(app)}: ${environments.map((name) => code(name)).join(', ')}`,
  );
  const known = ['*Apps and their environments*, the last one meant when none is named', ...apps];
  return { text: lines([...usage, ...known], 3900), blocks: [section(usage), section(known)] };
}
