import { decodeCbor, encodeCbor } from './cbor.ts';
import { type AwsAnswer, AwsRefusal, type AwsRequest, type AwsService } from './service.ts';

/** No service here has a time under another name. */
const isTime = (name: string) => /Timestamps?$/.test(name);

const isCbor = (request: AwsRequest) => request.headers['smithy-protocol'] === 'rpc-v2-cbor';

/**
 * The same service in Smithy's RPC v2 with CBOR too, which boto3 speaks to CloudWatch where the JavaScript SDK speaks
 * AWS JSON (Smithy, "RPC v2 CBOR protocol"). What it decides is decided in JSON.
 */
export function alsoInCbor(service: AwsService, targetPrefix: string): AwsService {
  const path = new RegExp(`^/service/${targetPrefix}/operation/(\\w+)$`);
  return {
    ...service,
    recognise(request) {
      if (!isCbor(request)) return service.recognise(request);
      const name = path.exec(request.path)?.[1];
      return name === undefined ? undefined : { name };
    },
    async perform(operation, request) {
      if (!isCbor(request)) return service.perform(operation, request);
      return inCbor(await service.perform(operation, { ...request, body: jsonOf(request.body) }));
    },
    refuse: (refusal, request) => {
      const answer = service.refuse(refusal, request);
      return isCbor(request) ? inCbor(answer) : answer;
    },
  };
}

/** An operation without input may come without a body. */
function jsonOf(body: Buffer): Buffer {
  if (body.length === 0) return Buffer.from('{}');
  try {
    return Buffer.from(JSON.stringify(decodeCbor(body)));
  } catch (error) {
    throw new AwsRefusal('SerializationException', error instanceof Error ? error.message : String(error));
  }
}

const inCbor = ({ status, headers, body }: AwsAnswer): AwsAnswer => ({
  status,
  headers: { ...headers, 'content-type': 'application/cbor', 'smithy-protocol': 'rpc-v2-cbor' },
  body: encodeCbor(JSON.parse(body.toString()), isTime),
});
