import { AsyncLocalStorage } from 'node:async_hooks';
import { type DestinationStream, pino } from 'pino';
import type { Log } from '../flows/ports.ts';
import { hiding } from './hiding.ts';

type Fields = Readonly<Record<string, unknown>>;

const about = new AsyncLocalStorage<Fields>();

/** Every line that is written while this runs carries these fields: which promotion it is about, above all. */
export function withLogFields<Answer>(fields: Fields, work: () => Promise<Answer>): Promise<Answer> {
  return about.run({ ...about.getStore(), ...fields }, work);
}

export interface LogOptions {
  /** Texts that stand in no line, wherever they came from. */
  readonly secrets?: readonly string[];
  readonly destination?: DestinationStream;
}

/** One JSON line per message: a constant text, the data beside it, and never a secret. */
export function createLog(level: string, { secrets = [], destination }: LogOptions = {}): Log {
  const hide = hiding(secrets);
  const options = {
    level,
    base: null,
    redact: {
      paths: ['*.token', '*.secret', '*.responseUrl', '*.triggerId', '*.body', '*.headers'],
      censor: 'hidden',
    },
    mixin: () => ({ ...about.getStore() }),
    hooks: {
      streamWrite: hide,
    },
  };
  const logger = destination === undefined ? pino(options) : pino(options, destination);
  return {
    info: (data, message) => logger.info(data, message),
    warn: (data, message) => logger.warn(data, message),
    error: (data, message) => logger.error(data, message),
  };
}
