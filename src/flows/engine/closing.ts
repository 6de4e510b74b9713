import type { Closing } from '../desk.ts';
import type { Receipt } from '../receipt.ts';

type Look = Parameters<Closing['send']>[0];

/** After these the write is there, by our hand or by that of an earlier attempt of ours. */
const made: ReadonlySet<string> = new Set(['saved', 'created', 'exists', 'recorded']);

/** Makes a write, and beside it whatever goes with it; both are over when this returns or throws. */
export async function closing<Outcome extends { readonly outcome: string }>(
  closed: Closing | undefined,
  look: Look,
  write: (receipt?: Receipt) => Promise<Outcome>,
): Promise<Outcome> {
  if (closed === undefined) return write();
  const writing = write(closed.receipt ?? undefined);
  const written = writing.then(
    ({ outcome }) => made.has(outcome),
    () => false,
  );
  const sent = closed.send(look, written);
  try {
    return await writing;
  } finally {
    await sent;
  }
}
