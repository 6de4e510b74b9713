import { describe, expect, inject, it } from 'vitest';
import { readTemplate, text } from './template.ts';

/** Where each kind of resource carries its name. */
const nameOf: Readonly<Record<string, string>> = {
  'AWS::ApiGatewayV2::Api': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
};
/** Parts of other resources, and the bucket, which CloudFormation names after the stack. */
const nameless = [
  'AWS::ApiGatewayV2::Integration',
  'AWS::ApiGatewayV2::Route',
  'AWS::ApiGatewayV2::Stage',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Permission',
  'AWS::S3::Bucket',
  'AWS::S3::BucketPolicy',
];

describe.each([
  ['test', inject('packagedIn')],
  ['prod', inject('packagedForSecretsManagerIn')],
])('in stage %s', (stage, place) => {
  const template = readTemplate(place);

  it('everything that has a name is named by service and stage', () => {
    const names = template.resources
      .filter(({ type }) => !nameless.includes(type))
      .map(({ id, type, properties }) => {
        const property = nameOf[type];
        if (property === undefined)
          throw new Error(`${id}: where a ${type} carries its name is not known here`);
        return { type, name: text(properties[property]) };
      });

    const strangers = names.filter(({ name }) => !new RegExp(`(^|/)countersign-${stage}(-|$)`).test(name));
    expect(strangers).toEqual([]);
    expect(new Set(names.map((each) => JSON.stringify(each))).size).toBe(names.length);
  });

  it('what is read from SSM is that of the stage', () => {
    const defaults = Object.values(template.parameters)
      .filter(({ Type }) => Type.startsWith('AWS::SSM'))
      .map((parameter) => parameter.Default);

    expect(defaults).toHaveLength(4);
    expect(defaults.filter((name) => !name.startsWith(`/countersign/${stage}/`))).toEqual([]);
  });
});
