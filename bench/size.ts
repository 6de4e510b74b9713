import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Finding } from './figure.ts';
import type { Context } from './site/context.ts';

/** What Lambda never runs, or what the function that Slack calls must never be able to do. */
const neverRun = [
  'express',
  'undici',
  'iconv-lite',
  '@slack/socket-mode',
  '@slack/oauth',
  'jsonwebtoken',
  '@octokit/',
  '@aws-sdk/',
  '@smithy/',
  'yaml',
];

type Sizes = readonly (readonly [module: string, bytes: number])[];

/** What the artifacts are made of. */
export async function size({ place }: Context): Promise<Finding> {
  const bundles = JSON.parse(await readFile(join(place, 'sizes.json'), 'utf8')) as Record<string, Sizes>;
  const slack = bundles['slack'] ?? [];
  const whole = bytesOf(slack, 'in all');
  const held = slack.filter(([module]) =>
    neverRun.some((banned) => (banned.endsWith('/') ? module.startsWith(banned) : module === banned)),
  );
  const zipped = gzipSync(await readFile(join(place, 'functions/slack/parts.cjs')), { level: 9 }).length;
  const others = Object.entries(bundles).filter(([name]) => name !== 'slack');
  return {
    name: 'size',
    title: 'Size of the functions, by module',
    how: 'esbuild’s own account of what it put into each bundle, minified. Counted exactly.',
    figures: [
      {
        name: 'the function that Slack calls',
        value: whole / 1000,
        unit: 'KB',
        target: 320,
        stretch: 200,
        held: { atMost: 320 },
      },
      { name: 'the same, compressed', value: zipped / 1000, unit: 'KB' },
      {
        name: 'modules in it that Lambda never runs',
        value: held.length,
        unit: 'modules',
        target: 0,
        held: { exactly: 0 },
        ...(held.length === 0 ? {} : { note: held.map(([module]) => module).join(', ') }),
      },
      ...others.map(([name, sizes]) => ({
        name: `the function ${name}`,
        value: bytesOf(sizes, 'in all') / 1000,
        unit: 'KB' as const,
      })),
    ],
    details: [
      '| in the function that Slack calls | KB |',
      '|---|---|',
      ...slack.map(([module, bytes]) => `| ${module} | ${(bytes / 1000).toFixed(1)} |`),
    ].join('\n'),
    data: bundles,
  };
}

const bytesOf = (sizes: Sizes, name: string) => sizes.find(([module]) => module === name)?.[1] ?? 0;
