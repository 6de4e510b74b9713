/** Every way out of `src`, so that whoever calls AWS, GitHub or Slack by another one than these is found out. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Leaving, leavingSrc } from './leaving.mjs';

/** They reach nobody. */
const inert = new Set(['aws4', 'fastest-levenshtein', 'node-html-parser', 'pino', 'yaml', 'zod']);

/** Where each way out may be used, and why nothing goes out there that no judge hears. */
const doors: Readonly<Record<string, { readonly why: string; readonly files: readonly string[] }>> = {
  '@aws-sdk/client-cloudfront': {
    why: 'Every operation is found by the class of its command, and driven or called by boto3.',
    files: [
      'src/aws/clients.ts',
      'src/aws/targets/cloudfront/distribution.ts',
      'src/aws/targets/cloudfront/invalidate.ts',
      'src/aws/targets/cloudfront/ownership.ts',
      'src/aws/targets/cloudfront/switch.ts',
    ],
  },
  '@aws-sdk/client-cloudwatch': {
    why: 'As above.',
    files: [
      'src/aws/checks/cloudwatch-alarms.ts',
      'src/aws/checks/cloudwatch-metrics.ts',
      'src/aws/clients.ts',
    ],
  },
  '@aws-sdk/client-dynamodb': {
    why: 'As above; by the whole store suite on every engine.',
    files: ['src/store/dynamo-client.ts', 'src/store/sdk-transport.ts'],
  },
  '@aws-sdk/client-sts': { why: 'As above.', files: ['src/aws/assume.ts'] },
  'amazonaws.com': {
    why: 'Where a signed call goes; its target names the operation.',
    files: ['src/aws/signed-call.ts'],
  },
  '@octokit/rest': {
    why: 'Every operation is found by its method, and sent to GitHub’s own description.',
    files: ['src/github/client.ts'],
  },
  'api.github.com': { why: 'The base of Octokit’s addresses.', files: ['src/compose/worker.ts'] },
  '@octokit/webhooks': { why: 'Only verifies signatures.', files: ['src/github/webhooks.ts'] },
  '@slack/web-api': {
    why: 'Every method is found by the text that it is called with, and held against Slack’s reference.',
    files: ['src/bot/slack-client.ts'],
  },
  '@slack/bolt': {
    why: 'With an `authorize` of ours it calls nothing; its Socket Mode opens its own connection.',
    files: ['src/bot/app.ts', 'src/compose/server.ts'],
  },
  'slack.com/api': { why: 'Where a form is opened without Slack’s client.', files: ['src/compose/slack.ts'] },
  createPost: {
    why: 'For signed calls and for opening a form, both judged.',
    files: ['src/aws/post.ts', 'src/aws/signed-call.ts', 'src/compose/slack.ts', 'src/compose/starting.ts'],
  },
  fetch: {
    why: 'Pages of the app, which are no API; the clients of Slack and GitHub; an answer to a `response_url`.',
    files: ['src/aws/checks/page.ts', 'src/bot/slack-client.ts', 'src/github/client.ts'],
  },
  'node:http': {
    why: 'What createPost posts with; the server that Slack calls.',
    files: ['src/aws/post.ts', 'src/bot/receiver.ts'],
  },
  'node:https': { why: 'What createPost posts with.', files: ['src/aws/post.ts'] },
};

/** Routes that a text search would miss; none of them is in our sources. */
const hidden: Readonly<Record<string, string>> = {
  'src/hidden/aws.ts': `
    import * as cloudfront from '@aws-sdk/client-cloudfront';
    import { CloudFront, DeleteDistributionCommand as Gone, waitUntilDistributionDeployed } from '@aws-sdk/client-cloudfront';
    import type { SignedCall } from '../aws/signed-call.ts';
    export const make = [new cloudfront.ListDistributionsCommand({}), Gone, waitUntilDistributionDeployed];
    export const tags = (client: CloudFront) => client.tagResource({ Resource: 'a', Tags: { Items: [] } });
    const request = { service: 'sqs', target: 'AmazonSQS.PurgeQueue', body: '{}', timeoutMs: 1 } as const;
    export const purge = (call: SignedCall) => call(request);
    const prefix = 'AmazonSSM';
    const ask = (call: SignedCall, verb: string) => call({ service: 'ssm', target: \`\${prefix}.\${verb}Parameter\`, body: '', timeoutMs: 1 });
    export const put = (call: SignedCall) => ask(call, 'Put');
    export const any = (call: SignedCall, target: string) => call({ service: 'ssm', target, body: '', timeoutMs: 1 });
  `,
  'src/hidden/github.ts': `
    import type { GithubClient } from '../github/client.ts';
    export const remove = ({ git: { deleteRef } }: GithubClient) => deleteRef;
    export const merge = (client: GithubClient) => { const { pulls } = client.rest; return pulls.merge; };
    export const lock = (client: GithubClient) => client.issues['lock'];
    export const route = (client: GithubClient) => client.request('GET /rate_limit');
    export const some = (client: GithubClient, name: 'get') => { const all = client.orgs; return all[name]; };
    export const whole = (client: GithubClient) => Object.values(client.repos);
    export const pages = (client: GithubClient, text: string) => client.paginate(text);
  `,
  'src/hidden/slack.ts': `
    import type { SayFn } from '@slack/bolt';
    import type { WebClient } from '@slack/web-api';
    import { createPost as send } from '../aws/post.ts';
    export const tell = (client: WebClient) => client.chat.delete;
    export const pin = ({ pins }: WebClient) => pins.add({ channel: 'C', timestamp: '1' });
    const called = (client: WebClient, method: string) => client.apiCall(method);
    export const star = (client: WebClient) => called(client, Math.random() > 0 ? 'stars.add' : 'stars.remove');
    export const any = (client: WebClient, text: string) => client.apiCall(text);
    export const bolt = ({ say }: { say: SayFn }) => say('x');
    export const listener = ({ say }: import('@slack/bolt').AllMiddlewareArgs & { say: SayFn }) => say;
    export const inBolt = ({ client }: import('@slack/bolt').AllMiddlewareArgs) => client.bookmarks.list;
    export const raw = () => fetch(new URL('https://slack.com/api/reactions.add'));
    export const post = send;
  `,
  'src/hidden/net.ts': `
    import { connect } from 'node:tls';
    import axios from 'axios';
    export const all = [connect, axios, globalThis.fetch, WebSocket];
    export const later = (name: string) => import(name);
    export const known = () => import('got');
  `,
};

describe('nothing leaves src', () => {
  let all: ReturnType<typeof leavingSrc>;
  const isHidden = ({ file }: Leaving) => file.startsWith('src/hidden/');
  const ours = (kind: keyof typeof all) => all[kind].filter((one) => !isHidden(one));
  const inHidden = (kind: keyof typeof all, file: string) =>
    all[kind].filter((one) => one.file === `src/hidden/${file}.ts`).map(({ name }) => name);

  beforeAll(() => {
    all = leavingSrc(hidden);
  });

  it('but by the ways that are known', () => {
    const found: Record<string, string[]> = {};
    for (const { name, file } of ours('doors'))
      if (!inert.has(name)) found[name] = [...(found[name] ?? []), file];

    expect(Object.fromEntries(Object.entries(found).map(([name, files]) => [name, files.sort()]))).toEqual(
      Object.fromEntries(Object.entries(doors).map(([name, { files }]) => [name, files])),
    );
  });

  it('by a name that is only known while it runs', () => {
    expect(ours('unreadable')).toEqual([]);
  });

  it('to AWS, were it put together or renamed, that would not be found', () => {
    expect(inHidden('aws', 'aws').sort()).toEqual([
      'cloudfront:DeleteDistribution',
      'cloudfront:ListDistributions',
      'cloudfront:TagResource',
      'sqs:PurgeQueue',
      'ssm:PutParameter',
    ]);
    expect(inHidden('unreadable', 'aws').sort()).toEqual([
      'target: target',
      'waitUntilDistributionDeployed of client-cloudfront',
    ]);
  });

  it('to GitHub, were it taken apart or spelled as an address, that would not be found', () => {
    expect(inHidden('github', 'github').sort()).toEqual([
      'GET /rate_limit',
      'git/delete-ref',
      'issues/lock',
      'orgs/get',
      'pulls/merge',
    ]);
    expect(inHidden('unreadable', 'github').sort()).toEqual([
      'all of orgs of Octokit',
      // What is taken out of them afterwards is found as well.
      'all of pulls of Octokit',
      'all of repos of Octokit',
      'paginate of Octokit',
    ]);
  });

  it('to Slack, by whichever client or by none, that would not be found', () => {
    expect(inHidden('slack', 'slack').sort()).toEqual([
      'bookmarks.list',
      'chat.delete',
      'client of Bolt',
      'pins',
      'pins.add',
      'reactions.add',
      'say of Bolt',
      'stars.add',
      'stars.remove',
    ]);
    expect(inHidden('unreadable', 'slack')).toEqual(['apiCall of Slack’s client']);
    expect(inHidden('doors', 'slack').sort()).toEqual(['createPost', 'fetch', 'slack.com/api']);
  });

  it('to anybody else by a way of its own, that would not be found', () => {
    expect(inHidden('doors', 'net').sort()).toEqual(['WebSocket', 'axios', 'fetch', 'got', 'node:tls']);
    expect(inHidden('unreadable', 'net')).toEqual(['import of import(name)']);
  });
});
