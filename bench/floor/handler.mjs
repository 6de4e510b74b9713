import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';

// The least that a click can cost: Slack's signature, the form, one conditional put signed by hand, an empty answer.

const env = process.env;
const endpoint = new URL(env.AWS_ENDPOINT_URL ?? `https://dynamodb.${env.AWS_REGION}.amazonaws.com/`);
const isPlain = endpoint.protocol === 'http:';
const agent = isPlain ? new PlainAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
const send = isPlain ? plainRequest : request;

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

let signingDay = '';
let signingKey;
function keyOf(day) {
  if (day !== signingDay) {
    const secret = `AWS4${env.AWS_SECRET_ACCESS_KEY}`;
    signingKey = [day, env.AWS_REGION, 'dynamodb', 'aws4_request'].reduce(hmac, secret);
    signingDay = day;
  }
  return signingKey;
}

function put(item) {
  const body = JSON.stringify({
    TableName: env.COUNTERSIGN_TABLE,
    Item: item,
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: endpoint.host,
    'x-amz-date': time,
    'x-amz-target': 'DynamoDB_20120810.PutItem',
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${sha256(body)}`;
  const scope = `${day}/${env.AWS_REGION}/dynamodb/aws4_request`;
  const signature = hmac(keyOf(day), `AWS4-HMAC-SHA256\n${time}\n${scope}\n${sha256(canonical)}`).toString(
    'hex',
  );
  const authorization = `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return new Promise((resolve, reject) => {
    const { hostname, port } = endpoint;
    const sent = send(
      {
        method: 'POST',
        hostname,
        port,
        path: '/',
        agent,
        headers: { ...headers, authorization, 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`DynamoDB said ${response.statusCode}`)),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

function isFromSlack({ headers, body }) {
  const timestamp = headers['x-slack-request-timestamp'];
  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > 300) return false;
  const wanted = `v0=${hmac(env.SLACK_SIGNING_SECRET, `v0:${timestamp}:${body}`).toString('hex')}`;
  const given = headers['x-slack-signature'] ?? '';
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted));
}

export async function handler(event) {
  if (!isFromSlack(event)) return { statusCode: 401, body: '' };
  const click = JSON.parse(new URLSearchParams(event.body).get('payload'));
  const [action] = click.actions;
  await put({ pk: { S: `CLICK#${action.value}` }, sk: { S: click.user.id }, at: { S: action.action_ts } });
  return { statusCode: 200, body: '' };
}
