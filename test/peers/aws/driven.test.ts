import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What the scenarios in this folder drive through our adapters, on moto and on our stand-in. */
const driven = new Set([
  'cloudfront:CreateInvalidation',
  'cloudfront:GetDistribution',
  'cloudfront:GetInvalidation',
  'cloudfront:ListTagsForResource',
  'cloudfront:UpdateDistribution',
  'cloudwatch:DescribeAlarms',
  'cloudwatch:GetMetricData',
  'secretsmanager:GetSecretValue',
  'sqs:SendMessageBatch',
  'ssm:GetParameters',
  'sts:AssumeRole',
]);

const services: Readonly<Record<string, string>> = {
  AmazonSQS: 'sqs',
  AmazonSSM: 'ssm',
  secretsmanager: 'secretsmanager',
};

/** Every call of AWS in our sources names its operation, to the SDK's calls or as the target of a signed one. */
function calledOperations(): string[] {
  const folder = new URL('../../../src/aws/', import.meta.url).pathname;
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'));
  const found = sources.flatMap((text) => [
    ...[...text.matchAll(/callAws\(\s*['`]([a-z]+:[A-Z]\w+)/g)].map(([, name = '']) => name),
    ...[...text.matchAll(/['"](AmazonSQS|AmazonSSM|secretsmanager)\.([A-Z]\w+)['"]/g)].map(
      ([, prefix = '', name = '']) => `${services[prefix]}:${name}`,
    ),
  ]);
  return [...new Set(found)].sort();
}

describe('every operation that our adapters call', () => {
  const called = calledOperations();

  // A target that is new shows here until it has its scenario.
  it.for(called.filter((operation) => !driven.has(operation)))('%s has a scenario', (operation, { skip }) => {
    skip(`${operation} has no scenario yet`);
  });

  it('that is driven is still called', () => {
    expect(called.length).toBeGreaterThan(0);
    expect([...driven].filter((operation) => !called.includes(operation))).toEqual([]);
  });
});
