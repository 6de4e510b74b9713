import aws4 from 'aws4';
import { createPost, type Post, type PostAnswer } from './post.ts';

/** Services with a JSON protocol that a click needs. */
export type SignedService = 'dynamodb' | 'sqs' | 'ssm' | 'secretsmanager';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Comes with the credentials of a role. */
  readonly sessionToken?: string;
}

export interface SignedRequest {
  readonly service: SignedService;
  /** What goes into `X-Amz-Target`. */
  readonly target: string;
  readonly body: string;
  /** For the whole call, from connecting to the last byte. */
  readonly timeoutMs: number;
}

export interface SignedAnswer extends PostAnswer {
  /** The service's name for what went wrong, `http-503` where it gave none; null for a good answer. */
  readonly fault: string | null;
}

/**
 * One attempt at one call, signed with Signature Version 4. Whatever the service answers is an answer; throws where
 * none came, and then the call may have been carried out.
 */
export type SignedCall = (request: SignedRequest) => Promise<SignedAnswer>;

export interface SignedCallOptions {
  readonly region: string;
  /** A function's credentials live as long as its process. */
  readonly credentials: AwsCredentials;
  /** Where a service is when it is not at AWS; undefined for AWS itself. */
  readonly endpointOf: (service: SignedService) => string | undefined;
  readonly post?: Post;
}

/** Source: the services' models (`jsonVersion`). */
const contentTypes: Readonly<Record<SignedService, string>> = {
  dynamodb: 'application/x-amz-json-1.0',
  sqs: 'application/x-amz-json-1.0',
  ssm: 'application/x-amz-json-1.1',
  secretsmanager: 'application/x-amz-json-1.1',
};

/** Calls AWS without the SDK, whose loading alone takes several times what a whole click may take. */
export function createSignedCall(options: SignedCallOptions): SignedCall {
  const { region, credentials, endpointOf, post = createPost() } = options;
  const addresses = new Map<SignedService, URL>();
  const addressOf = (service: SignedService): URL => {
    const known = addresses.get(service) ?? new URL(endpointOf(service) ?? regional(service, region));
    addresses.set(service, known);
    return known;
  };

  return async ({ service, target, body, timeoutMs }) => {
    const url = addressOf(service);
    const { headers = {} } = aws4.sign(
      {
        service,
        region,
        method: 'POST',
        host: url.host,
        path: url.pathname,
        headers: { 'Content-Type': contentTypes[service], 'X-Amz-Target': target },
        body,
      },
      credentials,
    );
    const answer = await post({ url, headers: texts(headers), body, timeoutMs });
    return { ...answer, fault: answer.status >= 200 && answer.status < 300 ? null : faultIn(answer) };
  };
}

function regional(service: SignedService, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}/`;
}

/** Lengths are counted where the body is sent. */
function texts(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** `com.amazon.coral.service#AccessDeniedException:http://…` names an AccessDeniedException. Source: Smithy, AWS JSON protocols, error type. */
function faultIn({ status, headers, body }: PostAnswer): string {
  const { 'x-amzn-errortype': inHeader } = headers;
  const type = typeof inHeader === 'string' ? inHeader : typeIn(body);
  const name = type?.split(':', 1)[0]?.split('#').at(-1);
  return name === undefined || name === '' ? `http-${status}` : name;
}

function typeIn(body: string): string | undefined {
  try {
    const said: unknown = JSON.parse(body);
    if (typeof said !== 'object' || said === null) return undefined;
    const { __type: type, code } = said as { readonly __type?: unknown; readonly code?: unknown };
    return [type, code].find((each) => typeof each === 'string');
  } catch {
    return undefined;
  }
}
