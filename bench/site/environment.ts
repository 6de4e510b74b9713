import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPipeline } from '../../src/config/load.ts';
import { packPipeline } from '../../src/config/packaged.ts';
import { signingSecret } from './click.ts';

/** What Lambda and the deployment would set, for ours and for everybody else. */
export function environmentAt(url: string, place: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'an example and nothing else',
    AWS_ENDPOINT_URL: url,
    COUNTERSIGN_TABLE: 'countersign',
    COUNTERSIGN_QUEUE_URL: `${url}/000000000000/countersign`,
    COUNTERSIGN_PIPELINE: join(place, 'pipeline.json'),
    SLACK_API_URL: `${url}/api/`,
    SLACK_APP_ID: 'A0COUNTER',
    SLACK_TEAM_ID: 'T0COUNTER',
    SLACK_BOT_ID: 'B0COUNTER',
    SLACK_BOT_USER_ID: 'U0COUNTER',
    SLACK_SIGNING_SECRET: signingSecret,
    SLACK_BOT_TOKEN: 'xoxb-0000000000-example',
    NODE_ENV: 'production',
  };
}

const kept = {
  '/countersign/signing-secret': signingSecret,
  '/countersign/bot-token': 'xoxb-0000000000-example',
};
export const keptSecrets: Readonly<Record<string, string>> = kept;

/** The same with the secrets in the Parameter Store. */
export function withKeptSecrets(environment: Record<string, string>): Record<string, string> {
  const { SLACK_SIGNING_SECRET: _, SLACK_BOT_TOKEN: __, ...rest } = environment;
  return {
    ...rest,
    SLACK_SIGNING_SECRET_FROM: 'ssm:/countersign/signing-secret',
    SLACK_BOT_TOKEN_FROM: 'ssm:/countersign/bot-token',
  };
}

/** The example's pipeline as the packaging puts it beside the function. */
export async function writePipeline(place: string): Promise<void> {
  const answer = await readPipeline('examples/pipeline.yml');
  if (answer.outcome === 'invalid') throw new Error('the example pipeline is not valid');
  await writeFile(join(place, 'pipeline.json'), packPipeline(answer.pipeline));
}
