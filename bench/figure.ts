/** What a count must be, in every run, or the suite fails. */
export type Held = { readonly exactly: number } | { readonly atMost: number };

/** One figure of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit:
    | 'times'
    | 'rounds'
    | 'calls'
    | 'KB'
    | 'MB'
    | 's'
    | '%'
    | 'units'
    | 'dollars'
    | 'ticks'
    | 'modules';
  /** What issue 4 asks for: at most this. */
  readonly target?: number;
  readonly stretch?: number;
  /** Only counts are held: a time says something as a ratio, and a ratio of a noisy machine fails nothing. */
  readonly held?: Held;
  /** Where this ratio has a pair of its own that is the same side twice. */
  readonly sameAgainstItself?: number;
  /** What stands in the way, or what the figure does not say by itself. */
  readonly note?: string;
}

/** What one bench found. */
export interface Finding {
  readonly name: string;
  readonly title: string;
  /** How it was measured, in a sentence or two. */
  readonly how: string;
  readonly figures: readonly Figure[];
  /** Tables in Markdown that go with the figures. */
  readonly details?: string;
  /** The same side against itself, where times were compared. */
  readonly sameAgainstItself?: number;
  /** For the JSON. */
  readonly data: unknown;
}

export type Verdict = 'reached' | 'stretch reached' | 'not reached' | 'inconclusive' | 'reported';

export function isInconclusive({ sameAgainstItself }: { readonly sameAgainstItself?: number }): boolean {
  return sameAgainstItself !== undefined && !(sameAgainstItself >= 0.95 && sameAgainstItself <= 1.05);
}

export function verdictOf(figure: Figure, finding: Finding): Verdict {
  const { value, target, stretch } = figure;
  if (target === undefined) return 'reported';
  const pair = figure.sameAgainstItself === undefined ? finding : figure;
  if (figure.unit === 'times' && figure.held === undefined && isInconclusive(pair)) return 'inconclusive';
  if (stretch !== undefined && value <= stretch) return 'stretch reached';
  return value <= target ? 'reached' : 'not reached';
}

/** What is wrong with a count that is held; undefined where nothing is. */
export function brokenHold({ name, value, held }: Figure): string | undefined {
  if (held === undefined) return undefined;
  if ('exactly' in held)
    return value === held.exactly ? undefined : `${name}: ${value}, and not ${held.exactly}`;
  return value <= held.atMost ? undefined : `${name}: ${value}, and not at most ${held.atMost}`;
}
