import { useId, useRef, useState } from 'react';
import type { DeliveryResult } from '../../slack/control.ts';
import { post } from '../api.ts';

interface CommandHint {
  command: string;
  usage: string;
  description: string;
}

/** As the app's manifest describes them; Slack shows the same while somebody types. */
const commands: readonly CommandHint[] = [
  {
    command: '/promote',
    usage: '[app] [version] [environment] | plan | status | help',
    description: 'Promote a release to an environment',
  },
  {
    command: '/rollback',
    usage: '[app] [environment] [version] | plan | help',
    description: 'Roll an environment back to an earlier release',
  },
];

/** Enter sends, Shift-Enter breaks the line; what begins with a slash is a command. */
export function Composer(props: {
  user: string;
  channel: string;
  placeholder: string;
  threadTs?: string;
  complain: (text: string) => void;
}) {
  const { user, channel, placeholder, threadTs, complain } = props;
  const [text, setText] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [chosen, setChosen] = useState(0);
  const history = useRef<string[]>([]);
  const field = useRef<HTMLTextAreaElement>(null);
  const listId = useId();

  const firstWord = text.split(/\s/, 1)[0] ?? '';
  const isNaming = text.startsWith('/') && !/\s/.test(text);
  const offers = isNaming ? commands.filter((each) => each.command.startsWith(firstWord)) : [];
  const hint = commands.find((each) => each.command === firstWord && text.length > firstWord.length);
  const offer = offers[Math.min(chosen, offers.length - 1)];

  const send = async () => {
    const typed = text.trim();
    if (typed === '' || isBusy) return;
    setBusy(true);
    history.current = [typed, ...history.current.filter((each) => each !== typed)].slice(0, 20);
    setText('');
    try {
      if (typed.startsWith('/')) {
        const result = await post<DeliveryResult>('slack', 'command', {
          user,
          channel,
          text: typed,
          ...(threadTs === undefined ? {} : { threadTs }),
        });
        if (result.outcome === 'refused' && result.error !== undefined) complain(result.error);
        // What could not be delivered is given back to be sent again.
        if (result.outcome !== 'acknowledged') setText(typed);
      } else {
        await post('slack', 'say', {
          user,
          channel,
          text: typed,
          ...(threadTs === undefined ? {} : { threadTs }),
        });
      }
    } catch (error) {
      setText(typed);
      complain(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
      field.current?.focus();
    }
  };

  const runShortcut = async () => {
    try {
      const result = await post<DeliveryResult>('slack', 'shortcut', { user });
      if (result.outcome === 'refused' && result.error !== undefined) complain(result.error);
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    }
  };

  const complete = (command: string) => {
    setText(`${command} `);
    setChosen(0);
    field.current?.focus();
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {offers.length > 0 && (
        <div className="command-offers" id={listId} role="listbox" aria-label="Commands">
          {offers.map((each) => (
            <button
              key={each.command}
              type="button"
              role="option"
              aria-selected={each === offer}
              className={each === offer ? 'chosen' : ''}
              onClick={() => complete(each.command)}
            >
              <span>
                <strong>{each.command}</strong> <code className="offer-usage">{each.usage}</code>
              </span>
              <small className="offer-description">{each.description}</small>
            </button>
          ))}
        </div>
      )}
      {hint !== undefined && (
        <p className="command-hint">
          <strong>{hint.command}</strong> <code>{hint.usage}</code>
        </p>
      )}
      <div className="composer-box">
        {threadTs === undefined && (
          <button
            type="button"
            className="shortcut"
            aria-label="Shortcut: Promote a release"
            title="Shortcut: Promote a release"
            data-testid="shortcut"
            onClick={() => void runShortcut()}
          >
            <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
              <path
                d="M9 1.5L3 9h4l-.5 5.5L13 7H8.500z"
                fill="none"
                stroke="currentColor"
                strokeWidth="1.4"
                strokeLinejoin="round"
              />
            </svg>
          </button>
        )}
        <textarea
          ref={field}
          rows={Math.min(6, text.split('\n').length)}
          value={text}
          placeholder={placeholder}
          aria-label={placeholder}
          aria-controls={offers.length > 0 ? listId : undefined}
          data-testid={threadTs === undefined ? 'composer' : 'thread-composer'}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (offers.length > 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
              event.preventDefault();
              setChosen((chosen + (event.key === 'ArrowDown' ? 1 : offers.length - 1)) % offers.length);
            } else if (
              offer !== undefined &&
              offer.command !== firstWord &&
              ['Tab', 'Enter'].includes(event.key)
            ) {
              event.preventDefault();
              complete(offer.command);
            } else if (event.key === 'Enter' && !event.shiftKey) {
              event.preventDefault();
              void send();
            } else if (event.key === 'ArrowUp' && text === '') {
              const [last] = history.current;
              if (last !== undefined) {
                event.preventDefault();
                setText(last);
              }
            }
          }}
        />
        <button
          type="submit"
          className="send"
          aria-label="Send"
          aria-busy={isBusy}
          disabled={isBusy || text.trim() === ''}
          data-testid={threadTs === undefined ? 'send' : 'thread-send'}
        >
          <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
            <path d="M2 2.5l14 6.5-14 6.5 2-6.5z" fill="currentColor" />
          </svg>
        </button>
      </div>
    </form>
  );
}
