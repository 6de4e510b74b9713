import type { Catalog, Desk } from '../flows/desk.ts';
import type { Log } from '../flows/ports.ts';
import type { Deliveries, Send } from './ports.ts';
import type { SlackClient } from './slack-client.ts';

/** What every listener is given: all that is needed until a request is acknowledged. */
export interface BotParts {
  readonly desk: Pick<Desk, 'open' | 'decide' | 'status'>;
  readonly catalog: Catalog;
  readonly slack: Pick<SlackClient, 'openView'>;
  readonly deliveries: Deliveries;
  readonly send: Send;
  readonly nowMs: () => number;
  /** The workspace whose people may do anything at all. */
  readonly teamId: string;
  readonly log: Log;
}
