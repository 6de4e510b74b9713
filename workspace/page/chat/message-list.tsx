import { useEffect, useLayoutEffect, useRef } from 'react';
import type { SlackEphemeral, SlackMessage } from '../../slack/control.ts';
import { dayHeading, dayKey } from '../dates.ts';
import { useDirectory } from '../directory.tsx';
import { EphemeralItem, MessageItem } from './message.tsx';

type Entry =
  | { kind: 'message'; atMs: number; message: SlackMessage }
  | { kind: 'ephemeral'; atMs: number; ephemeral: SlackEphemeral };

const continuedWithinMs = 5 * 60_000;

/** Messages and private answers in order, with a line per day; stays at the end unless the person scrolled up. */
export function MessageList(props: {
  messages: readonly SlackMessage[];
  ephemerals: readonly SlackEphemeral[];
  user: string;
  label: string;
  inThread?: boolean;
  onThread?: (ts: string) => void;
  complain: (text: string) => void;
}) {
  const { messages, ephemerals, user, label, inThread = false, onThread, complain } = props;
  const { zone, nowMs } = useDirectory();
  const list = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const lastTop = useRef(0);

  const entries: Entry[] = [
    ...messages.map((message): Entry => ({ kind: 'message', atMs: message.atMs, message })),
    ...ephemerals.map((ephemeral): Entry => ({ kind: 'ephemeral', atMs: ephemeral.atMs, ephemeral })),
  ].sort((a, b) => a.atMs - b.atMs);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation starts at its end again.
  useLayoutEffect(() => {
    isAtEnd.current = true;
    lastTop.current = 0;
    if (list.current !== null) list.current.scrollTop = list.current.scrollHeight;
  }, [label]);

  useEffect(() => {
    const box = list.current;
    const content = inner.current;
    if (box === null || content === null) return;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) box.scrollTop = box.scrollHeight;
    });
    observer.observe(content);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);

  const newest = entries.at(-1);
  const isForViewer = newest?.kind === 'ephemeral' || newest?.message.user === user;
  const newestKey = newest?.kind === 'ephemeral' ? newest.ephemeral.id : newest?.message.ts;
  // biome-ignore lint/correctness/useExhaustiveDependencies: looks only when something new stands at the end.
  useLayoutEffect(() => {
    // What one said, and what one is told in private, must not arrive out of sight.
    if (!isForViewer || list.current === null) return;
    isAtEnd.current = true;
    list.current.scrollTop = list.current.scrollHeight;
  }, [newestKey]);

  let lastDay = '';
  let previous: Entry | undefined;
  return (
    <div
      className="message-list"
      ref={list}
      role="log"
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
      tabIndex={0}
      onScroll={(event) => {
        const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
        // Our own scroll to the end is reported late, when the content may have grown again: only up is a wish.
        if (scrollHeight - scrollTop - clientHeight < 60) isAtEnd.current = true;
        else if (scrollTop < lastTop.current) isAtEnd.current = false;
        lastTop.current = scrollTop;
      }}
    >
      <div ref={inner} className="message-list-inner">
        {entries.length === 0 && (
          <p className="empty">
            Nothing here yet.
            {!inThread && (
              <>
                <br />
                Type <code>/promote site v1.1.0</code> below to ask for a promotion, or{' '}
                <code>/promote help</code>.
              </>
            )}
          </p>
        )}
        {entries.map((entry) => {
          const day = dayKey(entry.atMs, zone);
          const isNewDay = day !== lastDay && !inThread;
          lastDay = day;
          const isContinued =
            !isNewDay &&
            entry.kind === 'message' &&
            previous?.kind === 'message' &&
            previous.message.user === entry.message.user &&
            !previous.message.tombstone &&
            entry.message.blocks.length === 0 &&
            previous.message.blocks.length === 0 &&
            entry.atMs - previous.atMs < continuedWithinMs;
          previous = entry;
          return (
            <div key={entry.kind === 'message' ? entry.message.ts : entry.ephemeral.id}>
              {isNewDay && (
                <p className="day">
                  <span>{dayHeading(entry.atMs, zone, nowMs)}</span>
                </p>
              )}
              {entry.kind === 'message' ? (
                <MessageItem
                  message={entry.message}
                  user={user}
                  isContinued={isContinued}
                  inThread={inThread}
                  complain={complain}
                  {...(onThread === undefined ? {} : { onThread })}
                />
              ) : (
                <EphemeralItem ephemeral={entry.ephemeral} user={user} complain={complain} />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
