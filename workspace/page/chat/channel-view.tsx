import type { SlackChannel, SlackPerson, SlackState } from '../../slack/control.ts';
import { Composer } from './composer.tsx';
import { MessageList } from './message-list.tsx';

/** A channel with its messages; replies only where they were broadcast. */
export function ChannelView(props: {
  slack: SlackState;
  person: SlackPerson;
  channel: SlackChannel;
  /** The app's Messages tab has its header drawn by others. */
  isDirect?: boolean;
  onThread: (ts: string) => void;
  complain: (text: string) => void;
}) {
  const { slack, person, channel, isDirect = false, onThread, complain } = props;
  const messages = (slack.messages[channel.id] ?? []).filter(
    (message) => message.threadTs === undefined || message.threadTs === message.ts || message.broadcast,
  );
  const ephemerals = slack.ephemerals.filter(
    (each) => each.channel === channel.id && each.threadTs === undefined,
  );
  const members = slack.people.filter((each) => channel.members.includes(each.id));
  const name = isDirect ? 'Countersign' : `#${channel.name}`;
  return (
    <>
      {!isDirect && (
        <header className="pane-head">
          <h1>{name}</h1>
          <small title={members.map((each) => each.realName).join(', ')}>
            {channel.members.length} members
            {channel.sharedExternally ? ' · shared with a partner workspace' : ''}
          </small>
        </header>
      )}
      <MessageList
        messages={messages}
        ephemerals={ephemerals}
        user={person.id}
        label={`Messages in ${name} for ${person.realName}`}
        onThread={onThread}
        complain={complain}
      />
      {person.kind === 'deactivated' && (
        <p className="notice">
          {person.realName}’s account is deactivated. Slack would not let them in; try it and see.
        </p>
      )}
      <Composer
        key={channel.id}
        user={person.id}
        channel={channel.id}
        placeholder={`Message ${name} as ${person.realName}, or type /`}
        complain={complain}
      />
    </>
  );
}
