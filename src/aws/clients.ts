import { CloudFrontClient, type CloudFrontClientConfig } from '@aws-sdk/client-cloudfront';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { translateAwsError } from './errors.ts';

/** CloudFront has one control plane, and publishes its metrics beside it (CloudFront developer guide). */
export const cloudFrontRegion = 'us-east-1';

/** One set of SDK clients, shared by every target and check of one AWS identity. */
export interface AwsClients {
  /** For calls that change nothing: one hidden retry. */
  readonly cloudFrontReads: CloudFrontClient;
  /** For calls that change something: never repeated inside the SDK. */
  readonly cloudFrontWrites: CloudFrontClient;
  cloudWatch(region: string): CloudWatchClient;
}

export interface AwsClientsOptions {
  /** Left out, the SDK finds the credentials by its own chain. */
  readonly credentials?: NonNullable<CloudFrontClientConfig['credentials']>;
  /** Whose connections are used as well: what differs is only who signs. */
  readonly connections?: AwsClients;
}

/**
 * The SDK has no time-outs of its own, and a breached request time-out only warns unless it is told
 * to throw (NodeHttpHandlerOptions).
 */
const requestHandler = { connectionTimeout: 1000, requestTimeout: 4000, throwOnRequestTimeout: true };

/**
 * By default the SDK repeats a call whose answer was lost up to three times with the same
 * precondition, so that a change which was applied comes back as PreconditionFailed. Writes therefore
 * get one attempt, and the caller looks again.
 */
const attempts = { read: 2, write: 1 };

const callTimeoutMs = 5000;

/** Builds the clients; endpoints come from the SDK's own AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_<SERVICE>. */
export function createAwsClients(options: AwsClientsOptions = {}): AwsClients {
  const base = {
    requestHandler: options.connections?.cloudFrontReads.config.requestHandler ?? requestHandler,
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  };
  const cloudWatchByRegion = new Map<string, CloudWatchClient>();
  return {
    cloudFrontReads: new CloudFrontClient({ ...base, region: cloudFrontRegion, maxAttempts: attempts.read }),
    cloudFrontWrites: new CloudFrontClient({
      ...base,
      region: cloudFrontRegion,
      maxAttempts: attempts.write,
    }),
    cloudWatch: (region) => {
      const known = cloudWatchByRegion.get(region);
      if (known !== undefined) return known;
      const client = new CloudWatchClient({ ...base, region, maxAttempts: attempts.read });
      cloudWatchByRegion.set(region, client);
      return client;
    },
  };
}

/**
 * Makes one SDK call, aborted after five seconds, hidden retries included.
 * `operation` names it as in an IAM permission, "cloudfront:GetDistribution". Throws the errors of
 * `translateAwsError`.
 */
export async function callAws<Answer>(
  operation: string,
  send: (options: { abortSignal: AbortSignal }) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
  } catch (error) {
    throw translateAwsError(operation, error);
  }
}
