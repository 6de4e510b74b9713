/** What the bot can show, and what our stand-in takes, against the types and limits that Slack publishes as code. */
import { beforeAll, describe, expect, it } from 'vitest';
import { checkBlocks, checkView } from '../../../workspace/slack/block-kit.ts';
import { met } from '../divergences.ts';
import { blocksOf, type Drawing, everyDrawing, inGroups } from './drawings.ts';
import { limitsIn, type PublishedTypes, readPublishedTypes } from './published-types.ts';

const drawings = inGroups(await everyDrawing());
let types: PublishedTypes;
beforeAll(async () => {
  types = await readPublishedTypes();
});

describe('the comments of @slack/types', () => {
  it.each([
    ['Maximum length for the text in this field is 150 characters.', { characters: 150 }],
    [
      'Minimum length for the `text` in this field is 1 and maximum length is 3000 characters.',
      { characters: 3000 },
    ],
    [
      'Maximum number of items is 10.\nMaximum length for the text in each item is 2000 characters.',
      { items: 10, each: 2000 },
    ],
    ['There is a maximum of 25 elements in each action block.', { items: 25 }],
    ['Max of 100 blocks.', { items: 100 }],
    ['Maximum length for this field is 3000\ncharacters.', { characters: 3000 }],
    ['Must be between 1 and 100.', {}],
  ])('%s', (comment, limits) => expect(limitsIn(comment)).toEqual(limits));

  it('state the limits that are known from Slack’s pages', () => {
    const of = (field: string) =>
      types.stated.filter((limit) => limit.field === field).map(({ rule, most }) => `${most} ${rule}`);
    expect(of('HeaderBlock.text')).toEqual(['150 characters']);
    expect(of('SectionBlock.text')).toEqual(['3000 characters']);
    expect(of('SectionBlock.fields')).toEqual(['10 items', '2000 characters of each item']);
    expect(of('ActionsBlock.elements')).toEqual(['25 items']);
    expect(of('ContextBlock.elements')).toEqual(['10 items']);
    expect(of('Button.value')).toEqual(['2000 characters']);
    expect(of('ConfirmationDialog.text')).toEqual(['300 characters']);
    expect(of('ModalView.title')).toEqual(['24 characters']);
    expect(of('ModalView.private_metadata')).toEqual(['3000 characters']);
    expect(of('StaticSelect.option_groups')).toEqual(['100 items']);
    expect(types.stated.length).toBeGreaterThan(80);
  });
});

const wrongsOf = (drawing: Drawing): string[] =>
  drawing.surface === 'message' ? blocksOf(drawing).flatMap(types.block) : types.view(drawing.view);

describe('what the bot shows', () => {
  it.each([...drawings])('%s', (_group, all) => {
    expect(
      all.map((drawing) => [drawing.name, wrongsOf(drawing)]).filter(([, wrongs]) => wrongs?.length),
    ).toEqual([]);
  });
});

type Made = Readonly<Record<string, unknown>>;
const x = (length: number) => 'x'.repeat(length);
const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const times = (count: number, make: (index: number) => unknown) =>
  Array.from({ length: count }, (_, index) => make(index));
const button = (more: Made = {}) => ({ type: 'button', action_id: 'a', text: plain('Go'), ...more });
const actions = (...elements: unknown[]) => ({ type: 'actions', elements });
const confirm = (more: Made = {}) =>
  actions(
    button({
      confirm: { title: plain('t'), text: plain('t'), confirm: plain('y'), deny: plain('n'), ...more },
    }),
  );
const option = (index: number, more: Made = {}) => ({ text: plain('o'), value: `v${index}`, ...more });
const input = (element: Made, more: Made = {}) => ({ type: 'input', label: plain('L'), element, ...more });
const select = (more: Made) => input({ type: 'static_select', action_id: 's', ...more });
const typed = (more: Made) => input({ type: 'plain_text_input', action_id: 't', ...more });

/** By the field whose limit it is: something of that length, and otherwise as small as can be. */
const atLength: Record<string, (length: number) => Made> = {
  'SectionBlock.text': (length) => ({ type: 'section', text: mrkdwn(x(length)) }),
  'SectionBlock.block_id': (length) => ({ type: 'section', text: mrkdwn('x'), block_id: x(length) }),
  'HeaderBlock.text': (length) => ({ type: 'header', text: plain(x(length)) }),
  'HeaderBlock.block_id': (length) => ({ type: 'header', text: plain('x'), block_id: x(length) }),
  'ContextBlock.elements': (length) => ({ type: 'context', elements: times(length, () => mrkdwn('x')) }),
  'ActionsBlock.elements': (length) =>
    actions(...times(length, (index) => button({ action_id: `a${index}` }))),
  'DividerBlock.block_id': (length) => ({ type: 'divider', block_id: x(length) }),
  'Button.text': (length) => actions(button({ text: plain(x(length)) })),
  'Button.value': (length) => actions(button({ value: x(length) })),
  'Button.url': (length) => actions(button({ url: `https://x/${x(length - 10)}` })),
  'Button.action_id': (length) => actions(button({ action_id: x(length) })),
  'Button.accessibility_label': (length) => actions(button({ accessibility_label: x(length) })),
  'ConfirmationDialog.title': (length) => confirm({ title: plain(x(length)) }),
  'ConfirmationDialog.text': (length) => confirm({ text: plain(x(length)) }),
  'ConfirmationDialog.confirm': (length) => confirm({ confirm: plain(x(length)) }),
  'ConfirmationDialog.deny': (length) => confirm({ deny: plain(x(length)) }),
  'InputBlock.label': (length) =>
    input({ type: 'plain_text_input', action_id: 't' }, { label: plain(x(length)) }),
  'InputBlock.hint': (length) =>
    input({ type: 'plain_text_input', action_id: 't' }, { hint: plain(x(length)) }),
  'InputBlock.block_id': (length) =>
    input({ type: 'plain_text_input', action_id: 't' }, { block_id: x(length) }),
  'PlainTextInput.placeholder': (length) => typed({ placeholder: plain(x(length)) }),
  'PlainTextInput.action_id': (length) => typed({ action_id: x(length) }),
  'StaticSelect.options': (length) => select({ options: times(length, (index) => option(index)) }),
  'StaticSelect.option_groups': (length) =>
    select({ option_groups: times(length, (index) => ({ label: plain('g'), options: [option(index)] })) }),
  'StaticSelect.placeholder': (length) => select({ options: [option(1)], placeholder: plain(x(length)) }),
  'StaticSelect.action_id': (length) => select({ options: [option(1)], action_id: x(length) }),
  'PlainTextOption.text': (length) => select({ options: [option(1, { text: plain(x(length)) })] }),
  'PlainTextOption.value': (length) => select({ options: [option(1, { value: x(length) })] }),
  'PlainTextOption.description': (length) =>
    select({ options: [option(1, { description: plain(x(length)) })] }),
  'MrkdwnOption.text': (length) =>
    input({ type: 'radio_buttons', action_id: 'r', options: [{ text: mrkdwn(x(length)), value: 'v' }] }),
  'Checkboxes.options': (length) =>
    input({ type: 'checkboxes', action_id: 'c', options: times(length, (index) => option(index)) }),
  'RadioButtons.options': (length) =>
    input({ type: 'radio_buttons', action_id: 'r', options: times(length, (index) => option(index)) }),
  'Overflow.options': (length) =>
    actions({ type: 'overflow', action_id: 'o', options: times(length, (index) => option(index)) }),
  'RichTextBlock.block_id': (length) => ({
    type: 'rich_text',
    elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: 'x' }] }],
    block_id: x(length),
  }),
  'MarkdownBlock.text': (length) => ({ type: 'markdown', text: x(length) }),
};

const modal = (more: Made) => ({ type: 'modal', title: plain('T'), submit: plain('S'), blocks: [], ...more });
const viewAtLength: Record<string, (length: number) => Made> = {
  'ModalView.title': (length) => modal({ title: plain(x(length)) }),
  'ModalView.submit': (length) => modal({ submit: plain(x(length)) }),
  'ModalView.close': (length) => modal({ close: plain(x(length)) }),
  'ModalView.private_metadata': (length) => modal({ private_metadata: x(length) }),
  'ModalView.callback_id': (length) => modal({ callback_id: x(length) }),
  'ModalView.blocks': (length) => modal({ blocks: times(length, () => ({ type: 'divider' })) }),
  'HomeView.private_metadata': (length) => ({ type: 'home', blocks: [], private_metadata: x(length) }),
  'HomeView.blocks': (length) => ({ type: 'home', blocks: times(length, () => ({ type: 'divider' })) }),
};

const unmodelledTypes = [
  'alert',
  'card',
  'carousel',
  'container',
  'context_actions',
  'data_table',
  'file',
  'task_card',
  'video',
];

describe('our stand-in takes what Slack’s types take and no more', () => {
  const ours = (block: unknown) => {
    const { type } = block as { type?: unknown };
    const checked = checkBlocks([block], type === 'input' ? 'modal' : 'message', () => 'b');
    return checked.ok ? [] : checked.errors;
  };
  const oursOfView = (view: Made) => {
    const checked = checkView(view, view['type'] === 'home' ? 'home' : 'modal', () => 'b');
    return checked.ok ? [] : checked.errors;
  };
  const limitOf = (field: string) => {
    const [limit] = types.stated.filter((stated) => stated.field === field);
    if (limit === undefined) throw new Error(`${field} has no limit`);
    return limit.most;
  };

  it.each(Object.entries(atLength))('%s: as much as is allowed, and one more', (field, make) => {
    const most = limitOf(field);
    expect([types.block(make(most)), ours(make(most))]).toEqual([[], []]);
    expect(types.block(make(most + 1))).not.toEqual([]);
    expect(ours(make(most + 1))).not.toEqual([]);
  });

  it.each(Object.entries(viewAtLength))('%s: as much as is allowed, and one more', (field, make) => {
    const most = limitOf(field);
    expect([types.view(make(most)), oursOfView(make(most))]).toEqual([[], []]);
    expect(types.view(make(most + 1))).not.toEqual([]);
    expect(oursOfView(make(most + 1))).not.toEqual([]);
  });

  it('SectionBlock.fields: ten of 2000 characters, and no more of either', () => {
    const fields = (count: number, length: number) => ({
      type: 'section',
      fields: times(count, () => mrkdwn(x(length))),
    });
    expect([types.block(fields(10, 2000)), ours(fields(10, 2000))]).toEqual([[], []]);
    for (const wrong of [fields(11, 1), fields(1, 2001)]) {
      expect(types.block(wrong)).not.toEqual([]);
      expect(ours(wrong)).not.toEqual([]);
    }
  });

  it.each<[string, Made]>([
    ['a word that Slack does not know', { type: 'section', text: mrkdwn('x'), colour: 'red' }],
    ['a block of no kind', { type: 'sektion', text: mrkdwn('x') }],
    ['a header in mrkdwn', { type: 'header', text: mrkdwn('x') }],
    ['a header without text', { type: 'header' }],
    ['a text that is a string', { type: 'section', text: 'x' }],
    ['an empty section text', { type: 'section', text: mrkdwn('') }],
    ['emoji in mrkdwn', { type: 'section', text: { ...mrkdwn('x'), emoji: true } }],
    ['verbatim in plain text', { type: 'section', text: { ...plain('x'), verbatim: true } }],
    ['a style of no kind', actions(button({ style: 'default' }))],
    ['a button without text', actions({ type: 'button', action_id: 'a' })],
    ['a button whose value is a number', actions(button({ value: 1 }))],
    ['a button in a context', { type: 'context', elements: [button()] }],
    ['a text among actions', actions(mrkdwn('x'))],
    ['an input without its element', { type: 'input', label: plain('L') }],
    [
      'an input labelled in mrkdwn',
      input({ type: 'plain_text_input', action_id: 't' }, { label: mrkdwn('L') }),
    ],
    ['an image without alt_text', { type: 'image', image_url: 'https://x/a.png' }],
    [
      'an image without alt_text in a context',
      { type: 'context', elements: [{ type: 'image', image_url: 'https://x/a.png' }] },
    ],
    [
      'an image without alt_text beside a text',
      { type: 'section', text: mrkdwn('x'), accessory: { type: 'image', image_url: 'https://x/a.png' } },
    ],
    ['elements that are no list', { type: 'actions', elements: button() }],
  ])('%s is refused by both', (_what, block) => {
    expect(types.block(block)).not.toEqual([]);
    expect(ours(block)).not.toEqual([]);
  });

  it.for<[string, Made]>([
    [
      'a confirmation without deny',
      actions(button({ confirm: { title: plain('t'), text: plain('t'), confirm: plain('y') } })),
    ],
    ['an option without a value', select({ options: [{ text: plain('o') }] })],
  ])('%s is refused by ours alone', ([what, block], { task }) => {
    expect(types.block(block)).toEqual([]);
    expect(ours(block)).not.toEqual([]);
    met(task, {
      name: `the stand-in refuses ${what}`,
      reason: 'Slack’s pages call it required, its types do not: who sends it is right either way.',
    });
  });

  it('refuses kinds of blocks that it does not model', ({ task }) => {
    const unmodelled = types.blockTypes.filter((type) =>
      /unsupported|not modelled/.test(ours({ type }).join()),
    );
    expect(unmodelled.sort()).toEqual(unmodelledTypes);
    met(task, {
      name: `the stand-in has no ${unmodelledTypes.join(', ')} blocks`,
      reason: 'The bot sends none; the stand-in refuses them by name.',
    });
  });
});
