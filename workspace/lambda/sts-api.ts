import { randomBytes } from 'node:crypto';
import { type AwsOperation, AwsRefusal, type AwsRequest, type AwsService, signerOf } from '../aws/service.ts';
import { writeXml } from '../aws/xml.ts';
import { isTrusted, type TrustDocument } from './policies.ts';

/** A role that can be assumed here. */
export interface AssumableRole {
  readonly arn: string;
  readonly maxSessionSeconds?: number;
  readonly trust: TrustDocument;
}

/** One session as CloudTrail would show it. */
export interface RoleSession {
  readonly atMs: number;
  readonly roleArn: string;
  readonly sessionName: string;
  readonly accessKeyId: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}

const apiVersion = '2011-06-15';
const namespace = 'https://sts.amazonaws.com/doc/2011-06-15/';
const usualSeconds = 3_600;

/** `Tags` alone is how an empty list is written. */
const known = new Set(['Action', 'Version', 'RoleArn', 'RoleSessionName', 'DurationSeconds', 'Tags']);

/**
 * STS over the query protocol: AssumeRole with session tags, each session recorded. Policies in the request, external
 * ids, MFA and transitive tags are not modelled and refused.
 */
export function createStsApi(options: {
  nowMs: () => number;
  roles: () => readonly AssumableRole[];
  /** The role behind the credentials of a call. */
  holderOf: (accessKeyId: string | undefined) => string | undefined;
  onSession: (session: RoleSession) => void;
}): AwsService {
  const { nowMs } = options;

  const assumeRole = (form: URLSearchParams, callerArn: string): RoleSession => {
    const tags = tagsIn(form);
    const stranger = [...form.keys()].find(
      (key) => !known.has(key) && !/^Tags\.member\.\d+\.(Key|Value)$/.test(key),
    );
    if (stranger !== undefined) invalid(`The workspace does not model ${stranger}.`);
    const roleArn = form.get('RoleArn') ?? '';
    const sessionName = form.get('RoleSessionName') ?? '';
    if (!/^[\w+=,.@-]{2,64}$/.test(sessionName)) {
      invalid(
        `1 validation error detected: Value '${sessionName}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
      );
    }
    const seconds = Number(form.get('DurationSeconds') ?? usualSeconds);
    const role = options.roles().find(({ arn }) => arn === roleArn);
    if (role === undefined || !isTrusted(role.trust, { arn: callerArn, tags })) {
      throw new AwsRefusal(
        'AccessDenied',
        `User: ${callerArn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`,
        403,
      );
    }
    if (!(seconds >= 900 && seconds <= (role.maxSessionSeconds ?? usualSeconds))) {
      invalid('The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
    }
    const session: RoleSession = {
      atMs: nowMs(),
      roleArn,
      sessionName,
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      tags,
      expiresAtMs: nowMs() + seconds * 1000,
    };
    options.onSession(session);
    return session;
  };

  return {
    name: 'sts',
    codes: { throttled: 'Throttling', denied: 'AccessDenied', unavailable: 'ServiceUnavailable' },
    recognise(request): AwsOperation | undefined {
      const form = formOf(request);
      const name = form?.get('Action');
      return form?.get('Version') === apiVersion && name != null ? { name } : undefined;
    },
    perform({ name }, request) {
      if (name !== 'AssumeRole') {
        throw new AwsRefusal('InvalidAction', `Could not find operation ${name} for version ${apiVersion}`);
      }
      const caller = options.holderOf(signerOf(request).accessKeyId) ?? 'nobody';
      const session = assumeRole(formOf(request) ?? new URLSearchParams(), caller);
      const roleName = session.roleArn.split('/').at(-1) ?? '';
      const content = {
        AssumeRoleResult: {
          Credentials: {
            AccessKeyId: session.accessKeyId,
            SecretAccessKey: randomBytes(20).toString('hex'),
            SessionToken: randomBytes(60).toString('base64'),
            Expiration: new Date(session.expiresAtMs).toISOString(),
          },
          AssumedRoleUser: {
            AssumedRoleId: `AROACOUNTERSIGN:${session.sessionName}`,
            Arn: `arn:aws:sts::111122223333:assumed-role/${roleName}/${session.sessionName}`,
          },
          PackedPolicySize: '6',
        },
        ResponseMetadata: { RequestId: request.requestId },
      };
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: writeXml('AssumeRoleResponse', content, namespace),
      };
    },
    refuse: (refusal, request) => ({
      status: refusal.status,
      headers: { 'content-type': 'text/xml' },
      body: writeXml(
        'ErrorResponse',
        {
          Error: {
            Type: refusal.status < 500 ? 'Sender' : 'Receiver',
            Code: refusal.code,
            Message: refusal.message,
          },
          RequestId: request.requestId,
        },
        namespace,
      ),
    }),
  };
}

function formOf(request: AwsRequest): URLSearchParams | undefined {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return isForm && request.path === '/' ? new URLSearchParams(request.body.toString()) : undefined;
}

function tagsIn(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {};
  for (let number = 1; form.has(`Tags.member.${number}.Key`); number += 1) {
    const key = form.get(`Tags.member.${number}.Key`) ?? '';
    const value = form.get(`Tags.member.${number}.Value`) ?? '';
    if (
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/u.test(key) ||
      !/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{0,256}$/u.test(value)
    ) {
      invalid(`Tag ${key} has characters or a length that STS does not take.`);
    }
    if (key in tags) invalid(`Duplicate tag keys found: ${key}`);
    tags[key] = value;
  }
  if (Object.keys(tags).length > 50) invalid('A session takes at most 50 tags.');
  return tags;
}

function invalid(message: string): never {
  throw new AwsRefusal('ValidationError', message);
}
