import { useCallback, useEffect, useMemo, useState } from 'react';
import type { SlackMessage } from '../slack/control.ts';
import { post } from './api.ts';
import { ChannelView } from './chat/channel-view.tsx';
import { HomeView } from './chat/home-view.tsx';
import { Modal } from './chat/modal.tsx';
import { Sidebar } from './chat/sidebar.tsx';
import { ThreadPane } from './chat/thread-pane.tsx';
import { type Complaint, Toasts } from './chat/toasts.tsx';
import { ConfirmProvider } from './confirm.tsx';
import { type Directory, DirectoryProvider } from './directory.tsx';
import { GoToProvider, pointOut, type Whereabouts } from './permalink.tsx';
import type { Place } from './place.ts';
import { remembered, useRemembered } from './remembered.ts';
import { useWorkspace } from './use-workspace.ts';
import { WorldPanel } from './world/world-panel.tsx';

type Pane = 'channels' | 'chat' | 'side';
const firstUser = 'U0ADA00001';
const firstChannel = 'C0DEPLOYS1';

export function App() {
  const [user, setUser] = useRemembered('acting-as', firstUser);
  const [place, setPlace] = useState<Place>({ kind: 'channel', id: firstChannel });
  const [thread, setThread] = useState<{ channel: string; ts: string }>();
  const [side, setSide] = useState<'world' | 'thread'>('world');
  const [pane, setPane] = useState<Pane>('chat');
  const [complaints, setComplaints] = useState<Complaint[]>([]);
  const workspace = useWorkspace(user);
  const { snapshot } = workspace;

  const complain = useCallback((text: string) => {
    setComplaints((held) => [...held.filter((each) => each.text !== text), { id: Date.now(), text }]);
  }, []);

  const slack = snapshot?.slack;
  const person = slack?.people.find((each) => each.id === user);
  const directory = useMemo<Directory | undefined>(() => {
    if (slack === undefined) return undefined;
    return {
      viewer: user,
      zone: slack.people.find((each) => each.id === user)?.timeZone ?? 'UTC',
      nowMs: slack.nowMs,
      people: new Map(slack.people.map((each) => [each.id, each])),
      channels: new Map(slack.channels.map((each) => [each.id, each])),
      groups: new Map(slack.groups.map((each) => [each.id, each])),
      botUserId: slack.app.botUserId,
    };
  }, [slack, user]);

  const direct = slack?.channels.find(
    (each) => each.kind === 'direct' && (each.name === user || each.members.includes(user)),
  );
  const channel =
    place.kind === 'channel'
      ? (slack?.channels.find((each) => each.id === place.id) ??
        slack?.channels.find((each) => each.kind !== 'direct'))
      : undefined;
  const shownChannel = place.kind === 'channel' ? channel : place.tab === 'messages' ? direct : undefined;
  const { unread, mentions } = useUnread(user, slack?.messages, slack?.notifications, shownChannel?.id);

  if (slack === undefined || person === undefined || directory === undefined) {
    return (
      <main className="loading">
        <img src="/favicon.svg" alt="" width="48" height="48" />
        <p>{workspace.isConnected ? 'Opening the workspace…' : 'The workspace is not running. npm start'}</p>
      </main>
    );
  }

  const openThread = (ts: string) => {
    if (shownChannel === undefined) return;
    setThread({ channel: shownChannel.id, ts });
    setSide('thread');
    setPane('side');
  };
  const closeThread = () => {
    setThread(undefined);
    setSide('world');
    setPane('chat');
  };
  const goTo = (next: Place) => {
    setPlace(next);
    setPane('chat');
  };
  const goToMessage = ({ channel: id, ts, threadTs }: Whereabouts) => {
    const isDirect = direct?.id === id;
    if (!isDirect && !slack.channels.some((each) => each.id === id)) {
      complain(`${person.realName} cannot see that message.`);
      return;
    }
    goTo(isDirect ? { kind: 'app', tab: 'messages' } : { kind: 'channel', id });
    if (threadTs !== undefined && threadTs !== ts) {
      setThread({ channel: id, ts: threadTs });
      setSide('thread');
      setPane('side');
    }
    pointOut(ts);
  };
  const topView = slack.views.at(-1);
  const isThreadShown = side === 'thread' && thread !== undefined;

  return (
    <DirectoryProvider value={directory}>
      <GoToProvider value={goToMessage}>
        <ConfirmProvider>
          <div className="app" data-pane={pane}>
            <Sidebar
              slack={slack}
              user={user}
              place={
                place.kind === 'channel' && channel !== undefined
                  ? { kind: 'channel', id: channel.id }
                  : place
              }
              unread={unread}
              mentions={mentions}
              onPlace={goTo}
              onUser={setUser}
            />

            <main className="chat" aria-label="Conversation">
              {!workspace.isConnected && (
                <p className="offline" role="status">
                  The workspace has stopped. Start it again with <code>npm start</code>.
                </p>
              )}
              {place.kind === 'channel' && channel !== undefined && (
                <ChannelView
                  slack={slack}
                  person={person}
                  channel={channel}
                  onThread={openThread}
                  complain={complain}
                />
              )}
              {place.kind === 'channel' && channel === undefined && (
                <p className="empty">{person.realName} is in no channel of this workspace.</p>
              )}
              {place.kind === 'app' && (
                <>
                  <header className="pane-head">
                    <h1>Countersign</h1>
                    <div className="tabs" role="tablist" aria-label="Countersign">
                      {(['home', 'messages'] as const).map((tab) => (
                        <button
                          key={tab}
                          type="button"
                          role="tab"
                          aria-selected={place.tab === tab}
                          data-testid={`app-tab-${tab}`}
                          onClick={() => setPlace({ kind: 'app', tab })}
                        >
                          {tab === 'home' ? 'Home' : 'Messages'}
                        </button>
                      ))}
                    </div>
                  </header>
                  {place.tab === 'home' && (
                    <HomeView key={user} user={user} view={slack.homes[user]} complain={complain} />
                  )}
                  {place.tab === 'messages' && direct !== undefined && (
                    <ChannelView
                      slack={slack}
                      person={person}
                      channel={direct}
                      isDirect
                      onThread={openThread}
                      complain={complain}
                    />
                  )}
                  {place.tab === 'messages' && direct === undefined && (
                    <p className="empty">Countersign has not written to {person.realName} yet.</p>
                  )}
                </>
              )}
            </main>

            <aside className="side" aria-label={isThreadShown ? 'Thread' : 'The world'}>
              {thread !== undefined && (
                <div className="side-tabs" role="tablist" aria-label="Right side">
                  {(['world', 'thread'] as const).map((tab) => (
                    <button
                      key={tab}
                      type="button"
                      role="tab"
                      aria-selected={side === tab}
                      data-testid={`side-${tab}`}
                      onClick={() => setSide(tab)}
                    >
                      {tab === 'world' ? 'The world' : 'Thread'}
                    </button>
                  ))}
                </div>
              )}
              {isThreadShown ? (
                <ThreadPane
                  key={thread.ts}
                  slack={slack}
                  user={user}
                  thread={thread}
                  onClose={closeThread}
                  complain={complain}
                />
              ) : (
                <WorldPanel workspace={workspace} complain={complain} />
              )}
            </aside>

            <nav className="pane-switch" aria-label="Part of the page">
              {(
                [
                  ['channels', 'Channels'],
                  ['chat', 'Messages'],
                  ['side', isThreadShown ? 'Thread' : 'The world'],
                ] as const
              ).map(([name, label]) => (
                <button
                  key={name}
                  type="button"
                  aria-current={pane === name ? 'true' : undefined}
                  data-testid={`pane-${name}`}
                  onClick={() => setPane(name)}
                >
                  {label}
                </button>
              ))}
            </nav>
          </div>
          {topView !== undefined && (
            <Modal
              key={topView.id}
              user={user}
              view={topView}
              depth={slack.views.length}
              complain={complain}
            />
          )}
          <Toasts
            toasts={slack.toasts}
            complaints={complaints}
            onDone={(id) => setComplaints((held) => held.filter((each) => each.id !== id))}
          />
        </ConfirmProvider>
      </GoToProvider>
    </DirectoryProvider>
  );
}

/** Which channels hold something the acting person has not seen; looking at a channel reads it. */
function useUnread(
  user: string,
  messages: Record<string, SlackMessage[]> | undefined,
  notifications: { channel: string; read: boolean }[] | undefined,
  shown: string | undefined,
): { unread: ReadonlySet<string>; mentions: ReadonlyMap<string, number> } {
  const [, redraw] = useState(0);
  const newest = shown === undefined ? undefined : messages?.[shown]?.at(-1)?.ts;
  const hasUnreadMentions = notifications?.some((each) => each.channel === shown && !each.read) === true;

  useEffect(() => {
    if (shown === undefined || newest === undefined) return;
    if (remembered.get(`seen ${user} ${shown}`) !== newest) {
      remembered.set(`seen ${user} ${shown}`, newest);
      redraw((count) => count + 1);
    }
  }, [user, shown, newest]);
  useEffect(() => {
    if (shown === undefined || !hasUnreadMentions) return;
    post('slack', 'markRead', { user, channel: shown }).catch(() => undefined);
  }, [user, shown, hasUnreadMentions]);

  const unread = new Set<string>();
  for (const [channel, list] of Object.entries(messages ?? {})) {
    const last = list.at(-1);
    if (last === undefined || last.user === user || channel === shown) continue;
    if (last.ts > (remembered.get(`seen ${user} ${channel}`) ?? '')) unread.add(channel);
  }
  const mentions = new Map<string, number>();
  for (const each of notifications ?? []) {
    if (!each.read && each.channel !== shown)
      mentions.set(each.channel, (mentions.get(each.channel) ?? 0) + 1);
  }
  return { unread, mentions };
}
