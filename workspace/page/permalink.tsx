import { createContext, useContext } from 'react';

export interface Whereabouts {
  channel: string;
  ts: string;
  threadTs?: string;
}

const GoToContext = createContext<(message: Whereabouts) => void>(() => undefined);
export const GoToProvider = GoToContext.Provider;

/** The message a Slack permalink leads to; undefined for any other address. */
export function messageOf(url: string): Whereabouts | undefined {
  const found = /^https:\/\/[\w.-]+\.slack\.com\/archives\/(\w+)\/p(\d{10})(\d{6})(?:\?(.*))?$/.exec(url);
  if (found === null) return undefined;
  const [, channel = '', seconds = '', rest = '', query = ''] = found;
  const threadTs = new URLSearchParams(query).get('thread_ts');
  return { channel, ts: `${seconds}.${rest}`, ...(threadTs === null ? {} : { threadTs }) };
}

/** A link as in Slack: to another message of the workspace it stays on the page. */
export function Link({ url, label }: { url: string; label: string }) {
  const goTo = useContext(GoToContext);
  const message = messageOf(url);
  if (message === undefined) {
    return (
      <a href={url} target="_blank" rel="noopener noreferrer">
        {label}
      </a>
    );
  }
  return (
    <button type="button" className="link-button permalink" onClick={() => goTo(message)}>
      {label}
    </button>
  );
}

/** Scrolls to a message once it is drawn, and points it out for a moment. */
export function pointOut(ts: string, triesLeft = 20): void {
  const found = document.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
  if (found === null) {
    if (triesLeft > 0) setTimeout(() => pointOut(ts, triesLeft - 1), 50);
    return;
  }
  found.scrollIntoView({ block: 'start' });
  found.classList.add('pointed-out');
  setTimeout(() => found.classList.remove('pointed-out'), 1_600);
}
