import type { InvokeAnswer, LambdaFunction } from '../../../workspace/lambda/function.ts';

export interface ScriptedFunction extends LambdaFunction {
  /** Every event that came, oldest first. */
  readonly events: Record<string, unknown>[];
}

/** A function without a process: answers what the script says, or nothing at all. */
export function scriptedFunction(
  script: (event: Record<string, unknown>, count: number) => unknown = () => null,
): ScriptedFunction {
  const events: Record<string, unknown>[] = [];
  return {
    name: 'scripted',
    arn: 'arn:aws:lambda:us-east-1:111122223333:function:scripted',
    events,
    async invoke(event): Promise<InvokeAnswer> {
      events.push(event as Record<string, unknown>);
      const base = { outcome: 'answered', requestId: 'r', isCold: false, durationMs: 1 } as const;
      try {
        const answer = script(event as Record<string, unknown>, events.length);
        if (answer === throttled) return { outcome: 'throttled' };
        return { ...base, payload: JSON.stringify(answer) ?? '', functionError: null };
      } catch (error) {
        return {
          ...base,
          payload: JSON.stringify({ errorType: 'Error', errorMessage: String(error) }),
          functionError: 'Unhandled',
        };
      }
    },
    invocations: () => [],
    lines: () => [],
    instances: () => [],
    rested: async () => {},
    recycle: async () => {},
    configure: async () => {},
    close: async () => {},
  };
}

export const throttled = Symbol('throttled');
