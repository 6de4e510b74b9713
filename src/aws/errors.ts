import { ConflictError, MisconfiguredError, RetryableError, TerminalError } from '../flows/errors.ts';

type Build = typeof RetryableError | typeof ConflictError | typeof MisconfiguredError | typeof TerminalError;

/** What an AWS error means for us: which class, under which stable code, in which words. */
interface Meaning {
  readonly build: Build;
  readonly code: string;
  readonly text: string;
}

const meaning = (build: Build, code: string, text: string): Meaning => ({ build, code, text });

const throttled = meaning(RetryableError, 'aws.throttled', 'AWS asked for fewer calls');
const unavailable = meaning(RetryableError, 'aws.unavailable', 'AWS had an internal failure');
const unreachable = meaning(RetryableError, 'aws.unreachable', 'AWS did not answer');
const busy = meaning(RetryableError, 'aws.busy', 'AWS is still carrying out an earlier change');
const unreadable = meaning(RetryableError, 'aws.answer-unreadable', 'what answered is not readable as AWS');
const clockSkew = meaning(RetryableError, 'aws.clock-skew', 'AWS found our clock too far off');
const precondition = meaning(
  ConflictError,
  'aws.precondition-failed',
  'it was changed since we looked, or our own earlier call arrived after all',
);
const conflict = meaning(ConflictError, 'aws.conflict', 'it is not in the state that the call needs');
const accessDenied = meaning(MisconfiguredError, 'aws.access-denied', 'the role is not allowed to do this');
const credentials = meaning(
  MisconfiguredError,
  'aws.credentials',
  'the AWS credentials are missing or wrong',
);
const notFound = meaning(MisconfiguredError, 'aws.not-found', 'AWS does not know it');
const invalid = meaning(TerminalError, 'aws.request-invalid', 'AWS refused what the request asks for');
const limit = meaning(TerminalError, 'aws.limit', 'a limit of the AWS account is reached');
const tokenReused = meaning(
  TerminalError,
  'aws.token-reused',
  'the same token was used before for something else',
);
const refused = meaning(TerminalError, 'aws.refused', 'AWS refused the call');

/** By `err.name` as SDK v3 gives it, which for query protocols differs from the code on the wire. */
const byName: Readonly<Record<string, Meaning>> = {
  Throttling: throttled,
  ThrottlingException: throttled,
  ThrottledException: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  TooManyRequestsException: throttled,
  RequestLimitExceeded: throttled,
  SlowDown: throttled,
  ProvisionedThroughputExceededException: throttled,

  ServiceUnavailable: unavailable,
  ServiceUnavailableException: unavailable,
  ServiceException: unavailable,
  InternalError: unavailable,
  InternalFailure: unavailable,
  InternalFailureException: unavailable,
  InternalServerError: unavailable,
  InternalServerException: unavailable,
  InternalServiceError: unavailable,
  InternalServiceFault: unavailable,
  ServerException: unavailable,

  TimeoutError: unreachable,
  AbortError: unreachable,
  RequestTimeout: unreachable,
  RequestTimeoutException: unreachable,

  TooManyInvalidationsInProgress: busy,
  ResourceConflictException: busy,
  BackupInUseException: busy,
  TransactionInProgressException: busy,
  TransactionConflictException: busy,

  RequestExpired: clockSkew,
  RequestTimeTooSkewed: clockSkew,
  RequestInTheFuture: clockSkew,

  PreconditionFailed: precondition,
  PreconditionFailedException: precondition,
  InvalidIfMatchVersion: precondition,
  ConditionalCheckFailedException: precondition,

  ConflictException: conflict,
  InvalidChangeSetStatusException: conflict,
  ChangeSetNotFoundException: conflict,
  AlreadyExistsException: conflict,
  TokenAlreadyExistsException: conflict,
  TransactionCanceledException: conflict,

  AccessDenied: accessDenied,
  AccessDeniedException: accessDenied,
  UnauthorizedException: accessDenied,
  UnauthorizedOperation: accessDenied,
  OptInRequired: accessDenied,

  CredentialsProviderError: credentials,
  ExpiredToken: credentials,
  ExpiredTokenException: credentials,
  IncompleteSignature: credentials,
  InvalidClientTokenId: credentials,
  InvalidSignatureException: credentials,
  MissingAuthenticationToken: credentials,
  SignatureDoesNotMatch: credentials,
  UnrecognizedClientException: credentials,

  NoSuchDistribution: notFound,
  NoSuchInvalidation: notFound,
  NoSuchOrigin: notFound,
  NoSuchResource: notFound,
  NotFoundException: notFound,
  ResourceNotFound: notFound,
  ResourceNotFoundException: notFound,
  ServiceNotFoundException: notFound,
  ServiceNotActiveException: notFound,
  ClusterNotFoundException: notFound,
  TableNotFoundException: notFound,

  IllegalUpdate: invalid,
  InvalidArgument: invalid,
  InvalidParameterCombinationException: invalid,
  InvalidParameterException: invalid,
  InvalidParameterValueException: invalid,
  InconsistentQuantities: invalid,
  InsufficientCapabilitiesException: invalid,
  MissingBody: invalid,

  BatchTooLarge: limit,
  CodeStorageExceededException: limit,

  InvalidationBatchAlreadyExists: tokenReused,
  IdempotentParameterMismatchException: tokenReused,
};

/** By `err.code`, as Node names what goes wrong below HTTP. */
const byNetworkCode: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: unreachable,
  ECONNRESET: unreachable,
  ECONNABORTED: unreachable,
  EPIPE: unreachable,
  ETIMEDOUT: unreachable,
  ENOTFOUND: unreachable,
  EAI_AGAIN: unreachable,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
};

/** What the SDK puts on an error; every part may be missing. */
interface SdkError extends Error {
  readonly code?: unknown;
  readonly $fault?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

/**
 * Makes one of our errors of what the SDK threw; what did not come from AWS or the way to it (a mistake
 * of ours) is handed back unchanged. Decides by name, network code and HTTP status, never by message.
 */
export function translateAwsError(operation: string, thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const error: SdkError = thrown;
  const found = meaningOf(error);
  if (found === undefined) return thrown;
  const retryAfterMs = askedToWait(error);
  return new found.build(found.code, `${operation}: ${found.text}.`, {
    cause: thrown,
    data: {
      operation,
      name: error.name,
      message: error.message,
      ...(error.$metadata?.httpStatusCode === undefined ? {} : { status: error.$metadata.httpStatusCode }),
      ...(error.$metadata?.requestId === undefined ? {} : { requestId: error.$metadata.requestId }),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function meaningOf(error: SdkError): Meaning | undefined {
  const known = Object.hasOwn(byName, error.name) ? byName[error.name] : undefined;
  if (known !== undefined) return known;
  if (typeof error.code === 'string' && Object.hasOwn(byNetworkCode, error.code)) {
    return byNetworkCode[error.code];
  }
  const status = error.$metadata?.httpStatusCode;
  if (status === 429) return throttled;
  if (error.$fault === 'server' || (status !== undefined && status >= 500)) return unavailable;
  if (status === undefined) return undefined;
  if (status === 401 || status === 403) return accessDenied;
  if (status === 412) return precondition;
  // A success that could not be read has no fault: a proxy's page, or a body that broke off.
  return status >= 200 && status < 300 ? unreadable : refused;
}

function askedToWait(error: SdkError): number | undefined {
  const header = error.$response?.headers?.['retry-after'];
  if (header === undefined || !/^\d{1,5}$/.test(header)) return undefined;
  return Number(header) * 1000;
}
