import { memo } from 'react';
import { Message as DrawBlocks, type Block as DrawnBlock, type MessageProps } from 'slack-blocks-to-jsx';
import { slackDate } from '../dates.ts';
import { useDirectory } from '../directory.tsx';

function PersonMention({ id }: { id: string }) {
  const { people, viewer } = useDirectory();
  return (
    <span className={`mention${id === viewer ? ' mention-me' : ''}`}>@{people.get(id)?.realName ?? id}</span>
  );
}

function GroupMention({ id }: { id: string }) {
  const { groups, viewer } = useDirectory();
  const group = groups.get(id);
  const isMine = group?.members.includes(viewer) === true;
  return <span className={`mention${isMine ? ' mention-me' : ''}`}>@{group?.handle ?? id}</span>;
}

function ChannelMention({ id }: { id: string }) {
  const { channels } = useDirectory();
  return <span className="mention">#{channels.get(id)?.name ?? id}</span>;
}

function Moment(input: { timestamp: string; format: string; link: string | null; fallback: string }) {
  const { zone, nowMs } = useDirectory();
  const seconds = Number(input.timestamp);
  if (!Number.isFinite(seconds)) return <>{input.fallback}</>;
  const text = slackDate(seconds, input.format, zone, nowMs);
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={input.fallback}>
      {input.link === null ? text : <a href={input.link}>{text}</a>}
    </time>
  );
}

/** Kept outside the component: the library reads its hooks once, so everything that changes comes from the directory. */
const hooks: NonNullable<MessageProps['hooks']> = {
  user: ({ id }) => <PersonMention id={id} />,
  usergroup: ({ id }) => <GroupMention id={id} />,
  channel: ({ id }) => <ChannelMention id={id} />,
  atHere: () => <span className="mention mention-me">@here</span>,
  atChannel: () => <span className="mention mention-me">@channel</span>,
  atEveryone: () => <span className="mention mention-me">@everyone</span>,
  date: (input) => <Moment {...input} />,
  link: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ),
};

/** Draws blocks that nobody can press. Ids stay out: the library would make DOM ids of them, twice per page. */
export const Drawn = memo(function Drawn({ block }: { block: Record<string, unknown> }) {
  const { block_id: _, ...rest } = block;
  return (
    <DrawBlocks
      withoutWrapper
      theme="light"
      name=""
      logo=""
      hooks={hooks}
      blocks={[rest as unknown as DrawnBlock]}
    />
  );
});

export interface TextObject {
  type: 'plain_text' | 'mrkdwn';
  text: string;
}

/** mrkdwn or plain text on its own, e.g. a message without blocks or the text of a confirmation. */
export function SlackText({ text }: { text: TextObject }) {
  return <Drawn block={{ type: 'section', text }} />;
}
