// Plain Bolt with its usual clients, as such bots are mostly written: one file that makes everything it may ever need.
const { App, AwsLambdaReceiver } = require('@slack/bolt');
const { CloudFormationClient } = require('@aws-sdk/client-cloudformation');
const { CloudFrontClient } = require('@aws-sdk/client-cloudfront');
const { CloudWatchClient } = require('@aws-sdk/client-cloudwatch');
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { LambdaClient } = require('@aws-sdk/client-lambda');
const { STSClient } = require('@aws-sdk/client-sts');
const { Octokit } = require('@octokit/rest');
const { pino } = require('pino');
const { putClick } = require('./click-row.cjs');

const { env } = process;
const log = pino({ level: 'warn' });
const dynamo = new DynamoDBClient({});
// Kept, as a bot that deploys would keep them.
exports.clients = {
  cloudFormation: new CloudFormationClient({}),
  cloudFront: new CloudFrontClient({}),
  cloudWatch: new CloudWatchClient({}),
  lambda: new LambdaClient({}),
  sts: new STSClient({}),
  github: new Octokit({ auth: 'none' }),
};

const receiver = new AwsLambdaReceiver({ signingSecret: env.SLACK_SIGNING_SECRET, logLevel: 'error' });
// Told who it is, so that no start waits for auth.test: the kindest reading.
const app = new App({
  receiver,
  logLevel: 'error',
  authorize: async () => ({
    botToken: env.SLACK_BOT_TOKEN,
    botId: env.SLACK_BOT_ID,
    botUserId: env.SLACK_BOT_USER_ID,
  }),
});

const listeners = Number(env.BENCH_ACTIONS ?? 1);
for (let nth = 1; nth < listeners; nth += 1) app.action(`other_${nth}`, async ({ ack }) => ack());
app.action('cs:approve', async ({ ack, body }) => {
  try {
    await putClick(dynamo, body);
    await ack();
  } catch (error) {
    log.error({ error: error.name }, 'the click was not saved');
    throw error;
  }
});

exports.handler = async (event, context) => {
  const handle = await receiver.start();
  return handle(event, context);
};
