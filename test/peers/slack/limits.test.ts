/** Everything the bot can show, against Slack's written limits. */
import { describe, expect, it } from 'vitest';
import { requestForm } from '../../../src/bot/messages/modal.ts';
import { checkBlocks, checkView } from '../../../workspace/slack/block-kit.ts';
import { catalogOf, type Drawing, everyDrawing } from './drawings.ts';
import { limits, measured } from './limits.ts';

const drawings = (await everyDrawing()).map(measured);

describe('everything the bot shows keeps to', () => {
  it.each(limits.map((limit) => [limit.name, limit] as const))('%s', (_name, { surfaces, wrong }) => {
    const these = drawings.filter(({ drawing }) => surfaces.includes(drawing.surface));
    expect(these.length).toBeGreaterThan(2);
    const wrongs = these
      .map((each) => [each.drawing.name, ...wrong(each)])
      .filter(({ length }) => length > 1);
    expect(wrongs.slice(0, 5)).toEqual([]);
  });
});

it('all blocks of a message together are no more than Slack was measured to take', () => {
  // slackapi/bolt-js issues 2509 and 2867; Slack writes no number down.
  const most = 13_200;
  const over = drawings
    .filter(({ drawing, blocks }) => drawing.surface === 'message' && JSON.stringify(blocks).length > most)
    .map(({ drawing }) => drawing.name);
  expect(over).toEqual([]);
});

it('a form to choose from thousands of environments is no more than Slack takes', () => {
  const nothing = { app: null, environment: null, version: null, reason: null };
  const view = { ...requestForm('promotion', catalogOf(100, 'an-app', 40), nothing) };
  const [bytes] = limits.filter(({ name }) => name.startsWith('bytes of a view'));
  expect(bytes?.wrong(measured({ name: 'form', surface: 'modal', view }))).toEqual([]);
});

/** What our stand-in has against it. */
function errorsOf(drawing: Drawing): readonly string[] {
  const checked =
    drawing.surface === 'message'
      ? checkBlocks(drawing.blocks, 'message', () => 'b')
      : checkView(drawing.view, drawing.surface, () => 'b');
  return checked.ok ? [] : checked.errors;
}

/** One that breaks each of them, since a limit that nothing breaks says nothing. */
describe('what breaks a limit is found', () => {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const divider = { type: 'divider' };
  const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });
  const button = { type: 'button', action_id: 'a', text: plain('Go'), style: 'primary' };
  const typed = { type: 'plain_text_input', action_id: 't' };
  const input = { type: 'input', label: plain('L'), element: typed };
  const option = { text: plain('o'), value: 'v' };
  const message = (blocks: unknown[], more: object = {}): Drawing => ({
    name: 'x',
    surface: 'message',
    text: 'x',
    blocks,
    ...more,
  });
  const modal = (blocks: unknown[], more: object = {}): Drawing => ({
    name: 'x',
    surface: 'modal',
    view: { type: 'modal', title: plain('T'), blocks, ...more },
  });
  const select = (more: object) =>
    modal([{ ...input, element: { type: 'static_select', action_id: 's', ...more } }], {
      submit: plain('S'),
    });

  const breaking: Record<string, Drawing> = {
    'blocks of a message': message(Array(51).fill(divider)),
    'blocks of a view': modal(Array(101).fill(divider)),
    'text of a message: 4000': message([], { text: 'x'.repeat(4001) }),
    'text of a message: some': message([], { text: ' ' }),
    'bytes of a view': modal([], { private_metadata: 'x'.repeat(250_000) }),
    block_id: message([
      { ...divider, block_id: 'b' },
      { ...divider, block_id: 'b' },
    ]),
    action_id: message([{ type: 'actions', elements: [button, button] }]),
    primary: message([{ type: 'actions', elements: [button, { ...button, action_id: 'b' }] }]),
    options: select({ options: [option, option] }),
    initial_option: select({ options: [option], initial_option: { ...option, value: 'w' } }),
    initial_value: modal([{ ...input, element: { ...typed, max_length: 3, initial_value: 'four' } }], {
      submit: plain('S'),
    }),
    focus_on_load: modal(
      ['a', 'b'].map((id) => ({ ...input, element: { ...typed, action_id: id, focus_on_load: true } })),
      { submit: plain('S') },
    ),
    alt_text: message([{ type: 'image', image_url: 'https://lamps.example/a.png' }]),
    submit: modal([input]),
    'inputs: six': modal(Array(7).fill(input)),
    'inputs: in forms': message([input]),
    metadata: message([], { metadata: { event_type: 'e', event_payload: { deep: { deeper: 1 } } } }),
    mentions: message([section('<!channel> look')]),
    entities: message([section('a < b & c')]),
    directions: message([section('\u202eabc')]),
  };

  it.each(limits.map((limit) => [limit.name, limit] as const))('%s', (name, { wrong }) => {
    const found = Object.entries(breaking).filter(([start]) => name.startsWith(start));
    expect(found).toHaveLength(1);
    for (const [, drawing] of found) expect(wrong(measured(drawing))).not.toEqual([]);
  });

  /** What Slack answers with an error; the others it takes, and they are bad all the same. */
  const refused: Readonly<Record<string, string>> = {
    'blocks of a message': 'no more than 50 items allowed',
    'blocks of a view': 'no more than 100 items allowed',
    block_id: 'already exists',
    action_id: 'already exists',
    initial_option: 'must match one of the options',
    initial_value: 'must be less than 4 characters',
    focus_on_load: 'only one element may have focus_on_load set',
    alt_text: 'missing required field: alt_text',
    submit: 'missing required field: submit',
  };

  it.each(Object.entries(refused))('%s, and our stand-in refuses it', (name, says) => {
    const drawing = breaking[name];
    if (drawing === undefined) throw new Error(`nothing breaks ${name}`);
    const wrongs = errorsOf(drawing);
    expect(wrongs.join()).toContain(says);
    // For that alone: nothing else in it is wrong.
    expect(new Set(wrongs.map((wrong) => wrong.replace(/ \[json-pointer:.*/, ''))).size).toBe(1);
  });

  it('in images within a section and a context, and in chosen options of every kind', () => {
    const image = { type: 'image', image_url: 'https://lamps.example/a.png' };
    const other = { ...option, value: 'w' };
    const chosen = (type: string, more: object) => ({
      ...input,
      element: { type, action_id: 's', options: [option], ...more },
    });
    for (const block of [
      { ...section('x'), accessory: image },
      { type: 'context', elements: [image] },
      chosen('radio_buttons', { initial_option: other }),
      chosen('checkboxes', { initial_options: [other] }),
      chosen('multi_static_select', { initial_options: [option, other] }),
      chosen('static_select', {
        options: undefined,
        option_groups: [{ label: plain('g'), options: [option] }],
        initial_option: other,
      }),
    ])
      expect(errorsOf(modal([JSON.parse(JSON.stringify(block))], { submit: plain('S') }))).toHaveLength(1);
  });
});
