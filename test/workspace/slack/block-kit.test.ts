import { describe, expect, it } from 'vitest';
import { checkBlocks, checkView, type Surface } from '../../../workspace/slack/block-kit.ts';
import { channelIds } from '../../../workspace/slack/people.ts';
import { startWorkspace } from './workspace.ts';

let ids = 0;
const newId = () => {
  ids += 1;
  return `b${ids}`;
};
const check = (blocks: unknown, surface: Surface = 'message') => checkBlocks(blocks, surface, newId);
const errorsOf = (blocks: unknown, surface: Surface = 'message') => {
  const checked = check(blocks, surface);
  return checked.ok ? [] : checked.errors;
};

const plain = (text: string) => ({ type: 'plain_text', text });
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text });
const long = (length: number) => 'x'.repeat(length);
const divider = { type: 'divider' };
const option = (value: string) => ({ text: plain(value || 'empty'), value });
const button = (fields: object = {}) => ({ type: 'button', action_id: 'a', text: plain('Go'), ...fields });
const actions = (...elements: unknown[]) => ({ type: 'actions', elements });
const select = (fields: object) => ({ type: 'static_select', action_id: 's', ...fields });
const textInput = { type: 'plain_text_input', action_id: 't' };
const input = (element: unknown) => ({ type: 'input', label: plain('Label'), element });
const confirm = (fields: object = {}) => ({
  title: plain('Sure?'),
  text: plain('Really?'),
  confirm: plain('Yes'),
  deny: plain('No'),
  ...fields,
});

const tooMuch: [string, unknown, string][] = [
  ['51 blocks', Array(51).fill(divider), '/blocks]'],
  ['a section of 3001 characters', [{ type: 'section', text: mrkdwn(long(3001)) }], '/blocks/0/text/text'],
  ['an empty text', [{ type: 'section', text: mrkdwn('') }], '/blocks/0/text/text'],
  ['11 fields', [{ type: 'section', fields: Array(11).fill(mrkdwn('f')) }], '/blocks/0/fields'],
  ['a field of 2001', [{ type: 'section', fields: [mrkdwn(long(2001))] }], '/blocks/0/fields/0/text'],
  ['a header of 151', [{ type: 'header', text: plain(long(151)) }], '/blocks/0/text/text'],
  ['a header in mrkdwn', [{ type: 'header', text: mrkdwn('h') }], '/blocks/0/text/type'],
  ['11 context elements', [{ type: 'context', elements: Array(11).fill(mrkdwn('c')) }], '/blocks/0/elements'],
  [
    '26 buttons',
    [actions(...Array.from({ length: 26 }, (_, n) => button({ action_id: `a${n}` })))],
    '/blocks/0/elements',
  ],
  ['a button label of 76', [actions(button({ text: plain(long(76)) }))], '/blocks/0/elements/0/text/text'],
  ['a button value of 2001', [actions(button({ value: long(2001) }))], '/blocks/0/elements/0/value'],
  ['an action_id of 256', [actions(button({ action_id: long(256) }))], '/blocks/0/elements/0/action_id'],
  ['a block_id of 256', [{ ...divider, block_id: long(256) }], '/blocks/0/block_id'],
  ['an unknown style', [actions(button({ style: 'warning' }))], '/blocks/0/elements/0/style'],
  ['a mistyped key', [actions(button({ action: 'x' }))], '/blocks/0/elements/0'],
  [
    'a confirm title of 101',
    [actions(button({ confirm: confirm({ title: plain(long(101)) }) }))],
    '/confirm/title/text',
  ],
  [
    'a confirm button of 31',
    [actions(button({ confirm: confirm({ deny: plain(long(31)) }) }))],
    '/confirm/deny/text',
  ],
  ['a confirm without text', [actions(button({ confirm: { ...confirm(), text: undefined } }))], '/confirm]'],
  [
    '101 options',
    [actions(select({ options: Array.from({ length: 101 }, (_, n) => option(`${n}`)) }))],
    '/options',
  ],
  ['no options', [actions(select({ options: [] }))], '/options'],
  ['an option value of 76', [actions(select({ options: [option(long(76))] }))], '/options/0/value'],
  [
    'an initial option that is none',
    [actions(select({ options: [option('a')], initial_option: option('b') }))],
    '/initial_option',
  ],
  [
    'a placeholder of 151',
    [actions(select({ options: [option('a')], placeholder: plain(long(151)) }))],
    '/placeholder/text',
  ],
  [
    'an overflow of 6',
    [actions({ type: 'overflow', action_id: 'o', options: 'abcdef'.split('').map(option) })],
    '/options',
  ],
  ['a text input in actions', [actions(textInput)], '/blocks/0/elements/0/type'],
  [
    'the same block_id twice',
    [
      { ...divider, block_id: 'd' },
      { ...divider, block_id: 'd' },
    ],
    '/blocks/1/block_id',
  ],
  ['the same action_id twice', [actions(button(), button())], '/blocks/0/elements/1/action_id'],
  ['a block it does not model', [{ type: 'video' }], '/blocks/0/type'],
  ['an alert outside a modal', [{ type: 'alert', text: plain('x') }], '/blocks/0/type'],
  ['two tables', Array(2).fill({ type: 'table', rows: [[{ type: 'raw_text', text: 'x' }]] }), '/blocks/1'],
  ['12001 characters of markdown', [{ type: 'markdown', text: long(12_001) }], '/blocks/0'],
  [
    'a task status of another tool',
    [{ type: 'plan', title: 'p', tasks: [{ task_id: '1', title: 't', status: 'completed' }] }],
    '/tasks/0/status',
  ],
];

describe('limits of blocks', () => {
  it.each(tooMuch)('refuses %s and points at it', (_what, blocks, pointer) => {
    const errors = errorsOf(blocks);
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.join('\n')).toContain(pointer);
  });

  it('accepts everything at its limit', () => {
    expect(
      errorsOf([
        { type: 'section', text: mrkdwn(long(3000)), fields: Array(10).fill(mrkdwn(long(2000))) },
        { type: 'header', text: plain(long(150)) },
        { type: 'context', elements: Array(10).fill(mrkdwn('c')) },
        actions(...Array.from({ length: 25 }, (_, n) => button({ action_id: `a${n}`, value: long(2000) }))),
        actions(select({ options: Array.from({ length: 100 }, (_, n) => option(`${n}`)) })),
        input(textInput),
        ...Array(44).fill(divider),
      ]),
    ).toEqual([]);
  });

  it('allows a modal or Home 100 blocks', () => {
    expect(errorsOf(Array(100).fill(divider), 'home')).toEqual([]);
    expect(errorsOf(Array(101).fill(divider), 'home')).toHaveLength(1);
  });

  it('fills in ids and text defaults as Slack hands them back', () => {
    const checked = check([
      actions({ type: 'button', text: plain('Go') }),
      { type: 'section', text: mrkdwn('m') },
    ]);
    expect(checked).toMatchObject({
      ok: true,
      value: [
        {
          block_id: expect.any(String),
          elements: [{ action_id: expect.any(String), text: { emoji: true } }],
        },
        { text: { verbatim: false } },
      ],
    });
  });

  it('reports every problem at once over the wire', async () => {
    const { client } = await startWorkspace();
    const error = await client
      .apiCall('chat.postMessage', {
        channel: channelIds.general,
        text: 'x',
        blocks: [
          { type: 'header', text: plain(long(151)) },
          { type: 'section', text: mrkdwn(long(3001)) },
        ],
      })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      data: {
        error: 'invalid_blocks',
        response_metadata: {
          messages: [
            '[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]',
            '[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]',
          ],
        },
      },
    });
  });

  it('refuses blocks that are not JSON by another name', async () => {
    const { client } = await startWorkspace();
    await expect(
      client.apiCall('chat.postMessage', { channel: channelIds.general, text: 'x', blocks: '[{' }),
    ).rejects.toMatchObject({ data: { error: 'invalid_blocks_format' } });
  });
});

describe('limits of views', () => {
  const modal = (fields: object = {}) => ({
    type: 'modal',
    title: plain('Promote'),
    blocks: [divider],
    ...fields,
  });
  const viewErrors = (view: unknown, type: 'modal' | 'home' = 'modal') => {
    const checked = checkView(view, type, newId);
    return checked.ok ? '' : checked.errors.join('\n');
  };

  it.each([
    ['a title of 25', modal({ title: plain(long(25)) }), '/view/title/text'],
    ['no title', { type: 'modal', blocks: [] }, 'missing required field: title'],
    [
      'inputs without a submit button',
      modal({ blocks: [input(textInput)] }),
      'missing required field: submit',
    ],
    ['private_metadata of 3001', modal({ private_metadata: long(3001) }), '/view/private_metadata'],
    ['a callback_id of 256', modal({ callback_id: long(256) }), '/view/callback_id'],
    ['an unknown key', modal({ state: {} }), 'invalid additional property: state'],
    [
      'two focused inputs',
      modal({ submit: plain('Go'), blocks: [1, 2].map(() => input({ ...textInput, focus_on_load: true })) }),
      'focus_on_load',
    ],
  ])('refuses %s', (_what, view, problem) => {
    expect(viewErrors(view)).toContain(problem);
  });

  it('accepts a full modal and a Home tab, and takes neither for the other', () => {
    expect(viewErrors(modal({ submit: plain('Promote'), blocks: [input(textInput)] }))).toBe('');
    expect(viewErrors({ type: 'home', blocks: [] }, 'home')).toBe('');
    expect(viewErrors(modal(), 'home')).toContain('/view/type');
  });
});
