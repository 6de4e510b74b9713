import { type CliAnswer, usageError } from './answer.ts';
import { auditExportUsage, runAuditExport } from './audit-export.ts';
import { auditUnlocksUsage, runAuditUnlocks } from './audit-unlocks.ts';
import { auditVerifyUsage, runAuditVerify } from './audit-verify.ts';

export const auditUsage = `${auditExportUsage}

${auditVerifyUsage}

${auditUnlocksUsage}`;

/** `countersign audit export`, `audit verify` and `audit unlocks`. */
export async function runAudit(args: readonly string[]): Promise<CliAnswer> {
  const [word, ...rest] = args;
  switch (word) {
    case 'export':
      return runAuditExport(rest);
    case 'verify':
      return runAuditVerify(rest);
    case 'unlocks':
      return runAuditUnlocks(rest);
    case undefined:
      return usageError('Say what to do: audit export, audit verify or audit unlocks.', auditUsage);
    default:
      return usageError(
        `There is no command "audit ${word}". There are audit export, audit verify and audit unlocks.`,
        auditUsage,
      );
  }
}
