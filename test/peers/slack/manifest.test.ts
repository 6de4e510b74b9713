/** Our manifests against the schema that Slack publishes. */
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { slackManifest } from '../../../src/cli/manifest.ts';
import { manifestSchema } from './facts.ts';

const requestUrl = 'https://countersign.example.com/slack/events';
const forHttp = slackManifest({ name: 'Countersign', requestUrl });
const forSocket = slackManifest({ name: 'Countersign (dev)', requestUrl: null });

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
const validate = ajv.compile(manifestSchema);

const wrongs = (manifest: unknown) => {
  validate(manifest);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

describe('our manifest', () => {
  it.each([
    ['with addresses', forHttp],
    ['of a developer’s app, over Socket Mode', forSocket],
    ['with the longest name', slackManifest({ name: 'x'.repeat(35), requestUrl })],
  ])('%s is one that Slack takes', (_which, manifest) => {
    expect(wrongs(manifest)).toEqual([]);
  });

  const [command] = forHttp.features.slash_commands;
  it.each([
    ['without a name', { ...forHttp, display_information: {} }],
    ['with a name that is too long', slackManifest({ name: 'x'.repeat(36), requestUrl })],
    ['with a word that Slack does not know', { ...forHttp, setings: {} }],
    [
      'with a command without its slash',
      { ...forHttp, features: { slash_commands: [{ ...command, command: 'promote' }] } },
    ],
    [
      'with more commands than Slack allows',
      { ...forHttp, features: { slash_commands: Array(51).fill(command) } },
    ],
  ])('%s would be refused', (_which, manifest) => {
    expect(wrongs(manifest)).not.toEqual([]);
  });
});
