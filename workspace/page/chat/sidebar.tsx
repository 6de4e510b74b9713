import type { SlackChannel, SlackState } from '../../slack/control.ts';
import { Avatar, kindLabels } from '../directory.tsx';
import type { Place } from '../place.ts';

const hash = (channel: SlackChannel) => (channel.kind === 'private' ? '🔒' : '#');

/** The workspace, its channels with what is unread, the app, and who one acts as. */
export function Sidebar(props: {
  slack: SlackState;
  user: string;
  place: Place;
  unread: ReadonlySet<string>;
  mentions: ReadonlyMap<string, number>;
  onPlace: (place: Place) => void;
  onUser: (user: string) => void;
}) {
  const { slack, user, place, unread, mentions, onPlace, onUser } = props;
  const channels = slack.channels.filter((channel) => channel.kind !== 'direct');
  const direct = slack.channels.find(
    (channel) => channel.kind === 'direct' && (channel.name === user || channel.members.includes(user)),
  );
  const people = slack.people.filter((person) => person.kind !== 'bot');
  const directMentions = direct === undefined ? 0 : (mentions.get(direct.id) ?? 0);
  return (
    <nav className="sidebar" aria-label="Workspace">
      <div className="workspace-name">
        <img src="/favicon.svg" alt="" width="30" height="30" />
        <span>
          <strong>{slack.team.name}</strong>
          <small>everything here is pretend</small>
        </span>
      </div>

      <div className="acting-as" data-testid="people-switcher">
        <h2 id="acting-as">Acting as</h2>
        <ul aria-labelledby="acting-as">
          {people.map((person) => (
            <li key={person.id}>
              <button
                type="button"
                className="person"
                aria-pressed={person.id === user}
                data-testid={`person-${person.name}`}
                onClick={() => onUser(person.id)}
                title={person.title}
              >
                <Avatar id={person.id} size={28} />
                <span className="person-words">
                  <span className="person-name">{person.realName}</span>
                  <small>{person.kind === 'member' ? person.title : kindLabels[person.kind]}</small>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>

      <div className="channels">
        <h2 id="channels">Channels</h2>
        <ul aria-labelledby="channels">
          {channels.map((channel) => {
            const isMember = channel.members.includes(user);
            const count = mentions.get(channel.id) ?? 0;
            const isCurrent = place.kind === 'channel' && place.id === channel.id;
            return (
              <li key={channel.id}>
                <button
                  type="button"
                  className={`channel${unread.has(channel.id) ? ' unread' : ''}${isMember ? '' : ' outside'}`}
                  aria-current={isCurrent ? 'page' : undefined}
                  data-testid={`channel-${channel.name}`}
                  onClick={() => onPlace({ kind: 'channel', id: channel.id })}
                >
                  <span aria-hidden="true">{hash(channel)}</span>
                  <span className="channel-name">{channel.name}</span>
                  {channel.sharedExternally && <small className="chip">shared</small>}
                  {channel.archived && <small className="chip">archived</small>}
                  {count > 0 && (
                    <span className="badge" data-testid={`badge-${channel.name}`}>
                      {count}
                      <span className="visually-hidden"> mentions</span>
                    </span>
                  )}
                </button>
              </li>
            );
          })}
        </ul>
        <h2 id="apps">Apps</h2>
        <ul aria-labelledby="apps">
          <li>
            <button
              type="button"
              className={`channel${directMentions > 0 ? ' unread' : ''}`}
              aria-current={place.kind === 'app' ? 'page' : undefined}
              data-testid="app-home"
              onClick={() => onPlace({ kind: 'app', tab: directMentions > 0 ? 'messages' : 'home' })}
            >
              <Avatar id={slack.app.botUserId} size={20} />
              <span className="channel-name">Countersign</span>
              {directMentions > 0 && <span className="badge">{directMentions}</span>}
            </button>
          </li>
        </ul>
      </div>
    </nav>
  );
}
