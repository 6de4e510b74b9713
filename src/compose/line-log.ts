import type { LogLevel } from '../config/env.ts';
import type { Log } from '../flows/ports.ts';
import { hiding } from './hiding.ts';

/** pino's numbers, so that lines of all functions are found by the same query. */
const severities: Readonly<Record<LogLevel, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
};
const hidden: ReadonlySet<string> = new Set([
  'token',
  'secret',
  'responseUrl',
  'triggerId',
  'body',
  'headers',
]);
const censor = (name: string, value: unknown): unknown => (hidden.has(name) ? 'hidden' : value);

interface LineLogOptions {
  /** Texts that stand in no line, wherever they came from. */
  readonly secrets?: readonly string[];
  readonly write?: (line: string) => void;
}

/** pino's lines without pino, whose loading takes as long as a whole click. Hides the same, names at any depth. */
export function createLineLog(level: LogLevel, options: LineLogOptions = {}): Log {
  const { secrets = [], write = (line) => void process.stdout.write(line) } = options;
  const hide = hiding(secrets);
  const at =
    (name: 'info' | 'warn' | 'error') => (data: Readonly<Record<string, unknown>>, message: string) => {
      if (severities[name] < severities[level]) return;
      const line = { level: severities[name], time: Date.now(), ...data, msg: message };
      write(`${hide(JSON.stringify(line, censor))}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}
