import { type CliAnswer, usageError } from './answer.ts';
import { auditExportUsage, runAuditExport } from './audit-export.ts';
import { auditVerifyUsage, runAuditVerify } from './audit-verify.ts';

export const auditUsage = `${auditExportUsage}

${auditVerifyUsage}`;

/** `countersign audit export` and `countersign audit verify`. */
export async function runAudit(args: readonly string[]): Promise<CliAnswer> {
  const [word, ...rest] = args;
  switch (word) {
    case 'export':
      return runAuditExport(rest);
    case 'verify':
      return runAuditVerify(rest);
    case undefined:
      return usageError('Say what to do: audit export or audit verify.', auditUsage);
    default:
      return usageError(
        `There is no command "audit ${word}". There are audit export and audit verify.`,
        auditUsage,
      );
  }
}
