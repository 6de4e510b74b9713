import { createHash } from 'node:crypto';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { canonical } from '../../../flows/promotion/canonical.ts';

/** One field in which two configurations differ; values as JSON, undefined where the field is absent. */
export interface Difference {
  readonly field: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * Whose origin paths a configuration is told apart without: those that the plan switches itself, and those that other
 * apps of the distribution switch, each under its own plan. Left out in plans from before there were neighbours.
 */
export interface Switched {
  readonly originIds: readonly string[];
  readonly neighbours?: readonly string[];
}

/**
 * A hash of everything in the configuration except what switches change: their origin paths and the comment. Equal
 * fingerprints under different ETags are a benign bump: CloudFront moves the ETag by itself, for example when a
 * referenced policy changes, and so does another app that switches its own origins.
 */
export function fingerprintOf(config: DistributionConfig, switched: Switched): string {
  return `sha256:${sha256(canonical(withoutSwitched(config, switched)))}`;
}

/** Every field in which two configurations differ in meaning; the order inside sets does not count. */
export function differencesBetween(before: DistributionConfig, after: DistributionConfig): Difference[] {
  return differing(fieldsOf(normalized(before), Infinity), fieldsOf(normalized(after), Infinity));
}

/**
 * What an edit changed beyond the origin paths of `originIds` and the comment. UpdateDistribution
 * replaces the whole configuration and resets what is left out, so this must be empty before sending.
 */
export function unintendedDifferences(
  before: DistributionConfig,
  after: DistributionConfig,
  originIds: readonly string[],
): Difference[] {
  const intended = new Set(['Comment', ...originIds.map((id) => `Origins[${id}].OriginPath`)]);
  return differencesBetween(before, after).filter((difference) => !intended.has(difference.field));
}

/** A copy of the configuration with other origin paths and another comment, and nothing else changed. */
export function withOriginPath(
  config: DistributionConfig,
  originIds: readonly string[],
  originPath: string,
  comment: string,
): DistributionConfig {
  const copy = structuredClone(config);
  copy.Comment = comment;
  for (const origin of copy.Origins?.Items ?? []) {
    if (origin.Id !== undefined && originIds.includes(origin.Id)) origin.OriginPath = originPath;
  }
  return copy;
}

/**
 * The configuration in short, small enough to be kept in a plan: short values as they are, long ones as
 * a hash. Whatever moves the fingerprint moves the sketch, which can name the field.
 */
export function sketchOf(config: DistributionConfig, switched: Switched): Readonly<Record<string, string>> {
  const { Origins: origins, ...others } = withoutSwitched(config, switched);
  const fields = { ...fieldsOf(others, 2), ...fieldsOf({ Origins: origins }, 3, switched.originIds) };
  return Object.fromEntries(
    Object.entries(fields).map(([name, text]) => [
      name,
      text.length <= longestInline ? text : `#${sha256(text).slice(0, 12)}`,
    ]),
  );
}

/** In plain words, how a configuration differs from the one that was sketched. Empty when it does not. */
export function describeDrift(
  sketch: Readonly<Record<string, string>>,
  config: DistributionConfig,
  switched: Switched,
): string[] {
  return differing(sketch, sketchOf(config, switched)).map(({ field, before, after }) => {
    if (after === undefined) return `${field} is gone`;
    if (before === undefined) return after.startsWith('#') ? `${field} is new` : `${field} ${after} is new`;
    if (before.startsWith('#') || after.startsWith('#')) return `${field} was changed`;
    return `${field} is ${after} instead of ${before}`;
  });
}

const longestInline = 60;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);

/** The name by which a list's member is known, where it has one: then the order of the list means nothing. */
function nameOf(value: unknown): string | undefined {
  return isObject(value) && typeof value['Id'] === 'string' ? value['Id'] : undefined;
}

/** Sets in one order, CloudFront's `{Quantity, Items}` wrappers as the list they hold, nothing undefined. */
function normalized(value: unknown): unknown {
  if (Array.isArray(value)) {
    const members: unknown[] = value.map(normalized);
    if (members.every((member) => typeof member === 'string' || typeof member === 'number')) {
      return members.toSorted((a, b) => (String(a) < String(b) ? -1 : 1));
    }
    // Without names the order counts: of two cache behaviours the first that matches wins.
    if (members.some((member) => nameOf(member) === undefined)) return members;
    return members.toSorted((a, b) => ((nameOf(a) ?? '') < (nameOf(b) ?? '') ? -1 : 1));
  }
  if (!isObject(value)) return value instanceof Date ? value.toISOString() : value;
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  if (names.includes('Quantity') && names.every((name) => name === 'Quantity' || name === 'Items')) {
    return normalized(value['Items'] ?? []);
  }
  return Object.fromEntries(names.map((name) => [name, normalized(value[name])]));
}

function withoutSwitched(
  config: DistributionConfig,
  { originIds, neighbours = [] }: Switched,
): Readonly<Record<string, unknown>> {
  const result = normalized(withOriginPath(config, [...originIds, ...neighbours], '', ''));
  return isObject(result) ? result : {};
}

/**
 * Field names to JSON, down to `depth` levels; members of a named list count as a level, and with
 * `open` only those members are gone into.
 */
function fieldsOf(value: unknown, depth: number, open?: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  const visit = (part: unknown, name: string, level: number): void => {
    if (level < depth && isObject(part) && Object.keys(part).length > 0) {
      for (const [key, member] of Object.entries(part)) {
        visit(member, name === '' ? key : `${name}.${key}`, level + 1);
      }
      return;
    }
    if (level < depth && Array.isArray(part) && part.length > 0) {
      const names = part.map(nameOf);
      if (names.every((each) => each !== undefined)) {
        part.forEach((member: unknown, index) => {
          const id = names[index] ?? '';
          const opened = open === undefined || open.includes(id);
          visit(member, `${name}[${id}]`, opened ? level + 1 : depth);
        });
        return;
      }
      if (depth === Infinity && part.some(isObject)) {
        part.forEach((member: unknown, index) => {
          visit(member, `${name}[${index}]`, level + 1);
        });
        return;
      }
    }
    found[name] = canonical(part);
  };
  visit(value, '', 0);
  return found;
}

function differing(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): Difference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names
    .filter((name) => before[name] !== after[name])
    .map((name) => ({ field: name, before: before[name], after: after[name] }));
}
