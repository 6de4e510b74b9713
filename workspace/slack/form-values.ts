/** What a person has put into inputs, in the shape `state.values` and `actions[]` have, and Slack's own form checks. */
import { interactiveElements, optionsOf } from './block-kit.ts';
import type { InputValue, InputValues, SlackBlock, SlackStateValues } from './control.ts';

type Fields = Record<string, unknown>;

/** The page or a journey asked for something a person could not do; the message says what. */
export class ImpossibleInput extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ImpossibleInput';
  }
}

const option = (element: Fields, value: string): Fields => {
  const found = optionsOf(element).find((candidate) => candidate['value'] === value);
  if (found === undefined) {
    const offered = optionsOf(element).map((candidate) => String(candidate['value']));
    throw new ImpossibleInput(`no option "${value}", there is: ${offered.join(', ')}`);
  }
  return found;
};

const externalOption = (value: string): Fields => ({
  text: { type: 'plain_text', text: value, emoji: true },
  value,
});

const singles: Record<string, string> = {
  plain_text_input: 'value',
  email_text_input: 'value',
  url_text_input: 'value',
  number_input: 'value',
  users_select: 'selected_user',
  conversations_select: 'selected_conversation',
  channels_select: 'selected_channel',
  datepicker: 'selected_date',
  timepicker: 'selected_time',
};

const manies: Record<string, string> = {
  multi_users_select: 'selected_users',
  multi_conversations_select: 'selected_conversations',
  multi_channels_select: 'selected_channels',
};

const initials: Record<string, string> = {
  value: 'initial_value',
  selected_user: 'initial_user',
  selected_conversation: 'initial_conversation',
  selected_channel: 'initial_channel',
  selected_date: 'initial_date',
  selected_time: 'initial_time',
  selected_date_time: 'initial_date_time',
  selected_users: 'initial_users',
  selected_conversations: 'initial_conversations',
  selected_channels: 'initial_channels',
  selected_option: 'initial_option',
  selected_options: 'initial_options',
};

/** The state of one element holding this value. Throws `ImpossibleInput` for a choice that is not offered. */
export function elementState(element: Fields, value: InputValue): Fields {
  const type = String(element['type']);
  const texts = Array.isArray(value) ? value : value === null ? [] : [String(value)];
  const first = texts[0];
  const single = singles[type];
  if (single !== undefined) return { type, [single]: first === undefined || first === '' ? null : first };
  const many = manies[type];
  if (many !== undefined) return { type, [many]: texts };
  switch (type) {
    case 'datetimepicker':
      return { type, selected_date_time: first === undefined ? null : Number(first) };
    case 'static_select':
    case 'radio_buttons':
    case 'overflow':
      return { type, selected_option: first === undefined ? null : option(element, first) };
    case 'multi_static_select':
    case 'checkboxes':
      return { type, selected_options: texts.map((text) => option(element, text)) };
    case 'external_select':
      return { type, selected_option: first === undefined ? null : externalOption(first) };
    case 'multi_external_select':
      return { type, selected_options: texts.map(externalOption) };
    default:
      throw new ImpossibleInput(`a ${type} holds no value`);
  }
}

const holdsValue = (element: Fields) => !['button', 'overflow'].includes(String(element['type']));

const initialState = (element: Fields): Fields => {
  const empty = elementState(element, null);
  return Object.fromEntries(
    Object.entries(empty).map(([key, nothing]) => [key, element[initials[key] ?? ''] ?? nothing]),
  );
};

/** Every input's state: what was there under the same ids and element type, else the initial value. */
export function stateOf(blocks: SlackBlock[], before: SlackStateValues = {}): SlackStateValues {
  const values: SlackStateValues = {};
  for (const block of blocks) {
    for (const element of interactiveElements(block)) {
      if (!holdsValue(element)) continue;
      const actionId = String(element['action_id']);
      const old = before[block.block_id]?.[actionId];
      const state = old !== undefined && old['type'] === element['type'] ? old : initialState(element);
      values[block.block_id] = { ...values[block.block_id], [actionId]: state };
    }
  }
  return values;
}

/** Fills in. Throws `ImpossibleInput` for an input that is not on show. */
export function fillIn(blocks: SlackBlock[], before: SlackStateValues, input: InputValues): SlackStateValues {
  const values = structuredClone(before);
  for (const [blockId, actions] of Object.entries(input)) {
    const block = blocks.find((candidate) => candidate.block_id === blockId);
    for (const [actionId, value] of Object.entries(actions)) {
      const element =
        block === undefined
          ? undefined
          : interactiveElements(block).find((candidate) => candidate['action_id'] === actionId);
      if (element === undefined) throw new ImpossibleInput(`no input ${blockId}/${actionId} is on show`);
      values[blockId] = { ...values[blockId], [actionId]: elementState(element, value) };
    }
  }
  return values;
}

const isEmpty = (state: Fields | undefined): boolean =>
  state === undefined ||
  Object.entries(state).every(
    ([key, value]) =>
      key === 'type' || value === null || value === '' || (Array.isArray(value) && value.length === 0),
  );

/** What Slack's client refuses before the app hears of it, by `block_id`. */
export function formErrors(blocks: SlackBlock[], values: SlackStateValues): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const block of blocks) {
    if (block.type !== 'input') continue;
    const element = interactiveElements(block)[0];
    if (element === undefined) continue;
    const state = values[block.block_id]?.[String(element['action_id'])];
    if (isEmpty(state)) {
      if (block['optional'] !== true) errors[block.block_id] = 'Please complete this required field.';
      continue;
    }
    const value = state?.['value'];
    if (typeof value !== 'string') continue;
    const { min_length: min, max_length: max } = element;
    if (typeof min === 'number' && value.length < min)
      errors[block.block_id] = `Must be at least ${min} characters.`;
    if (typeof max === 'number' && value.length > max)
      errors[block.block_id] = `Must be at most ${max} characters.`;
    if (element['type'] === 'number_input' && !/^-?\d+(\.\d+)?$/.test(value))
      errors[block.block_id] = 'Must be a number.';
    if (element['type'] === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(value))
      errors[block.block_id] = 'Must be an email address.';
    if (element['type'] === 'url_text_input' && !/^https?:\/\/\S+$/.test(value))
      errors[block.block_id] = 'Must be a URL.';
  }
  return errors;
}
