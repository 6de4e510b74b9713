/** Slack's written limits that its types do not state, as data, and a checker that knows nothing of our drawing. */
import type { Drawing } from './drawings.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** What a limit is measured on. */
interface Measured {
  readonly drawing: Drawing;
  readonly blocks: readonly Fields[];
  /** Every object at any depth of the blocks. */
  readonly parts: readonly Fields[];
}

interface Limit {
  readonly name: string;
  readonly source: string;
  readonly surfaces: readonly Drawing['surface'][];
  /** Too much of it, in words. */
  wrong(measured: Measured): readonly string[];
}

const all = ['message', 'modal', 'home'] as const;
const tooMany = (name: string, count: number, most: number) =>
  count > most ? [`${count} ${name}, not ${most}`] : [];
const twice = (values: readonly unknown[]) =>
  values
    .filter((value, index) => value !== undefined && values.indexOf(value) !== index)
    .map((value) => `${String(value)} twice`);
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const inputs = ({ blocks }: Measured) => blocks.filter(({ type }) => type === 'input');
const textsParsed = ({ drawing, parts }: Measured): readonly string[] => [
  ...(drawing.surface === 'message' ? [drawing.text] : []),
  ...parts.filter(({ type }) => type === 'mrkdwn').map(({ text }) => String(text)),
];

/** What may stand between `<` and `>`: people, groups, channels and dates of ours, and links without credentials. */
const ours = [
  /^@[UW][A-Z0-9]+$/,
  /^#C[A-Z0-9]+$/,
  /^!subteam\^S[A-Z0-9]+$/,
  /^!date\^\d+\^[^^|<>]*(\^https:[^|<>]*)?\|[^<>|]*$/,
  /^https:\/\/(countersign\.slack\.com|github\.example|lamps\.example)\/[^|<>\s]*(\|[^<>|]*)?$/,
];

const isScalar = (value: unknown) => value === null || ['string', 'number', 'boolean'].includes(typeof value);

export const limits: readonly Limit[] = [
  {
    name: 'blocks of a message: 50',
    source: 'Slack, chat.postMessage, blocks',
    surfaces: ['message'],
    wrong: ({ blocks }) => tooMany('blocks', blocks.length, 50),
  },
  {
    name: 'blocks of a view: 100',
    source: 'Slack, views, blocks',
    surfaces: ['modal', 'home'],
    wrong: ({ blocks }) => tooMany('blocks', blocks.length, 100),
  },
  {
    name: 'text of a message: 4000 characters, since an edit refuses more',
    source: 'Slack, chat.update, msg_too_long',
    surfaces: ['message'],
    wrong: ({ drawing }) =>
      drawing.surface === 'message' ? tooMany('characters', drawing.text.length, 4000) : [],
  },
  {
    name: 'text of a message: some, since screen readers read it instead of the blocks',
    source: 'Slack, chat.postMessage, accessibility',
    surfaces: ['message'],
    wrong: ({ drawing }) => (drawing.surface === 'message' && drawing.text.trim() === '' ? ['no text'] : []),
  },
  {
    name: 'bytes of a view: 250 kB',
    source: 'Slack, views.open, view_too_large',
    surfaces: ['modal', 'home'],
    wrong: ({ drawing }) =>
      drawing.surface === 'message' ? [] : tooMany('bytes', bytesOf(drawing.view), 250_000),
  },
  {
    name: 'block_id: each once in a message or view',
    source: 'Slack, blocks, block_id',
    surfaces: all,
    wrong: ({ blocks }) => twice(blocks.map(({ block_id: id }) => id)),
  },
  {
    name: 'action_id: each once in a block, and there where something can be done',
    source: 'Slack, block elements, action_id',
    surfaces: all,
    wrong: ({ blocks }) =>
      blocks.flatMap(({ type, elements, element }) => {
        if (type !== 'actions' && type !== 'input') return [];
        const ids = [...listOf(elements), element].filter(isFields).map(({ action_id: id }) => id);
        return [...twice(ids), ...(ids.includes(undefined) ? ['an element without action_id'] : [])];
      }),
  },
  {
    name: 'primary: one button of a message or view at most',
    source: 'Slack, buttons, style',
    surfaces: all,
    wrong: ({ parts }) =>
      tooMany(
        'primary buttons',
        parts.filter(({ type, style }) => type === 'button' && style === 'primary').length,
        1,
      ),
  },
  {
    name: 'options: distinct values, in distinct groups',
    source: 'Slack, option object, value',
    surfaces: all,
    wrong: ({ parts }) =>
      parts
        .flatMap(({ options, option_groups: groups }) =>
          twice(
            [
              ...listOf(options),
              ...listOf(groups).flatMap((group) => (isFields(group) ? listOf(group['options']) : [])),
            ]
              .filter(isFields)
              .map(({ value }) => value),
          ).slice(0, 1),
        )
        .filter((_, index) => index === 0),
  },
  {
    name: 'initial_option: one of the options',
    source: 'Slack, select menus, initial_option',
    surfaces: all,
    wrong: ({ parts }) =>
      parts.flatMap(({ initial_option: initial, options, option_groups: groups }) => {
        if (initial === undefined) return [];
        const offered = [
          ...listOf(options),
          ...listOf(groups).flatMap((group) => (isFields(group) ? listOf(group['options']) : [])),
        ];
        return offered.some((option) => JSON.stringify(option) === JSON.stringify(initial))
          ? []
          : ['not offered'];
      }),
  },
  {
    name: 'initial_value: within max_length, which is 3000 at most',
    source: 'Slack, plain-text input, max_length',
    surfaces: ['modal', 'home'],
    wrong: ({ parts }) =>
      parts.flatMap(({ type, max_length: most, initial_value: initial }) => {
        if (type !== 'plain_text_input') return [];
        const limit = typeof most === 'number' ? most : 3000;
        const wrong = limit > 3000 || (typeof initial === 'string' && initial.length > limit);
        return wrong ? [`${String(initial).length} of ${limit}`] : [];
      }),
  },
  {
    name: 'focus_on_load: one element of a view at most',
    source: 'Slack, block elements, focus_on_load',
    surfaces: ['modal', 'home'],
    wrong: ({ parts }) =>
      tooMany('elements with the focus', parts.filter(({ focus_on_load: has }) => has === true).length, 1),
  },
  {
    name: 'alt_text: on every image',
    source: 'Slack, image block and element, alt_text',
    surfaces: all,
    wrong: ({ parts }) =>
      parts
        .filter(({ type, alt_text: alt }) => type === 'image' && typeof alt !== 'string')
        .map(() => 'an image without alt_text'),
  },
  {
    name: 'submit: there where something is asked',
    source: 'Slack, modals, submit',
    surfaces: ['modal'],
    wrong: (measured) => {
      const { drawing } = measured;
      const asks = inputs(measured).length > 0;
      return asks && drawing.surface !== 'message' && drawing.view['submit'] === undefined
        ? ['no submit']
        : [];
    },
  },
  {
    name: 'inputs: six of a form at most',
    source: 'Slack, modal design',
    surfaces: ['modal'],
    wrong: (measured) => tooMany('inputs', inputs(measured).length, 6),
  },
  {
    name: 'inputs: in forms and Home alone',
    source: 'Slack, input block',
    surfaces: ['message'],
    wrong: (measured) => (inputs(measured).length > 0 ? ['an input in a message'] : []),
  },
  {
    name: 'metadata: an event type, and a payload of scalars',
    source: 'Slack, message metadata',
    surfaces: ['message'],
    wrong: ({ drawing }) => {
      const metadata = drawing.surface === 'message' ? drawing.metadata : undefined;
      if (metadata === undefined) return [];
      if (!isFields(metadata) || typeof metadata['event_type'] !== 'string') return ['no event type'];
      const payload = metadata['event_payload'];
      return isFields(payload) && Object.values(payload).every(isScalar)
        ? []
        : ['a payload of more than scalars'];
    },
  },
  {
    name: 'mentions and links: ours alone, whatever others wrote',
    source: 'Slack, formatting message text',
    surfaces: all,
    wrong: (measured) =>
      textsParsed(measured).flatMap((text) =>
        [...text.matchAll(/<([^<>]*)>/g)]
          .map(([, token = '']) => token)
          .filter((token) => !ours.some((pattern) => pattern.test(token))),
      ),
  },
  {
    name: 'entities: no < or > that opens or closes nothing, and no & that begins none',
    source: 'Slack, formatting message text',
    surfaces: all,
    wrong: (measured) =>
      textsParsed(measured).flatMap((text) => {
        const outside = text.replace(/<[^<>]*>/g, '');
        return [...outside.matchAll(/[<>]|&(?!(?:amp|lt|gt);)/g)].map(({ index }) =>
          outside.slice(index, index + 30),
        );
      }),
  },
  {
    name: 'directions: no character that turns text around or hides it',
    source: 'Unicode, bidirectional algorithm',
    surfaces: all,
    wrong: ({ drawing, parts }) =>
      [...(drawing.surface === 'message' ? [drawing.text] : []), ...parts.map(({ text }) => text)]
        .filter((text) => typeof text === 'string')
        .filter((text) => /[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(text)),
  },
];

function partsOf(value: unknown): Fields[] {
  if (Array.isArray(value)) return value.flatMap(partsOf);
  return isFields(value) ? [value, ...Object.values(value).flatMap(partsOf)] : [];
}

export function measured(drawing: Drawing): Measured {
  const blocks = listOf(drawing.surface === 'message' ? drawing.blocks : drawing.view['blocks']).filter(
    isFields,
  );
  return { drawing, blocks, parts: partsOf(blocks) };
}
