import type { Written } from './rows.ts';

export interface OperationUnits {
  calls: number;
  read: number;
  /** Those of the indexes included. */
  write: number;
  indexWrite: number;
}

/** Units as AWS would bill them (DynamoDB developer guide: read and write operations, capacity for transactions). */
export interface Units extends Readonly<OperationUnits> {
  readonly byOperation: Readonly<Record<string, Readonly<OperationUnits>>>;
}

export interface UnitCount {
  call(operation: string): void;
  read(operation: string, units: number): void;
  write(operation: string, units: number): void;
  indexWrite(operation: string, written: Written): void;
  units(): Units;
}

const readUnitBytes = 4096;
const writeUnitBytes = 1024;

/** One for 4 KB read consistently, half of it otherwise; finding nothing costs as much as finding little. */
export const readUnits = (bytes: number, consistent: boolean) =>
  Math.ceil(Math.max(bytes, 1) / readUnitBytes) * (consistent ? 1 : 0.5);

/** One for 1 KB, of whichever is larger: what was there or what is there now. */
export const writeUnits = (bytes: number) => Math.ceil(Math.max(bytes, 1) / writeUnitBytes);

const nothing = (): OperationUnits => ({ calls: 0, read: 0, write: 0, indexWrite: 0 });

export function createUnitCount(): UnitCount {
  const byOperation: Record<string, OperationUnits> = {};
  const of = (operation: string) => {
    byOperation[operation] ??= nothing();
    return byOperation[operation];
  };
  return {
    call(operation) {
      of(operation).calls += 1;
    },
    read(operation, units) {
      of(operation).read += units;
    },
    write(operation, units) {
      of(operation).write += units;
    },
    // An index is written once, behind the table's own commit: also after a transaction.
    indexWrite(operation, { indexBytes }) {
      if (indexBytes.length === 0) return;
      const units = indexBytes.reduce((sum, bytes) => sum + writeUnits(bytes), 0);
      of(operation).write += units;
      of(operation).indexWrite += units;
    },
    units() {
      const sum = nothing();
      const copy: Record<string, OperationUnits> = {};
      for (const [operation, each] of Object.entries(byOperation)) {
        copy[operation] = { ...each };
        sum.calls += each.calls;
        sum.read += each.read;
        sum.write += each.write;
        sum.indexWrite += each.indexWrite;
      }
      return { ...sum, byOperation: copy };
    },
  };
}
