/**
 * Codes that any call may meet, which the models leave out of their operations, by where they are written down.
 * What is in neither is a code that no client looks for.
 */
export const commonCodes: ReadonlyMap<string, string> = new Map([
  ...['AccessDeniedException', 'InternalFailure', 'InvalidAction', 'InvalidParameterCombination'].map(
    (code) => [code, 'API reference of the service, Common errors'] as const,
  ),
  ...['InvalidParameterValue', 'MissingAuthenticationToken', 'MissingParameter', 'ServiceUnavailable'].map(
    (code) => [code, 'API reference of the service, Common errors'] as const,
  ),
  ...['ThrottlingException', 'UnknownOperationException', 'ValidationError', 'ValidationException'].map(
    (code) => [code, 'API reference of the service, Common errors'] as const,
  ),
  ['Throttling', 'botocore, retries/standard, the codes of throttling'],
  ['RequestThrottled', 'botocore, retries/standard, the codes of throttling'],
  [
    'AccessDenied',
    'CloudFront and STS, whose models have it; CloudWatch’s query protocol answers it too, in no list',
  ],
  ['SerializationException', 'Smithy, AWS JSON and RPC v2 CBOR: a body that cannot be read'],
  ['MalformedXML', 'CloudFront’s own answers to a body that is not XML; in no list of today'],
  ['MalformedInput', 'CloudFront’s own answers to a body of another shape; in no list of today'],
  ['InvalidationBatchAlreadyExists', 'CloudFront API reference, InvalidationBatch, CallerReference'],
  ['UnsupportedOperation', 'CloudFront API reference, of other operations: what this stand-in does not do'],
]);
