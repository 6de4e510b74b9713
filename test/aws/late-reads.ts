import {
  type CloudFrontClient,
  GetDistributionCommand,
  type ServiceOutputTypes,
} from '@aws-sdk/client-cloudfront';

export interface LateReads {
  /** Keeps what a read answers now. */
  keep(distributionId: string): Promise<void>;
  /** Reads answer what was kept, whatever was written or read since; under another ETag, if given. */
  show(etag?: string): void;
  hide(): void;
}

/** One of CloudFront's places that lags behind, in front of a client. */
export function createLateReads(client: CloudFrontClient): LateReads {
  let kept: ServiceOutputTypes | undefined;
  let shown: ServiceOutputTypes | undefined;
  client.middlewareStack.add(
    (next) => async (args) => (shown === undefined ? next(args) : { output: shown, response: null }),
    { step: 'initialize' },
  );
  return {
    async keep(distributionId) {
      kept = await client.send(new GetDistributionCommand({ Id: distributionId }));
    },
    show(etag) {
      if (kept === undefined) throw new Error('Nothing was kept.');
      shown = etag === undefined ? kept : { ...kept, ETag: etag };
    },
    hide() {
      shown = undefined;
    },
  };
}
