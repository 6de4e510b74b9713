import type { z } from 'zod';
import { type AwsAnswer, AwsRefusal, type AwsRequest } from './service.ts';

/** The operation of an AWS JSON request for this service, from `x-amz-target`. */
export function jsonOperation(request: AwsRequest, targetPrefix: string): string | undefined {
  const target = request.headers['x-amz-target'];
  return target?.startsWith(`${targetPrefix}.`) ? target.slice(targetPrefix.length + 1) : undefined;
}

/** Reads a JSON body with a strict schema: a member it does not model is refused, not ignored. */
export function readJson<Schema extends z.ZodType>(
  request: AwsRequest,
  schema: Schema,
  refusalCode: string,
): z.infer<Schema> {
  let body: unknown;
  try {
    body = JSON.parse(request.body.toString() || '{}');
  } catch {
    throw new AwsRefusal('SerializationException', 'The body is not JSON.');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AwsRefusal(refusalCode, `${issue?.path.join('.')}: ${issue?.message}`);
}

export const jsonAnswer = (version: '1.0' | '1.1', content: unknown): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': `application/x-amz-json-${version}` },
  body: JSON.stringify(content),
});

/**
 * An error in AWS JSON. `queryCompatible` services also put the code into a header, which the SDK prefers
 * (Smithy, "AWS query compatible").
 */
export const jsonRefusal = (
  version: '1.0' | '1.1',
  refusal: AwsRefusal,
  options: { namespace: string; queryCompatible: boolean },
): AwsAnswer => ({
  status: refusal.status,
  headers: {
    'content-type': `application/x-amz-json-${version}`,
    ...(options.queryCompatible
      ? { 'x-amzn-query-error': `${refusal.code};${refusal.status < 500 ? 'Sender' : 'Receiver'}` }
      : {}),
  },
  body: JSON.stringify({ __type: `${options.namespace}#${refusal.code}`, message: refusal.message }),
});
