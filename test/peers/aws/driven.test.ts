import './cloudfront-scenarios.ts';
import './cloudwatch-scenarios.ts';
import './services-scenarios.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { leavingSrc } from '../leaving/leaving.mjs';
import { cloudNames, operationsDriven } from './clouds.ts';

/** Operations that our sources send and no scenario can drive here, with the reason. */
const without: Readonly<Record<string, string>> = {};

/** After all scenarios, which stand in this file by their import. */
describe('every operation that our sources send to AWS', () => {
  // The store has the whole store suite, on engines that are better at DynamoDB than moto is.
  let sent: readonly string[];
  beforeAll(() => {
    const { aws } = leavingSrc();
    sent = [...new Set(aws.map(({ name }) => name))].filter((name) => !name.startsWith('dynamodb:')).sort();
  }, 180_000);

  it.for(cloudNames)('was driven through our adapters on %s, and nothing else was', (name) => {
    expect(sent.length).toBeGreaterThan(0);
    expect([...operationsDriven(name)].sort()).toEqual(sent.filter((operation) => !(operation in without)));
  });

  it('has a scenario or a reason why it has none, and no reason is left over', () => {
    expect(Object.keys(without).filter((operation) => !sent.includes(operation))).toEqual([]);
  });
});
