import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { MisconfiguredError, RetryableError } from '../flows/errors.ts';
import type { Mandate } from '../flows/ports.ts';
import { type AwsClients, callAws, createAwsClients } from './clients.ts';
import { sessionTags } from './session-tags.ts';

/** As whom the clients act: the role of an environment, or undefined for the bot's own credentials. */
export type ClientsFor = (role: string | undefined, mandate: Mandate) => AwsClients;

interface Session {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/** The shortest that STS gives (STS API reference, AssumeRole, DurationSeconds): whoever steals one has it for no longer. */
const sessionSeconds = 900;
/** Renewed this long before its end, so that no call under way outlives it. */
const renewMs = 5 * 60_000;
/**
 * A role, a trust or a permission that was just changed is not seen everywhere at once (IAM user guide, "Changes that I
 * make are not always immediately visible"), so a no is believed once it has stood for this long.
 */
const deniedForMs = 60_000;
/** Work is tried again more often than this: a no before it was about something else. */
const forgottenAfterMs = 10 * 60_000;
/** How many promotions' clients are kept; others are made anew. */
const mostKept = 50;

/**
 * One set of clients for each role, promotion and signed plan. The session carries them as tags, so that CloudTrail
 * names the promotion and the plan behind every change, and a role may ask for them. Calls made with the clients throw
 * RetryableError (`aws.role-denied`) when the role cannot be taken, and MisconfiguredError once that has lasted a minute.
 */
export function createClientsByRole(options: {
  readonly own: AwsClients;
  readonly region: string;
  readonly nowMs?: () => number;
}): ClientsFor {
  const { own, region, nowMs = Date.now } = options;
  const kept = new Map<string, AwsClients>();
  let sts: STSClient | undefined;
  const ask = () => {
    sts ??= new STSClient({
      region,
      maxAttempts: 2,
      credentials: own.cloudFrontReads.config.credentials,
      requestHandler: own.cloudFrontReads.config.requestHandler,
    });
    return sts;
  };
  return (role, mandate) => {
    if (role === undefined) return own;
    const key = JSON.stringify([role, mandate.promotionId, mandate.digest]);
    const clients =
      kept.get(key) ??
      createAwsClients({
        credentials: remembered(
          patient(() => assume(ask(), role, mandate), role, nowMs),
          nowMs,
        ),
        connections: own,
      });
    kept.delete(key);
    kept.set(key, clients);
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return clients;
  };
}

async function assume(sts: STSClient, role: string, { promotionId, digest }: Mandate): Promise<Session> {
  const { Credentials: given } = await callAws(`sts:AssumeRole on ${role}`, (options) =>
    sts.send(
      new AssumeRoleCommand({
        RoleArn: role,
        RoleSessionName: `countersign-${promotionId}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64),
        DurationSeconds: sessionSeconds,
        Tags: [
          { Key: sessionTags.promotion, Value: promotionId },
          ...(digest === null ? [] : [{ Key: sessionTags.plan, Value: digest }]),
        ],
      }),
      options,
    ),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
  if (
    AccessKeyId === undefined ||
    SecretAccessKey === undefined ||
    SessionToken === undefined ||
    Expiration === undefined
  ) {
    throw new RetryableError('aws.answer-unreadable', 'STS gave a session without its credentials.', {
      data: { role },
    });
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** Believes that the role may not be taken once that was answered for a minute; after that it is asked as at first. */
function patient(begin: () => Promise<Session>, role: string, nowMs: () => number): () => Promise<Session> {
  let denied: { readonly sinceMs: number; readonly lastMs: number } | undefined;
  return async () => {
    try {
      const session = await begin();
      denied = undefined;
      return session;
    } catch (error) {
      if (!(error instanceof MisconfiguredError) || error.code !== 'aws.access-denied') throw error;
      const lastMs = nowMs();
      const known = denied !== undefined && lastMs < denied.lastMs + forgottenAfterMs ? denied : undefined;
      denied = { sinceMs: known?.sinceMs ?? lastMs, lastMs };
      if (lastMs < denied.sinceMs + deniedForMs) {
        const text = `sts:AssumeRole on ${role}: not allowed; where IAM was just changed, not allowed yet.`;
        throw new RetryableError('aws.role-denied', text, { cause: error, data: error.data });
      }
      denied = undefined;
      throw error;
    }
  };
}

/** One session for all the clients of a set, until shortly before its end. One that could not be had is asked for again. */
function remembered(begin: () => Promise<Session>, nowMs: () => number): () => Promise<Session> {
  let held: { readonly session: Promise<Session>; untilMs: number } | undefined;
  return async () => {
    if (held === undefined || nowMs() >= held.untilMs) {
      const session = begin();
      const mine = { session, untilMs: Number.POSITIVE_INFINITY };
      held = mine;
      session.then(
        ({ expiration }) => {
          mine.untilMs = expiration.getTime() - renewMs;
        },
        () => {
          if (held === mine) held = undefined;
        },
      );
    }
    return held.session;
  };
}
