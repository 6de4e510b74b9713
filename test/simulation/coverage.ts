/** Counts what was met, so that a run that never met what it is meant to try is called vacuous. */
export interface Coverage {
  hit(cell: string): void;
  readonly cells: Map<string, number>;
}

export function createCoverage(): Coverage {
  const cells = new Map<string, number>();
  return {
    cells,
    hit(cell) {
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    },
  };
}
