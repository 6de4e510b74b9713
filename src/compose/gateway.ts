/** A request as it reached the function's address, its body as the bytes that were sent. */
export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawBody: Buffer;
}

export interface GatewayResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: false;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsIn = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const textIn = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Reads an event of API Gateway, payload 1.0 or 2.0, or of a function URL. Never throws: what is none of them is a
 * request without method or path, which nobody answers with anything but a 404. Source: API Gateway developer guide,
 * "Lambda proxy integrations".
 */
export function requestOf(event: unknown): GatewayRequest {
  const fields = fieldsIn(event);
  const context = fieldsIn(fields['requestContext']);
  const http = fieldsIn(context['http']);
  const method = textIn(http['method']) || textIn(fields['httpMethod']);
  const path = textIn(fields['rawPath']) || textIn(fields['path']);
  const body = textIn(fields['body']);
  return {
    method,
    path: withoutStage(path, textIn(context['stage'])),
    headers: headersIn(fields),
    // Bytes: whoever decodes base64 as ASCII breaks every signature over a letter outside of it.
    rawBody: Buffer.from(body, fields['isBase64Encoded'] === true ? 'base64' : 'utf8'),
  };
}

/** Payload 2.0 puts a named stage in front of the path, payload 1.0 does not. */
function withoutStage(path: string, stage: string): string {
  return stage !== '' && path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}

/** Payload 1.0 also lists every value of a header, where one that came twice can be told. */
function headersIn(fields: Fields): GatewayRequest['headers'] {
  const several = fieldsIn(fields['multiValueHeaders']);
  const single = fieldsIn(fields['headers']);
  const read = (value: unknown) => {
    if (Array.isArray(value)) return value.map(textIn);
    return typeof value === 'string' ? value : undefined;
  };
  const entries = Object.keys(several).length > 0 ? several : single;
  return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, read(value)]));
}

export const responseOf = (answer: {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}): GatewayResponse => ({
  statusCode: answer.status,
  headers: answer.headers,
  body: answer.body,
  isBase64Encoded: false,
});
