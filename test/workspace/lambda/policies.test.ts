import { describe, expect, it } from 'vitest';
import { isAllowed, PolicyDocument } from '../../../workspace/lambda/policies.ts';

const policy = (...Statement: object[]) => PolicyDocument.parse({ Version: '2012-10-17', Statement });
const send = { action: 'sqs:SendMessage', resource: 'arn:aws:sqs:us-east-1:111122223333:work' };
const allow = (more: object = {}) => ({
  Effect: 'Allow',
  Action: send.action,
  Resource: send.resource,
  ...more,
});

describe('what policies allow', () => {
  it.each([
    ['the action on the resource', allow(), true],
    ['every action of the service', allow({ Action: 'sqs:*' }), true],
    ['the action in other letters', allow({ Action: 'SQS:sendmessage' }), true],
    ['one of several resources', allow({ Resource: ['arn:other', '*:work'] }), true],
    ['one letter left open', allow({ Resource: 'arn:aws:sqs:us-east-1:111122223333:wor?' }), true],
    ['another action', allow({ Action: 'sqs:ReceiveMessage' }), false],
    ['the beginning of the resource', allow({ Resource: 'arn:aws:sqs:us-east-1:111122223333:wor' }), false],
    ['a dot that stands for itself', allow({ Resource: 'arn.aws:sqs:us-east-1:111122223333:work' }), false],
    [
      'a condition nobody meets',
      allow({ Condition: { StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } } }),
      false,
    ],
    [
      'a condition that is not modelled',
      allow({ Condition: { Bool: { 'aws:SecureTransport': 'true' } } }),
      false,
    ],
  ])('%s: %j', (_, statement, allowed) => {
    const context = { 'aws:RequestedRegion': 'us-east-1', 'aws:SecureTransport': 'true' };

    expect(isAllowed([policy(statement)], { ...send, context })).toBe(allowed);
  });

  it('is nothing without a policy, and a denial beats every permission', () => {
    expect(isAllowed([], send)).toBe(false);
    expect(isAllowed([policy(allow()), policy(allow({ Effect: 'Deny', Action: '*' }))], send)).toBe(false);
  });
});
