import { setTimeout as pause } from 'node:timers/promises';

/** People and the channel of the pretend Slack, as workspace/slack/people.ts names them. */
export const people = {
  ada: 'U0ADA00001',
  grace: 'U0GRACE001',
  lin: 'U0LIN00001',
  otto: 'U0OTTO0001',
  gil: 'U0GIL00001',
};
export const channel = 'C0DEPLOYS1';

const lookAgainMs = 100;

/**
 * A running workspace as scripts use it: what the page does, through the control API that the page uses.
 * Every call rejects with the workspace's own words when it was not carried out.
 */
export function connectTo(url) {
  const post = async (area, name, body = {}) => {
    const response = await fetch(`${url}/control/${area}/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${area}/${name}: ${text}`);
    return JSON.parse(text);
  };
  const state = async () => {
    const response = await fetch(`${url}/control/state`);
    if (!response.ok) throw new Error(`The workspace answered ${response.status}.`);
    return response.json();
  };
  const delivered = async ({ outcome, error, httpStatus }, what) => {
    if (outcome === 'acknowledged') return;
    const { bot } = await state();
    throw new Error(
      `${what} was not delivered: ${error ?? outcome} (HTTP ${httpStatus ?? 'not reached'}).\n` +
        `The bot is ${bot.state}; it wrote last:\n${bot.log.slice(-5).join('\n')}`,
    );
  };

  return {
    url,
    post,
    state,
    /** Types a slash command; resolves to the private answer. */
    async command(person, text) {
      const result = await post('slack', 'command', { user: people[person], channel, text });
      await delivered(result, text);
      return plain(result.ephemeral?.text ?? '');
    },
    /** Presses a button of a message. */
    async click(person, messageTs, actionId) {
      const result = await post('slack', 'click', { user: people[person], channel, messageTs, actionId });
      await delivered(result, actionId);
    },
    /** The live messages of all promotions, oldest first. */
    async cards() {
      return cardsIn(await state());
    },
    /** Looks until `find` gives something; rejects with `what` when it gave nothing for so many real seconds. */
    async until(what, find, limitSeconds = 120) {
      const deadline = performance.now() + limitSeconds * 1000;
      for (;;) {
        const found = await find();
        if (found) return found;
        if (performance.now() > deadline) throw new Error(`Waited ${limitSeconds} s in vain: ${what}.`);
        await pause(lookAgainMs);
      }
    },
  };
}

const cardsIn = ({ slack }) =>
  (slack.messages[channel] ?? [])
    .filter(
      ({ metadata, threadTs, ts }) =>
        metadata?.event_type === 'promotion' && (threadTs === undefined || threadTs === ts),
    )
    .map(readCard);

/** What a person reads on a card. */
export function readCard(message) {
  const texts = message.blocks.flatMap((block) => [
    ...(block.text === undefined ? [] : [block.text.text]),
    ...(block.elements ?? []).map((element) => element.text?.text ?? element.text),
  ]);
  const linesOf = (start) =>
    texts
      .filter((text) => typeof text === 'string' && text.startsWith(start))
      .flatMap((text) => text.split('\n').map(plain));
  return {
    ts: message.ts,
    id: message.metadata.event_payload.promotion_id,
    /** The footer spells the phase as the state machine does. */
    phase: / · ([a-z-]+) · audit \S+ · updated /.exec(texts.join('\n'))?.[1],
    headline: plain(texts[1] ?? ''),
    phases: linesOf('*Analysis*'),
    clock: linesOf('*Rollback clock*').slice(1),
    actions: message.blocks
      .filter(({ type }) => type === 'actions')
      .flatMap(({ elements }) => elements.map(({ action_id }) => action_id)),
    text: plain(texts.filter((text) => typeof text === 'string').join('\n')),
  };
}

const names = Object.fromEntries(Object.entries(people).map(([name, id]) => [id, name]));

/** Slack's markup as words. */
const plain = (text) =>
  text
    .replace(/<!date\^[^|>]*\|([^>]*)>/g, '$1')
    .replace(/<@(\w+)>/g, (_, id) => names[id] ?? id)
    .replace(/<!subteam\^(\w+)>/g, '@$1')
    .replace(/<[^|>]*\|([^>]*)>/g, '$1')
    .replace(/[*`]/g, '')
    .replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: '<', gt: '>', amp: '&' })[name]);
