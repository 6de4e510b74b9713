import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';

export interface OptionRules<Value extends string, Flag extends string> {
  readonly values: readonly Value[];
  readonly flags: readonly Flag[];
  /** How many words may stand beside the options. */
  readonly words: number;
}

export type ParsedOptions<Value extends string, Flag extends string> =
  | {
      readonly outcome: 'parsed';
      readonly values: { readonly [name in Value]?: string };
      readonly flags: ReadonlySet<Flag>;
      readonly words: readonly string[];
    }
  | { readonly outcome: 'wrong'; readonly message: string };

/** Reads the arguments of one command; a word that is not known is refused with the nearest one, never guessed. */
export function parseOptions<Value extends string = never, Flag extends string = never>(
  args: readonly string[],
  rules: OptionRules<Value, Flag>,
): ParsedOptions<Value, Flag> {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries(rules.values.map((name) => [name, { type: 'string' as const }])),
  });
  const wrong = (message: string) => ({ outcome: 'wrong', message }) as const;
  const values: { [name in Value]?: string } = {};
  const flags = new Set<Flag>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const value = rules.values.find((name) => name === token.name);
    const flag = rules.flags.find((name) => name === token.name);
    if (value !== undefined) {
      // Without this an option whose value was forgotten would swallow the next option.
      if (token.value === undefined || (!token.inlineValue && token.value.startsWith('--'))) {
        return wrong(`--${value} needs a value.`);
      }
      if (values[value] !== undefined) return wrong(`--${value} is given twice.`);
      values[value] = token.value;
    } else if (flag !== undefined) {
      if (token.value !== undefined) return wrong(`--${flag} takes no value.`);
      flags.add(flag);
    } else {
      const near = nearest(token.name, [...rules.values, ...rules.flags]);
      return wrong(
        `There is no option ${token.rawName}.${near === undefined ? '' : ` Did you mean --${near}?`}`,
      );
    }
  }
  const extra = words[rules.words];
  if (extra !== undefined) return wrong(`${JSON.stringify(extra)} is one word too many.`);
  return { outcome: 'parsed', values, flags, words };
}
