import { setImmediate as turn } from 'node:timers/promises';
import type { Item, Transport } from '../../src/store/transport.ts';

/** Every remote call takes this long, so that the time an answer takes counts the rounds it was made of. */
export const roundMs = 100;

/** Remotes in virtual time: whatever is called at the same time is answered at the same time. */
export function createRemotes() {
  let nowMs = 0;
  const waiting: { readonly atMs: number; readonly run: () => void }[] = [];
  const calls: { readonly round: number; readonly name: string }[] = [];

  const remote = <Answer>(name: string, call: () => Promise<Answer>): Promise<Answer> =>
    new Promise((resolve, reject) => {
      calls.push({ round: nowMs / roundMs, name });
      waiting.push({ atMs: nowMs + roundMs, run: () => void call().then(resolve, reject) });
    });

  /** Everything that can be done without a remote is done. */
  const idle = async () => {
    for (let turns = 0; turns < 3; turns += 1) await turn();
  };

  return {
    remote,
    /** Runs until it is answered: how many rounds that took, and what was called in each. */
    async answered<Answer>(ask: () => Promise<Answer>) {
      const startedAtMs = nowMs;
      calls.length = 0;
      let answer: { readonly value: Answer } | undefined;
      void ask().then((value) => {
        answer = { value };
      });
      for (await idle(); answer === undefined; await idle()) {
        const next = Math.min(...waiting.map(({ atMs }) => atMs));
        if (waiting.length === 0) throw new Error('nothing is under way, and nothing was answered');
        nowMs = next;
        for (const due of waiting.splice(0).filter((each) => each.atMs === next || !waiting.push(each)))
          due.run();
      }
      const count = (nowMs - startedAtMs) / roundMs;
      const rounds = Array.from({ length: count }, (_, index) =>
        calls
          .filter(({ round }) => round === startedAtMs / roundMs + index)
          .map(({ name }) => name)
          .sort(),
      );
      return { answer: answer.value, rounds, left: waiting.length };
    },
  };
}

export type Remotes = ReturnType<typeof createRemotes>;

const nameOf = (item: Item | undefined) => {
  const [text = ''] = Object.values(item ?? {}).flatMap((attribute) =>
    'S' in attribute ? [attribute.S] : [],
  );
  return text.split('#')[0] ?? '';
};

/** The store's transport, each of its calls a remote one that is named by the kind of row that it is about. */
export function remoteTransport(transport: Transport, { remote }: Remotes): Transport {
  return {
    get: (key) => remote(`get ${nameOf(key)}`, () => transport.get(key)),
    query: (query) =>
      remote(`query ${query.index ?? nameOf(query.where.values)}`, () => transport.query(query)),
    write: (write) =>
      remote(`write ${nameOf('item' in write ? write.item : write.key)}`, () => transport.write(write)),
    transact: (writes, token) => remote('transact', () => transport.transact(writes, token)),
  };
}
