/** The arguments of one call, which arrive as form strings (objects as JSON text) or as a JSON body. */
import { SlackError } from './slack-error.ts';

export interface Arguments {
  has(key: string): boolean;
  /** Empty when absent. */
  text(key: string): string;
  flag(key: string): boolean;
  /** An object or list, parsed where it came as text. Undefined when absent; throws `whenBroken`. */
  object(key: string, whenBroken: string): unknown;
  raw: Record<string, unknown>;
}

export function createArguments(raw: Record<string, unknown>): Arguments {
  const present = (key: string) => raw[key] !== undefined && raw[key] !== null && raw[key] !== '';
  return {
    raw,
    has: present,
    text(key) {
      const value = raw[key];
      if (!present(key)) return '';
      if (typeof value === 'string') return value;
      if (typeof value === 'number' || typeof value === 'boolean') return String(value);
      throw new SlackError('invalid_arguments', [`[ERROR] must be a string [json-pointer:/${key}]`]);
    },
    flag(key) {
      const value = raw[key];
      return value === true || value === 'true' || value === '1' || value === 1;
    },
    object(key, whenBroken) {
      const value = raw[key];
      if (!present(key)) return undefined;
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value);
      } catch {
        throw new SlackError(whenBroken);
      }
    },
  };
}
