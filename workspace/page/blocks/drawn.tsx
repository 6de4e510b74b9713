import { memo } from 'react';
import { Message as DrawBlocks, type Block as DrawnBlock, type MessageProps } from 'slack-blocks-to-jsx';
import { ChannelMention, GroupMention, Moment, PersonMention } from './slack-text.tsx';

/** Kept outside the component: the library reads its hooks once, so everything that changes comes from the directory. */
const hooks: NonNullable<MessageProps['hooks']> = {
  user: ({ id }) => <PersonMention id={id} />,
  usergroup: ({ id }) => <GroupMention id={id} />,
  channel: ({ id }) => <ChannelMention id={id} />,
  atHere: () => <span className="mention mention-me">@here</span>,
  atChannel: () => <span className="mention mention-me">@channel</span>,
  atEveryone: () => <span className="mention mention-me">@everyone</span>,
  date: ({ timestamp, format, link, fallback }) => (
    <Moment seconds={Number(timestamp)} format={format} link={link ?? undefined} fallback={fallback} />
  ),
  link: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ),
};

/** Ids stay out: the library would make DOM ids of them, twice per page. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'block_id' && key !== 'action_id')
      .map(([key, inner]) => [key, withoutIds(inner)]),
  );
}

/** Blocks that nobody can press, drawn by slack-blocks-to-jsx: rich text, images, tables, Markdown and the newer ones. */
export const Drawn = memo(function Drawn({ block }: { block: Record<string, unknown> }) {
  return (
    <DrawBlocks
      withoutWrapper
      theme="light"
      name=""
      logo=""
      hooks={hooks}
      blocks={[withoutIds(block) as DrawnBlock]}
    />
  );
});
