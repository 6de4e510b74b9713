import { ListTagsForResourceCommand } from '@aws-sdk/client-cloudfront';
import { type AwsClients, callAws } from '../../clients.ts';
import type { Distribution } from './distribution.ts';
import { withoutMark } from './marker.ts';

const tools = 'terraform|opentofu|pulumi|cloudformation|cdk|serverless|sst|amplify';
const toolWord = new RegExp(`\\b(${tools})\\b`, 'i');
const toolComment = new RegExp(`\\b(?:managed|created|owned|deployed)[ -]by[ :]*(${tools})\\b`, 'i');

/**
 * The tool that looks after the distribution, in words, or null. Such a tool sets the origin path back
 * with its next run. Known by tags (CloudFormation's own are reserved and cannot be forged) and by what
 * a tool or its user wrote into the comment.
 */
export async function owningTool(clients: AwsClients, distribution: Distribution): Promise<string | null> {
  const answer = await callAws('cloudfront:ListTagsForResource', (options) =>
    clients.cloudFrontReads.send(new ListTagsForResourceCommand({ Resource: distribution.arn }), options),
  );
  for (const { Key: key = '', Value: value = '' } of answer.Tags?.Items ?? []) {
    if (key === 'aws:cloudformation:stack-name') return `the CloudFormation stack ${value}`;
    if (key.startsWith('aws:cloudformation:')) return 'a CloudFormation stack';
    const named = toolWord.exec(key) ?? (/managed|created|owner|tool|iac/i.test(key) && toolWord.exec(value));
    if (named) return `${named[1] ?? key} (tag ${key}=${value})`;
  }
  const said = toolComment.exec(withoutMark(distribution.comment));
  return said === null ? null : `${said[1] ?? ''} (it says so in its comment)`;
}
