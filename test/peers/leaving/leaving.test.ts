/** Every way out of `src`, so that whoever calls AWS, GitHub or Slack by another one than these is found out. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Leaving, leavingSrc } from './leaving.mjs';

/** They reach nobody. */
const inert = new Set(['aws4', 'fastest-levenshtein', 'node-html-parser', 'pino', 'yaml', 'zod']);

interface Door {
  readonly why: string;
  /** By file, how often it is used there: one use more may go to somebody else. */
  readonly uses: Readonly<Record<string, number>>;
}

const once = (...files: readonly string[]) => Object.fromEntries(files.map((file) => [file, 1]));

/** Where each way out may be used, and why nothing goes out there that no judge hears. */
const doors: Readonly<Record<string, Door>> = {
  '@aws-sdk/client-cloudfront': {
    why: 'Every operation is found by the class of its command, and driven or called by boto3.',
    uses: once(
      'src/aws/clients.ts',
      'src/aws/targets/cloudfront/distribution.ts',
      'src/aws/targets/cloudfront/invalidate.ts',
      'src/aws/targets/cloudfront/ownership.ts',
      'src/aws/targets/cloudfront/switch.ts',
    ),
  },
  '@aws-sdk/client-cloudwatch': {
    why: 'As above.',
    uses: once(
      'src/aws/checks/cloudwatch-alarms.ts',
      'src/aws/checks/cloudwatch-metrics.ts',
      'src/aws/clients.ts',
    ),
  },
  '@aws-sdk/client-dynamodb': {
    why: 'As above; by the whole store suite on every engine.',
    uses: once('src/store/dynamo-client.ts', 'src/store/sdk-transport.ts'),
  },
  '@aws-sdk/client-sts': { why: 'As above.', uses: once('src/aws/assume.ts') },
  'amazonaws.com': {
    why: 'Where a signed call goes; its target names the operation.',
    uses: once('src/aws/signed-call.ts'),
  },
  '@octokit/rest': {
    why: 'Every operation is found by its method, and sent to GitHub’s own description.',
    uses: once('src/github/client.ts'),
  },
  'api.github.com': { why: 'The base of Octokit’s addresses.', uses: once('src/compose/worker.ts') },
  '@octokit/webhooks': { why: 'Only verifies signatures.', uses: once('src/github/webhooks.ts') },
  '@slack/web-api': {
    why: 'Every method is found by the text that it is called with, and held against Slack’s reference.',
    uses: once('src/bot/slack-client.ts'),
  },
  '@slack/bolt': {
    why: 'With an `authorize` of ours it calls nothing; its Socket Mode opens its own connection.',
    uses: once('src/bot/app.ts', 'src/compose/server.ts'),
  },
  'slack.com/api': {
    why: 'Where a form is opened without Slack’s client.',
    uses: once('src/compose/slack.ts'),
  },
  createPost: {
    why: 'For signed calls and for opening a form, both judged.',
    uses: once(
      'src/aws/post.ts',
      'src/aws/signed-call.ts',
      'src/compose/slack.ts',
      'src/compose/starting.ts',
    ),
  },
  'a Post called': { why: 'The one request of a signed call.', uses: once('src/aws/signed-call.ts') },
  fetch: {
    why: 'Pages of the app, which are no API; the clients of Slack and GitHub; an answer to a `response_url`.',
    uses: { 'src/aws/checks/page.ts': 1, 'src/bot/slack-client.ts': 2, 'src/github/client.ts': 2 },
  },
  'node:http': {
    why: 'What createPost posts with; the server that Slack calls. The import is one use, a call by another name as well.',
    uses: { 'src/aws/post.ts': 3, 'src/bot/receiver.ts': 2 },
  },
  'node:https': { why: 'What createPost posts with.', uses: { 'src/aws/post.ts': 4 } },
  'https://…': {
    why: 'Where a signed call goes; the others are links to AWS’s console that people are shown.',
    uses: once(
      'src/aws/checks/cloudwatch-alarms.ts',
      'src/aws/checks/cloudwatch-metrics.ts',
      'src/aws/signed-call.ts',
      'src/aws/targets/cloudfront/analyze.ts',
    ),
  },
  'https://api.github.com': { why: 'As above.', uses: once('src/compose/worker.ts') },
  'https://slack.com': { why: 'As above.', uses: once('src/compose/slack.ts') },
  'http://this-site.invalid': {
    why: 'Only to read addresses in a page that name no host.',
    uses: once('src/aws/checks/page.ts'),
  },
  'https://www.example.com': {
    why: 'An example in a message.',
    uses: once('src/config/addresses.ts', 'src/config/explain.ts'),
  },
  'https://countersign.example.com': { why: 'An example in a help text.', uses: once('src/cli/manifest.ts') },
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
  'src/hidden/computed.ts': `
    import type { SignedCall, SignedRequest } from '../aws/signed-call.ts';
    const requestFor = (operation: string) => ({ service: 'sqs' as const, target: \`AmazonSQS.\${operation}\`, body: '{}', timeoutMs: 1 });
    const verbs = ['Purge', 'Delete'];
    export const wipe = (call: SignedCall) => Promise.all(verbs.map((verb) => call(requestFor(\`\${verb}Queue\`))));
    const to = { service: 'ssm', timeoutMs: 1 } as const;
    const put = { service: 'ssm', target: 'AmazonSSM.PutParameter', timeoutMs: 1 } as const;
    export const spread = (call: SignedCall, target: string) => call({ ...to, ...{ target }, body: '' });
    export const known = (call: SignedCall) => call({ ...put, body: '' });
    export const handed = (call: SignedCall, text: string) => call(JSON.parse(text) as SignedRequest);
    export const each = (call: SignedCall, all: readonly SignedRequest[]) => all.map((one) => call(one));
    const label = (operation: string) => ({ service: 'ssm' as const, target: \`AmazonSSM.\${operation}\`, body: '', timeoutMs: 1 });
    export const labels = [label('LabelParameterVersion'), ...verbs.map(label)];
    export const changed = (call: SignedCall, verb: string) => {
      const request = { service: 'sqs' as const, target: 'AmazonSQS.SendMessage' as string, body: '', timeoutMs: 1 };
      request.target = \`AmazonSQS.\${verb}Queue\`;
      let target = 'AmazonSQS.ReceiveMessage';
      target = verb;
      return [call(request), call({ ...request, target })];
    };
  `,
  'src/hidden/whole.ts': `
    import * as everything from '@aws-sdk/client-cloudfront';
    export const byText = new everything['DeleteDistributionCommand']({ Id: 'E', IfMatch: 'x' });
    export const byName = (name: 'CloudFrontClient') => everything[name];
    export const byAny = (name: string) => (everything as unknown as Record<string, unknown>)[name];
    export const taken = (name: 'CloudFront' | 'Nothing') => { const { [name as 'CloudFront']: made, ...rest } = everything; return [made, rest]; };
    export const all = Object.values(everything);
    export const later = async () => (await import('@aws-sdk/client-cloudfront'))['CreateDistributionCommand'];
    export const handed = import('@aws-sdk/client-cloudfront').then((loaded) => Reflect.get(loaded, 'x'));
  `,
  'src/hidden/loaded.ts': `
    export const built = process.getBuiltinModule('node:https');
    export const named = process['getBuiltinModule'];
    export const any = (name: 'pid') => process[name];
    export const sent = globalThis['fetch'];
    export const { fetch: also, ['WebSocket']: socket } = globalThis;
    export const some = (name: 'fetch') => globalThis[name];
    export const open = (name: string) => Reflect.get(globalThis, name);
    export const byCast = (globalThis as unknown as Record<string, unknown>)['x'];
    export const required = require('node:net');
    export const joined = import('node:' + String('tls'));
    export const read = [eval('1'), new Function('return 1')];
    export const made = read.constructor;
  `,
  'src/hidden/twice.ts': `
    export const one = () => fetch('https://api.evil.example/x', { method: 'DELETE' });
    export const two = (host: string) => fetch(\`https://\${host}/x\`);
    const send = (given?: typeof fetch) => given ?? fetch;
    export const three = () => send()('https:' + '//api.evil.example/x');
    export const four = (post: import('../aws/post.ts').Post, url: URL) => post({ url, headers: {}, body: '', timeoutMs: 1 });
  `,
};

describe('nothing leaves src', () => {
  let all: ReturnType<typeof leavingSrc>;
  const isHidden = ({ file }: Leaving) => file.startsWith('src/hidden/');
  const ours = (kind: keyof typeof all) => all[kind].filter((one) => !isHidden(one));
  const inHidden = (kind: keyof typeof all, file: string) =>
    all[kind].filter((one) => one.file === `src/hidden/${file}.ts`).map(({ name }) => name);

  const uses = (kind: keyof typeof all, file: string) =>
    Object.fromEntries(
      all[kind].filter((one) => one.file === `src/hidden/${file}.ts`).map(({ name, uses }) => [name, uses]),
    );

  beforeAll(() => {
    all = leavingSrc(hidden);
  }, 180_000);

  it('but by the ways that are known', () => {
    const found: Record<string, Record<string, number>> = {};
    for (const { name, file, uses } of ours('doors'))
      if (!inert.has(name)) found[name] = { ...found[name], [file]: uses };

    expect(found).toEqual(Object.fromEntries(Object.entries(doors).map(([name, { uses }]) => [name, uses])));
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

  it('to AWS, were a whole call or its target only made while it runs, that would not be told', () => {
    expect(inHidden('aws', 'computed').sort()).toEqual(['ssm:PutParameter']);
    expect(inHidden('unreadable', 'computed').sort()).toEqual([
      "target: 'AmazonSQS.SendMessage' as string",
      'target: JSON.parse(text) as SignedRequest',
      `target: \`AmazonSQS.\${operation}\``,
      `target: \`AmazonSQS.\${verb}Queue\``,
      `target: \`AmazonSSM.\${operation}\``,
      'target: one',
      'target: request',
      `target: requestFor(\`\${verb}Queue\`)`,
      'target: target',
      "target: { ...to, ...{ target }, body: '' }",
    ]);
  });

  it('to AWS, were all of its client taken at once, that would not be told', () => {
    expect(inHidden('aws', 'whole').sort()).toEqual(['cloudfront:DeleteDistribution']);
    expect(uses('unreadable', 'whole')).toEqual({
      'all of everything': 3,
      'late import of @aws-sdk/client-cloudfront': 2,
    });
  });

  it('by what was loaded without an import, that would not be told', () => {
    expect(uses('doors', 'loaded')).toEqual({ WebSocket: 1, fetch: 3 });
    expect(uses('unreadable', 'loaded')).toEqual({
      Function: 1,
      'all of globalThis': 2,
      constructor: 1,
      eval: 1,
      getBuiltinModule: 3,
      "import of import('node:' + String('tls'))": 1,
      require: 1,
    });
  });

  it('once more by a way that is known, that would not be counted', () => {
    expect(uses('doors', 'twice')).toEqual({
      'a Post called': 1,
      fetch: 4,
      'https://api.evil.example': 1,
      'https://…': 1,
    });
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
    expect(inHidden('doors', 'slack').sort()).toEqual([
      'createPost',
      'fetch',
      'https://slack.com',
      'slack.com/api',
    ]);
  });

  it('to anybody else by a way of its own, that would not be found', () => {
    expect(inHidden('doors', 'net').sort()).toEqual(['WebSocket', 'axios', 'fetch', 'got', 'node:tls']);
    expect(inHidden('unreadable', 'net')).toEqual(['import of import(name)', 'late import of got']);
  });
});
