import type { Place, Statement } from '../statement.ts';
import { cloudFrontPermissions } from './cloudfront/permissions.ts';
import type { TargetConfig } from './config.ts';

/** What one target does in AWS. */
export function targetPermissions(target: TargetConfig, place: Place): readonly Statement[] {
  switch (target.kind) {
    case 'cloudfront-blue-green':
      return cloudFrontPermissions(target.settings, place);
  }
}
