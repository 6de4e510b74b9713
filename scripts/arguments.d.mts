type Option = { readonly type: 'string' | 'boolean'; readonly default?: string | boolean };

type Values<Options extends Readonly<Record<string, Option>>> = {
  readonly [Name in keyof Options]: Options[Name] extends { readonly default: string }
    ? string
    : Options[Name] extends { readonly type: 'string' }
      ? string | undefined
      : boolean;
};

export function refusal(line: string): Error;
export function orRefuse<Result>(work: () => Result): Result;
export function answered(work: () => Promise<number>): Promise<number>;
export function refuseBare(usage: string, args?: readonly string[]): void;
export function readOptions<const Options extends Readonly<Record<string, Option>>>(
  args: readonly string[],
  options: Options,
  how?: { readonly positionals?: boolean },
): Values<Options> & { readonly words: readonly string[] };
export const lastSeed: number;
export function wholeNumber(
  option: string,
  text: string,
  limits?: { readonly from?: number; readonly to?: number },
): number;
export function firstSeed(text: string, count: number): number;
export function namesFrom(option: string, text: string, known: readonly string[], kind: string): string[];
export function fileToWrite(option: string, text: string | undefined): string | undefined;
export function historiesAsked(given: {
  readonly seeds?: string | undefined;
  readonly seed?: string | undefined;
  readonly workers: string;
  readonly trace: string;
  readonly json?: string | undefined;
  readonly write: boolean;
}):
  | {
      readonly count: number;
      readonly first: number;
      readonly json: string | undefined;
      readonly workers: number;
      readonly trace: number;
    }
  | undefined;
export function judgingAsked(
  given: {
    readonly histories?: string | undefined;
    readonly seed: string;
    readonly engine?: string | undefined;
    readonly write: boolean;
  },
  engines: readonly string[],
): { readonly count: number; readonly first: number; readonly engines: readonly string[] };
export function benchesAsked(args: readonly string[]): readonly string[];
export function growthAsked(args: readonly string[]): readonly string[];
export function mutableFile(
  text: string,
  folder: string,
  linesOf: (file: string) => number | undefined,
): string;
