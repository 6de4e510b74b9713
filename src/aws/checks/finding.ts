import type { CheckResult } from '../../flows/promotion/plan.ts';

/** What a check found, before it is given the check's own id and title. */
export interface Finding {
  readonly outcome: CheckResult['outcome'];
  readonly text: string;
  readonly link: string | null;
  readonly urgent: boolean;
  /** From when on data was judged. */
  readonly completeFromMs?: number;
  /** Up to when the data that was judged is complete. */
  readonly completeUntilMs?: number;
}
