import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Close, DecideAnswer, OpenAnswer } from '../../../src/flows/desk.ts';
import { createDesk } from '../../../src/flows/engine/desk.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import type { Person } from '../../../src/flows/promotion/promotion.ts';
import { type Repeated, receiptName } from '../../../src/flows/receipt.ts';
import { createAuditRecords } from '../../../src/store/audit-records.ts';
import { createDeliveries } from '../../../src/store/deliveries.ts';
import { textOf } from '../../../src/store/items.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { keys } from '../../../src/store/table.ts';
import type { Transport } from '../../../src/store/transport.ts';
import { createTableModel } from '../../simulation/table-model.ts';
import { ada, claim, grace, hash, lin, startMs, walkTo } from '../promotion/walk.ts';

const waiting = walkTo('awaiting-approval').promotion;
if (waiting.phase !== 'awaiting-approval') throw new Error(waiting.phase);
const { round, digest } = waiting;

/** What people ask for at once, some of which excludes the rest; each is delivered up to three times. */
const wishes = {
  approve: (person: Person): PromotionEvent => ({
    type: 'approval.claimed',
    claim: claim('approve', person),
    round,
    digest: digest.slice(0, 12),
  }),
  stale: (person: Person): PromotionEvent => ({
    type: 'approval.claimed',
    claim: claim('approve', person),
    round: round + 1,
    digest: digest.slice(0, 12),
  }),
  cancel: (person: Person): PromotionEvent => ({
    type: 'cancellation.claimed',
    claim: claim('cancel', person),
  }),
  open: null,
};
const wish = fc.record({
  does: fc.constantFrom<keyof typeof wishes>('approve', 'stale', 'cancel', 'open'),
  person: fc.constantFrom(ada, grace, lin),
  deliveries: fc.integer({ min: 1, max: 3 }),
});
const fate = fc.constantFrom<'arrives' | 'lost' | 'unanswered'>(
  ...(['arrives', 'arrives', 'arrives', 'arrives', 'lost', 'unanswered'] as const),
);

/** Every call takes its own time, and some are lost or never answered. */
function unreliable(transport: Transport, scheduler: fc.Scheduler, fates: () => string): Transport {
  const through = async <Answer>(call: () => Promise<Answer>, code: string): Promise<Answer> => {
    const met = fates();
    const lost = new RetryableError(code, 'The store cannot be reached.');
    await scheduler.schedule(Promise.resolve());
    if (met === 'lost') throw lost;
    const answer = await call();
    await scheduler.schedule(Promise.resolve());
    if (met === 'unanswered') throw lost;
    return answer;
  };
  return {
    get: (key) => through(() => transport.get(key), 'store.unreachable'),
    query: (query) => through(() => transport.query(query), 'store.unreachable'),
    write: (write) => through(() => transport.write(write), 'store.ambiguous'),
    transact: (writes, token) => through(() => transport.transact(writes, token), 'store.unreachable'),
  };
}

const wordOf = (answer: DecideAnswer | OpenAnswer) =>
  answer.outcome === 'refused' ? answer.refusal.code : answer.outcome;

describe('requests that come twice, at once, over a store that fails', () => {
  it('are each decided at most once, and nobody is told what was not written', async () => {
    const property = fc.asyncProperty(
      fc.scheduler(),
      fc.array(wish, { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fate),
      async (scheduler, requests, fates) => {
        const table = createTableModel({ nowMs: () => startMs });
        const near = createSdkTransport({ client: table.client, tableName: 't', pause: async () => {} });
        let nonces = 0;
        const nonce = () => {
          nonces += 1;
          return `n${nonces}`;
        };
        const nearStore = createPromotionStore({ transport: near, nonce });
        await nearStore.create({
          promotion: waiting,
          audit: [],
          announcements: [],
          locks: null,
          handedOver: null,
          live: null,
        });
        const far = unreliable(near, scheduler, () => fates.next().value);
        const deskOf = () =>
          createDesk({
            store: createPromotionStore({ transport: far, nonce }),
            hash,
            hints: { wake() {} },
            log: { info() {}, warn() {}, error() {} },
            catalog: {
              apps: [{ app: 'site', environments: ['production'] }],
              find: (app, environment) => ({
                app,
                environment,
                definition: waiting.definition,
                policy: waiting.policy,
              }),
              defaultEnvironment: () => 'production',
            },
            nearest: () => undefined,
            looking: null,
          });

        const sent: { readonly id: string; readonly receipt: string; readonly says: string }[] = [];
        const closes =
          (id: string): Close<DecideAnswer | OpenAnswer> =>
          (answer) => {
            const receipt = { id, mark: nonce(), expiresAtMs: startMs + 1, body: wordOf(answer) };
            const errand = { id, receipt: receiptName(receipt), says: receipt.body };
            return { receipt, send: async () => void sent.push(errand) };
          };
        const told: { readonly id: string; readonly says: string }[] = [];
        const deliver = async ({ does, person }: (typeof requests)[number], id: string) => {
          const made = does === 'open' ? null : wishes[does](person);
          const asked = (): Promise<DecideAnswer | OpenAnswer | Repeated> =>
            made === null
              ? deskOf().open(
                  {
                    kind: 'promotion',
                    app: 'site',
                    environment: 'production',
                    version: 'v1.1.0',
                    person,
                    reason: null,
                    dedupeKey: id,
                  },
                  closes(id),
                )
              : deskOf().decide(
                  waiting.id,
                  'claim' in made ? { ...made, claim: { ...made.claim, id } } : made,
                  closes(id),
                );
          try {
            const answer = await asked();
            told.push({ id, says: answer.outcome === 'repeated' ? answer.body : wordOf(answer) });
          } catch (error) {
            if (!(error instanceof RetryableError)) throw error;
          }
        };
        await scheduler.waitFor(
          Promise.all(
            requests.flatMap((request, index) =>
              Array.from({ length: request.deliveries }, () => deliver(request, `r${index}`)),
            ),
          ),
        );

        const evidence = await createAuditRecords({ transport: near }).read(waiting.id);
        const claimed = [...(evidence?.entries ?? []), ...(evidence?.refusals ?? [])] as {
          readonly event: { readonly claim?: { readonly id: string } };
          readonly refusal: { readonly code: string } | null;
        }[];
        for (const [index, { does }] of requests.entries()) {
          const id = `r${index}`;
          const row = (await near.get(keys.delivery(id))).item;
          const written = row === undefined ? undefined : textOf(row, 'answer');
          if (does !== 'open') {
            const decided = claimed.filter(({ event }) => event.claim?.id === id);
            expect(decided.map(({ refusal }) => refusal?.code ?? 'accepted')).toEqual(
              written === undefined ? [] : [written],
            );
          }
          // Whoever was answered was answered what was written.
          for (const { says } of told.filter((each) => each.id === id)) expect(says).toBe(written);
          // Of all errands that were sent only one may be done, and it says the same.
          const deliveries = createDeliveries({ transport: near });
          const mine = sent.filter((each) => each.id === id);
          const standing = await Promise.all(mine.map(({ receipt }) => deliveries.take(receipt, receipt)));
          const done = mine.filter((_, nth) => standing[nth] === 'taken').map(({ says }) => says);
          expect(done).toEqual(written === undefined ? [] : [written]);
        }
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });
});
