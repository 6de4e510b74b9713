import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundling } from './bundled.ts';

it('the Slack function is small, holds nothing that Lambda never runs, and starts by itself or not at all', async () => {
  const outdir = mkdtempSync(join(tmpdir(), 'countersign-function-'));
  try {
    const { bundleFunctions, problemsOf, sizesByModule } = await bundling();

    const { slack } = await bundleFunctions({ outdir, only: ['slack'] });
    if (slack === undefined) throw new Error('the function was not bundled');

    expect(problemsOf('slack', slack)).toEqual([]);
    const sizes = new Map(sizesByModule(slack));
    expect(sizes.get('in all')).toBeLessThan(320_000);
    expect(
      [...sizes.keys()].filter((module) => module.startsWith('@') || !/\/| /.test(module)).sort(),
    ).toEqual(['@slack/bolt', '@slack/logger', 'aws4', 'fastest-levenshtein']);
    expect(readdirSync(join(outdir, 'slack')).sort()).toEqual(['parts.cjs', 'slack.mjs']);
    const file = join(outdir, 'slack/slack.mjs');
    await expect(import(file)).rejects.toThrow(/^(AWS_|SLACK_|COUNTERSIGN_)/);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});

it('a bundle that holds what it must not, or too much, is told with a name', async () => {
  const { problemsOf } = await bundling();
  const inputs = { 'node_modules/@aws-sdk/client-sqs/index.js': {}, 'node_modules/expressive/index.js': {} };
  const metafile = { inputs, outputs: { 'parts.cjs': { bytes: 400_000, inputs: {} } } };

  expect(problemsOf('slack', metafile)).toEqual([
    'The function slack must not hold @aws-sdk.',
    'The function slack has 400000 bytes; 320000 at most.',
  ]);
  expect(problemsOf('tick', metafile)).toEqual([]);
});
