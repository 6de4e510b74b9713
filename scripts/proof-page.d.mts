export function verdictOf(ended: {
  readonly status: number | null;
}): 'holds' | 'does not hold' | 'could not be run';
export function endOf(ended: {
  readonly status: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}): string;
export function withRun(
  page: string,
  part: { readonly name: string; readonly result: string; readonly about: string },
  came: string,
): string;
