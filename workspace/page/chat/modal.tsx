import { useEffect, useRef, useState } from 'react';
import type { DeliveryResult, SlackView } from '../../slack/control.ts';
import { post } from '../api.ts';
import { Blocks } from '../blocks/blocks.tsx';
import { SurfaceProvider } from '../blocks/surface.tsx';
import { useSurfaceFor } from '../use-surface-for.ts';

/** The top view of a person's stack. The values typed survive an update of the view, by block and action, as in Slack. */
export function Modal(props: {
  user: string;
  view: SlackView;
  depth: number;
  complain: (text: string) => void;
}) {
  const { user, view, depth, complain } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Record<string, string>>({});
  const surface = useSurfaceFor({
    id: `v${view.id}`,
    user,
    place: { viewId: view.id },
    errors: { ...view.errors, ...refused },
    complain,
  });
  const hasInputs = view.blocks.some((block) => block.type === 'input');
  const submitLabel = view.submitLabel ?? (hasInputs ? 'Submit' : undefined);

  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);

  const during = async (work: () => Promise<DeliveryResult>) => {
    setBusy(true);
    try {
      const result = await work();
      setRefused(result.viewErrors ?? {});
      if (result.outcome === 'refused' && result.viewErrors === undefined && result.error !== undefined) {
        complain(result.error);
      }
    } catch (error) {
      complain(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const close = (all: boolean) =>
    during(() => post('slack', 'closeView', { user, viewId: view.id, ...(all ? { all } : {}) }));
  const submit = () =>
    during(() => post('slack', 'submit', { user, viewId: view.id, values: surface.values }));

  return (
    <dialog
      ref={dialog}
      className="dialog modal"
      aria-labelledby={`title-${view.id}`}
      data-testid="modal"
      onCancel={(event) => {
        event.preventDefault();
        void close(false);
      }}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (submitLabel !== undefined && !view.submitDisabled) void submit();
        }}
      >
        <header>
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <h2 id={`title-${view.id}`}>{view.title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={() => void close(true)}>
            ✕
          </button>
        </header>
        <div className="dialog-body">
          <SurfaceProvider value={surface}>
            <Blocks blocks={view.blocks} />
          </SurfaceProvider>
        </div>
        <footer>
          <button
            type="button"
            className="button"
            disabled={isBusy}
            data-testid="modal-close"
            onClick={() => void close(false)}
          >
            {view.closeLabel ?? (depth > 1 ? 'Back' : 'Cancel')}
          </button>
          {submitLabel !== undefined && (
            <button
              type="submit"
              className="button button-primary"
              aria-busy={isBusy}
              disabled={isBusy || view.submitDisabled}
              data-testid="modal-submit"
            >
              {submitLabel}
            </button>
          )}
        </footer>
      </form>
    </dialog>
  );
}
