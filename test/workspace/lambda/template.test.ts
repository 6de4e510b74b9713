import { describe, expect, it } from 'vitest';
import { resolveTemplate } from '../../../workspace/lambda/template.ts';

const template = (properties: object, more: object = {}) =>
  JSON.stringify({
    Parameters: {
      AppId: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/bot/app-id' },
      Topic: { Type: 'String', Default: '' },
    },
    Conditions: { OwnTopic: { 'Fn::Equals': [{ Ref: 'Topic' }, ''] } },
    Resources: {
      Work: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
      Rows: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'rows' } },
      Subject: { Type: 'Test', Properties: properties },
      ...more,
    },
  });
const ssm = (name: string) => (name === '/bot/app-id' ? 'A0' : undefined);
const resolved = (properties: object) =>
  resolveTemplate(template(properties), { ssm }).resource('Subject').properties;

describe('a packaged template', () => {
  it.each([
    [{ Ref: 'Work' }, 'https://sqs.us-east-1.amazonaws.com/111122223333/work'],
    [{ Ref: 'Rows' }, 'rows'],
    [{ Ref: 'AppId' }, 'A0'],
    [{ 'Fn::GetAtt': ['Work', 'Arn'] }, 'arn:aws:sqs:us-east-1:111122223333:work'],
    [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
      { 'Fn::Sub': '${Rows.Arn}/index/${AWS::Region}' },
      'arn:aws:dynamodb:us-east-1:111122223333:table/rows/index/us-east-1',
    ],
    [{ 'Fn::Join': ['/', ['a', { Ref: 'Rows' }]] }, 'a/rows'],
    [{ 'Fn::If': ['OwnTopic', 'own', 'given'] }, 'own'],
    [['a', { 'Fn::If': ['OwnTopic', { Ref: 'AWS::NoValue' }, 'b'] }], ['a']],
  ])('%j is worked out', (value, expected) => {
    expect(resolved({ value })).toEqual({ value: expected });
  });

  it.each([
    [{ 'Fn::ImportValue': 'x' }, 'Fn::ImportValue'],
    [{ 'Fn::GetAtt': ['Work', 'Colour'] }, 'Work.Colour'],
    [{ Ref: 'Nothing' }, 'Nothing'],
  ])('%j is an error, not a guess', (value, message) => {
    expect(() => resolved({ value })).toThrow(message);
  });

  it('is not deployed while a parameter is not in the store', () => {
    const open = () => resolveTemplate(template({ id: { Ref: 'AppId' } }), { ssm: () => undefined });

    expect(() => open().resource('Subject')).toThrow('Unable to fetch parameters [/bot/app-id]');
  });
});
