import { describe, expect, inject, it } from 'vitest';
import { expiryAttribute, tableDefinition } from '../../src/store/table.ts';
import { readTemplate } from './template.ts';

const template = readTemplate(inject('packagedIn'));
const table = template.named('Table');

describe('the table', () => {
  it('has the keys and indexes that the store reads and writes, and no others', () => {
    const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode, TableName } =
      table.properties;

    expect({ AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode, TableName }).toEqual(
      tableDefinition('countersign-test'),
    );
    expect(table.properties['LocalSecondaryIndexes']).toBeUndefined();
  });

  it('forgets rows by the attribute that the store sets for it', () => {
    expect(table.properties['TimeToLiveSpecification']).toEqual({
      AttributeName: expiryAttribute,
      Enabled: true,
    });
  });

  it('is paid by use, encrypted, restorable to any second, and protected from being deleted', () => {
    expect(table.properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });

  it('outlives the stack, and a change that would replace it', () => {
    expect(table.attributes).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });
});
