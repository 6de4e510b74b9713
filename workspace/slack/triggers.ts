/**
 * `trigger_id`s: the right to open one modal for one person, once, within three seconds. The seconds are real ones:
 * the app is a real process, and in a workspace that runs a hundred times faster virtual ones would never suffice.
 */
import { SlackError } from './slack-error.ts';

const triggerLifetimeMs = 3_000;

export interface Trigger {
  user: string;
  /** The modal the trigger came from, which a push goes on top of. */
  viewId?: string;
  deliveryId: string;
}

export interface Triggers {
  issue(trigger: Trigger): string;
  /** Throws `expired_trigger_id`, `exchanged_trigger_id` or `invalid_trigger_id`. */
  exchange(id: string): Trigger;
}

const kept = 1_000;

export function createTriggers(realNowMs: () => number): Triggers {
  const issued = new Map<string, Trigger & { atMs: number; exchanged: boolean }>();
  let count = 0;

  return {
    issue(trigger) {
      count += 1;
      const id = `${1_000_000_000_000 + count}.${2_000_000_000 + count}.${crypto.randomUUID().replaceAll('-', '')}`;
      issued.set(id, { ...trigger, atMs: realNowMs(), exchanged: false });
      const oldest = issued.keys().next().value;
      if (issued.size > kept && oldest !== undefined) issued.delete(oldest);
      return id;
    },
    exchange(id) {
      const trigger = issued.get(id);
      if (trigger === undefined) throw new SlackError('invalid_trigger_id');
      if (trigger.exchanged) throw new SlackError('exchanged_trigger_id');
      if (realNowMs() - trigger.atMs > triggerLifetimeMs) throw new SlackError('expired_trigger_id');
      trigger.exchanged = true;
      return trigger;
    },
  };
}
