import type { ReactNode } from 'react';
import { slackDate } from '../dates.ts';
import { useDirectory } from '../directory.tsx';
import { Link } from '../permalink.tsx';
import { type Inline, type Paragraph, parseMrkdwn, plainText } from './mrkdwn.ts';

export interface TextObject {
  type: 'plain_text' | 'mrkdwn';
  text: string;
}

/** A text object, or the text of a message without blocks. */
export function SlackText({ text }: { text: TextObject }) {
  if (text.type === 'plain_text') return <span className="slack-text">{plainText(text.text)}</span>;
  return <div className="slack-text">{numbered(parseMrkdwn(text.text), drawParagraph)}</div>;
}

/** Parts of one text never move within a rendering, so their place is their key. */
function numbered<Part>(parts: readonly Part[], draw: (part: Part, key: number) => ReactNode): ReactNode[] {
  return parts.map((part, index) => draw(part, index));
}

function drawParagraph(paragraph: Paragraph, key: number): ReactNode {
  switch (paragraph.kind) {
    case 'code-block':
      return <pre key={key}>{paragraph.text}</pre>;
    case 'quote':
      return <blockquote key={key}>{numbered(paragraph.children, drawInline)}</blockquote>;
    case 'lines':
      return <p key={key}>{numbered(paragraph.children, drawInline)}</p>;
  }
}

function drawInline(part: Inline, key: number): ReactNode {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'bold':
      return <strong key={key}>{numbered(part.children, drawInline)}</strong>;
    case 'italic':
      return <em key={key}>{numbered(part.children, drawInline)}</em>;
    case 'strike':
      return <s key={key}>{numbered(part.children, drawInline)}</s>;
    case 'code':
      return (
        <code key={key} className="inline-code">
          {part.text}
        </code>
      );
    case 'person':
      return <PersonMention key={key} id={part.id} />;
    case 'channel':
      return <ChannelMention key={key} id={part.id} />;
    case 'group':
      return <GroupMention key={key} id={part.id} />;
    case 'everybody':
      return (
        <span key={key} className="mention mention-me">
          @{part.word}
        </span>
      );
    case 'date':
      return <Moment key={key} {...part} />;
    case 'link':
      return <Link key={key} url={part.url} label={part.label} />;
  }
}

export function PersonMention({ id }: { id: string }) {
  const { people, viewer } = useDirectory();
  return (
    <span className={`mention${id === viewer ? ' mention-me' : ''}`}>@{people.get(id)?.realName ?? id}</span>
  );
}

export function GroupMention({ id }: { id: string }) {
  const { groups, viewer } = useDirectory();
  const group = groups.get(id);
  const isMine = group?.members.includes(viewer) === true;
  return <span className={`mention${isMine ? ' mention-me' : ''}`}>@{group?.handle ?? id}</span>;
}

export function ChannelMention({ id }: { id: string }) {
  const { channels } = useDirectory();
  return <span className="mention">#{channels.get(id)?.name ?? id}</span>;
}

/** In the acting person's zone and virtual time. */
export function Moment(input: {
  seconds: number;
  format: string;
  link?: string | undefined;
  fallback: string;
}) {
  const { zone, nowMs } = useDirectory();
  const { seconds, format, link, fallback } = input;
  // Beyond this JavaScript has no dates.
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return <>{fallback}</>;
  const text = slackDate(seconds, format, zone, nowMs);
  return (
    <time dateTime={new Date(seconds * 1000).toISOString()} title={fallback}>
      {link === undefined ? (
        text
      ) : (
        <a href={link} target="_blank" rel="noopener noreferrer">
          {text}
        </a>
      )}
    </time>
  );
}
