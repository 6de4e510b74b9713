import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import {
  ConditionalCheckFailedException,
  ResourceInUseException,
  ResourceNotFoundException,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoClient, DynamoCommand } from '../../src/store/dynamo-client.ts';

/** The exceptions that the store tells apart by their class; of all others it looks at the name. */
const exceptions = {
  ConditionalCheckFailedException,
  ResourceInUseException,
  ResourceNotFoundException,
  TransactionCanceledException,
};

/**
 * The same commands to the same database over the same wire, without the SDK: unsigned, and in a third of its time,
 * which is most of what a journey costs. The SDK's own way is gone by the store's suite, by the bot as a process and by
 * the journeys that ask for it.
 */
export function createPlainDynamo(url: string): DynamoClient {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true });
  return {
    async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
      command: DynamoCommand<Input, Output>,
    ) {
      const operation = command.constructor.name.replace(/Command$/, '');
      const body = JSON.stringify(command.input);
      const { response, text } = await new Promise<{ response: IncomingMessage; text: string }>(
        (resolve, reject) => {
          const sent = httpRequest(
            { agent, hostname, port, method: 'POST', path: '/', headers: headersOf(operation, body) },
            (response) => {
              let text = '';
              response.setEncoding('utf8');
              response.on('data', (chunk: string) => {
                text += chunk;
              });
              response.once('error', reject);
              response.once('end', () => resolve({ response, text }));
            },
          );
          sent.once('error', reject);
          sent.end(body);
        },
      );
      const answer = JSON.parse(text) as Output & { storeNowMs?: number };
      if (response.statusCode !== 200) throw exceptionOf(answer as unknown as Failure);
      const nowMs = Date.parse(response.headers.date ?? '');
      if (!Number.isNaN(nowMs)) answer.storeNowMs = nowMs;
      return answer;
    },
    destroy: () => agent.destroy(),
  };
}

interface Failure {
  readonly __type: string;
  readonly message?: string;
  readonly Message?: string;
}

/** Nobody checks the signature here, but a request without one is refused. */
function headersOf(operation: string, body: string) {
  return {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': Buffer.byteLength(body),
    'x-amz-target': `DynamoDB_20120810.${operation}`,
    'x-amz-date': '20261121T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=journey/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  };
}

function exceptionOf(failure: Failure): Error {
  const name = failure.__type.replace(/^.*#/, '');
  const message = failure.message ?? failure.Message ?? '';
  for (const [known, Exception] of Object.entries(exceptions)) {
    if (known === name) return new Exception({ ...failure, message, $metadata: {} });
  }
  return Object.assign(new Error(message), { name });
}
