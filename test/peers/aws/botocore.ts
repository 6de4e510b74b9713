import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What boto3 made of one answer, and what its models say of it. */
export interface Told {
  readonly protocol: string | null;
  /**
   * Missing, unknown or ill-typed members, another HTTP status than the model’s, headers left out, and answers that could
   * not be read at all.
   */
  readonly problems: readonly string[];
  readonly answer: Readonly<Record<string, unknown>> | null;
  readonly refusal: {
    readonly code: string;
    readonly message: string;
    readonly status: number;
    /** The model lists it for this operation. */
    readonly isModelled: boolean;
  } | null;
}

export interface Botocore {
  readonly version: string;
  call(
    service: string,
    operation: string,
    input?: Readonly<Record<string, unknown>>,
    protocol?: 'json',
  ): Promise<Told>;
  /** Every operation that the model of a service has, and what has to stand in its path. */
  operationsOf(
    service: string,
  ): Promise<readonly { readonly name: string; readonly labels: readonly string[] }[]>;
  /** By which it knows that it was too fast. */
  throttlingCodes(): Promise<readonly string[]>;
  close(): void;
}

/** An SDK that we did not write for, as a process that is told of one call a line. */
export async function startBotocore(endpoint: string): Promise<Botocore> {
  const python = process.env['COUNTERSIGN_PYTHON'] ?? 'python3';
  const script = new URL('./botocore_calls.py', import.meta.url).pathname;
  const child = spawn(python, [script, endpoint], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <Line>(): Promise<Line> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('boto3 ended.');
    return JSON.parse(value) as Line;
  };
  const { botocore: version } = await next<{ botocore: string }>();
  return {
    version,
    async call(service, operation, input = {}, protocol) {
      child.stdin.write(`${JSON.stringify({ service, operation, input, protocol })}\n`);
      return next<Told>();
    },
    async operationsOf(service) {
      child.stdin.write(`${JSON.stringify({ operationsOf: service })}\n`);
      return next();
    },
    async throttlingCodes() {
      child.stdin.write(`${JSON.stringify({ throttlingCodes: true })}\n`);
      return next();
    },
    close: () => child.stdin.end(),
  };
}
