import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { keys } from '../../src/store/table.ts';
import type { Item } from '../../src/store/transport.ts';
import { mayAnywhere, permissionsOf, roleOf, statementsOf } from './policy.ts';
import { account, environmentOf, isObject, readTemplate, region, text } from './template.ts';

const template = readTemplate(inject('packagedIn'));
const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];
const others = functions.filter((name) => name !== 'tick');

const table = `arn:aws:dynamodb:${region}:${account}:table/countersign-test`;
const queue = `arn:aws:sqs:${region}:${account}:countersign-test-work`;
const parameter = (name: string) => `arn:aws:ssm:${region}:${account}:parameter/countersign/test/${name}`;
const log = (name: string) => [
  `logs:CreateLogStream on arn:aws:logs:${region}:${account}:log-group:/aws/lambda/countersign-test-${name}:*`,
  `logs:PutLogEvents on arn:aws:logs:${region}:${account}:log-group:/aws/lambda/countersign-test-${name}:*`,
];
const onTable = (...actions: string[]) => actions.map((action) => `dynamodb:${action} on ${table}`);
const lists = [`dynamodb:Query on ${table}/index/list`];
const due = [`dynamodb:Query on ${table}/index/due`];
const hints = [`sqs:SendMessage on ${queue}`];
const partitionOf = ({ pk }: Item) => (pk !== undefined && 'S' in pk ? pk.S : '');
const secrets = (...names: string[]) => names.map((name) => `ssm:GetParameters on ${parameter(name)}`);

/** Everything that anybody may do. Who adds a line here says in docs/operate.md what it is for. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  slack: [
    ...onTable('GetItem', 'Query', 'PutItem', 'UpdateItem'),
    ...lists,
    ...hints,
    ...secrets('slack-signing-secret', 'slack-signing-secret-previous', 'slack-bot-token'),
    ...log('slack'),
  ],
  github: [
    ...onTable('GetItem', 'PutItem'),
    ...lists,
    ...hints,
    ...secrets('github-webhook-secret'),
    ...log('github'),
  ],
  alarms: [...onTable('GetItem'), ...hints, ...log('alarms')],
  tick: [
    ...onTable('GetItem', 'Query', 'PutItem', 'UpdateItem', 'ConditionCheckItem'),
    ...lists,
    ...due,
    ...hints,
    ...['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) => `sqs:${action} on ${queue}`),
    'sts:AssumeRole on arn:aws:iam::111122223333:role/countersign-site-production',
    'sts:TagSession on arn:aws:iam::111122223333:role/countersign-site-production',
    ...secrets('slack-bot-token', 'github-token'),
    ...log('tick'),
  ],
  sweep: [...due, ...hints, ...log('sweep')],
};

describe('roles', () => {
  it('are one for each function, and only Lambda may take them', () => {
    const roles = functions.map((name) => roleOf(template, name));

    expect(new Set(roles.map(({ id }) => id)).size).toBe(functions.length);
    expect(template.ofType('AWS::IAM::Role')).toHaveLength(functions.length);
    for (const { properties } of roles) {
      expect(properties['AssumeRolePolicyDocument']).toMatchObject({
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      });
      expect(properties['ManagedPolicyArns']).toBeUndefined();
    }
    expect(template.ofType('AWS::IAM::Policy')).toEqual([]);
    expect(template.ofType('AWS::IAM::ManagedPolicy')).toEqual([]);
  });

  it.each(functions)('%s may do what it does and nothing else', (name) => {
    expect(permissionsOf(template, name)).toEqual([...(allowed[name] ?? [])].sort());
  });

  it.each(functions)('%s has no wildcard in what it may do, and none in what it may do it to', (name) => {
    for (const { effect, actions, resources, statement } of statementsOf(template, name)) {
      expect(effect).toBe('Allow');
      expect(Object.keys(statement)).not.toContain('NotAction');
      expect(Object.keys(statement)).not.toContain('NotResource');
      expect(actions.filter((action) => /[*?]/.test(action))).toEqual([]);
      // The streams of a log are named by Lambda.
      const bare = resources.map((arn) => arn.replace(/^(arn:aws:logs:.+):\*$/, '$1'));
      expect(bare.filter((arn) => /[*?]/.test(arn))).toEqual([]);
    }
  });

  it.each(others)('%s cannot become another role, and so cannot reach a target', (name) => {
    expect(statementsOf(template, name).flatMap(({ actions }) => actions)).not.toContain('sts:AssumeRole');
    for (const action of ['sts:AssumeRole', 'sts:TagSession', 'iam:PassRole', 'lambda:InvokeFunction'])
      expect(mayAnywhere(template, name, action)).toBe(false);
  });

  it.each(functions)('%s touches AWS through its table, its queue, its secrets and its log only', (name) => {
    const services = statementsOf(template, name).flatMap(({ actions }) =>
      actions.map((action) => action.split(':')[0]),
    );
    const known = ['dynamodb', 'sqs', 'ssm', 'logs', ...(name === 'tick' ? ['sts'] : [])];

    expect(services.filter((service) => service === undefined || !known.includes(service))).toEqual([]);
  });

  it.each(functions)('%s can neither delete a row nor read the whole table nor change the table', (name) => {
    for (const action of [
      'dynamodb:DeleteItem',
      'dynamodb:BatchWriteItem',
      'dynamodb:Scan',
      'dynamodb:PartiQLDelete',
      'dynamodb:UpdateTable',
      'dynamodb:DeleteTable',
      'dynamodb:UpdateTimeToLive',
      'dynamodb:UpdateContinuousBackups',
      'dynamodb:ExportTableToPointInTime',
      'sqs:PurgeQueue',
      'sqs:SetQueueAttributes',
    ]) {
      expect(mayAnywhere(template, name, action), action).toBe(false);
    }
  });

  it('github can write that it took a delivery, and nothing else that is saved', () => {
    const writing = statementsOf(template, 'github').filter(({ actions }) =>
      actions.some((action) => /^dynamodb:(Put|Update|Delete|BatchWrite)/.test(action)),
    );

    expect(writing.map(({ statement }) => statement['Condition'])).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [partitionOf(keys.delivery('*'))] } },
    ]);
  });

  it.each(['alarms', 'sweep'])('%s can write nothing that is saved', (name) => {
    for (const action of ['dynamodb:PutItem', 'dynamodb:UpdateItem'])
      expect(mayAnywhere(template, name, action)).toBe(false);
  });

  it.each(functions)('%s may read exactly the secrets that its environment names', (name) => {
    const named = Object.entries(environmentOf(template, name))
      .filter(([variable]) => variable.endsWith('_FROM'))
      .map(
        ([, from]) =>
          `ssm:GetParameters on ${from.replace('ssm:', `arn:aws:ssm:${region}:${account}:parameter`)}`,
      );

    const readable = permissionsOf(template, name).filter((line) => line.startsWith('ssm:'));

    expect(readable).toEqual(named.sort());
  });
});

describe('the role of an environment', () => {
  const printed = async (...args: string[]) => {
    const file = join(import.meta.dirname, '../../examples/pipeline.yml');
    const { stdout, stderr } = await runCli(['iam', 'production', '--file', file, ...args]);
    expect(stderr).toBe('');
    return JSON.parse(stdout) as { readonly Statement: readonly Readonly<Record<string, unknown>>[] };
  };

  it('as countersign iam prints it trusts the role that tick has in the package', async () => {
    const { Statement } = await printed('--stage', 'test', '--only', 'trust');

    expect(Statement).toMatchObject([
      { Effect: 'Allow', Principal: { AWS: template.outputs['TickRoleArn'] } },
    ]);
  });

  it('may do what none of the functions may do by itself', async () => {
    const { Statement } = await printed('--only', 'permissions');
    const actions = Statement.flatMap(({ Action }) => Action as string | readonly string[]);

    expect(actions).toContain('cloudfront:UpdateDistribution');
    for (const name of functions)
      expect(actions.filter((action) => mayAnywhere(template, name, action))).toEqual([]);
  });
});

describe('secrets', () => {
  it('in the Secrets Manager are readable by the same functions, one by one', () => {
    const other = readTemplate(inject('packagedForSecretsManagerIn'));
    for (const name of functions) {
      const named = Object.entries(environmentOf(other, name)).filter(([variable]) =>
        variable.endsWith('_FROM'),
      );
      const readable = permissionsOf(other, name).filter((line) => /^(ssm|secretsmanager|kms):/.test(line));

      expect(readable).toEqual(
        named
          .map(([, from]) => from.replace('secretsmanager:', ''))
          .map(
            (id) =>
              `secretsmanager:GetSecretValue on arn:aws:secretsmanager:${region}:${account}:secret:${id}-??????`,
          )
          .sort(),
      );
      expect(named.every(([, from]) => from.startsWith('secretsmanager:countersign/prod/'))).toBe(true);
    }
  });

  it('under a key of one’s own may be decrypted by those who read secrets, through the store only', () => {
    const SecretsKeyArn = `arn:aws:kms:${region}:${account}:key/0123`;
    const withKey = readTemplate(inject('packagedIn'), { SecretsKeyArn });

    for (const name of functions) {
      const decrypting = statementsOf(withKey, name).filter(({ actions }) => actions.includes('kms:Decrypt'));
      const readsSecrets = Object.keys(environmentOf(withKey, name)).some((key) => key.endsWith('_FROM'));

      expect(decrypting.map(({ resources }) => resources)).toEqual(readsSecrets ? [[SecretsKeyArn]] : []);
      for (const { statement } of decrypting) {
        const { Condition } = statement;
        expect(isObject(Condition) && Object.keys(Condition)).toEqual(['StringLike']);
        expect(JSON.stringify(Condition)).toContain('kms:ViaService');
      }
    }
  });

  it('stand nowhere in the template', () => {
    for (const each of [template, readTemplate(inject('packagedForSecretsManagerIn'))]) {
      expect(each.text).not.toMatch(/xoxb-|xapp-|ghp_|github_pat_|AKIA[A-Z0-9]{16}/);
      for (const name of functions) {
        const environment = environmentOf(each, name);
        for (const [variable, value] of Object.entries(environment)) {
          if (!/SECRET|TOKEN/.test(variable)) continue;
          expect(variable).toMatch(/_FROM$/);
          expect(text(value)).toMatch(/^(ssm:\/|secretsmanager:)countersign\/(test|prod)\/[a-z-]+$/);
        }
      }
    }
  });
});
