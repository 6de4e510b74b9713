import { z } from 'zod';

/** A no: a stable reason code, what is wrong, and what to do next. Texts are plain; foreign text in them unescaped. */
export const Refusal = z.strictObject({ code: z.string(), text: z.string(), next: z.string() });
export type Refusal = z.infer<typeof Refusal>;

export function refusal(code: string, text: string, next: string): Refusal {
  return { code, text, next };
}
