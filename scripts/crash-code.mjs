import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded by `npm run prove` into every process of a part: one that nobody's handler keeps from dying of an exception
 * ends with 70 (EX_SOFTWARE in sysexits.h) instead of Node's 1, which says of a part that it found a violation.
 */
const crashCode = 70;

if (isMainThread)
  process.on('uncaughtExceptionMonitor', () => {
    if (process.listenerCount('uncaughtException') > 0) return;
    process.once('exit', () => {
      process.exitCode = crashCode;
    });
  });
