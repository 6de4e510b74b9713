// After "Deploying to AWS Lambda" in Bolt's documentation, its defaults kept, with the put that makes it do the same.
const { App, AwsLambdaReceiver } = require('@slack/bolt');
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
const { putClick } = require('./click-row.cjs');

const { env } = process;
const awsLambdaReceiver = new AwsLambdaReceiver({ signingSecret: env.SLACK_SIGNING_SECRET });
const app = new App({
  token: env.SLACK_BOT_TOKEN,
  receiver: awsLambdaReceiver,
  // Only so that a Slack on this machine is asked: the documented example has no such line.
  clientOptions: { slackApiUrl: env.SLACK_API_URL },
});
const dynamo = new DynamoDBClient({});

app.message('hello', async ({ message, say }) => {
  await say(`Hey there <@${message.user}>!`);
});
app.action('cs:approve', async ({ body, ack }) => {
  await putClick(dynamo, body);
  await ack();
});
app.message('goodbye', async ({ message, say }) => {
  await say(`See ya later, <@${message.user}> :wave:`);
});

exports.handler = async (event, context) => {
  const handler = await awsLambdaReceiver.start();
  return handler(event, context);
};
