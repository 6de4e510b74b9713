import { useEffect } from 'react';
import type { SlackView } from '../../slack/control.ts';
import { post } from '../api.ts';
import { Blocks } from '../blocks/blocks.tsx';
import { SurfaceProvider } from '../blocks/surface.tsx';
import { useSurfaceFor } from '../use-surface-for.ts';

/** The app's Home tab; opening it tells the app, which is how it knows to draw it afresh. */
export function HomeView(props: {
  user: string;
  view: SlackView | undefined;
  complain: (text: string) => void;
}) {
  const { user, view, complain } = props;
  useEffect(() => {
    post('slack', 'openHome', { user, tab: 'home' }).catch((error: Error) => complain(error.message));
  }, [user, complain]);
  const surface = useSurfaceFor({
    id: `home-${view?.id ?? 'none'}`,
    user,
    place: { viewId: view?.id ?? '' },
    complain,
  });
  return (
    <section className="home" aria-label="Home tab of Countersign" data-testid="home-view">
      {view === undefined ? (
        <p className="empty">Countersign has not drawn its Home tab for this person yet.</p>
      ) : (
        <SurfaceProvider value={surface}>
          <Blocks blocks={view.blocks} />
        </SurfaceProvider>
      )}
    </section>
  );
}
