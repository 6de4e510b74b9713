/** What an entry holds is written in `judges.mjs`. */
export function allJudges(): Promise<
  readonly { readonly id: string; readonly name: string; readonly from: string | null }[]
>;
