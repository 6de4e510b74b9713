import type { Button, ConfirmationDialog, KnownBlock } from '@slack/types';
import { cut, lines, plain } from './text.ts';

/** A message as it is posted: `text` alone must say everything, for screen readers and notifications. */
export interface Message {
  readonly text: string;
  readonly blocks: KnownBlock[];
  readonly metadata?: {
    readonly event_type: string;
    readonly event_payload: Readonly<Record<string, string | number>>;
  };
}

/** `chat.update` refuses a longer text. */
const textLimit = 4000;
const sectionLimit = 2900;
/** `msg_blocks_too_long`: 13,200 characters were measured by others (bolt-js issues 2509, 2867); Slack writes none down. */
const blocksLimit = 12_000;

export function header(text: string): KnownBlock {
  return { type: 'header', text: { type: 'plain_text', text: plain(text, 150), emoji: false } };
}

/** `verbatim` keeps Slack from making links and mentions out of plain words. */
export function section(all: string | readonly string[], limit = sectionLimit): KnownBlock {
  const text = lines(typeof all === 'string' ? all.split('\n') : all, limit);
  return { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } };
}

/** Shortens the longest sections by whole lines until all blocks together are what Slack takes: its buttons must not be lost. */
export function fitting(blocks: KnownBlock[]): KnownBlock[] {
  let fitted = blocks;
  for (let most = sectionLimit; most > 200 && JSON.stringify(fitted).length > blocksLimit; most *= 0.8)
    fitted = blocks.map((block) => shortened(block, most));
  return fitted;
}

function shortened(block: KnownBlock, most: number): KnownBlock {
  if (block.type !== 'section' || block.text?.type !== 'mrkdwn' || block.text.text.length <= most)
    return block;
  return section(block.text.text, most);
}

export function fields(all: readonly string[]): KnownBlock {
  return {
    type: 'section',
    fields: all.slice(0, 10).map((text) => ({ type: 'mrkdwn', text, verbatim: true })),
  };
}

/** Somebody's own words, parsed by nobody. */
export function quote(label: string, text: string): KnownBlock {
  return {
    type: 'section',
    text: { type: 'plain_text', text: `${label}: ${plain(text, 1000)}`, emoji: false },
  };
}

export function context(all: readonly string[]): KnownBlock {
  return {
    type: 'context',
    elements: all.slice(0, 10).map((text) => ({ type: 'mrkdwn', text, verbatim: true })),
  };
}

export interface ButtonSpec {
  readonly actionId: string;
  readonly label: string;
  readonly value: string;
  readonly style?: 'primary' | 'danger';
  /** Asked again before it counts: on a telephone a finger slips. */
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

export function actions(blockId: string, specs: readonly ButtonSpec[]): KnownBlock {
  return { type: 'actions', block_id: blockId, elements: specs.map(button) };
}

function button(spec: ButtonSpec): Button {
  const drawn: Button = {
    type: 'button',
    action_id: spec.actionId,
    text: { type: 'plain_text', text: plain(spec.label, 75), emoji: false },
    value: spec.value,
  };
  if (spec.style !== undefined) drawn.style = spec.style;
  if (spec.confirm !== undefined) drawn.confirm = confirmation(spec.confirm, spec.style);
  return drawn;
}

function confirmation(
  confirm: NonNullable<ButtonSpec['confirm']>,
  style: ButtonSpec['style'],
): ConfirmationDialog {
  const words = (text: string, limit: number) => ({ type: 'plain_text', text: plain(text, limit) }) as const;
  return {
    title: words(confirm.title, 100),
    text: words(confirm.text, 300),
    confirm: words(confirm.yes, 30),
    deny: words('Not Now', 30),
    ...(style === undefined ? {} : { style }),
  };
}

/** Whole sentences up to the limit of a message's text. */
export function sentences(all: readonly string[]): string {
  const kept: string[] = [];
  let length = 0;
  for (const sentence of all.filter((text) => text !== '')) {
    if (length + sentence.length + 1 > textLimit - 100) break;
    kept.push(sentence);
    length += sentence.length + 1;
  }
  return kept.length === 0 ? cut(all[0] ?? '', textLimit) : kept.join(' ');
}
