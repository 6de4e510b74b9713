import type { CheckResult } from '../../flows/promotion/plan.ts';

/** What a check found, before it is given the check's own id and title. */
export interface Finding {
  readonly outcome: CheckResult['outcome'];
  readonly text: string;
  readonly link: string | null;
  readonly urgent: boolean;
  /** From when to when data was judged; up to there it is complete. */
  readonly judged?: { readonly fromMs: number; readonly untilMs: number };
  /** What fails, each by a name that is its own as long as it goes on failing. */
  readonly signs?: string[];
}
