import { type ReactNode, useEffect, useId, useState } from 'react';
import type { InputValue } from '../../slack/control.ts';
import { useConfirm } from '../confirm.tsx';
import { useDirectory } from '../directory.tsx';
import { confirmationOf, isObject, type Json, type Option, optionsOf, string, words } from './read.ts';
import { useSurface } from './surface.tsx';

interface ElementProps {
  element: Json;
  blockId: string;
  /** In an input block: the id of its label and error, and no word to the app unless it asked for one. */
  field?: { id: string; label: string; errorId?: string; dispatches: boolean };
}

/** Any interactive element of Block Kit, pressed for real; one the page does not know says so instead of vanishing. */
export function Element(props: ElementProps) {
  switch (props.element['type']) {
    case 'button':
    case 'workflow_button':
      return <ButtonElement {...props} />;
    case 'overflow':
      return <OverflowElement {...props} />;
    case 'static_select':
    case 'users_select':
    case 'channels_select':
    case 'conversations_select':
      return <SelectElement {...props} />;
    case 'external_select':
      return <ExternalSelectElement {...props} />;
    case 'multi_static_select':
    case 'multi_users_select':
    case 'multi_channels_select':
    case 'multi_conversations_select':
    case 'checkboxes':
      return <ChoicesElement {...props} kind="checkbox" />;
    case 'radio_buttons':
      return <ChoicesElement {...props} kind="radio" />;
    case 'plain_text_input':
      return <TextElement {...props} type="text" />;
    case 'email_text_input':
      return <TextElement {...props} type="email" />;
    case 'url_text_input':
      return <TextElement {...props} type="url" />;
    case 'number_input':
      return <TextElement {...props} type="number" />;
    case 'datepicker':
      return <TextElement {...props} type="date" />;
    case 'timepicker':
      return <TextElement {...props} type="time" />;
    case 'datetimepicker':
      return <TextElement {...props} type="datetime-local" />;
    case 'image':
      return (
        <img
          className="accessory-image"
          src={string(props.element['image_url'])}
          alt={string(props.element['alt_text'])}
        />
      );
    default:
      return <span className="not-drawn">[{String(props.element['type'])}: not drawn here]</span>;
  }
}

const actionIdOf = (element: Json) => string(element['action_id']) ?? '';

/** Presses once: asks the app's confirmation first, and is busy until the answer is there. */
function usePress({ element, blockId }: ElementProps) {
  const surface = useSurface();
  const confirm = useConfirm();
  const [isBusy, setBusy] = useState(false);
  const press = async (value?: InputValue, button?: { value?: string; text: string }): Promise<boolean> => {
    const question = confirmationOf(element);
    if (question !== undefined && !(await confirm(question))) return false;
    setBusy(true);
    try {
      await surface.press({
        blockId,
        actionId: actionIdOf(element),
        ...(value === undefined ? {} : { value }),
        ...(button === undefined ? {} : { button }),
      });
    } finally {
      setBusy(false);
    }
    return true;
  };
  return { press, isBusy };
}

function ButtonElement(props: ElementProps) {
  const { element } = props;
  const { press, isBusy } = usePress(props);
  const url = string(element['url']);
  const value = string(element['value']);
  const text = words(element['text']);
  const style = string(element['style']);
  const click = async () => {
    const pressed = await press(value, { ...(value === undefined ? {} : { value }), text });
    if (pressed && url !== undefined && /^https?:/.test(url))
      window.open(url, '_blank', 'noopener,noreferrer');
  };
  return (
    <button
      type="button"
      className={`button${style === 'primary' ? ' button-primary' : style === 'danger' ? ' button-danger' : ''}`}
      aria-label={string(element['accessibility_label'])}
      aria-busy={isBusy}
      disabled={isBusy}
      data-testid={`block-button-${actionIdOf(element)}`}
      data-action-id={actionIdOf(element)}
      onClick={() => void click()}
    >
      {text}
      {url !== undefined && (
        <span className="external-mark" aria-hidden="true">
          {' '}
          ↗
        </span>
      )}
    </button>
  );
}

function OverflowElement(props: ElementProps) {
  const { press, isBusy } = usePress(props);
  const options = optionsOf(props.element);
  const [isOpen, setOpen] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only notices that the focus left what is inside.
    <span
      className="overflow"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        type="button"
        className="button overflow-button"
        aria-label="More actions"
        aria-expanded={isOpen}
        aria-busy={isBusy}
        data-testid={`block-overflow-${actionIdOf(props.element)}`}
        onClick={() => setOpen(!isOpen)}
      >
        <span aria-hidden="true">⋯</span>
      </button>
      {isOpen && (
        <span className="menu">
          {options.map((option) => (
            <button
              key={option.value}
              type="button"
              className="menu-item"
              onClick={() => {
                setOpen(false);
                void press(option.value);
              }}
            >
              {option.text}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}

/** What the person chose, else what the app started with. */
function useValue({ element, blockId }: ElementProps): [InputValue, (value: InputValue) => void] {
  const surface = useSurface();
  const actionId = actionIdOf(element);
  const held = surface.values[blockId]?.[actionId];
  return [
    held === undefined ? initialValue(element) : held,
    (value) => surface.setValue(blockId, actionId, value),
  ];
}

export function initialValue(element: Json): InputValue {
  const one = (name: string) => string(element[name]) ?? null;
  const initialOption = element['initial_option'];
  if (isObject(initialOption)) return string(initialOption['value']) ?? null;
  const initialOptions = element['initial_options'];
  if (Array.isArray(initialOptions)) {
    return initialOptions.filter(isObject).map((option) => string(option['value']) ?? '');
  }
  const many = element['initial_users'] ?? element['initial_channels'] ?? element['initial_conversations'];
  if (Array.isArray(many)) return many.filter((each) => typeof each === 'string');
  const moment = element['initial_date_time'];
  if (typeof moment === 'number') return moment;
  return (
    one('initial_value') ??
    one('initial_user') ??
    one('initial_channel') ??
    one('initial_conversation') ??
    one('initial_date') ??
    one('initial_time')
  );
}

function useOptions(element: Json): Option[] {
  const { people, channels } = useDirectory();
  const type = string(element['type']) ?? '';
  if (type.endsWith('users_select')) {
    return [...people.values()]
      .filter((person) => person.kind !== 'stranger')
      .map((person) => ({ text: person.realName, value: person.id, description: '' }));
  }
  if (type.endsWith('channels_select') || type.endsWith('conversations_select')) {
    return [...channels.values()]
      .filter((channel) => channel.kind !== 'direct')
      .map((channel) => ({ text: `#${channel.name}`, value: channel.id, description: '' }));
  }
  return optionsOf(element);
}

function fieldProps(props: ElementProps) {
  const { element, field } = props;
  return {
    id: field?.id,
    'aria-label': field === undefined ? words(element['placeholder']) || 'Choose' : undefined,
    'aria-invalid': field?.errorId !== undefined,
    'aria-describedby': field?.errorId,
    'data-testid': `block-input-${actionIdOf(element)}`,
  };
}

const dispatches = (props: ElementProps) => props.field === undefined || props.field.dispatches;

function SelectElement(props: ElementProps) {
  const { element } = props;
  const { press, isBusy } = usePress(props);
  const [value, setValue] = useValue(props);
  const options = useOptions(element);
  const groups = [...new Set(options.map((option) => option.group))];
  const change = async (chosen: string) => {
    const next = chosen === '' ? null : chosen;
    if (dispatches(props)) {
      if (next !== null && (await press(next))) setValue(next);
    } else setValue(next);
  };
  const draw = (group: string | undefined): ReactNode =>
    options
      .filter((option) => option.group === group)
      .map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ));
  return (
    <select
      {...fieldProps(props)}
      className="select"
      disabled={isBusy}
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => void change(event.target.value)}
    >
      <option value="">{words(element['placeholder']) || 'Choose an option'}</option>
      {groups.map((group) =>
        group === undefined ? (
          draw(group)
        ) : (
          <optgroup key={group} label={group}>
            {draw(group)}
          </optgroup>
        ),
      )}
    </select>
  );
}

/** Asks the app for options while the person types, a moment after the last key. */
function ExternalSelectElement(props: ElementProps) {
  const { element, blockId } = props;
  const surface = useSurface();
  const { press } = usePress(props);
  const [value, setValue] = useValue(props);
  const [typed, setTyped] = useState<string>();
  const [chosenText, setChosenText] = useState<string>();
  const [options, setOptions] = useState<{ text: string; value: string }[]>([]);
  const listId = useId();
  const actionId = actionIdOf(element);
  const minimum = Number(element['min_query_length'] ?? 3);
  const { suggest } = surface;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new surface object is not a reason to ask again.
  useEffect(() => {
    if (typed === undefined || typed.length < minimum) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      suggest({ blockId, actionId, typed }).then(
        (found) => {
          if (isCurrent) setOptions(found);
        },
        () => {
          if (isCurrent) setOptions([]);
        },
      );
    }, 250);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [typed, blockId, actionId, minimum]);

  const initialOption = element['initial_option'];
  const initialText = isObject(initialOption) ? words(initialOption['text']) : undefined;
  const shown = typed ?? chosenText ?? (value === null ? '' : (initialText ?? String(value)));
  const choose = async (option: { text: string; value: string }) => {
    setTyped(undefined);
    setOptions([]);
    if (dispatches(props) && !(await press(option.value))) return;
    setChosenText(option.text);
    setValue(option.value);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: only notices that the focus left what is inside.
    <span
      className="combobox"
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setTyped(undefined);
      }}
    >
      <input
        {...fieldProps(props)}
        className="input"
        role="combobox"
        aria-expanded={typed !== undefined && options.length > 0}
        aria-controls={listId}
        autoComplete="off"
        placeholder={words(element['placeholder'])}
        value={shown}
        onFocus={() => setTyped('')}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          const [first] = options;
          if (event.key === 'Enter' && typed !== undefined && first !== undefined) {
            event.preventDefault();
            void choose(first);
          }
        }}
      />
      {typed !== undefined && options.length > 0 && (
        <span className="menu" id={listId}>
          {options.map((option) => (
            <button
              key={option.value}
              type="button"
              className="menu-item"
              onClick={() => void choose(option)}
            >
              {option.text}
            </button>
          ))}
        </span>
      )}
    </span>
  );
}

function ChoicesElement(props: ElementProps & { kind: 'checkbox' | 'radio' }) {
  const { element, field, kind } = props;
  const { press, isBusy } = usePress(props);
  const [value, setValue] = useValue(props);
  const options = useOptions(element);
  const name = useId();
  const chosen = Array.isArray(value) ? value : value === null ? [] : [String(value)];
  const change = async (option: string, isOn: boolean) => {
    const next =
      kind === 'radio' ? option : isOn ? [...chosen, option] : chosen.filter((each) => each !== option);
    if (dispatches(props) && !(await press(next))) return;
    setValue(next);
  };
  return (
    <fieldset
      className="choices"
      disabled={isBusy}
      aria-describedby={field?.errorId}
      data-testid={`block-input-${actionIdOf(element)}`}
    >
      <legend className="visually-hidden">{field?.label ?? 'Choose'}</legend>
      {options.map((option) => (
        <label key={option.value} className="choice">
          <input
            type={kind}
            name={name}
            value={option.value}
            checked={chosen.includes(option.value)}
            onChange={(event) => void change(option.value, event.target.checked)}
          />
          <span>
            {option.text}
            {option.description !== '' && <small>{option.description}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

type TextType = 'text' | 'email' | 'url' | 'number' | 'date' | 'time' | 'datetime-local';

function TextElement(props: ElementProps & { type: TextType }) {
  const { element, type } = props;
  const { press } = usePress(props);
  const [value, setValue] = useValue(props);
  const { zone } = useDirectory();
  const shown =
    type === 'datetime-local' && typeof value === 'number' ? localMoment(value, zone) : String(value ?? '');
  const read = (typed: string): InputValue => {
    if (typed === '') return null;
    return type === 'datetime-local' ? secondsOfLocal(typed, zone) : typed;
  };
  const change = (typed: string) => {
    setValue(read(typed));
    if (props.field?.dispatches !== false && type !== 'text' && typed !== '') void press(read(typed));
  };
  const shared = {
    ...fieldProps(props),
    className: 'input',
    placeholder: words(element['placeholder']),
    value: shown,
    autoFocus: element['focus_on_load'] === true,
    minLength: typeof element['min_length'] === 'number' ? element['min_length'] : undefined,
    maxLength: typeof element['max_length'] === 'number' ? element['max_length'] : undefined,
  };
  if (element['multiline'] === true) {
    return <textarea {...shared} rows={4} onChange={(event) => change(event.target.value)} />;
  }
  return (
    <input
      {...shared}
      type={type}
      step={type === 'number' && element['is_decimal_allowed'] === true ? 'any' : undefined}
      onChange={(event) => change(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && type === 'text' && dispatches(props)) {
          event.preventDefault();
          void press(read(event.currentTarget.value));
        }
      }}
    />
  );
}

/** `2026-11-21T14:02` of a moment in a zone, as date fields want it. */
function localMoment(seconds: number, zone: string): string {
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  })
    .format(seconds * 1000)
    .replace(' ', 'T');
}

/** Off by an hour in the hour that a clock change repeats or skips. */
function secondsOfLocal(typed: string, zone: string): number {
  const guess = Date.parse(`${typed}Z`);
  const shown = Date.parse(`${localMoment(guess / 1000, zone)}Z`);
  return Math.round((guess - (shown - guess)) / 1000);
}
