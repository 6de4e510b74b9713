import { addCommit, addRun, addTag, defaultRunSeconds, type Repository } from './state.ts';

const hourMs = 3_600_000;

export const seededVersions = ['v1.0.0', 'v1.1.0', 'v1.2.0'] as const;

const releaseMessages: Readonly<Record<string, string>> = {
  'v1.0.0': 'First public release of the site (#12)',
  'v1.1.0': 'Add the journal and its feed (#31)\n\nCo-authored-by: Tomas Lindqvist <tomas@northwind.example>',
  'v1.2.0': 'New front page, smaller images (#47)',
};

const workflowFile = `name: Deploy staging
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: npm ci && npm run build
  deploy:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: ./scripts/deploy-staging.sh
`;

export function packageJson(version: string): string {
  return `${JSON.stringify({ name: 'site', version: version.replace(/^v/, ''), private: true }, null, 2)}\n`;
}

/**
 * `northwind/site` as it stands when the workspace opens: each version is a commit on main with a tag and a
 * green staging run. v1.1.0 is an annotated tag, because half the world's release tools make those.
 */
export function seedRepository(nowMs: number, versions: readonly string[] = seededVersions): Repository {
  const createdAtMs = nowMs - (versions.length * 48 + 24) * hourMs;
  const repository: Repository = {
    id: 709_110_001,
    owner: 'northwind',
    name: 'site',
    description: 'The public site of Northwind',
    defaultBranch: 'main',
    createdAtMs,
    people: [
      person('mara-okafor', 5_110_001, 'Mara Okafor', 'mara@northwind.example'),
      person('tlindqvist', 5_110_002, 'Tomas Lindqvist', 'tomas@northwind.example'),
      person('yuki-h', 5_110_003, 'Yuki Hayashi', 'yuki@northwind.example'),
      { ...person('northwind', 5_110_000, 'Northwind', 'hello@northwind.example'), type: 'Organization' },
      { ...person('countersign[bot]', 5_110_009, 'countersign[bot]', ''), type: 'Bot' },
    ],
    commits: [],
    branches: [],
    tags: [],
    workflows: [
      {
        id: 88_110_001,
        name: 'Deploy staging',
        path: '.github/workflows/deploy-staging.yml',
        createdAtMs,
        jobs: ['build', 'deploy'],
      },
    ],
    stagingWorkflow: 'deploy-staging.yml',
    runs: [],
    deployments: [],
    releases: [],
    nextId: 17_200_000_001,
  };

  addCommit(repository, {
    branch: 'main',
    message: 'Start the repository',
    author: 'mara-okafor',
    atMs: createdAtMs,
    changes: {
      'README.md': '# Northwind site\n',
      'package.json': packageJson('0.0.0'),
      '.github/workflows/deploy-staging.yml': workflowFile,
    },
  });

  const workflow = repository.workflows[0];
  versions.forEach((version, index) => {
    const atMs = createdAtMs + (index * 48 + 20) * hourMs;
    const commit = addCommit(repository, {
      branch: 'main',
      message: releaseMessages[version] ?? `Release ${version}`,
      author: authorFor(repository, index),
      atMs,
      changes: { 'package.json': packageJson(version), 'content/version.txt': `${version}\n` },
    });
    addTag(repository, {
      name: version,
      commit,
      annotation: version === 'v1.1.0' ? { message: `Release ${version}\n`, atMs: atMs + 60_000 } : undefined,
    });
    if (workflow !== undefined) {
      addRun(repository, {
        workflow,
        commit,
        atMs: atMs + 2_000,
        conclusion: 'success',
        runSeconds: defaultRunSeconds,
      });
    }
    repository.releases.push({
      id: 190_110_001 + index,
      tagName: version,
      name: version,
      body: `${(releaseMessages[version] ?? '').split('\n')[0] ?? ''}\n`,
      author: commit.author,
      createdAtMs: atMs + 120_000,
    });
  });
  return repository;
}

function person(login: string, id: number, name: string, email: string) {
  return { login, id, name, email, type: 'User' as const };
}

/** The people of the repository take turns. */
export function authorFor(repository: Repository, turn: number): string {
  const users = repository.people.filter((each) => each.type === 'User');
  const login = users[turn % users.length]?.login;
  if (login === undefined) throw new Error('The repository has nobody who could write a commit.');
  return login;
}
