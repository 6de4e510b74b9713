import type { SlackState } from '../../slack/control.ts';
import { useDirectory } from '../directory.tsx';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';

/** One parent and its replies. */
export function ThreadPane(props: {
  slack: SlackState;
  user: string;
  thread: { channel: string; ts: string };
  onClose: () => void;
  complain: (text: string) => void;
}) {
  const { slack, user, thread, onClose, complain } = props;
  const { channels } = useDirectory();
  const messages = (slack.messages[thread.channel] ?? []).filter(
    (message) => message.ts === thread.ts || message.threadTs === thread.ts,
  );
  const ephemerals = slack.ephemerals.filter(
    (each) => each.channel === thread.channel && each.threadTs === thread.ts,
  );
  return (
    <section className="thread" aria-label="Thread" data-testid="thread-pane">
      <header className="pane-head">
        <h2>
          Thread <small>#{channels.get(thread.channel)?.name ?? ''}</small>
        </h2>
        <button type="button" className="icon-button" aria-label="Close thread" onClick={onClose}>
          ✕
        </button>
      </header>
      <MessageList
        messages={messages}
        ephemerals={ephemerals}
        user={user}
        label={`Thread ${thread.ts}`}
        inThread
        complain={complain}
      />
      <Composer
        user={user}
        channel={thread.channel}
        threadTs={thread.ts}
        placeholder="Reply…"
        complain={complain}
      />
    </section>
  );
}
