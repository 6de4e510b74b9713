import { describe, expect, it } from 'vitest';
import { fetchSecrets } from '../../src/aws/secrets.ts';
import type { SignedAnswer, SignedCall, SignedRequest } from '../../src/aws/signed-call.ts';

const said = (body: object, fault: string | null = null): SignedAnswer => ({
  status: fault === null ? 200 : 400,
  headers: {},
  body: JSON.stringify(body),
  fault,
});

/** Both stores with these things in them; counts what runs at the same time. */
function stores(parameters: Record<string, string>, secrets: Record<string, object>) {
  const asked: SignedRequest[] = [];
  let open = 0;
  let mostOpen = 0;
  const call: SignedCall = async (request) => {
    asked.push(request);
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    await Promise.resolve();
    open -= 1;
    const input = JSON.parse(request.body);
    if (request.service === 'secretsmanager') {
      const held = secrets[input.SecretId];
      return held === undefined ? said({}, 'ResourceNotFoundException') : said(held);
    }
    const names: string[] = input.Names;
    return said({
      Parameters: names.flatMap((Name) => (Name in parameters ? [{ Name, Value: parameters[Name] }] : [])),
      InvalidParameters: names.filter((name) => !(name in parameters)),
    });
  };
  return { call, asked, mostOpen: () => mostOpen };
}

describe('secrets that are kept elsewhere', () => {
  it('are fetched in one round, each place asked once', async () => {
    const { call, asked, mostOpen } = stores(
      { '/countersign/signing': 'sign', '/countersign/previous': 'before' },
      {
        'countersign/slack': { SecretString: '{"token":"xoxb","github":"ghp"}' },
        plain: { SecretString: 'text' },
      },
    );

    const fetched = await fetchSecrets(call, {
      SIGNING: 'ssm:/countersign/signing',
      PREVIOUS: 'ssm:/countersign/previous',
      TOKEN: 'secretsmanager:countersign/slack#token',
      GITHUB: 'secretsmanager:countersign/slack#github',
      PLAIN: 'secretsmanager:plain',
    });

    expect(fetched).toEqual({
      values: { SIGNING: 'sign', PREVIOUS: 'before', TOKEN: 'xoxb', GITHUB: 'ghp', PLAIN: 'text' },
      problems: [],
    });
    expect(asked.map(({ target }) => target)).toEqual([
      'AmazonSSM.GetParameters',
      'secretsmanager.GetSecretValue',
      'secretsmanager.GetSecretValue',
    ]);
    expect(JSON.parse(asked[0]?.body ?? '')).toMatchObject({ WithDecryption: true });
    expect(mostOpen()).toBe(3);
  });

  it('ask nobody when there are none', async () => {
    const { call, asked } = stores({}, {});

    expect(await fetchSecrets(call, {})).toEqual({ values: {}, problems: [] });
    expect(asked).toEqual([]);
  });

  it.each([
    ['ssm:/countersign/none', /which is not in the Parameter Store of this region/],
    ['secretsmanager:none', /answered ResourceNotFoundException; create the secret/],
    ['secretsmanager:countersign/slack#none', /which has no text of that name/],
    ['secretsmanager:countersign/slack#number', /which has no text of that name/],
    ['secretsmanager:plain#token', /which has no text of that name/],
    ['secretsmanager:binary', /holds no text/],
    ['ssm:/name#key', /must be ssm:/],
    ['vault:thing', /must be ssm:/],
    ['xoxb-1234567890-pasted', /must be ssm:/],
    ['ssm:', /must be ssm:/],
  ])(
    'that cannot be had from %s are a problem of their variable, told without a value',
    async (from, message) => {
      const { call } = stores(
        {},
        {
          'countersign/slack': { SecretString: '{"token":"hush","number":1}' },
          plain: { SecretString: 'hush' },
          binary: { SecretBinary: 'aHVzaA==' },
        },
      );

      const { values, problems } = await fetchSecrets(call, { TOKEN: from });

      expect(values).toEqual({});
      expect(problems).toEqual([{ variable: 'TOKEN_FROM', message: expect.stringMatching(message) }]);
      expect(JSON.stringify(problems)).not.toMatch(/hush|pasted/);
    },
  );

  it.each([
    [
      'may not be read',
      async () => said({}, 'AccessDeniedException'),
      /let the role of the function read it/,
    ],
    ['are in a store that does not answer', () => Promise.reject(new Error('cut')), /did not answer/],
    ['are answered with nonsense', async () => ({ ...said({}), body: '<html>' }), /did not answer/],
  ] as const)('that %s are told as such', async (_, call, message) => {
    const { problems } = await fetchSecrets(call, { A: 'ssm:/a', B: 'secretsmanager:b' });

    expect(problems.map(({ variable }) => variable)).toEqual(['A_FROM', 'B_FROM']);
    for (const problem of problems) expect(problem.message).toMatch(message);
  });

  it.each([
    ['is throttled once', async () => said({}, 'ThrottlingException')],
    ['fails once', async () => ({ ...said({}, 'InternalServerError'), status: 500 })],
    ['is cut off once', () => Promise.reject(new Error('socket hang up'))],
  ] as const)('are had although the store %s', async (_, hiccup) => {
    const { call } = stores({ '/a': 'x' }, {});
    let asked = 0;
    const fetched = await fetchSecrets(
      (request) => {
        asked += 1;
        return asked === 1 ? hiccup() : call(request);
      },
      { A: 'ssm:/a' },
    );

    expect(fetched).toEqual({ values: { A: 'x' }, problems: [] });
    expect(asked).toBe(2);
  });

  it('are not waited for twice', async () => {
    let asked = 0;
    const late = Object.assign(new Error('late'), { name: 'TimeoutError' });
    const { problems } = await fetchSecrets(
      () => {
        asked += 1;
        return Promise.reject(late);
      },
      { A: 'ssm:/a' },
    );

    expect(problems).toHaveLength(1);
    expect(asked).toBe(1);
  });
});
