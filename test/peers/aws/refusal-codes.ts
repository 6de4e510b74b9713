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
  ['Throttling', 'botocore, retries/standard, the codes of throttling; RDS API reference, error retries'],
  ['RequestThrottled', 'botocore, retries/standard, the codes of throttling'],
  ['AccessDenied', 'IAM user guide, Troubleshoot access denied error messages: REST-XML and query services'],
  ['SerializationException', 'Smithy, AWS JSON and RPC v2 CBOR: a body that cannot be read'],
  ['MalformedXML', 'CloudFront API reference of 2016, Errors'],
  ['MalformedInput', 'CloudFront API reference of 2016, Errors'],
  ['InvalidationBatchAlreadyExists', 'CloudFront API reference, InvalidationBatch, CallerReference'],
  ['UnsupportedOperation', 'CloudFront API reference, of other operations: what this stand-in does not do'],
]);
