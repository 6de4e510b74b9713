import type { SlackEphemeral, SlackMessage } from '../../slack/control.ts';
import { post } from '../api.ts';
import { Blocks } from '../blocks/blocks.tsx';
import { SlackText } from '../blocks/slack-text.tsx';
import { SurfaceProvider } from '../blocks/surface.tsx';
import { ago, clockTime, clockTimeWithSeconds, shortDay } from '../dates.ts';
import { Avatar, useDirectory } from '../directory.tsx';
import { useSurfaceFor } from '../use-surface-for.ts';

function Head({ user, atMs }: { user: string; atMs: number }) {
  const { people, zone, botUserId } = useDirectory();
  const person = people.get(user);
  return (
    <p className="message-head">
      <span className="message-author">{person?.realName ?? user}</span>
      {user === botUserId && <span className="tag">App</span>}
      {person !== undefined && person.kind !== 'member' && person.kind !== 'bot' && (
        <span className="tag">{person.kind === 'deactivated' ? 'Deactivated' : person.title}</span>
      )}
      <time
        className="message-time"
        dateTime={new Date(atMs).toISOString()}
        title={`${shortDay(atMs, zone)}, ${clockTimeWithSeconds(atMs, zone)}`}
      >
        {clockTime(atMs, zone)}
      </time>
    </p>
  );
}

export function MessageItem(props: {
  message: SlackMessage;
  user: string;
  /** The same author wrote just before: no face and name again. */
  isContinued?: boolean;
  inThread?: boolean;
  onThread?: (ts: string) => void;
  complain: (text: string) => void;
}) {
  const { message, user, isContinued = false, inThread = false, onThread, complain } = props;
  const { nowMs } = useDirectory();
  const surface = useSurfaceFor({
    id: `m${message.ts}${inThread ? '-t' : ''}`,
    user,
    place: { channel: message.channel, messageTs: message.ts },
    complain,
  });
  if (message.tombstone) {
    return (
      <article className="message tombstone" data-testid="message" data-ts={message.ts}>
        <p className="message-tombstone">This message was deleted.</p>
      </article>
    );
  }
  const isReplyInChannel = !inThread && message.threadTs !== undefined && message.threadTs !== message.ts;
  return (
    <article
      className={`message${isContinued ? ' continued' : ''}`}
      data-testid="message"
      data-ts={message.ts}
      data-from={message.fromApp ? 'app' : message.user}
    >
      <div className="message-face">{!isContinued && <Avatar id={message.user} />}</div>
      <div className="message-body">
        {!isContinued && <Head user={message.user} atMs={message.atMs} />}
        {isReplyInChannel && (
          <button
            type="button"
            className="link-button reply-note"
            onClick={() => onThread?.(message.threadTs ?? message.ts)}
          >
            replied to a thread
          </button>
        )}
        <SurfaceProvider value={surface}>
          {message.blocks.length > 0 ? (
            <Blocks blocks={message.blocks} />
          ) : (
            <SlackText text={{ type: 'mrkdwn', text: message.text }} />
          )}
        </SurfaceProvider>
        {message.markedEdited && <span className="edited">(edited)</span>}
        {!inThread && message.replyCount > 0 && (
          <button
            type="button"
            className="thread-link"
            data-testid="thread-link"
            onClick={() => onThread?.(message.ts)}
          >
            <strong>
              {message.replyCount} {message.replyCount === 1 ? 'reply' : 'replies'}
            </strong>
            {message.latestReplyTs !== undefined && (
              <span>Last reply {ago(Number(message.latestReplyTs) * 1000, nowMs)}</span>
            )}
          </button>
        )}
      </div>
      {!inThread && onThread !== undefined && (
        <button
          type="button"
          className="hover-action"
          aria-label="Reply in thread"
          onClick={() => onThread(message.threadTs ?? message.ts)}
        >
          Reply
        </button>
      )}
    </article>
  );
}

export function EphemeralItem(props: {
  ephemeral: SlackEphemeral;
  user: string;
  complain: (text: string) => void;
}) {
  const { ephemeral, user, complain } = props;
  const { botUserId } = useDirectory();
  const surface = useSurfaceFor({
    id: `e${ephemeral.id}`,
    user,
    place: { ephemeralId: ephemeral.id },
    complain,
  });
  const dismiss = () => {
    post('slack', 'dismissEphemeral', { id: ephemeral.id }).catch((error: Error) => complain(error.message));
  };
  return (
    <article className="message ephemeral" data-testid="ephemeral">
      <div className="message-face">
        <Avatar id={botUserId} />
      </div>
      <div className="message-body">
        <p className="ephemeral-note">
          <EyeIcon /> Only visible to you
          <span aria-hidden="true"> · </span>
          <button type="button" className="link-button" onClick={dismiss}>
            Dismiss
          </button>
        </p>
        <Head user={botUserId} atMs={ephemeral.atMs} />
        <SurfaceProvider value={surface}>
          {ephemeral.blocks.length > 0 ? (
            <Blocks blocks={ephemeral.blocks} />
          ) : (
            <SlackText text={{ type: 'mrkdwn', text: ephemeral.text }} />
          )}
        </SurfaceProvider>
      </div>
    </article>
  );
}

function EyeIcon() {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8z"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
      />
      <circle cx="8" cy="8" r="2" fill="currentColor" />
    </svg>
  );
}
