import type { Catalog, Desk } from '../flows/desk.ts';
import type { Log } from '../flows/ports.ts';
import type { Later } from './ports.ts';
import type { SlackClient } from './slack-client.ts';

/** What every listener is given. */
export interface BotParts {
  readonly desk: Desk;
  readonly catalog: Catalog;
  readonly slack: Pick<SlackClient, 'openView' | 'publishHome' | 'respond' | 'whisper'>;
  readonly later: Later;
  readonly nowMs: () => number;
  /** The workspace whose people may do anything at all. */
  readonly teamId: string;
  readonly log: Log;
}
