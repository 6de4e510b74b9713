import type { Transport } from '../store/transport.ts';

export interface StoreClock {
  /** Store time of the newest answer, carried forward by this machine's clock; before the first answer its own time. */
  nowMs(): number;
}

/** Listens to every answer of the store, so that all processes agree on what time it is. */
export function withStoreClock<T extends Transport>(transport: T): { transport: T; clock: StoreClock } {
  let heardMs = Date.now();
  let heardAt = performance.now();
  const listen = async <Answer extends object>(answered: Promise<Answer>): Promise<Answer> => {
    const answer = await answered;
    if ('nowMs' in answer && typeof answer.nowMs === 'number') {
      heardMs = answer.nowMs;
      heardAt = performance.now();
    }
    return answer;
  };
  return {
    transport: {
      ...transport,
      get: (key) => listen(transport.get(key)),
      query: (query) => listen(transport.query(query)),
      write: (write) => listen(transport.write(write)),
      transact: (writes, token) => listen(transport.transact(writes, token)),
    },
    clock: { nowMs: () => Math.floor(heardMs + (performance.now() - heardAt)) },
  };
}
