/** Reads what an app sent, which may be anything, without trusting its shape. */

export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

export const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The words of a text object. */
export const words = (value: unknown): string => (isObject(value) ? (string(value['text']) ?? '') : '');

/** A text object; whatever is not mrkdwn is plain. */
export const textOf = (value: Json): { type: 'plain_text' | 'mrkdwn'; text: string } => ({
  type: value['type'] === 'mrkdwn' ? 'mrkdwn' : 'plain_text',
  text: words(value),
});

export interface Option {
  text: string;
  value: string;
  description: string;
  group?: string;
}

const option = (value: Json): Option => ({
  text: words(value['text']),
  value: string(value['value']) ?? '',
  description: words(value['description']),
});

export function optionsOf(element: Json): Option[] {
  const groups = objects(element['option_groups']);
  if (groups.length === 0) return objects(element['options']).map(option);
  return groups.flatMap((group) =>
    objects(group['options']).map((each) => ({ ...option(each), group: words(group['label']) })),
  );
}

export interface Confirmation {
  title: string;
  text: ReturnType<typeof textOf>;
  confirm: string;
  deny: string;
  style: string;
}

export function confirmationOf(element: Json): Confirmation | undefined {
  const confirm = element['confirm'];
  if (!isObject(confirm)) return undefined;
  const text = confirm['text'];
  return {
    title: words(confirm['title']),
    text: isObject(text) ? textOf(text) : { type: 'plain_text', text: '' },
    confirm: words(confirm['confirm']),
    deny: words(confirm['deny']),
    style: string(confirm['style']) ?? 'primary',
  };
}
