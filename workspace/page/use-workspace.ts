import { useCallback, useEffect, useRef, useState } from 'react';
import type { WorkspaceSnapshot } from '../snapshot.ts';
import { getSnapshot } from './api.ts';

export interface Workspace {
  snapshot: WorkspaceSnapshot | undefined;
  /** When this page got the snapshot, on the page's own monotonic clock. */
  receivedAt: number;
  isConnected: boolean;
  refresh: () => Promise<void>;
}

/** What `user` sees, fetched again whenever the workspace says that something changed; one request at a time. */
export function useWorkspace(user: string): Workspace {
  const [held, setHeld] = useState<{ snapshot: WorkspaceSnapshot; receivedAt: number; user: string }>();
  const [isConnected, setConnected] = useState(true);
  const wanted = useRef(user);
  const running = useRef<Promise<void>>(undefined);
  const again = useRef(false);

  const refresh = useCallback((): Promise<void> => {
    if (running.current !== undefined) {
      again.current = true;
      return running.current;
    }
    const run = async () => {
      do {
        again.current = false;
        const asked = wanted.current;
        try {
          const snapshot = await getSnapshot(asked);
          if (asked === wanted.current) setHeld({ snapshot, receivedAt: performance.now(), user: asked });
          setConnected(true);
        } catch {
          setConnected(false);
        }
      } while (again.current);
      running.current = undefined;
    };
    running.current = run();
    return running.current;
  }, []);

  useEffect(() => {
    wanted.current = user;
    void refresh();
  }, [user, refresh]);

  useEffect(() => {
    const events = new EventSource('/control/events');
    events.addEventListener('changed', () => void refresh());
    events.addEventListener('error', () => setConnected(false));
    return () => events.close();
  }, [refresh]);

  return {
    snapshot: held?.user === user ? held.snapshot : undefined,
    receivedAt: held?.receivedAt ?? 0,
    isConnected,
    refresh,
  };
}

/** Virtual time as it passes between two snapshots, redrawn four times a second. */
export function useVirtualNow(workspace: Pick<Workspace, 'snapshot' | 'receivedAt'>): number {
  const [, redraw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => redraw((count) => count + 1), 250);
    return () => clearInterval(timer);
  }, []);
  const { snapshot, receivedAt } = workspace;
  if (snapshot === undefined) return 0;
  return snapshot.time.nowMs + (performance.now() - receivedAt) * snapshot.time.speed;
}
