import { z } from 'zod';
import { jsonAnswer, jsonOperation, readJson } from '../aws/json-protocol.ts';
import { type AwsAnswer, AwsRefusal, type AwsService } from '../aws/service.ts';

/** Secrets by name; a secret that a key of somebody else encrypts cannot be read. */
export interface SecretShelf {
  /** Absent: there is no such thing. */
  get(name: string): string | undefined;
  isForbidden(name: string): boolean;
}

const GetParameter = z.strictObject({ Name: z.string(), WithDecryption: z.boolean().default(false) });
const GetParameters = z.strictObject({
  Names: z.array(z.string()).min(1),
  WithDecryption: z.boolean().default(false),
});
const GetSecretValue = z.strictObject({
  SecretId: z.string(),
  VersionStage: z.literal('AWSCURRENT').optional(),
});

const parameterNamesLimit = 10;

/** SSM's parameters as SecureStrings, over AWS JSON 1.1: GetParameter and GetParameters. */
export function createSsmApi(options: { nowMs: () => number; parameters: SecretShelf }): AwsService {
  const { nowMs, parameters } = options;
  const shown = (name: string, value: string, isDecrypted: boolean) => ({
    ARN: `arn:aws:ssm:us-east-1:111122223333:parameter${name.startsWith('/') ? '' : '/'}${name}`,
    DataType: 'text',
    LastModifiedDate: nowMs() / 1000,
    Name: name,
    Type: 'SecureString',
    // What an unencrypted reader sees is of no use to anybody.
    Value: isDecrypted ? value : Buffer.from(`encrypted ${value.length}`).toString('base64'),
    Version: 1,
  });
  const allowed = (name: string) => {
    if (!parameters.isForbidden(name)) return;
    throw new AwsRefusal(
      'AccessDeniedException',
      `User is not authorized to perform: kms:Decrypt on ${name}`,
    );
  };
  return {
    name: 'ssm',
    codes: {
      throttled: 'ThrottlingException',
      denied: 'AccessDeniedException',
      unavailable: 'InternalServerError',
    },
    recognise: (request) => recognised(jsonOperation(request, 'AmazonSSM')),
    perform({ name }, request) {
      if (name === 'GetParameter') {
        const { Name, WithDecryption } = readJson(request, GetParameter, 'ValidationException');
        allowed(Name);
        const value = parameters.get(Name);
        if (value === undefined) throw new AwsRefusal('ParameterNotFound', '');
        return jsonAnswer('1.1', { Parameter: shown(Name, value, WithDecryption) });
      }
      if (name === 'GetParameters') {
        const { Names, WithDecryption } = readJson(request, GetParameters, 'ValidationException');
        if (Names.length > parameterNamesLimit) {
          const message = `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to ${parameterNamesLimit}`;
          throw new AwsRefusal('ValidationException', message);
        }
        const found = Names.flatMap((each) => {
          allowed(each);
          const value = parameters.get(each);
          return value === undefined ? [] : [shown(each, value, WithDecryption)];
        });
        const InvalidParameters = Names.filter((each) => parameters.get(each) === undefined);
        return jsonAnswer('1.1', { InvalidParameters, Parameters: found });
      }
      throw new AwsRefusal('UnknownOperationException', `The workspace does not model ${name}.`);
    },
    refuse: (refusal) => bareRefusal(refusal, 'message'),
  };
}

/** Secrets Manager over AWS JSON 1.1: GetSecretValue of the current version. */
export function createSecretsManagerApi(options: { nowMs: () => number; secrets: SecretShelf }): AwsService {
  const { nowMs, secrets } = options;
  return {
    name: 'secretsmanager',
    codes: {
      throttled: 'ThrottlingException',
      denied: 'AccessDeniedException',
      unavailable: 'InternalServiceError',
    },
    recognise: (request) => recognised(jsonOperation(request, 'secretsmanager')),
    perform({ name }, request) {
      if (name !== 'GetSecretValue') {
        throw new AwsRefusal('UnknownOperationException', `The workspace does not model ${name}.`);
      }
      const { SecretId } = readJson(request, GetSecretValue, 'ValidationException');
      const secretName =
        /^arn:aws:secretsmanager:[^:]+:\d{12}:secret:(.+)-\w{6}$/.exec(SecretId)?.[1] ?? SecretId;
      if (secrets.isForbidden(secretName)) {
        const message = 'Access to KMS is not allowed';
        throw new AwsRefusal('AccessDeniedException', message);
      }
      const SecretString = secrets.get(secretName);
      if (SecretString === undefined) {
        const message = "Secrets Manager can't find the specified secret.";
        throw new AwsRefusal('ResourceNotFoundException', message);
      }
      return jsonAnswer('1.1', {
        ARN: `arn:aws:secretsmanager:us-east-1:111122223333:secret:${secretName}-a1B2c3`,
        CreatedDate: nowMs() / 1000,
        Name: secretName,
        SecretString,
        VersionId: '5f0c1d5e-0000-4000-8000-000000000001',
        VersionStages: ['AWSCURRENT'],
      });
    },
    refuse: (refusal) => bareRefusal(refusal, 'Message'),
  };
}

const recognised = (name: string | undefined) => (name === undefined ? undefined : { name });

/** Both write the code without a namespace; Secrets Manager spells `Message` with a capital. */
const bareRefusal = (refusal: AwsRefusal, member: 'message' | 'Message'): AwsAnswer => ({
  status: refusal.status,
  headers: { 'content-type': 'application/x-amz-json-1.1' },
  body: JSON.stringify({ __type: refusal.code, [member]: refusal.message }),
});
