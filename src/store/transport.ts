/** DynamoDB's own notation for the two types that our table uses. */
export type Attribute = { readonly S: string } | { readonly N: string };
export type Item = Readonly<Record<string, Attribute>>;

export interface Expression {
  readonly text: string;
  readonly names?: Readonly<Record<string, string>>;
  readonly values?: Item;
}

export type Write =
  | { readonly does: 'put'; readonly item: Item; readonly condition?: Expression }
  | {
      readonly does: 'update';
      readonly key: Item;
      readonly update: Expression;
      readonly condition?: Expression;
    }
  | { readonly does: 'check'; readonly key: Item; readonly condition: Expression };

export interface Query {
  /** Left out, the table itself is read, consistently. */
  readonly index?: string;
  readonly where: Expression;
  readonly newestFirst?: boolean;
  /** At most this many; left out, all of them, however many pages that takes. */
  readonly limit?: number;
}

/** What each write of a refused transaction met: its own condition failed or not, and the item that was there. */
export interface Met {
  readonly refused: boolean;
  readonly found: Item | undefined;
}

/** Every answer brings the store's clock, in milliseconds at a resolution of one second. */
export interface Answered {
  readonly nowMs: number;
}

/**
 * The few calls that the store makes, in DynamoDB's terms, so that a smaller client can take the SDK's place under the
 * same tests. Reads are strongly consistent except on indexes. A condition that does not hold is an answer; throws
 * RetryableError (`store.unreachable`, `store.throttled`, and `store.ambiguous` where a write may or may not have been
 * applied) and MisconfiguredError (no table, no permission).
 */
export interface Transport {
  get(key: Item): Promise<Answered & { readonly item: Item | undefined }>;
  query(query: Query): Promise<Answered & { readonly items: readonly Item[] }>;
  write(
    write: Exclude<Write, { does: 'check' }>,
  ): Promise<
    | (Answered & { readonly outcome: 'written' })
    | { readonly outcome: 'refused'; readonly found: Item | undefined }
  >;
  /** All or none; the token makes a repeat within ten minutes harmless. */
  transact(
    writes: readonly Write[],
    token: string,
  ): Promise<
    | (Answered & { readonly outcome: 'written' })
    | { readonly outcome: 'refused'; readonly met: readonly Met[] }
  >;
}
