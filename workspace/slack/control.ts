/**
 * What a person, the page and the journeys can see and do in the Slack stand-in.
 * Everything in `SlackState` is plain JSON, so that it crosses HTTP unchanged.
 */

/** A block as Slack hands it back: ids filled in, the rest as the app sent it. */
export interface SlackBlock {
  type: string;
  block_id: string;
  [key: string]: unknown;
}

export type PersonKind =
  | 'member'
  | 'guest'
  | 'single-channel-guest'
  | 'bot'
  | 'deactivated'
  /** From another workspace, reached through a channel shared with it. */
  | 'partner'
  /** From another workspace, in no channel the app can see (`is_stranger`). */
  | 'stranger';

export interface SlackPerson {
  id: string;
  teamId: string;
  /** The handle: what follows `@`. */
  name: string;
  realName: string;
  title: string;
  kind: PersonKind;
  email: string;
  isEmailConfirmed: boolean;
  timeZone: string;
}

export interface SlackUserGroup {
  id: string;
  handle: string;
  name: string;
  members: string[];
  disabled: boolean;
}

export interface SlackChannel {
  id: string;
  /** Without `#`; for a direct message the id of the person. */
  name: string;
  kind: 'public' | 'private' | 'direct';
  archived: boolean;
  /** Shared with another workspace through Slack Connect. */
  sharedExternally: boolean;
  members: string[];
}

export interface SlackMessage {
  channel: string;
  ts: string;
  /** The parent's `ts`; equal to `ts` on a parent that has replies, absent on a message without a thread. */
  threadTs?: string;
  /** A reply that is shown in the channel too. */
  broadcast: boolean;
  user: string;
  fromApp: boolean;
  text: string;
  blocks: SlackBlock[];
  metadata?: { event_type: string; event_payload: Record<string, unknown> };
  atMs: number;
  /** Virtual time of every edit, oldest first. Edits notify nobody. */
  editsAtMs: number[];
  /** Whether Slack would show "(edited)": not when blocks were used. */
  markedEdited: boolean;
  replyCount: number;
  latestReplyTs?: string;
  /** A deleted parent whose replies remain. */
  tombstone: boolean;
}

export interface SlackEphemeral {
  id: string;
  channel: string;
  user: string;
  ts: string;
  threadTs?: string;
  text: string;
  blocks: SlackBlock[];
  atMs: number;
}

export type SlackStateValues = Record<string, Record<string, Record<string, unknown>>>;

export interface SlackView {
  id: string;
  type: 'modal' | 'home';
  user: string;
  callbackId: string;
  title: string;
  submitLabel?: string;
  closeLabel?: string;
  blocks: SlackBlock[];
  hash: string;
  privateMetadata: string;
  rootViewId: string;
  previousViewId?: string;
  externalId: string;
  notifyOnClose: boolean;
  clearOnClose: boolean;
  submitDisabled: boolean;
  values: SlackStateValues;
  /** Shown under the input blocks after a refused submission, by `block_id`. */
  errors: Record<string, string>;
  atMs: number;
}

export interface SlackToast {
  id: string;
  user: string;
  text: string;
  /** `operation_timeout`, `dispatch_failed` and the like. */
  code: string;
  atMs: number;
}

export interface SlackNotification {
  user: string;
  channel: string;
  ts: string;
  /** What asked for attention: the person, their group, `@channel`, a direct message. */
  because: 'mention' | 'group' | 'channel' | 'direct';
  text: string;
  atMs: number;
  read: boolean;
}

export interface SlackCall {
  method: string;
  atMs: number;
  args: Record<string, unknown>;
  httpStatus: number;
  ok: boolean;
  error?: string;
  /** The answer was made and applied, but the connection was cut before it was sent. */
  answerLost?: true;
}

export type DeliveryKind =
  | 'command'
  | 'block_actions'
  | 'view_submission'
  | 'view_closed'
  | 'block_suggestion'
  | 'shortcut'
  | 'event'
  | 'raw';

export interface SlackDelivery {
  id: string;
  kind: DeliveryKind;
  transport: 'http' | 'socket';
  atMs: number;
  headers: Record<string, string>;
  body: string;
  outcome: DeliveryOutcome;
  httpStatus?: number;
  ackBody?: string;
  latencyMs: number;
}

export type DeliveryOutcome =
  | 'acknowledged'
  /** Never sent: Slack itself says no (not in threads, not a member, no such button). */
  | 'refused'
  | 'operation_timeout'
  | 'dispatch_failed'
  /** Answered 200 with something Slack cannot use. */
  | 'bad_ack';

export interface DeliveryResult {
  outcome: DeliveryOutcome;
  deliveryId?: string;
  httpStatus?: number;
  latencyMs: number;
  /** What the person saw instead of success. */
  error?: string;
  /** The private answer in the acknowledgement of a command. */
  ephemeral?: SlackEphemeral;
  /** The public answer in the acknowledgement of a command. */
  message?: SlackMessage;
  /** The view opened or pushed with this delivery's trigger before it was acknowledged. */
  openedViewId?: string;
  /** By `block_id`: refused by Slack's own form checks or by `response_action: errors`. */
  viewErrors?: Record<string, string>;
  /** The acknowledgement as parsed, when it had a JSON body. */
  ack?: unknown;
}

/** A text, an option's value, several of them, a number, or null for "cleared". */
export type InputValue = string | string[] | number | null;
/** By `block_id`, then `action_id`. */
export type InputValues = Record<string, Record<string, InputValue>>;

export interface CommandInput {
  user: string;
  channel: string;
  /** As typed, with the slash: `/promote site v1.1.0`. */
  text: string;
  threadTs?: string;
}

export interface ClickInput {
  user: string;
  channel?: string;
  /** Exactly one of these three says where the element is. */
  messageTs?: string;
  viewId?: string;
  ephemeralId?: string;
  actionId: string;
  /** Needed only where one `action_id` occurs in several blocks. */
  blockId?: string;
  /** Needed only where several buttons share block and action: the button's value. For selects: the choice. */
  value?: InputValue;
  /** What the person has put into other inputs of the same message or view. */
  state?: InputValues;
  /** Clicks an old rendering: sent as given, whatever the message or view shows by now. */
  stale?: { blockId: string; actionId: string; value?: string; text?: string };
}

export interface SlackRateUsage {
  method: string;
  /** Set for `chat.postMessage`, which has a pot per channel. */
  channel?: string;
  limitPerMinute: number;
  usedInLastMinute: number;
  blockedUntilMs?: number;
  refused: number;
}

export interface SlackFaults {
  downUntilMs?: number;
  downAs?: 'refused' | 'unavailable';
  rateLimitedUntilMs?: number;
  slowMs: number;
  directoryDown: boolean;
  /** Method to how many more answers are lost. */
  loseAnswers: Record<string, number>;
  failures: Record<string, { error: string; httpStatus: number; left: number }>;
}

/** Everything one person sees; without a person, everything there is. */
export interface SlackState {
  nowMs: number;
  team: { id: string; name: string; domain: string };
  app: {
    id: string;
    botId: string;
    botUserId: string;
    scopes: string[];
    requestUrl: string;
    sockets: number;
  };
  people: SlackPerson[];
  groups: SlackUserGroup[];
  channels: SlackChannel[];
  /** By channel id, oldest first; replies are in the same list and carry `threadTs`. */
  messages: Record<string, SlackMessage[]>;
  ephemerals: SlackEphemeral[];
  /** Open modals, bottom of the stack first. */
  views: SlackView[];
  /** Published Home tabs by person. */
  homes: Record<string, SlackView>;
  toasts: SlackToast[];
  notifications: SlackNotification[];
  faults: SlackFaults;
  rates: SlackRateUsage[];
}

export interface SlackFaultControl {
  /** Slack is unreachable for the app and for people; `refused` cuts connections, `unavailable` answers 503. */
  down(input: { seconds: number; as?: 'refused' | 'unavailable' }): void;
  up(): void;
  /** Every method answers 429 for this long. */
  rateLimit(input: { seconds: number }): void;
  /** Real milliseconds before each answer of the Web API. */
  slow(input: { delayMs: number }): void;
  /** The next calls are applied, then the connection is cut. */
  loseAnswer(input: { method: string; times?: number }): void;
  /** The next calls answer this error and do nothing; `httpStatus` other than 200 answers an empty body. */
  fail(input: { method: string; error: string; httpStatus?: number; times?: number }): void;
  /** `users.*` and `usergroups.*` fail until switched back. */
  directoryDown(input: { down: boolean }): void;
  /** A workspace admin deletes a message; without `ts` all of the app's messages of the channel. */
  deleteMessage(input: { channel: string; ts?: string }): void;
  addToGroup(input: { group: string; user: string }): void;
  removeFromGroup(input: { group: string; user: string }): void;
  setGroupDisabled(input: { group: string; disabled: boolean }): void;
  deactivateUser(input: { user: string }): void;
  reactivateUser(input: { user: string }): void;
  setEmail(input: { user: string; email: string; confirmed: boolean }): void;
  archiveChannel(input: { channel: string; archived: boolean }): void;
  removeFromChannel(input: { channel: string; user: string }): void;
  addToChannel(input: { channel: string; user: string }): void;
  setSharedExternally(input: { channel: string; shared: boolean }): void;
  revokeToken(input: { revoked: boolean }): void;
  setScopes(input: { scopes: string[] }): void;
  /** Slack asks Socket Mode clients to reconnect. */
  disconnectSockets(): void;
  clear(): void;
}

export interface RawAnswer {
  httpStatus: number;
  headers: Record<string, string>;
  body: string;
  latencyMs: number;
}

export interface SlackControl {
  requestUrl(): string;
  setRequestUrl(url: string): void;
  /** Slack's `url_verification` handshake; true when the challenge came back. */
  verifyRequestUrl(): Promise<boolean>;

  command(input: CommandInput): Promise<DeliveryResult>;
  click(input: ClickInput): Promise<DeliveryResult>;
  /** Fills in the form and presses its submit button; values not given stay as they are. */
  submit(input: { user: string; viewId: string; values?: InputValues }): Promise<DeliveryResult>;
  /** Closes the top view, or with `all` the whole stack; the app hears of it only if it asked to. */
  closeView(input: { user: string; viewId: string; all?: boolean }): Promise<DeliveryResult>;
  shortcut(input: { user: string; callbackId?: string }): Promise<DeliveryResult>;
  /** Asks the app for the options of an `external_select`. */
  suggest(input: {
    user: string;
    viewId?: string;
    channel?: string;
    messageTs?: string;
    actionId: string;
    blockId?: string;
    typed: string;
  }): Promise<DeliveryResult & { options: { text: string; value: string }[] }>;
  openHome(input: { user: string; tab?: 'home' | 'messages' }): Promise<DeliveryResult>;
  /** A person writes a message; the app is not told, it has no `*:history` scope. */
  say(input: { user: string; channel: string; text: string; threadTs?: string }): SlackMessage;

  state(input?: { user?: string }): SlackState;
  messages(channel: string): SlackMessage[];
  /** Every rendering a message has had, oldest first, to click an old one. */
  versions(input: { channel: string; ts: string }): { atMs: number; text: string; blocks: SlackBlock[] }[];
  calls(): SlackCall[];
  deliveries(): SlackDelivery[];
  clearLogs(): void;
  markRead(input: { user: string; channel?: string }): void;
  dismissToast(input: { id: string }): void;
  dismissEphemeral(input: { id: string }): void;

  /** Headers Slack would send with this body; each part can be set wrong on purpose. */
  sign(input: {
    body: string;
    timestampSeconds?: number;
    version?: string;
    secret?: string;
  }): Record<string, string>;
  /** Posts exactly this to the app's request URL. */
  deliverRaw(input: { headers: Record<string, string>; body: string; method?: string }): Promise<RawAnswer>;
  /** The same bytes and headers once more. Throws when nothing was delivered over HTTP yet. */
  replayLast(input?: { kind?: DeliveryKind }): Promise<RawAnswer>;

  faults: SlackFaultControl;
  /** Everything but faults and logs, as JSON. */
  save(): string;
  load(saved: string): void;
  /** Called after any change; the returned function stops it. */
  subscribe(listener: () => void): () => void;
}
