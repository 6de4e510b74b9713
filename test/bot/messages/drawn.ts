import type { Message } from '../../../src/bot/messages/block.ts';

interface TextObject {
  readonly type: string;
  readonly text: string;
}
interface Drawn {
  readonly type: string;
  readonly block_id?: string;
  readonly text?: TextObject;
  readonly fields?: readonly TextObject[];
  readonly elements?: readonly (TextObject & {
    readonly action_id?: string;
    readonly style?: string;
    readonly value?: string;
    readonly confirm?: { readonly title: TextObject; readonly text: TextObject };
  })[];
}

const drawn = (message: Message) => message.blocks as unknown as readonly Drawn[];

/** Every line that the channel shows, in order, times of day as their UTC fallback. */
export function shown(message: Message): string {
  const words = drawn(message).flatMap((block) => [
    ...(block.text === undefined ? [] : [block.text.text]),
    ...(block.fields ?? []).map(({ text }) => text),
    ...(block.type === 'actions' ? [] : (block.elements ?? []).map(({ text }) => text)),
  ]);
  return words.join('\n').replace(/<!date\^\d+\^[^|]*\|([^>]*)>/g, '$1');
}

export function buttons(message: Message) {
  return drawn(message)
    .filter(({ type }) => type === 'actions')
    .flatMap(({ block_id: blockId, elements }) =>
      (elements ?? []).map((element) => ({
        blockId: blockId ?? '',
        actionId: element.action_id ?? '',
        label: (element.text as unknown as TextObject).text,
        style: element.style,
        value: element.value,
        asks: element.confirm !== undefined,
      })),
    );
}

/** Every text that Slack parses. */
export function parsed(message: Message): string[] {
  const texts = drawn(message).flatMap((block) => [
    ...(block.text === undefined ? [] : [block.text]),
    ...(block.fields ?? []),
    ...(block.type === 'context' ? (block.elements ?? []) : []),
  ]);
  return [message.text, ...texts.filter(({ type }) => type === 'mrkdwn').map(({ text }) => text)];
}
