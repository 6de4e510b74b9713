import type { PhaseSpent } from './function-world.ts';

/**
 * List prices of us-east-1 in dollars, as AWS's pricing pages have them: DynamoDB on demand, Lambda on arm64, SQS
 * standard, HTTP API, CloudWatch, Step Functions Standard. No free tier.
 */
const million = 1_000_000;
const prices = {
  readUnit: 0.125 / million,
  writeUnit: 0.625 / million,
  queueCall: 0.4 / million,
  invocation: 0.2 / million,
  gigabyteSecond: 13.3334 / million,
  metric: 0.01 / 1_000,
  alarmCall: 0.01 / 1_000,
  logGigabyte: 0.5,
};
export const transitionDollars = 25 / million;

export interface Memory {
  readonly slackMB: number;
  readonly tickMB: number;
}

/** What was spent, in dollars; every function at the price of the larger one. */
export function dollars(spent: PhaseSpent, { slackMB, tickMB }: Memory, metricsPerReading: number) {
  const table = spent.read * prices.readUnit + spent.write * prices.writeUnit;
  const gigabytes = Math.max(slackMB, tickMB) / 1024;
  const functions =
    spent.invocations * prices.invocation + (spent.functionMs / 1000) * gigabytes * prices.gigabyteSecond;
  const queue = spent.queueCalls * prices.queueCall;
  const polling =
    spent.metricReadings * metricsPerReading * prices.metric + spent.alarmReadings * prices.alarmCall;
  const logs = (spent.logBytes / 1e9) * prices.logGigabyte;
  return { table, functions, queue, polling, logs, all: table + functions + queue + polling + logs };
}
