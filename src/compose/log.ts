import { pino } from 'pino';
import type { Log } from '../flows/ports.ts';

/** One JSON line per message: a constant text, the data beside it, and never a secret among the names we use. */
export function createLog(level: string): Log {
  const logger = pino({
    level,
    base: null,
    redact: {
      paths: ['*.token', '*.secret', '*.responseUrl', '*.triggerId', '*.body', '*.headers'],
      censor: 'hidden',
    },
  });
  return {
    info: (data, message) => logger.info(data, message),
    warn: (data, message) => logger.warn(data, message),
    error: (data, message) => logger.error(data, message),
  };
}
