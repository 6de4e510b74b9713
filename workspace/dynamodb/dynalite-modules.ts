import { createRequire } from 'node:module';

/**
 * The parts of dynalite 4.0.0 that the embedded engine is built from. They are not a published interface, so the
 * version is pinned and everything taken from inside the package is declared here.
 */
export type DynaliteCallback<T> = (error: unknown, value?: T) => void;
export type DynaliteItem = Record<string, unknown>;

export interface DynaliteDb {
  get(key: string, callback: DynaliteCallback<DynaliteItem>): void;
  put(key: string, value: DynaliteItem, callback: DynaliteCallback<void>): void;
  del(key: string, callback: DynaliteCallback<void>): void;
  lock(key: string, run: (release: <F>(callback: F) => F) => void): void;
}

export type DynaliteBatchStep =
  | { readonly type: 'put'; readonly key: string; readonly value: DynaliteItem }
  | { readonly type: 'del'; readonly key: string };

export interface DynaliteStore {
  readonly db: {
    batch(steps: readonly DynaliteBatchStep[], callback: DynaliteCallback<void>): void;
    close(callback: DynaliteCallback<void>): void;
  };
  getTable(name: string, callback: DynaliteCallback<DynaliteItem>): void;
  getItemDb(table: string): DynaliteDb;
  getIndexDb(indexType: string, table: string, index: string): DynaliteDb;
  getTagDb(name: string): DynaliteDb;
}

export type DynaliteAction = (
  store: DynaliteStore,
  data: DynaliteItem,
  callback: DynaliteCallback<DynaliteItem>,
) => void;

interface DynaliteInternals {
  create(options: {
    path?: string;
    createTableMs: number;
    deleteTableMs: number;
    updateTableMs: number;
  }): DynaliteStore;
  createKey(item: unknown, table: DynaliteItem): string;
  validateKey(key: unknown, table: DynaliteItem): Error | null | undefined;
  checkConditional(data: DynaliteItem, existing: DynaliteItem | undefined): Error | null | undefined;
  itemSize(item: unknown): number;
}

interface DynaliteValidations {
  checkTypes(data: unknown, types: unknown): DynaliteItem;
  checkValidations(data: DynaliteItem, types: unknown, custom: unknown, store: DynaliteStore): void;
}

const require = createRequire(import.meta.url);

export const dynaliteDb: DynaliteInternals = require('dynalite/db/index.js');
export const dynaliteValidations: DynaliteValidations = require('dynalite/validations/index.js');

export const dynaliteOperations = [
  'BatchGetItem',
  'BatchWriteItem',
  'CreateTable',
  'DeleteItem',
  'DeleteTable',
  'DescribeTable',
  'GetItem',
  'ListTables',
  'PutItem',
  'Query',
  'Scan',
  'TagResource',
  'UntagResource',
  'ListTagsOfResource',
  'UpdateItem',
  'UpdateTable',
] as const;
export type DynaliteOperation = (typeof dynaliteOperations)[number];

export function dynaliteAction(operation: DynaliteOperation): DynaliteAction {
  return require(`dynalite/actions/${fileOf(operation)}.js`);
}

export function dynaliteValidation(operation: DynaliteOperation): { types: unknown; custom: unknown } {
  return require(`dynalite/validations/${fileOf(operation)}.js`);
}

const fileOf = (operation: string) => operation.charAt(0).toLowerCase() + operation.slice(1);
