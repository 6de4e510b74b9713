import { join } from 'node:path';
import { CloudFrontClient } from '@aws-sdk/client-cloudfront';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { STSClient } from '@aws-sdk/client-sts';
import { vi } from 'vitest';
import type { SignedCall } from '../../../src/aws/signed-call.ts';

interface AnyClient {
  readonly config: { readonly serviceId: string };
  send(command: object, ...rest: unknown[]): unknown;
}

export interface Driving {
  /** `sqs:SendMessageBatch` */
  readonly operations: ReadonlySet<string>;
  /** The same call, listened to. */
  listenTo(call: SignedCall): SignedCall;
}

/**
 * Hears from now on which operations our own sources send to AWS, by the line that stands behind each call: what a
 * scenario arranges or looks at by itself does not count.
 */
export function hearAdapters(): Driving & { forget(): void } {
  const operations = new Set<string>();
  const bases = new Set<AnyClient>(
    [CloudFrontClient, CloudWatchClient, STSClient].map(({ prototype }) => Object.getPrototypeOf(prototype)),
  );
  for (const base of bases) {
    const { send } = base;
    vi.spyOn(base, 'send').mockImplementation(function (this: AnyClient, command, ...rest) {
      if (isSentBySrc())
        operations.add(
          `${this.config.serviceId.toLowerCase().replaceAll(' ', '')}:${command.constructor.name.replace(/Command$/, '')}`,
        );
      return send.call(this, command, ...rest);
    });
  }
  return {
    operations,
    listenTo: (call) => (request) => {
      if (isSentBySrc()) operations.add(`${request.service}:${request.target.split('.')[1]}`);
      return call(request);
    },
    forget: () => operations.clear(),
  };
}

const src = `${join(import.meta.dirname, '../../../src')}/`;

/** The first line of ours or of a test behind this file. */
function isSentBySrc(): boolean {
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  const sender = lines.find(
    (line) => !line.includes('/node_modules/') && !line.includes('node:') && !line.includes('driving.ts'),
  );
  return sender?.includes(src) ?? false;
}
