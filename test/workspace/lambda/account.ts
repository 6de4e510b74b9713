import { onTestFinished } from 'vitest';
import { createAwsApiServer } from '../../../workspace/aws/api-server.ts';
import { createAwsFaults } from '../../../workspace/aws/faults.ts';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createLambdaCloud } from '../../../workspace/lambda/cloud.ts';
import { PolicyDocument } from '../../../workspace/lambda/policies.ts';

export const startMs = Date.parse('2026-11-21T09:00:00Z');

const everything = PolicyDocument.parse({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

/** A pretend account with queues and secrets on a clock that stands still, called as the wire has it. */
export async function openCloud() {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const cloud = createLambdaCloud({ clock });
  const { services = [], mayCall } = cloud.aws;
  const server = createAwsApiServer({
    clock,
    services,
    faults: createAwsFaults(clock.nowMs),
    settle: () => {},
    ...(mayCall === undefined ? {} : { mayCall }),
  });
  const aws = { apiUrl: await server.listen() };
  onTestFinished(async () => {
    await server.close();
    clock.close();
  });
  const { accessKeyId } = cloud.credentialsFor('test', [everything]);

  /** One call of a JSON protocol. */
  const call = async (target: string, body: unknown, key = accessKeyId) => {
    const response = await fetch(aws.apiUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': target,
        authorization: `AWS4-HMAC-SHA256 Credential=${key}/20261121/us-east-1/sqs/aws4_request`,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return {
      status: response.status,
      queryError: response.headers.get('x-amzn-query-error'),
      body: (await response.json()) as Record<string, unknown>,
    };
  };
  const advance = (seconds: number) => clock.advance(seconds * 1000);
  return { clock, cloud, aws, call, advance, accessKeyId };
}

export const queueUrl = (name: string) => `https://sqs.us-east-1.amazonaws.com/111122223333/${name}`;
