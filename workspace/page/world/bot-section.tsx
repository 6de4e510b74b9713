import { useEffect, useRef } from 'react';
import type { BotStatus } from '../../snapshot.ts';
import { Do } from './do.tsx';

const stateWords: Record<BotStatus['state'], string> = {
  off: 'not started',
  starting: 'starting',
  running: 'running',
  stopped: 'stopped',
};

const levels: Record<number, string> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** A pino line as one reads it; anything else as it is. */
function readable(line: string): { level: string; text: string } {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry === 'object' && entry !== null && 'msg' in entry && 'level' in entry) {
      const {
        level,
        msg,
        time: _,
        pid: __,
        hostname: ___,
        name: ____,
        v: _____,
        ...rest
      } = entry as Record<string, unknown>;
      const extras = Object.entries(rest)
        .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
      return { level: levels[Number(level)] ?? 'info', text: `${String(msg)} ${extras}`.trim() };
    }
  } catch {
    // Not JSON: a stack trace or a line of Node's own.
  }
  return { level: /error/i.test(line) ? 'error' : 'info', text: line };
}

/** The bot's process: whether it lives, and what it last wrote. */
export function BotSection({ bot }: { bot: BotStatus }) {
  const log = useRef<HTMLDivElement>(null);
  const lastLine = bot.log.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follows the newest line.
  useEffect(() => {
    if (log.current !== null) log.current.scrollTop = log.current.scrollHeight;
  }, [lastLine, bot.log.length]);
  return (
    <section className="card" aria-label="Bot" data-testid="bot">
      <h3>
        The bot
        <Do area="bot" name="restart" label="Restart" testId="bot-restart" />
      </h3>
      <p className="bot-state" data-testid="bot-state" data-state={bot.state}>
        <span
          className={`dot dot-${bot.state === 'running' ? 'good' : bot.state === 'starting' ? 'busy' : 'bad'}`}
        />
        {stateWords[bot.state]}
        {bot.pid !== null && <small> · process {bot.pid}</small>}
        {bot.starts > 1 && <small> · started {bot.starts} times</small>}
        {bot.ended !== null && bot.state === 'stopped' && <small> · {bot.ended}</small>}
      </p>
      <div
        className="log"
        ref={log}
        role="log"
        aria-label="Log of the bot"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
        tabIndex={0}
        data-testid="bot-log"
      >
        {bot.log.length === 0 && <span className="log-line">Nothing written yet.</span>}
        {bot.log.map((line, index) => {
          const { level, text } = readable(line);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity and only move on.
            <span key={index} className={`log-line log-${level}`}>
              {text}
            </span>
          );
        })}
      </div>
    </section>
  );
}
