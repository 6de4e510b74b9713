import type { Promotion } from '../flows/promotion/promotion.ts';

export type Body = Readonly<Record<string, unknown>>;

/** How promotions are stored: up to which schema they can be read, and the one that is written. */
export interface Format {
  readonly newest: number;
  /** A stored body in the shape that the flows know, still to be parsed. Only called with 1 to `newest`. */
  read(schema: number, body: Body): Body;
  /** A promotion as `newest` stores it; the body names its schema. */
  write(promotion: Promotion): Body;
}

/** Pure: a body of one schema as a body of the next. What it does not recognise it leaves for the parser to refuse. */
export type Migration = (body: Body) => Body;

const isBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const executing: ReadonlySet<unknown> = new Set([
  'deploying',
  'verifying',
  'monitoring',
  'rolling-back',
  'rollback-failed',
  'promoted',
  'rolled-back',
  'resolved',
]);

/** The newest claim that was not seen to be done; a little too new is the safe side. */
function newestClaim(body: Body): number | null {
  const rollback = isBody(body['rollback']) ? body['rollback'] : {};
  const times = [body['steps'], rollback['steps']]
    .flatMap((steps) => (isBody(steps) ? Object.values(steps) : []))
    .flatMap((step) =>
      isBody(step) && step['status'] !== 'done' && isBody(step['claim']) ? [step['claim']] : [],
    )
    .flatMap((claim) => (typeof claim['claimedAtMs'] === 'number' ? [claim['claimedAtMs']] : []));
  return times.length === 0 ? null : Math.max(...times);
}

/** From schema n to n + 1, at the key n. Shipped ones never change: rows of every version are still out there. */
const migrations: Readonly<Record<number, Migration>> = {
  /** No target of schema 1 took requests unconditionally, and nothing was taken over. */
  1: (body) => ({
    ...body,
    schema: 2,
    ...(executing.has(body['phase']) ? { unfencedAtMs: null, openClaimAtMs: newestClaim(body) } : {}),
    ...(isBody(body['rollback']) ? { rollback: { ...body['rollback'], tookOverFrom: null } } : {}),
    ...(body['phase'] === 'superseded' ? { dirty: false, supersededBy: null } : {}),
  }),
  /** Everything new may be left out. The number is for whoever reads only 2: what it does not know is no damage. */
  2: (body) => ({ ...body, schema: 3 }),
};

function createFormat(newest: number, steps: Readonly<Record<number, Migration>>): Format {
  return {
    newest,
    read(schema, body) {
      let read = body;
      for (let from = schema; from < newest; from += 1) {
        const migrate = steps[from];
        if (migrate === undefined) throw new Error(`there is no way from schema ${from} to ${from + 1}`);
        read = migrate(read);
      }
      return read;
    },
    write: (promotion) => promotion,
  };
}

/** How this version of Countersign stores promotions. */
export const promotionFormat: Format = createFormat(3, migrations);
