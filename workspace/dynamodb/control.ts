import { z } from 'zod';
import type { EngineKind } from './engine.ts';

/** What a person at the workspace's panel, or a test, can do to the database from outside. */
export interface DynamoControl {
  /** Requests that reached the front since it was made, by operation. */
  counts(): Readonly<Record<string, number>>;
  state(): DynamoState;
  /** Cuts every connection for this much virtual time. 0 ends it. */
  down(forSeconds: number): void;
  /** Answers the next requests with ProvisionedThroughputExceededException. 0 ends it. */
  throttle(count: number): void;
  /** Carries out the next requests of one operation and cuts the connection instead of answering. */
  loseAnswer(input: LoseAnswerInput): void;
  /** Holds every answer back by this many real milliseconds. 0 ends it. */
  slow(ms: number): void;
  clearFaults(): void;
}

export interface LoseAnswerInput {
  /** As in `X-Amz-Target`: `TransactWriteItems`. */
  readonly operation: string;
  readonly count: number;
}

export interface DynamoState {
  engine: EngineKind;
  url: string;
  /** What is broken now, in words; empty when nothing is. */
  faults: string[];
}

const seconds = z.number().nonnegative().max(1_000_000);
const count = z.int().nonnegative().max(1_000_000);
const Bodies = {
  down: z.strictObject({ forSeconds: seconds }),
  throttle: z.strictObject({ count }),
  loseAnswer: z.strictObject({ operation: z.string().min(1), count }),
  slow: z.strictObject({ ms: z.number().nonnegative().max(60_000) }),
} as const;

/** The control by name, for `POST /control/dynamo/<name>`. Each throws a ZodError for a body it cannot read. */
export function dynamoControlRoutes(
  control: DynamoControl,
): Record<string, (body: unknown) => Promise<unknown>> {
  return {
    counts: async () => control.counts(),
    state: async () => control.state(),
    down: async (body) => {
      control.down(Bodies.down.parse(body).forSeconds);
      return control.state();
    },
    throttle: async (body) => {
      control.throttle(Bodies.throttle.parse(body).count);
      return control.state();
    },
    loseAnswer: async (body) => {
      control.loseAnswer(Bodies.loseAnswer.parse(body));
      return control.state();
    },
    slow: async (body) => {
      control.slow(Bodies.slow.parse(body).ms);
      return control.state();
    },
    clearFaults: async () => {
      control.clearFaults();
      return control.state();
    },
  };
}
