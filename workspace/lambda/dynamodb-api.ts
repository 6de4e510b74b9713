import { jsonOperation, jsonRefusal } from '../aws/json-protocol.ts';
import { AwsRefusal, type AwsService } from '../aws/service.ts';
import type { DynamoStandIn } from '../dynamodb/index.ts';

/**
 * The workspace's DynamoDB behind the common endpoint, so that one rule says who may call what. A connection that would
 * be cut is an internal error here.
 */
export function createDynamoApi(options: { dynamo: () => DynamoStandIn }): AwsService {
  return {
    name: 'dynamodb',
    codes: {
      throttled: 'ThrottlingException',
      denied: 'AccessDeniedException',
      unavailable: 'InternalServerError',
    },
    recognise(request) {
      const name = jsonOperation(request, 'DynamoDB_20120810');
      return name === undefined ? undefined : { name };
    },
    async perform({ name }, { method, headers, body }) {
      try {
        const answer = await options.dynamo().answer({ method, operation: name, headers, body });
        const contentType = answer.headers['content-type'];
        return {
          status: answer.status,
          headers: {
            'content-type': typeof contentType === 'string' ? contentType : 'application/x-amz-json-1.0',
          },
          body: answer.body.toString(),
        };
      } catch (error) {
        throw new AwsRefusal(
          'InternalServerError',
          error instanceof Error ? error.message : 'No answer.',
          500,
        );
      }
    },
    refuse: (refusal) =>
      jsonRefusal('1.0', refusal, { namespace: 'com.amazon.coral.service', queryCompatible: false }),
  };
}
