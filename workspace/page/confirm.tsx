import { createContext, type ReactNode, useCallback, useContext, useEffect, useRef, useState } from 'react';
import type { Confirmation } from './blocks/read.ts';
import { SlackText } from './blocks/slack-text.tsx';

type Ask = (question: Confirmation) => Promise<boolean>;

const ConfirmContext = createContext<Ask>(async () => false);

/** Shows the confirmation an app attached to an element; resolves to what the person answered. */
export const useConfirm = () => useContext(ConfirmContext);

export function ConfirmProvider({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<{ question: Confirmation; answer: (yes: boolean) => void }>();
  const dialog = useRef<HTMLDialogElement>(null);

  const ask = useCallback<Ask>(
    (question) => new Promise((resolve) => setOpen({ question, answer: resolve })),
    [],
  );
  useEffect(() => {
    if (open !== undefined) dialog.current?.showModal();
  }, [open]);

  const answer = (yes: boolean) => {
    open?.answer(yes);
    setOpen(undefined);
  };

  return (
    <ConfirmContext value={ask}>
      {children}
      {open !== undefined && (
        <dialog
          ref={dialog}
          className="dialog confirm"
          aria-labelledby="confirm-title"
          data-testid="confirm-dialog"
          onCancel={(event) => {
            event.preventDefault();
            answer(false);
          }}
        >
          <h2 id="confirm-title">{open.question.title}</h2>
          <div className="dialog-body">
            <SlackText text={open.question.text} />
          </div>
          <footer>
            <button type="button" className="button" data-testid="confirm-deny" onClick={() => answer(false)}>
              {open.question.deny}
            </button>
            <button
              type="button"
              className={`button ${open.question.style === 'danger' ? 'button-danger' : 'button-primary'}`}
              data-testid="confirm-accept"
              onClick={() => answer(true)}
            >
              {open.question.confirm}
            </button>
          </footer>
        </dialog>
      )}
    </ConfirmContext>
  );
}
