import { z } from 'zod';
import type { AwsOperation, AwsRequest } from '../aws/service.ts';
import type { Deed } from './policies.ts';

const at = (service: string, rest: string) => `arn:aws:${service}:us-east-1:111122223333:${rest}`;

const TableItem = z.object({ TableName: z.string() });
const Transaction = z.object({
  TransactItems: z.array(z.partialRecord(z.enum(['Put', 'Update', 'Delete', 'ConditionCheck']), TableItem)),
});
const Body = z.object({
  QueueUrl: z.string().default(''),
  Name: z.string().optional(),
  Names: z.array(z.string()).optional(),
  SecretId: z.string().default(''),
  TableName: z.string().default(''),
  IndexName: z.string().optional(),
  Item: z.object({ pk: z.object({ S: z.string() }) }).optional(),
});

/**
 * What a call does in the words of IAM: one batch is one permission of SQS, each part of a transaction one of DynamoDB
 * (Service authorization reference).
 */
export function deedsOf(service: string, operation: AwsOperation, request: AwsRequest): readonly Deed[] {
  const { name } = operation;
  const action = `${service}:${name.replace(/Batch$/, '')}`;
  switch (service) {
    case 'sqs':
      return [{ action, resource: at('sqs', bodyOf(request).QueueUrl.split('/').at(-1) ?? '') }];
    case 'ssm': {
      const { Name, Names } = bodyOf(request);
      const names = [...(Names ?? []), ...(Name === undefined ? [] : [Name])];
      return names.map((each) => ({ action, resource: at('ssm', `parameter/${each.replace(/^\//, '')}`) }));
    }
    case 'secretsmanager': {
      const { SecretId } = bodyOf(request);
      const resource = SecretId.startsWith('arn:')
        ? SecretId
        : at('secretsmanager', `secret:${SecretId}-a1B2c3`);
      return [{ action, resource }];
    }
    case 'sts': {
      const form = new URLSearchParams(request.body.toString());
      const resource = form.get('RoleArn') ?? '';
      const isTagged = form.has('Tags.member.1.Key');
      return [{ action, resource }, ...(isTagged ? [{ action: 'sts:TagSession', resource }] : [])];
    }
    case 'dynamodb':
      return tableDeeds(name, request);
    case 'cloudfront': {
      const { subject } = operation;
      const named = subject === undefined ? '*' : `arn:aws:cloudfront::111122223333:distribution/${subject}`;
      return [{ action, resource: request.query.get('Resource') ?? named }];
    }
    case 'cloudwatch':
      // Whoever may not describe every alarm is told of no composite one (CloudWatch API reference, DescribeAlarms).
      return [
        {
          action: `cloudwatch:${name}`,
          resource: '*',
          context: { 'aws:RequestedRegion': regionOf(request) },
        },
      ];
    default:
      return [{ action, resource: '*' }];
  }
}

function tableDeeds(name: string, request: AwsRequest): readonly Deed[] {
  const table = (tableName: string) => at('dynamodb', `table/${tableName}`);
  if (name === 'TransactWriteItems') {
    const { TransactItems } = Transaction.parse(JSON.parse(request.body.toString()));
    return TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, part]) => ({
        action: `dynamodb:${kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`}`,
        resource: table(part?.TableName ?? ''),
      })),
    );
  }
  const { TableName, IndexName } = bodyOf(request);
  const resource = IndexName === undefined ? table(TableName) : `${table(TableName)}/index/${IndexName}`;
  const { Item } = bodyOf(request);
  const context = Item === undefined ? {} : { context: { 'dynamodb:LeadingKeys': Item.pk.S } };
  return [{ action: `dynamodb:${name}`, resource, ...context }];
}

/** The region that a request was signed for. */
const regionOf = ({ headers }: AwsRequest): string =>
  /Credential=[^/]+\/\d+\/([\w-]+)\//.exec(String(headers['authorization']))?.[1] ?? '';

const bodyOf = (request: AwsRequest) => Body.parse(JSON.parse(request.body.toString()));
