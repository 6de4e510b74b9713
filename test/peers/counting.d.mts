export interface Counted {
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly reason: string; readonly count: number }[];
  readonly divergences: readonly { readonly name: string; readonly reason: string; readonly met: number }[];
  readonly problems: readonly string[];
}

/** By the name of a divergence, how often it is met; two numbers where that depends on the machine. */
export type WrittenMet = Readonly<
  Record<string, number | { readonly atLeast?: number; readonly atMost: number }>
>;

export interface Row extends Counted {
  readonly name: string;
  readonly version: string;
  readonly judges: string;
  /** Why there is no such judge here; null where there is. */
  readonly missing: string | null;
}

export function counted(
  judge: {
    readonly names?: string;
    readonly divergences?: readonly object[];
    readonly skips?: readonly { readonly reason: string; readonly atMost: number }[];
  },
  heard: {
    readonly result: { readonly cases: readonly object[]; readonly broken: readonly string[] };
    readonly code: number;
    readonly text: string;
  },
  demands?: { readonly strict: boolean; readonly atLeast?: number; readonly written?: WrittenMet },
): Counted;
export function goneJudges(
  known: Readonly<Record<string, unknown>>,
  judges: readonly { readonly id: string }[],
): string[];
export function metWritten(
  known: Readonly<Record<string, WrittenMet>>,
  results: readonly {
    readonly id: string;
    readonly missing: string | null;
    readonly divergences: readonly { readonly name: string; readonly met: number }[];
  }[],
): Record<string, WrittenMet>;
export function writtenDown(
  known: Readonly<Record<string, number>>,
  results: readonly { readonly id: string; readonly cases: number; readonly missing: string | null }[],
): Record<string, number>;
export function skippedOf(row: Row): number;
export function tableOf(rows: readonly Row[]): string;
export function pageOf(rows: readonly Row[], made: string): string;
