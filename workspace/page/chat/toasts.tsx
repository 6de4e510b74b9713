import { useEffect } from 'react';
import type { SlackToast } from '../../slack/control.ts';
import { post } from '../api.ts';

export interface Complaint {
  id: number;
  text: string;
}

const shownForMs = 9_000;

/** What Slack tells a person when a click came to nothing, and what the workspace itself could not do. */
export function Toasts(props: {
  toasts: readonly SlackToast[];
  complaints: readonly Complaint[];
  onDone: (id: number) => void;
}) {
  const { toasts, complaints, onDone } = props;
  return (
    <div className="toasts" role="status" aria-live="polite">
      {toasts.map((toast) => (
        <Toast
          key={toast.id}
          text={toast.text}
          code={toast.code}
          onDone={() => {
            post('slack', 'dismissToast', { id: toast.id }).catch(() => undefined);
          }}
        />
      ))}
      {complaints.map((complaint) => (
        <Toast key={complaint.id} text={complaint.text} onDone={() => onDone(complaint.id)} />
      ))}
    </div>
  );
}

function Toast({ text, code, onDone }: { text: string; code?: string; onDone: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the time runs from when it appeared.
  useEffect(() => {
    const timer = setTimeout(onDone, shownForMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="toast" data-testid="toast">
      <span>
        {text}
        {code !== undefined && <code>{code}</code>}
      </span>
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={onDone}>
        ✕
      </button>
    </div>
  );
}
