import {
  ConditionalCheckFailedException,
  ResourceInUseException,
  ResourceNotFoundException,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoClient, DynamoCommand } from '../../src/store/dynamo-client.ts';
import type { DynamoStandIn } from '../../workspace/dynamodb/index.ts';

/** The exceptions that the store tells apart by their class; of all others it looks at the name. */
const exceptions = {
  ConditionalCheckFailedException,
  ResourceInUseException,
  ResourceNotFoundException,
  TransactionCanceledException,
};

/**
 * The same commands to the same database, with its clock and its faults, but handed to the stand-in directly and not
 * through the SDK, whose processor time is most of what a journey would cost. The SDK's own way is gone by the store's
 * suite, by the bot as a process, and by the journeys that ask for it.
 */
export function createPlainDynamo(standIn: Pick<DynamoStandIn, 'answer'>): DynamoClient {
  return {
    async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
      command: DynamoCommand<Input, Output>,
    ) {
      const operation = command.constructor.name.replace(/Command$/, '');
      const { status, headers, body } = await standIn.answer({
        method: 'POST',
        operation,
        headers: { ...signed, 'x-amz-target': `DynamoDB_20120810.${operation}` },
        body: Buffer.from(JSON.stringify(command.input)),
      });
      const said: unknown = JSON.parse(body.toString());
      if (status !== 200) throw exceptionOf(said as Failure);
      return { ...(said as Output), storeNowMs: Date.parse(headers['date'] ?? '') };
    },
    destroy() {},
  };
}

interface Failure {
  readonly __type: string;
  readonly message?: string;
  readonly Message?: string;
}

/** Nobody checks the signature here, but a request without one is refused. */
const signed = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20261121T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=journey/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
};

function exceptionOf(failure: Failure): Error {
  const name = failure.__type.replace(/^.*#/, '');
  const message = failure.message ?? failure.Message ?? '';
  for (const [known, Exception] of Object.entries(exceptions)) {
    if (known === name) return new Exception({ ...failure, message, $metadata: {} });
  }
  return Object.assign(new Error(message), { name });
}
