/**
 * Block Kit's limits, refused as Slack refuses them: `[ERROR] must be less than 151 characters
 * [json-pointer:/blocks/0/text/text]`. What Slack has and this does not model is refused too, as an unsupported type,
 * never let through unseen. Limits: docs.slack.dev reference for blocks, elements and views, and `@slack/types`.
 */
import type { SlackBlock } from './control.ts';

export type Surface = 'message' | 'modal' | 'home';

type Fields = Record<string, unknown>;
type Fail = (problem: string, pointer: string) => void;
type Check = (value: Fields, at: string, context: Context) => void;

interface Context {
  surface: Surface;
  fail: Fail;
  markdownCharacters: number;
  tables: number;
  focused: number;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const checkString = (value: unknown, at: string, fail: Fail, max: number, min = 1) => {
  if (typeof value !== 'string') return fail('must be a string', at);
  if (value.length < min) return fail(`must be more than ${min - 1} characters`, at);
  if (value.length > max) return fail(`must be less than ${max + 1} characters`, at);
};

const optionalString = (value: Fields, key: string, at: string, fail: Fail, max: number, min = 0) => {
  if (value[key] !== undefined) checkString(value[key], `${at}/${key}`, fail, max, min);
};

const required = (value: Fields, key: string, at: string, fail: Fail): boolean => {
  if (value[key] !== undefined && value[key] !== null) return true;
  fail(`missing required field: ${key}`, at);
  return false;
};

const onlyKeys = (value: Fields, keys: readonly string[], at: string, fail: Fail) => {
  for (const key of Object.keys(value)) {
    if (!keys.includes(key)) fail(`invalid additional property: ${key}`, at);
  }
};

const checkBoolean = (value: Fields, key: string, at: string, fail: Fail) => {
  if (value[key] !== undefined && typeof value[key] !== 'boolean') fail('must be a boolean', `${at}/${key}`);
};

const checkText = (
  value: unknown,
  at: string,
  fail: Fail,
  limits: { max: number; plain?: boolean; min?: number },
) => {
  if (!isFields(value)) return fail('must be an object', at);
  const type = value['type'];
  if (type !== 'plain_text' && (limits.plain === true || type !== 'mrkdwn')) {
    return fail(
      type === undefined ? 'missing required field: type' : `unsupported type: ${type}`,
      `${at}/type`,
    );
  }
  onlyKeys(value, type === 'plain_text' ? ['type', 'text', 'emoji'] : ['type', 'text', 'verbatim'], at, fail);
  checkBoolean(value, type === 'plain_text' ? 'emoji' : 'verbatim', at, fail);
  checkString(value['text'], `${at}/text`, fail, limits.max, limits.min ?? 1);
};

const checkItems = (
  value: Fields,
  key: string,
  at: string,
  fail: Fail,
  limits: { min: number; max: number },
  each: (item: unknown, at: string) => void,
) => {
  const items = value[key];
  const pointer = `${at}/${key}`;
  if (!Array.isArray(items)) return fail('must be an array', pointer);
  if (items.length < limits.min) fail(`no less than ${limits.min} items allowed`, pointer);
  if (items.length > limits.max) fail(`no more than ${limits.max} items allowed`, pointer);
  items.forEach((item: unknown, index) => {
    each(item, `${pointer}/${index}`);
  });
};

const styles = ['primary', 'danger'];

const checkStyle = (value: Fields, at: string, fail: Fail) => {
  if (value['style'] !== undefined && !styles.includes(String(value['style']))) {
    fail('must be one of: primary, danger', `${at}/style`);
  }
};

const checkConfirm = (value: Fields, at: string, fail: Fail) => {
  const confirm = value['confirm'];
  if (confirm === undefined) return;
  const pointer = `${at}/confirm`;
  if (!isFields(confirm)) return fail('must be an object', pointer);
  onlyKeys(confirm, ['title', 'text', 'confirm', 'deny', 'style'], pointer, fail);
  for (const key of ['title', 'text', 'confirm', 'deny']) required(confirm, key, pointer, fail);
  if (confirm['title'] !== undefined)
    checkText(confirm['title'], `${pointer}/title`, fail, { max: 100, plain: true });
  if (confirm['text'] !== undefined) checkText(confirm['text'], `${pointer}/text`, fail, { max: 300 });
  for (const key of ['confirm', 'deny']) {
    if (confirm[key] !== undefined)
      checkText(confirm[key], `${pointer}/${key}`, fail, { max: 30, plain: true });
  }
  checkStyle(confirm, pointer, fail);
};

/** `@slack/types` says 75 for an option's value, other sources 150: the smaller one is safe everywhere. */
const optionValueMax = 75;

const checkOption = (value: unknown, at: string, fail: Fail, plain: boolean) => {
  if (!isFields(value)) return fail('must be an object', at);
  onlyKeys(value, ['text', 'value', 'description', 'url'], at, fail);
  if (required(value, 'text', at, fail)) checkText(value['text'], `${at}/text`, fail, { max: 75, plain });
  if (required(value, 'value', at, fail)) checkString(value['value'], `${at}/value`, fail, optionValueMax, 0);
  if (value['description'] !== undefined)
    checkText(value['description'], `${at}/description`, fail, { max: 75, plain });
};

export const optionsOf = (element: Fields): Fields[] => {
  const direct = Array.isArray(element['options']) ? element['options'] : [];
  const grouped = Array.isArray(element['option_groups'])
    ? element['option_groups'].flatMap((group: unknown) =>
        isFields(group) && Array.isArray(group['options']) ? group['options'] : [],
      )
    : [];
  return [...direct, ...grouped].filter(isFields);
};

const checkInitial = (value: Fields, at: string, fail: Fail) => {
  const known = optionsOf(value).map((option) => option['value']);
  const single = value['initial_option'];
  if (single !== undefined && !(isFields(single) && known.includes(single['value']))) {
    fail('must match one of the options', `${at}/initial_option`);
  }
  const several = value['initial_options'];
  if (several === undefined) return;
  if (!Array.isArray(several)) return fail('must be an array', `${at}/initial_options`);
  several.forEach((option: unknown, index) => {
    if (!(isFields(option) && known.includes(option['value'])))
      fail('must match one of the options', `${at}/initial_options/${index}`);
  });
};

const elementKeys = ['type', 'action_id', 'focus_on_load', 'confirm', 'placeholder'];

const checkElementBase = (value: Fields, at: string, context: Context, keys: readonly string[]) => {
  onlyKeys(value, [...elementKeys, ...keys], at, context.fail);
  optionalString(value, 'action_id', at, context.fail, 255, 1);
  if (value['placeholder'] !== undefined)
    checkText(value['placeholder'], `${at}/placeholder`, context.fail, { max: 150, plain: true });
  if (value['focus_on_load'] === true) {
    context.focused += 1;
    if (context.focused > 1)
      context.fail('only one element may have focus_on_load set', `${at}/focus_on_load`);
  }
  checkConfirm(value, at, context.fail);
};

const checkStaticOptions = (value: Fields, at: string, fail: Fail) => {
  if (value['options'] !== undefined && value['option_groups'] !== undefined)
    return fail('only one of options and option_groups allowed', at);
  if (value['option_groups'] === undefined) {
    checkItems(value, 'options', at, fail, { min: 1, max: 100 }, (option, pointer) =>
      checkOption(option, pointer, fail, true),
    );
  } else {
    checkItems(value, 'option_groups', at, fail, { min: 1, max: 100 }, (group, pointer) => {
      if (!isFields(group)) return fail('must be an object', pointer);
      checkText(group['label'], `${pointer}/label`, fail, { max: 75, plain: true });
      checkItems(group, 'options', pointer, fail, { min: 1, max: 100 }, (option, inner) =>
        checkOption(option, inner, fail, true),
      );
    });
  }
  checkInitial(value, at, fail);
};

const staticSelect: Check = (value, at, context) => {
  checkElementBase(value, at, context, [
    'options',
    'option_groups',
    'initial_option',
    'initial_options',
    'max_selected_items',
  ]);
  checkStaticOptions(value, at, context.fail);
};

const otherSelect =
  (...keys: string[]): Check =>
  (value, at, context) =>
    checkElementBase(value, at, context, [...keys, 'max_selected_items']);

const choices =
  (...keys: string[]): Check =>
  (value, at, context) => {
    checkElementBase(value, at, context, ['options', ...keys]);
    checkItems(value, 'options', at, context.fail, { min: 1, max: 10 }, (option, pointer) =>
      checkOption(option, pointer, context.fail, false),
    );
    checkInitial(value, at, context.fail);
  };

const textInput =
  (...keys: string[]): Check =>
  (value, at, context) => {
    checkElementBase(value, at, context, ['initial_value', 'dispatch_action_config', ...keys]);
    const max = value['max_length'];
    if (max !== undefined && !(typeof max === 'number' && max >= 1 && max <= 3000))
      context.fail('must be between 1 and 3000', `${at}/max_length`);
    const min = value['min_length'];
    if (min !== undefined && !(typeof min === 'number' && min >= 0 && min <= 3000))
      context.fail('must be between 0 and 3000', `${at}/min_length`);
    optionalString(value, 'initial_value', at, context.fail, typeof max === 'number' ? max : 3000);
  };

const button: Check = (value, at, context) => {
  checkElementBase(value, at, context, ['text', 'value', 'url', 'style', 'accessibility_label']);
  if (required(value, 'text', at, context.fail))
    checkText(value['text'], `${at}/text`, context.fail, { max: 75, plain: true });
  optionalString(value, 'value', at, context.fail, 2000);
  optionalString(value, 'url', at, context.fail, 3000);
  if (typeof value['url'] === 'string' && !/^https?:\/\//.test(value['url']))
    context.fail('invalid url', `${at}/url`);
  optionalString(value, 'accessibility_label', at, context.fail, 75);
  checkStyle(value, at, context.fail);
};

const image: Check = (value, at, context) => {
  onlyKeys(value, ['type', 'block_id', 'image_url', 'slack_file', 'alt_text', 'title'], at, context.fail);
  if (required(value, 'alt_text', at, context.fail))
    checkString(value['alt_text'], `${at}/alt_text`, context.fail, 2000, 0);
  if (required(value, 'image_url', at, context.fail))
    checkString(value['image_url'], `${at}/image_url`, context.fail, 3000);
  if (value['title'] !== undefined)
    checkText(value['title'], `${at}/title`, context.fail, { max: 2000, plain: true });
};

const overflow: Check = (value, at, context) => {
  checkElementBase(value, at, context, ['options']);
  checkItems(value, 'options', at, context.fail, { min: 2, max: 5 }, (option, pointer) =>
    checkOption(option, pointer, context.fail, true),
  );
};

const anywhere: Record<string, Check> = {
  static_select: staticSelect,
  multi_static_select: staticSelect,
  external_select: otherSelect('min_query_length', 'initial_option'),
  multi_external_select: otherSelect('min_query_length', 'initial_options'),
  users_select: otherSelect('initial_user'),
  multi_users_select: otherSelect('initial_users'),
  conversations_select: otherSelect(
    'initial_conversation',
    'default_to_current_conversation',
    'response_url_enabled',
    'filter',
  ),
  multi_conversations_select: otherSelect(
    'initial_conversations',
    'default_to_current_conversation',
    'filter',
  ),
  channels_select: otherSelect('initial_channel', 'response_url_enabled'),
  multi_channels_select: otherSelect('initial_channels'),
  radio_buttons: choices('initial_option'),
  checkboxes: choices('initial_options'),
  datepicker: otherSelect('initial_date'),
  timepicker: otherSelect('initial_time', 'timezone'),
  datetimepicker: otherSelect('initial_date_time'),
};

const inActions: Record<string, Check> = { ...anywhere, button, overflow };
const inAccessory: Record<string, Check> = { ...inActions, image };
const inInput: Record<string, Check> = {
  ...anywhere,
  plain_text_input: textInput('multiline', 'min_length', 'max_length'),
  email_text_input: textInput(),
  url_text_input: textInput(),
  number_input: textInput('is_decimal_allowed', 'min_value', 'max_value'),
};

const checkElement = (value: unknown, at: string, context: Context, allowed: Record<string, Check>) => {
  if (!isFields(value)) return context.fail('must be an object', at);
  const type = value['type'];
  const check = typeof type === 'string' ? allowed[type] : undefined;
  if (check === undefined) {
    return context.fail(
      type === undefined ? 'missing required field: type' : `unsupported type: ${String(type)}`,
      `${at}/type`,
    );
  }
  check(value, at, context);
};

const richTextKinds = ['rich_text_section', 'rich_text_list', 'rich_text_preformatted', 'rich_text_quote'];
const richTextLeaves = [
  'text',
  'link',
  'user',
  'usergroup',
  'channel',
  'broadcast',
  'emoji',
  'date',
  'color',
];

const checkRichText = (value: Fields, at: string, context: Context) => {
  checkItems(value, 'elements', at, context.fail, { min: 0, max: 1_000 }, (element, pointer) => {
    if (!isFields(element)) return context.fail('must be an object', pointer);
    const type = String(element['type']);
    if (!richTextKinds.includes(type)) return context.fail(`unsupported type: ${type}`, `${pointer}/type`);
    checkItems(element, 'elements', pointer, context.fail, { min: 0, max: 1_000 }, (leaf, inner) => {
      if (!isFields(leaf)) return context.fail('must be an object', inner);
      const leafType = String(leaf['type']);
      if (type === 'rich_text_list') {
        if (leafType !== 'rich_text_section') context.fail(`unsupported type: ${leafType}`, `${inner}/type`);
        return;
      }
      if (!richTextLeaves.includes(leafType)) context.fail(`unsupported type: ${leafType}`, `${inner}/type`);
      if (leafType === 'text') checkString(leaf['text'], `${inner}/text`, context.fail, 40_000);
    });
  });
};

const section: Check = (value, at, context) => {
  onlyKeys(value, ['type', 'block_id', 'text', 'fields', 'accessory', 'expand'], at, context.fail);
  if (value['text'] === undefined && value['fields'] === undefined)
    context.fail('missing required field: text or fields', at);
  if (value['text'] !== undefined) checkText(value['text'], `${at}/text`, context.fail, { max: 3000 });
  if (value['fields'] !== undefined)
    checkItems(value, 'fields', at, context.fail, { min: 1, max: 10 }, (field, pointer) =>
      checkText(field, pointer, context.fail, { max: 2000 }),
    );
  if (value['accessory'] !== undefined)
    checkElement(value['accessory'], `${at}/accessory`, context, inAccessory);
};

const taskStatuses = ['pending', 'in_progress', 'complete', 'error'];

const checkTask = (value: unknown, at: string, context: Context) => {
  if (!isFields(value)) return context.fail('must be an object', at);
  for (const key of ['task_id', 'title', 'status']) required(value, key, at, context.fail);
  if (value['type'] !== undefined && value['type'] !== 'task_card')
    context.fail(`unsupported type: ${String(value['type'])}`, `${at}/type`);
  if (value['status'] !== undefined && !taskStatuses.includes(String(value['status'])))
    context.fail(`must be one of: ${taskStatuses.join(', ')}`, `${at}/status`);
};

const checkTable = (value: Fields, at: string, context: Context) => {
  onlyKeys(value, ['type', 'block_id', 'rows', 'column_settings'], at, context.fail);
  context.tables += 1;
  if (context.tables > 1) context.fail('only one table allowed', at);
  let characters = 0;
  checkItems(value, 'rows', at, context.fail, { min: 1, max: 100 }, (row, pointer) => {
    if (!Array.isArray(row)) return context.fail('must be an array', pointer);
    if (row.length > 20) context.fail('no more than 20 items allowed', pointer);
    for (const [index, cell] of row.entries()) {
      const inner = `${pointer}/${index}`;
      if (!isFields(cell)) {
        context.fail('must be an object', inner);
        continue;
      }
      if (!['raw_text', 'raw_number', 'rich_text'].includes(String(cell['type'])))
        context.fail(`unsupported type: ${String(cell['type'])}`, `${inner}/type`);
      characters += JSON.stringify(cell['text'] ?? cell['elements'] ?? '').length;
    }
  });
  if (characters > 10_000) context.fail('must be less than 10001 characters', at);
};

const blockChecks: Record<string, { on: readonly Surface[]; check: Check }> = {
  section: { on: ['message', 'modal', 'home'], check: section },
  divider: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => onlyKeys(value, ['type', 'block_id'], at, context.fail),
  },
  header: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'text', 'level'], at, context.fail);
      if (required(value, 'text', at, context.fail))
        checkText(value['text'], `${at}/text`, context.fail, { max: 150, plain: true });
    },
  },
  context: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'elements'], at, context.fail);
      checkItems(value, 'elements', at, context.fail, { min: 1, max: 10 }, (element, pointer) => {
        if (isFields(element) && element['type'] === 'image') image(element, pointer, context);
        else checkText(element, pointer, context.fail, { max: 3000 });
      });
    },
  },
  actions: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'elements'], at, context.fail);
      checkItems(value, 'elements', at, context.fail, { min: 1, max: 25 }, (element, pointer) =>
        checkElement(element, pointer, context, inActions),
      );
    },
  },
  image: { on: ['message', 'modal', 'home'], check: image },
  input: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => {
      onlyKeys(
        value,
        ['type', 'block_id', 'label', 'element', 'hint', 'optional', 'dispatch_action'],
        at,
        context.fail,
      );
      if (required(value, 'label', at, context.fail))
        checkText(value['label'], `${at}/label`, context.fail, { max: 2000, plain: true });
      if (value['hint'] !== undefined)
        checkText(value['hint'], `${at}/hint`, context.fail, { max: 2000, plain: true });
      checkBoolean(value, 'optional', at, context.fail);
      checkBoolean(value, 'dispatch_action', at, context.fail);
      if (required(value, 'element', at, context.fail))
        checkElement(value['element'], `${at}/element`, context, inInput);
    },
  },
  rich_text: {
    on: ['message', 'modal', 'home'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'elements'], at, context.fail);
      checkRichText(value, at, context);
    },
  },
  markdown: {
    on: ['message'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'text'], at, context.fail);
      checkString(value['text'], `${at}/text`, context.fail, 12_000);
      context.markdownCharacters += typeof value['text'] === 'string' ? value['text'].length : 0;
      if (context.markdownCharacters > 12_000)
        context.fail('must be less than 12001 characters in all markdown blocks', at);
    },
  },
  table: { on: ['message'], check: checkTable },
  plan: {
    on: ['message'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'title', 'tasks'], at, context.fail);
      checkString(value['title'], `${at}/title`, context.fail, 3000);
      checkItems(value, 'tasks', at, context.fail, { min: 0, max: 50 }, (task, pointer) =>
        checkTask(task, pointer, context),
      );
    },
  },
  alert: {
    on: ['modal'],
    check: (value, at, context) => {
      onlyKeys(value, ['type', 'block_id', 'text', 'level'], at, context.fail);
      if (required(value, 'text', at, context.fail))
        checkText(value['text'], `${at}/text`, context.fail, { max: 200 });
    },
  },
};

const checkDuplicateActions = (block: Fields, at: string, fail: Fail) => {
  const seen = new Set<string>();
  for (const [element, pointer] of elementsOf(block, at)) {
    const id = element['action_id'];
    if (typeof id !== 'string') continue;
    if (seen.has(id)) fail(`\`action_id\` "${id}" already exists in this block`, `${pointer}/action_id`);
    seen.add(id);
  }
};

const elementsOf = (block: Fields, at: string): [Fields, string][] => {
  const found: [Fields, string][] = [];
  if (block['type'] === 'actions' && Array.isArray(block['elements'])) {
    block['elements'].forEach((element: unknown, index) => {
      if (isFields(element)) found.push([element, `${at}/elements/${index}`]);
    });
  }
  for (const key of ['accessory', 'element']) {
    const element = block[key];
    if (isFields(element) && element['type'] !== 'image') found.push([element, `${at}/${key}`]);
  }
  return found;
};

/** The interactive elements of a block, in the order shown. */
export const interactiveElements = (block: SlackBlock): Fields[] =>
  elementsOf(block, '').map(([element]) => element);

const withTextDefaults = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withTextDefaults);
  if (!isFields(value)) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withTextDefaults(inner)]),
  );
  if (copy['type'] === 'plain_text') return { emoji: true, ...copy };
  if (copy['type'] === 'mrkdwn') return { verbatim: false, ...copy };
  return copy;
};

/** What Slack fills in and hands back: `block_id`, `action_id`, `emoji`, `verbatim`. A markdown block's id is never kept. */
const complete = (block: Fields, newId: () => string): SlackBlock => {
  const filled = withTextDefaults(block);
  const copy: Fields = isFields(filled) ? filled : {};
  for (const [element] of elementsOf(copy, '')) element['action_id'] ??= newId();
  const given = copy['block_id'];
  const blockId = copy['type'] !== 'markdown' && typeof given === 'string' && given !== '' ? given : newId();
  return { ...copy, type: String(copy['type']), block_id: blockId };
};

export type Checked<T> = { ok: true; value: T } | { ok: false; errors: string[] };

const maxBlocks: Record<Surface, number> = { message: 50, modal: 100, home: 100 };

/** Checks the blocks of a message or view and completes them, or answers every problem with its JSON pointer. */
export function checkBlocks(blocks: unknown, surface: Surface, newId: () => string): Checked<SlackBlock[]> {
  const errors: string[] = [];
  const fail: Fail = (problem, pointer) => {
    errors.push(`[ERROR] ${problem} [json-pointer:${pointer}]`);
  };
  const context: Context = {
    surface,
    fail,
    markdownCharacters: 0,
    tables: 0,
    focused: 0,
  };
  if (!Array.isArray(blocks))
    return { ok: false, errors: ['[ERROR] must be an array [json-pointer:/blocks]'] };
  if (blocks.length > maxBlocks[surface]) fail(`no more than ${maxBlocks[surface]} items allowed`, '/blocks');
  const ids = new Set<string>();
  for (const [index, block] of blocks.entries()) {
    const at = `/blocks/${index}`;
    if (!isFields(block)) {
      fail('must be an object', at);
      continue;
    }
    const type = String(block['type']);
    const known = blockChecks[type];
    if (known === undefined || !known.on.includes(surface)) {
      fail(`unsupported type: ${type}`, `${at}/type`);
      continue;
    }
    optionalString(block, 'block_id', at, fail, 255);
    const id = block['block_id'];
    if (typeof id === 'string' && id !== '') {
      if (ids.has(id)) fail(`\`block_id\` "${id}" already exists`, `${at}/block_id`);
      ids.add(id);
    }
    known.check(block, at, context);
    checkDuplicateActions(block, at, fail);
  }
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, value: blocks.filter(isFields).map((block) => complete(block, newId)) };
}

export interface ViewDefinition {
  type: 'modal' | 'home';
  callbackId: string;
  title: string;
  submitLabel?: string;
  closeLabel?: string;
  blocks: SlackBlock[];
  privateMetadata: string;
  externalId: string;
  notifyOnClose: boolean;
  clearOnClose: boolean;
  submitDisabled: boolean;
}

const textOf = (value: unknown): string | undefined =>
  isFields(value) && typeof value['text'] === 'string' ? value['text'] : undefined;

/** Checks a view as `views.open` and its kin do; too much in all (250 kB) is `view_too_large` and not found here. */
export function checkView(
  view: unknown,
  allowed: 'modal' | 'home',
  newId: () => string,
): Checked<ViewDefinition> {
  if (!isFields(view)) return { ok: false, errors: ['[ERROR] must be an object [json-pointer:/view]'] };
  const errors: string[] = [];
  const fail: Fail = (problem, pointer) => {
    errors.push(`[ERROR] ${problem} [json-pointer:${pointer}]`);
  };
  const shared = ['type', 'blocks', 'private_metadata', 'callback_id', 'external_id'];
  const modalOnly = ['title', 'submit', 'close', 'notify_on_close', 'clear_on_close', 'submit_disabled'];
  onlyKeys(view, allowed === 'modal' ? [...shared, ...modalOnly] : shared, '/view', fail);
  if (view['type'] !== allowed) fail(`unsupported type: ${String(view['type'])}`, '/view/type');
  required(view, 'blocks', '/view', fail);
  if (allowed === 'modal') {
    if (required(view, 'title', '/view', fail))
      checkText(view['title'], '/view/title', fail, { max: 24, plain: true });
    for (const key of ['submit', 'close']) {
      if (view[key] !== undefined && view[key] !== null)
        checkText(view[key], `/view/${key}`, fail, { max: 24, plain: true });
    }
    for (const key of ['notify_on_close', 'clear_on_close', 'submit_disabled'])
      checkBoolean(view, key, '/view', fail);
    const hasInput =
      Array.isArray(view['blocks']) &&
      view['blocks'].some((block: unknown) => isFields(block) && block['type'] === 'input');
    if (hasInput && (view['submit'] === undefined || view['submit'] === null))
      fail('missing required field: submit', '/view');
  }
  optionalString(view, 'private_metadata', '/view', fail, 3000);
  optionalString(view, 'callback_id', '/view', fail, 255);
  optionalString(view, 'external_id', '/view', fail, 255);
  const blocks = checkBlocks(view['blocks'] ?? [], allowed, newId);
  if (!blocks.ok)
    errors.push(...blocks.errors.map((error) => error.replace('[json-pointer:', '[json-pointer:/view')));
  if (errors.length > 0 || !blocks.ok) return { ok: false, errors };
  const submitLabel = textOf(view['submit']);
  const closeLabel = textOf(view['close']);
  return {
    ok: true,
    value: {
      type: allowed,
      callbackId: String(view['callback_id'] ?? ''),
      title: textOf(view['title']) ?? '',
      ...(submitLabel === undefined ? {} : { submitLabel }),
      ...(closeLabel === undefined ? {} : { closeLabel }),
      blocks: blocks.value,
      privateMetadata: String(view['private_metadata'] ?? ''),
      externalId: String(view['external_id'] ?? ''),
      notifyOnClose: view['notify_on_close'] === true,
      clearOnClose: view['clear_on_close'] === true,
      submitDisabled: view['submit_disabled'] === true,
    },
  };
}
