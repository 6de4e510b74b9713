// After the readme of Vercel's receiver for Bolt: a web Request in, a web Response out, `deferInitialization`, and a
// handler that waits for `app.init()` at the first request. The receiver is rebuilt from what the readme says it does.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import bolt from '@slack/bolt';
import row from './click-row.cjs';

const { App, verifySlackRequest } = bolt;
const { env } = process;

function createReceiver(signingSecret) {
  let app;
  return {
    init(next) {
      app = next;
    },
    start: async () => {},
    stop: async () => {},
    async handle(request) {
      const text = await request.text();
      verifySlackRequest({
        signingSecret,
        body: text,
        headers: {
          'x-slack-signature': request.headers.get('x-slack-signature'),
          'x-slack-request-timestamp': Number(request.headers.get('x-slack-request-timestamp')),
        },
      });
      const isForm = request.headers.get('content-type') === 'application/x-www-form-urlencoded';
      const fields = isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
      const body = typeof fields.payload === 'string' ? JSON.parse(fields.payload) : fields;
      return new Promise((resolve, reject) => {
        const ack = async (answer) =>
          resolve(
            typeof answer === 'object' ? Response.json(answer) : new Response(answer ?? '', { status: 200 }),
          );
        app.processEvent({ body, ack }).catch(reject);
      });
    },
  };
}

const receiver = createReceiver(env.SLACK_SIGNING_SECRET);
const app = new App({
  token: env.SLACK_BOT_TOKEN,
  signingSecret: env.SLACK_SIGNING_SECRET,
  receiver,
  deferInitialization: true,
  // Only so that a Slack on this machine is asked: the documented example has no such line.
  clientOptions: { slackApiUrl: env.SLACK_API_URL },
});
const dynamo = new DynamoDBClient({});

app.action('cs:approve', async ({ body, ack }) => {
  await row.putClick(dynamo, body);
  await ack();
});

let initialized;
async function POST(request) {
  initialized ??= app.init();
  await initialized;
  return receiver.handle(request);
}

/** Vercel hands over a Request; here it comes as a Lambda event like everybody's. */
export async function handler({ rawPath, headers, body }) {
  const response = await POST(
    new Request(`https://bot.example${rawPath}`, { method: 'POST', headers, body }),
  );
  return { statusCode: response.status, body: await response.text() };
}
