import { packageVersion } from '../finders.mjs';

const part = (name) => [`test/peers/github/${name}.test.ts`];

export const judges = [
  {
    id: 'github-description',
    name: 'GitHub’s OpenAPI description',
    judges: 'requests we send GitHub, answers of the stand-in',
    files: part('description'),
    from: 'npm',
    version: () => packageVersion('@octokit/openapi'),
  },
  {
    id: 'github-webhooks',
    name: 'Octokit’s webhook samples',
    judges: 'the gate for webhooks, the function behind it',
    files: part('webhooks'),
    from: 'npm',
    version: () => packageVersion('@octokit/webhooks-examples'),
  },
  {
    id: 'github-emulate',
    name: 'emulate, GitHub',
    judges: 'GitHub adapters, the gate, and the stand-in beside them',
    files: part('emulate'),
    from: 'npm',
    version: () => packageVersion('emulate'),
  },
];
