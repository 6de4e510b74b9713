import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePipeline, readPipeline } from '../../src/config/load.ts';
import type { Problem } from '../../src/config/problem.ts';
import { Definition } from '../../src/flows/promotion/plan.ts';
import { Policy } from '../../src/flows/promotion/policy.ts';
import { changed, lineOf, validPipeline } from './valid-pipeline.ts';

function catalogOf(text: string) {
  const answer = parsePipeline(text, 'pipeline.yml');
  if (answer.outcome === 'invalid') throw new Error(JSON.stringify(answer.problems, null, 2));
  return answer.catalog;
}

function settingsOf(text: string, app: string, environment: string) {
  const settings = catalogOf(text).find(app, environment);
  if (settings === undefined) throw new Error(`${app} ${environment} is missing`);
  return settings;
}

function problemsOf(text: string): readonly Problem[] {
  const answer = parsePipeline(text, 'pipeline.yml');
  return answer.outcome === 'invalid' ? answer.problems : [];
}

describe('a valid pipeline file', () => {
  it('becomes a catalog in the order of the file, whose last environment is the default', () => {
    const catalog = catalogOf(validPipeline);

    expect(catalog.apps).toEqual([
      { app: 'site', environments: ['staging', 'production'] },
      { app: 'shop', environments: ['production'] },
    ]);
    expect(catalog.defaultEnvironment('site')).toBe('production');
    expect(catalog.defaultEnvironment('unknown')).toBeUndefined();
    expect(catalog.find('site', 'unknown')).toBeUndefined();
  });

  it('gives policies and definitions that the flows can pin', () => {
    const catalog = catalogOf(validPipeline);

    for (const { app, environments } of catalog.apps) {
      for (const environment of environments) {
        const settings = catalog.find(app, environment);
        expect(Policy.parse(settings?.policy)).toEqual(settings?.policy);
        expect(Definition.parse(settings?.definition)).toEqual(settings?.definition);
      }
    }
  });

  it('turns what is written into seconds, milliseconds and the flows’ own names', () => {
    const { policy, definition } = settingsOf(validPipeline, 'site', 'production');

    expect(policy.approvals).toEqual({
      required: 2,
      from: { people: ['U0GRACE001', 'U0LIN00001', 'U0OTTO0001'], groups: [] },
      expiresAfterSeconds: 86_400,
      waitSeconds: 90,
    });
    expect(policy.rollback).toEqual({ approvals: 1, from: { people: ['U0OTTO0001'], groups: [] } });
    expect(policy.verification).toEqual({ probes: 3, intervalSeconds: 5, graceSeconds: 60 });
    expect(definition.repository).toBe('northwind/site');
    expect(definition.target).toMatchObject({
      kind: 'cloudfront-blue-green',
      settings: { distributionId: 'E2NORTHWIND01', deployDeadlineSeconds: 1200, versionPage: '/about/' },
    });
    expect(definition.checks[2]?.settings).toMatchObject({ timeoutMs: 500 });
  });

  it('has the defaults that are asked for: two approvals, 48 hours, 5 minutes’ wait, 15 minutes’ soak', () => {
    const { policy } = settingsOf(validPipeline, 'shop', 'production');

    expect(policy.approvals).toMatchObject({
      required: 2,
      expiresAfterSeconds: 48 * 3600,
      waitSeconds: 300,
    });
    expect(policy.monitoring).toEqual({
      soakSeconds: 900,
      intervalSeconds: 60,
      unhealthyReadings: 2,
      patienceSeconds: 300,
      answerWithinSeconds: 600,
      withoutAnswer: 'roll-back',
    });
    expect(policy.rollback).toEqual({ approvals: 0, from: 'members' });
  });

  it('inherits defaults key by key, but never people or groups beside its own', () => {
    const site = settingsOf(validPipeline, 'site', 'production');
    const shop = settingsOf(validPipeline, 'shop', 'production');

    expect(site.policy.onCall).toEqual({ people: [], groups: ['S0ONCALL01'], channel: 'C0ONCALL01' });
    expect(shop.policy.onCall).toEqual({ people: ['W0SHOP0001'], groups: [], channel: 'C0ONCALL01' });
  });

  it('pins the role of an environment, and leaves out what is not given', () => {
    const role = 'arn:aws:iam::123456789012:role/deployers/countersign-site';
    const text = changed(
      '        approvals:\n          required: 2',
      `        role: ${role}\n        approvals:\n          required: 2`,
    );

    expect(settingsOf(text, 'site', 'production').definition.role).toBe(role);
    expect(settingsOf(validPipeline, 'site', 'production').definition).not.toHaveProperty('role');
  });

  it('lets a check look at the address of its target unless it names its own', () => {
    const { checks } = settingsOf(validPipeline, 'site', 'production').definition;

    expect(checks.map(({ settings }) => settings['url'] ?? settings['baseUrl'])).toEqual([
      'https://www.northwind.example/about/',
      'https://www.northwind.example/',
      'https://partner.example',
    ]);
  });

  it('names every check of an environment differently, and marks the one that proves the version', () => {
    const { gates, checks, readings } = settingsOf(validPipeline, 'site', 'production').definition;

    expect([...gates, ...checks, ...readings].map(({ id, essential }) => [id, essential])).toEqual([
      ['github-workflow', false],
      ['version-meta', true],
      ['http', false],
      ['partner', false],
      ['cloudwatch-alarms', false],
    ]);
    expect(checks[2]?.title).toBe("The partner's page answers");
  });

  it('may repeat a list by an alias', () => {
    const text = changed(
      'people: [U0GRACE001, U0LIN00001, U0OTTO0001]',
      'people: &approvers [U0GRACE001, U0LIN00001]',
      changed('approvals: { groups: [S0APPROVE1] }', 'approvals: { people: *approvers }'),
    );

    const { policy } = settingsOf(text, 'shop', 'production');

    expect(policy.approvals.from.people).toEqual(['U0GRACE001', 'U0LIN00001']);
  });

  it('warns where two environments change the same distribution', () => {
    const text = changed('E2STAGING0001', 'E2NORTHWIND01');

    const answer = parsePipeline(text, 'pipeline.yml');

    expect(answer).toMatchObject({
      outcome: 'valid',
      warnings: [
        {
          line: lineOf(
            text,
            'target:\n          kind: cloudfront-blue-green\n          distributionId: E2NORTHWIND01\n          colours',
          ),
          path: 'apps.site.environments.production.target',
          code: 'shared-resource',
        },
      ],
    });
  });
});

const production = 'apps.site.environments.production';

interface Mistake {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  /** A text in the line that is to be named, the changed one unless told. */
  readonly at?: string;
  readonly path: string;
  readonly code: Problem['code'];
  readonly message: RegExp;
  readonly nearest?: string;
}

const mistakes: readonly Mistake[] = [
  {
    title: 'a role by its name',
    from: '        approvals:\n          required: 2',
    to: '        role: countersign-site\n        approvals:\n          required: 2',
    at: 'role: countersign-site',
    path: `${production}.role`,
    code: 'bad-value',
    message: /must be the ARN of an IAM role/,
  },
  {
    title: 'a misspelt key',
    from: 'expiresAfter: 24h',
    to: 'expiresAftr: 24h',
    path: `${production}.approvals.expiresAftr`,
    code: 'unknown-key',
    message: /not a key here/,
    nearest: 'expiresAfter',
  },
  {
    title: 'a required key that is misspelt, once and not twice',
    from: '        channel: G0SHOP0001',
    to: '        chanel: G0SHOP0001',
    path: 'apps.shop.environments.production.chanel',
    code: 'unknown-key',
    message: /not a key here/,
    nearest: 'channel',
  },
  {
    title: 'a key like no other, with those that are known',
    from: 'expiresAfter: 24h',
    to: 'budget: 24h',
    path: `${production}.approvals.budget`,
    code: 'unknown-key',
    message: /known here: people, groups, required, expiresAfter, waitTimer/,
  },
  {
    title: 'a key of the target that its kind does not know',
    from: 'deployDeadline: 20m',
    to: 'deployDeadlin: 20m',
    path: `${production}.target.deployDeadlin`,
    code: 'unknown-key',
    message: /not a key here/,
    nearest: 'deployDeadline',
  },
  {
    title: 'the unit in the name',
    from: 'deployDeadline: 20m',
    to: 'deployDeadlineSeconds: 1200',
    path: `${production}.target.deployDeadlineSeconds`,
    code: 'unknown-key',
    message: /deployDeadline: 5m/,
    nearest: 'deployDeadline',
  },
  {
    title: 'a key written twice',
    from: 'expiresAfter: 24h',
    to: 'expiresAfter: 24h\n          required: 1',
    at: '          required: 1',
    path: `${production}.approvals.required`,
    code: 'duplicate-key',
    message: /written twice; the first is in line 28/,
  },
  {
    title: 'an environment written twice',
    from: '\n      production:\n        channel: C0DEPLOYS1',
    to: '\n      staging:\n        channel: C0DEPLOYS1',
    at: 'staging:\n        channel: C0DEPLOYS1\n        approvals:\n',
    path: 'apps.site.environments.staging',
    code: 'duplicate-key',
    message: /written twice/,
  },
  {
    title: 'text for a number',
    from: 'required: 2',
    to: 'required: two',
    path: `${production}.approvals.required`,
    code: 'wrong-type',
    message: /must be a number, not text \("two"\)/,
  },
  {
    title: 'half an approval',
    from: 'required: 2',
    to: 'required: 1.5',
    path: `${production}.approvals.required`,
    code: 'wrong-type',
    message: /must be a whole number, not a number \(1\.5\)/,
  },
  {
    title: 'a number out of range',
    from: 'required: 2',
    to: 'required: -1',
    path: `${production}.approvals.required`,
    code: 'out-of-range',
    message: /at least 0, not -1/,
  },
  {
    title: 'a list for a mapping',
    from: 'previews: { blue: https://b.shop.example, green: https://g.shop.example }',
    to: 'previews: [https://b.shop.example]',
    path: 'apps.shop.environments.production.target.previews',
    code: 'wrong-type',
    message: /must be a mapping, not a list/,
  },
  {
    title: 'a key with nothing after it',
    from: 'people: [U0GRACE001, U0LIN00001, U0OTTO0001]',
    to: 'people:',
    at: 'people:\n',
    path: `${production}.approvals.people`,
    code: 'wrong-type',
    message: /must be a list, not nothing/,
  },
  {
    title: 'a missing key, at the mapping that lacks it',
    from: '        channel: G0SHOP0001\n',
    to: '',
    at: 'production:\n        onCall',
    path: 'apps.shop.environments.production.channel',
    code: 'missing',
    message: /is missing/,
  },
  {
    title: 'approvals that nobody may give',
    from: 'approvals: { groups: [S0APPROVE1] }',
    to: 'approvals: { required: 2, people: [], groups: [] }',
    path: 'apps.shop.environments.production.approvals',
    code: 'nobody',
    message: /needs 2 approvals and names nobody/,
  },
  {
    title: 'approvals left out, which means two and nobody',
    from: '        approvals: { groups: [S0APPROVE1] }\n',
    to: '',
    at: 'production:\n        channel: G0SHOP0001',
    path: 'apps.shop.environments.production.approvals',
    code: 'nobody',
    message: /needs 2 approvals and names nobody/,
  },
  {
    title: 'fewer approvers than approvals',
    from: 'required: 2',
    to: 'required: 4',
    path: `${production}.approvals.required`,
    code: 'too-few-people',
    message: /needs 4 approvals, and only 3 people may approve/,
  },
  {
    title: 'approvers who are all the promoters there are',
    from: 'approvals: { groups: [S0APPROVE1] }',
    to: 'approvals: { required: 2, people: [U0AAAAA, U0BBBBB] }\n        promoters: { people: [U0AAAAA, U0BBBBB] }',
    at: 'required: 2, people: [U0AAAAA',
    path: 'apps.shop.environments.production.approvals.required',
    code: 'too-few-people',
    message: /can never be reached/,
  },
  {
    title: 'a rollback that nobody could approve',
    from: 'approvals: { required: 0, waitTimer: 0s }',
    to: 'approvals: { required: 0, waitTimer: 0s }\n        rollback: { approvals: 1 }',
    at: 'rollback: { approvals: 1 }',
    path: 'apps.site.environments.staging.rollback.approvals',
    code: 'nobody',
    message: /names nobody who may give them/,
  },
  {
    title: 'a rollback that nobody could ask for',
    from: 'by: { people: [U0OTTO0001], groups: [] }',
    to: 'by: { people: [], groups: [] }',
    path: `${production}.rollback.by`,
    code: 'nobody',
    message: /nobody could roll back/,
  },
  {
    title: 'an on-call list without anybody, where it is inherited from',
    from: 'groups: [S0ONCALL01]',
    to: 'groups: []',
    at: 'onCall:',
    path: 'defaults.onCall',
    code: 'nobody',
    message: /nobody would be called/,
  },
  {
    title: 'promoters by a word that is not one',
    from: 'promoters: members',
    to: 'promoters: member',
    path: 'defaults.promoters',
    code: 'bad-value',
    message: /must be members, or a mapping \(people, groups\)/,
    nearest: 'members',
  },
  {
    title: 'a promoter’s key that is misspelt',
    from: 'by: { people: [U0OTTO0001], groups: [] }',
    to: 'by: { peple: [U0OTTO0001], groups: [S0ONCALL01] }',
    path: `${production}.rollback.by.peple`,
    code: 'unknown-key',
    message: /not a key here/,
    nearest: 'people',
  },
  {
    title: 'a person by name',
    from: 'W0SHOP0001',
    to: '"@grace"',
    path: 'apps.shop.environments.production.onCall.people[0]',
    code: 'slack-id',
    message: /is "@grace"; write the member's id \(U… or W…\).*Copy member ID/,
  },
  {
    title: 'an id in small letters',
    from: 'W0SHOP0001',
    to: 'w0shop0001',
    path: 'apps.shop.environments.production.onCall.people[0]',
    code: 'slack-id',
    message: /written in capitals/,
  },
  {
    title: 'a group by its handle',
    from: 'S0APPROVE1',
    to: 'release-approvers',
    path: 'apps.shop.environments.production.approvals.groups[0]',
    code: 'slack-id',
    message: /write the user group's id \(S…\)/,
  },
  {
    title: 'a channel by name',
    from: 'channel: G0SHOP0001',
    to: 'channel: "#deploys"',
    path: 'apps.shop.environments.production.channel',
    code: 'slack-id',
    message: /write the channel's id \(C… or G…\)/,
  },
  {
    title: 'a person among the groups',
    from: 'S0APPROVE1',
    to: 'U0APPROVE1',
    path: 'apps.shop.environments.production.approvals.groups[0]',
    code: 'slack-id',
    message: /user group's id/,
  },
  {
    title: 'one person counted twice',
    from: '[U0GRACE001, U0LIN00001, U0OTTO0001]',
    to: '[U0GRACE001, U0LIN00001, U0GRACE001]',
    path: `${production}.approvals.people[2]`,
    code: 'repeated',
    message: /U0GRACE001 a second time/,
  },
  {
    title: 'an unknown kind of target',
    from: 'distributionId: E2NORTHWIND01',
    to: 'distributionId: E2NORTHWIND01\n          kind: x',
    at: '          kind: x',
    path: `${production}.target.kind`,
    code: 'duplicate-key',
    message: /written twice/,
  },
  {
    title: 'a kind of target that is nearly one',
    from: 'kind: cloudfront-blue-green\n          distributionId: E2SHOP',
    to: 'kind: cloudfront-bluegreen\n          distributionId: E2SHOP',
    at: 'kind: cloudfront-bluegreen',
    path: 'apps.shop.environments.production.target.kind',
    code: 'unknown-kind',
    message: /no kind of target/,
    nearest: 'cloudfront-blue-green',
  },
  {
    title: 'an unknown kind of check',
    from: '- kind: github-workflow',
    to: '- kind: github-workflows',
    path: `${production}.gates[0].kind`,
    code: 'unknown-kind',
    message: /there are github-workflow, http, version-meta/,
    nearest: 'github-workflow',
  },
  {
    title: 'a check where it cannot stand',
    from: '- kind: github-workflow\n            workflow: deploy-staging.yml',
    to: '- kind: version-meta',
    at: '- kind: version-meta\n        verify:',
    path: `${production}.gates[0].kind`,
    code: 'wrong-place',
    message: /cannot stand under gates, only under verify.checks, watch.readings/,
  },
  {
    title: 'two checks with one id',
    from: 'id: partner',
    to: 'id: version-meta',
    path: `${production}.verify.checks[2].id`,
    code: 'repeated',
    message: /another check/,
  },
  {
    title: 'a workflow without a repository to look in',
    from: '    repository: northwind/site\n',
    to: '',
    at: '  site:',
    path: 'apps.site.repository',
    code: 'undefined-reference',
    message: /the gate github-workflow in line \d+ looks for runs in it/,
  },
  {
    title: 'a repository that is an address',
    from: 'repository: northwind/site',
    to: 'repository: https://github.com/northwind/site',
    path: 'apps.site.repository',
    code: 'bad-value',
    message: /must be owner\/name/,
  },
  {
    title: 'an address without https',
    from: 'url: https://shop.example',
    to: 'url: http://shop.example',
    path: 'apps.shop.environments.production.target.url',
    code: 'address',
    message: /must begin with https:\/\//,
  },
  {
    title: 'an address with a password in it',
    from: 'baseUrl: https://partner.example',
    to: 'baseUrl: https://me:secret@partner.example',
    path: `${production}.verify.checks[2].baseUrl`,
    code: 'address',
    message: /must not carry a user name or password$/,
  },
  {
    title: 'an address that is none',
    from: 'baseUrl: https://partner.example',
    to: 'baseUrl: partner',
    path: `${production}.verify.checks[2].baseUrl`,
    code: 'address',
    message: /must be an address such as/,
  },
  {
    title: 'a duration without a unit',
    from: 'waitTimer: 1m30s',
    to: 'waitTimer: 300',
    path: `${production}.approvals.waitTimer`,
    code: 'duration',
    message: /write 300s, 300m or 300h/,
  },
  {
    title: 'a duration in words',
    from: 'soak: 15m',
    to: 'soak: 15 minutes',
    path: `${production}.watch.soak`,
    code: 'duration',
    message: /such as 30s, 5m, 48h or 1h30m, not text \("15 minutes"\)/,
  },
  {
    title: 'a duration finer than its setting',
    from: 'soak: 15m',
    to: 'soak: 900500ms',
    path: `${production}.watch.soak`,
    code: 'duration',
    message: /multiple of 1s/,
  },
  {
    title: 'a duration out of range, in the units of the file',
    from: 'deployDeadline: 20m',
    to: 'deployDeadline: 5s',
    path: `${production}.target.deployDeadline`,
    code: 'out-of-range',
    message: /at least 1m, not 5s/,
  },
  {
    title: 'an interval longer than the watch',
    from: 'interval: 60s',
    to: 'interval: 20m',
    path: `${production}.watch.interval`,
    code: 'out-of-range',
    message: /longer than the whole watch of 15m/,
  },
  {
    title: 'checks that are alarms alone',
    from: 'checks: [{ kind: version-meta }]',
    to: 'checks: [{ kind: cloudwatch-alarms, names: [shop-5xx] }]',
    path: 'apps.shop.environments.production.verify.checks',
    code: 'empty',
    message: /alarms alone, which say nothing of what production shows/,
  },
  {
    title: 'a watch that reads nothing',
    from: 'readings: [{ kind: cloudwatch-alarms, names: [shop-5xx] }]',
    to: 'readings: [] # nothing',
    path: 'apps.shop.environments.production.watch.readings',
    code: 'empty',
    message: /nothing is not healthy/,
  },
  {
    title: 'no check after the change',
    from: 'checks: [{ kind: version-meta }]',
    to: 'checks: []',
    path: 'apps.shop.environments.production.verify.checks',
    code: 'empty',
    message: /must not be empty/,
  },
  {
    title: 'a choice that is not one',
    from: 'withoutAnswer: roll-back',
    to: 'withoutAnswer: rollback',
    path: `${production}.watch.withoutAnswer`,
    code: 'bad-value',
    message: /must be one of roll-back, continue/,
    nearest: 'roll-back',
  },
  {
    title: 'an app that is called like a command',
    from: '  shop:',
    to: '  status:',
    path: 'apps.status',
    code: 'bad-value',
    message: /\/promote takes for itself/,
  },
  {
    title: 'an app with capitals',
    from: '  shop:',
    to: '  Shop:',
    path: 'apps.Shop',
    code: 'bad-value',
    message: /lower-case/,
  },
  {
    title: 'a version of the file that is not known',
    from: 'version: 1',
    to: 'version: 2',
    path: 'version',
    code: 'bad-value',
    message: /must be 1, not 2$/,
  },
  {
    title: 'a rule that the target’s own schema has',
    from: 'previews: { blue: https://b.shop.example, green: https://g.shop.example }',
    to: 'previews: { blue: https://b.shop.example, grün: https://g.shop.example }',
    path: 'apps.shop.environments.production.target.previews.grün',
    code: 'bad-value',
    message: /lower-case letters/,
  },
  {
    title: 'an alias without an anchor',
    from: 'people: [U0GRACE001, U0LIN00001, U0OTTO0001]',
    to: 'people: [U0GRACE001, U0LIN00001, *otto]',
    path: `${production}.approvals.people[2]`,
    code: 'undefined-reference',
    message: /there is no &otto before it/,
  },
];

describe('a mistake in a pipeline file', () => {
  it.each(mistakes)('is named with its line and path: $title', (mistake) => {
    const text = changed(mistake.from, mistake.to);
    const line = lineOf(text, mistake.at ?? mistake.to);

    const problems = problemsOf(text);

    const found = problems.filter(({ path, code }) => path === mistake.path && code === mistake.code);
    expect(problems.map(({ path, code }) => `${code} ${path}`)).toContain(`${mistake.code} ${mistake.path}`);
    expect(found).toHaveLength(1);
    expect(found[0]?.line).toBe(line);
    expect(found[0]?.message).toMatch(mistake.message);
    expect(found[0]?.nearest).toBe(mistake.nearest);
  });

  const alone = mistakes.filter(
    ({ code }) => !['duplicate-key', 'undefined-reference', 'unknown-kind'].includes(code),
  );
  it.each(alone)('is the only thing reported: $title', ({ from, to, path }) => {
    const problems = problemsOf(changed(from, to));

    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  it('hides no other: all are reported, in the order of the file', () => {
    const text = [
      ['required: 2', 'required: two'],
      ['S0ONCALL01', 'oncall'],
      ['soak: 15m', 'soak: 15'],
      ['url: https://shop.example', 'url: http://shop.example'],
      ['- kind: github-workflow', '- kind: github'],
      ['expiresAfter: 24h', 'expires: 24h'],
    ].reduce((current, [from = '', to = '']) => changed(from, to, current), validPipeline);

    const problems = problemsOf(text);

    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['slack-id', 'defaults.onCall.groups[0]'],
      ['wrong-type', `${production}.approvals.required`],
      ['unknown-key', `${production}.approvals.expires`],
      ['unknown-kind', `${production}.gates[0].kind`],
      ['duration', `${production}.watch.soak`],
      ['address', 'apps.shop.environments.production.target.url'],
    ]);
  });

  it('in a default is reported once, however many environments inherit it, and even if none does', () => {
    const inherited = changed('channel: C0ONCALL01', 'channel: oncall');
    const overridden = changed('promoters: members', 'promoters: members\n  approvals: { waitTimer: 5 }');

    expect(problemsOf(inherited).map(({ path }) => path)).toEqual(['defaults.onCall.channel']);
    expect(problemsOf(overridden).map(({ path }) => path)).toEqual(['defaults.approvals.waitTimer']);
  });

  it('points at the character, counted from one', () => {
    const [problem] = problemsOf(changed('required: 2', 'required: two'));

    expect(problem).toMatchObject({ line: 28, column: 21 });
  });
});

describe('a text that is no pipeline file', () => {
  it.each([
    ['an empty file', '', 1, 'empty', /is empty/],
    ['nothing but comments', '# nothing\n\n', 1, 'empty', /is empty/],
    ['a list', '- a\n- b\n', 1, 'wrong-type', /must be a mapping/],
    ['a word', 'hello', 1, 'wrong-type', /must be a mapping/],
    ['a tab', 'version: 1\napps:\n\tsite: {}\n', 3, 'syntax', /indented with a tab/],
    ['an open bracket', 'version: 1\napps: [\n', 3, 'syntax', /./],
    ['an open quote', 'version: "1\n', 2, 'syntax', /quote/],
    ['two documents', 'version: 1\n---\nversion: 1\n', 2, 'syntax', /second document/],
    ['a custom tag', 'version: !money 1\napps: {}\n', 1, 'syntax', /!money/],
    ['a key that is a list', 'version: 1\n? [a]\n: b\n', 2, 'syntax', /not a plain name/],
    ['bytes', 'version: 1\0', 1, 'syntax', /not a text file/],
    ['more than a megabyte', `# ${'x'.repeat(1_000_001)}\nversion: 1\n`, 1, 'too-large', /1 MB/],
    ['absurd nesting', `version: ${'['.repeat(200)}${']'.repeat(200)}`, 1, 'too-large', /levels deep/],
    ['a prototype', 'version: 1\n__proto__: {}\n', 2, 'syntax', /not a plain name/],
  ] as const)('is refused with the reason: %s', (_title, text, line, code, message) => {
    const problems = problemsOf(text);

    const found = problems.find((problem) => problem.code === code);
    expect(found).toMatchObject({ line, code });
    expect(found?.message).toMatch(message);
  });

  it('may hold no app and no environment, and says so', () => {
    expect(problemsOf('version: 1\napps: {}\n')).toMatchObject([{ path: 'apps', code: 'empty' }]);
    expect(problemsOf('version: 1\napps:\n  site:\n    environments: {}\n')).toMatchObject([
      { line: 4, path: 'apps.site.environments', code: 'empty' },
    ]);
  });

  it('cannot grow without end through aliases of aliases', () => {
    const levels = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? 'l0: &l0 [x, x]'
        : `l${level}: &l${level} [${Array(10)
            .fill(`*l${level - 1}`)
            .join(', ')}]`,
    );

    const problems = problemsOf(`version: 1\n${levels.join('\n')}\n`);

    expect(problems.filter(({ code }) => code === 'too-large')).toHaveLength(1);
  });

  it('cannot refer to itself', () => {
    expect(problemsOf('version: 1\napps: &a { site: *a }\n').map(({ code }) => code)).toContain(
      'undefined-reference',
    );
  });

  it('is read in a moment even if it has very many keys', () => {
    const keys = Array.from({ length: 40_000 }, (_, index) => `k${index}: 1`).join('\n');

    const problems = problemsOf(`version: 1\napps: {}\n${keys}\n`);

    expect(problems.length).toBeGreaterThan(40_000);
  });
});

describe('whatever is done to the file', () => {
  const lines = validPipeline.split('\n');
  const line = fc.nat(lines.length - 1);
  const junk = fc.oneof(
    fc.constantFrom(
      '',
      '\t',
      '[',
      ']',
      '{',
      '}',
      ':',
      '- ',
      '&a ',
      '*a',
      '!!int ',
      '? ',
      '"',
      "'",
      '|',
      '#',
      '<<',
    ),
    fc.constantFrom(
      'null',
      '~',
      '.nan',
      '.inf',
      '-0',
      '1e400',
      '0x10',
      'true',
      '__proto__',
      'constructor',
      'toString',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }),
  );
  const mutation = fc.oneof(
    fc.record({ does: fc.constant('drop' as const), line }),
    fc.record({ does: fc.constant('double' as const), line, to: line }),
    fc.record({ does: fc.constant('indent' as const), line, by: fc.integer({ min: -4, max: 4 }) }),
    fc.record({ does: fc.constant('insert' as const), line, at: fc.nat(60), junk }),
    fc.record({ does: fc.constant('value' as const), line, junk }),
  );

  function mutate(
    text: string[],
    change: typeof mutation extends fc.Arbitrary<infer Change> ? Change : never,
  ) {
    const current = text[change.line] ?? '';
    switch (change.does) {
      case 'drop':
        return text.toSpliced(change.line, 1);
      case 'double':
        return text.toSpliced(change.to, 0, current);
      case 'indent':
        return text.with(
          Math.min(change.line, text.length - 1),
          change.by < 0 ? current.slice(-change.by) : ' '.repeat(change.by) + current,
        );
      case 'insert':
        return text.with(
          Math.min(change.line, text.length - 1),
          current.slice(0, change.at) + change.junk + current.slice(change.at),
        );
      case 'value':
        return text.with(
          Math.min(change.line, text.length - 1),
          `${current.slice(0, current.indexOf(':') + 1)} ${change.junk}`,
        );
    }
  }

  it('the answer is a catalog or problems with a place in the text, and never a throw', () => {
    let valid = 0;
    let invalid = 0;
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (changes) => {
        const text = changes.reduce(mutate, lines).join('\n');
        const answer = parsePipeline(text, 'pipeline.yml');
        if (answer.outcome === 'valid') {
          valid += 1;
          for (const { app, environments } of answer.catalog.apps) {
            for (const environment of environments) {
              const settings = answer.catalog.find(app, environment);
              Policy.parse(settings?.policy);
              Definition.parse(settings?.definition);
              const approvals = settings?.policy.approvals;
              const named = (approvals?.from.people.length ?? 0) + (approvals?.from.groups.length ?? 0);
              expect((approvals?.required ?? 0) === 0 || named > 0).toBe(true);
            }
          }
          return;
        }
        invalid += 1;
        expect(answer.problems.length).toBeGreaterThan(0);
        const count = text.split('\n').length;
        for (const problem of answer.problems) {
          expect(problem.line).toBeGreaterThanOrEqual(1);
          expect(problem.line).toBeLessThanOrEqual(count + 1);
          expect(problem.message).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
    // Otherwise the mutations would show nothing.
    expect(valid).toBeGreaterThan(3);
    expect(invalid).toBeGreaterThan(200);
  });

  it('any text at all gives an answer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(parsePipeline(text, 'pipeline.yml').outcome).toBe('invalid');
      }),
    );
  });
});

describe('a pipeline file on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-config-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is read and understood', async () => {
    const file = join(folder, 'pipeline.yml');
    await writeFile(file, validPipeline);

    expect((await readPipeline(file)).outcome).toBe('valid');
  });

  it('that is missing, or a folder, is a problem and not a throw', async () => {
    expect(await readPipeline(join(folder, 'nothing.yml'))).toMatchObject({
      outcome: 'invalid',
      problems: [{ code: 'unreadable', message: expect.stringContaining('does not exist') }],
    });
    expect(await readPipeline(folder)).toMatchObject({
      outcome: 'invalid',
      problems: [{ code: 'unreadable', message: expect.stringContaining('is a folder') }],
    });
  });
});
