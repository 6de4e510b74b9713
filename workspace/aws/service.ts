/** A request as any AWS service gets it, whatever its protocol. */
export interface AwsRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
  requestId: string;
}

export interface AwsAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** What a request asks for, told from path and headers alone. */
export interface AwsOperation {
  name: string;
  /** What it is about, for the log: a distribution id, an alarm name. */
  subject?: string;
}

/**
 * One service behind the common endpoint. It recognises its own requests, carries them out, and says no in its
 * vendor's error shape; an operation it recognises but does not model is refused, never answered with success.
 */
export interface AwsService {
  name: string;
  recognise(request: AwsRequest): AwsOperation | undefined;
  /** Throws AwsRefusal for every no. */
  perform(operation: AwsOperation, request: AwsRequest): AwsAnswer | Promise<AwsAnswer>;
  refuse(refusal: AwsRefusal, request: AwsRequest): AwsAnswer;
  /** Error codes differ from service to service for what can happen to any call. */
  codes: { throttled: string; denied: string; unavailable: string };
}

/** One call and whose signature it carries. */
export interface AwsIdentityCall {
  accessKeyId?: string;
  region?: string;
  service: AwsService;
  operation: AwsOperation;
  request: AwsRequest;
}

/** A no in the vendor's words; `status` is the HTTP status that carries it. */
export class AwsRefusal extends Error {
  override readonly name = 'AwsRefusal';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Whose signature a request carries, and for which region it was made. */
export function signerOf(request: AwsRequest): { accessKeyId?: string; region?: string } {
  const [, accessKeyId, region] =
    /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(request.headers['authorization'] ?? '') ?? [];
  return accessKeyId === undefined || region === undefined ? {} : { accessKeyId, region };
}
