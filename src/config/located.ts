import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { below, type Position, type Problem } from './problem.ts';

/** A value of the file together with where it was written. */
export type Located = LocatedScalar | LocatedList | LocatedMapping;

interface Place {
  /** Of the key for mappings, lists and empty values, of the value otherwise: where a person would look. */
  readonly at: Position;
  /** As written, so that an inherited value points to where it can be mended. */
  readonly path: string;
}
interface LocatedScalar extends Place {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
}
interface LocatedList extends Place {
  readonly kind: 'list';
  readonly items: readonly Located[];
}
export interface LocatedMapping extends Place {
  readonly kind: 'mapping';
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}
interface LocatedEntry {
  readonly keyAt: Position;
  readonly node: Located;
}

const limits = { bytes: 1_000_000, values: 50_000, depth: 40 };

export type LocateAnswer =
  | { readonly outcome: 'located'; readonly root: Located; readonly problems: readonly Problem[] }
  | { readonly outcome: 'unreadable'; readonly problems: readonly Problem[] };

const start: Position = { line: 1, column: 1 };

/**
 * Reads YAML 1.2 keeping positions. Never throws: whatever is wrong with the text is a problem with its place.
 * Keys written twice, custom tags and aliases without an anchor are problems that leave the rest readable.
 * Limits: 1 MB, 50,000 values with aliases counted as often as they are used, 40 levels.
 */
export function locate(text: string): LocateAnswer {
  const unreadable = (code: Problem['code'], message: string): LocateAnswer => ({
    outcome: 'unreadable',
    problems: [{ ...start, path: '', code, message }],
  });
  if (Buffer.byteLength(text) > limits.bytes) {
    return unreadable('too-large', `is larger than 1 MB; a pipeline file has a few kilobytes`);
  }
  if (text.includes('\0')) return unreadable('syntax', 'is not a text file');
  try {
    return read(text);
  } catch {
    // The parser recurses, so that absurd nesting ends its stack; no other text is known to make it throw.
    return unreadable('syntax', 'cannot be read as YAML; it may be nested too deeply');
  }
}

function read(text: string): LocateAnswer {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    // Its own search for keys written twice takes time that grows with the square of the file.
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
  });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (document.errors.length > 0) {
    return {
      outcome: 'unreadable',
      problems: document.errors.map((error) => ({
        ...at(error.pos[0]),
        path: '',
        code: 'syntax',
        message: syntaxMessages[error.code] ?? firstLine(error.message),
      })),
    };
  }

  const problems: Problem[] = document.warnings.map((warning) => ({
    ...at(warning.pos[0]),
    path: '',
    code: 'syntax',
    message: firstLine(warning.message),
  }));
  const anchors = new Map<string, unknown>();
  let values = 0;
  let stopped = false;

  const stop = (place: Place, message: string): Located => {
    if (!stopped) problems.push({ ...place.at, path: place.path, code: 'too-large', message });
    stopped = true;
    return { kind: 'scalar', value: null, ...place };
  };

  const visit = (node: unknown, path: string, keyAt: Position, depth: number, isRepeat: boolean): Located => {
    const place: Place = { at: keyAt, path };
    values += 1;
    if (stopped || values > limits.values) {
      return stop(place, `the file holds more than ${limits.values} values, aliases counted each time`);
    }
    if (depth > limits.depth) return stop(place, `is nested more than ${limits.depth} levels deep`);

    if (isAlias(node)) {
      const source = anchors.get(node.source);
      if (source === undefined) {
        const position = at(node.range?.[0] ?? 0);
        problems.push({
          ...position,
          path,
          code: 'undefined-reference',
          message: `refers to *${node.source}, and there is no &${node.source} before it`,
        });
        return { kind: 'scalar', value: null, at: position, path };
      }
      return visit(source, path, keyAt, depth + 1, true);
    }

    let located: Located;
    if (isMap(node)) {
      const entries = new Map<string, LocatedEntry>();
      for (const pair of node.items) {
        const pairKey: unknown = pair.key;
        const offset = hasRange(pairKey) ? pairKey.range[0] : (node.range?.[0] ?? 0);
        const pairAt = at(offset);
        const key = isScalar(pairKey) && pairKey.value !== null ? String(pairKey.value) : undefined;
        if (key === undefined || key === '__proto__') {
          if (!isRepeat) {
            problems.push({
              ...pairAt,
              path,
              code: 'syntax',
              message: 'has a key that is not a plain name',
            });
          }
          continue;
        }
        if (entries.has(key)) {
          if (!isRepeat) {
            problems.push({
              ...pairAt,
              path: below(path, key),
              code: 'duplicate-key',
              message: `is written twice; the first is in line ${entries.get(key)?.keyAt.line}`,
            });
          }
          continue;
        }
        entries.set(key, {
          keyAt: pairAt,
          node: visit(pair.value, below(path, key), pairAt, depth + 1, isRepeat),
        });
      }
      located = { kind: 'mapping', entries, ...place };
    } else if (isSeq(node)) {
      const items = node.items.map((item, index) =>
        visit(item, below(path, index), hasRange(item) ? at(item.range[0]) : keyAt, depth + 1, isRepeat),
      );
      located = { kind: 'list', items, ...place };
    } else {
      const value: unknown = isScalar(node) ? node.value : null;
      const isWritten = value !== null && hasRange(node);
      located = {
        kind: 'scalar',
        value: isPlain(value) ? value : String(value),
        at: isWritten ? at(node.range[0]) : keyAt,
        path,
      };
    }
    if (hasAnchor(node)) anchors.set(node.anchor, node);
    return located;
  };

  const root = visit(document.contents, '', start, 0, false);
  return { outcome: 'located', root, problems };
}

const syntaxMessages: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'is indented with a tab; YAML wants spaces',
  MULTIPLE_DOCS: 'has a second document after ---; there must be one',
  BAD_INDENT: 'is not indented like the lines it belongs to',
};

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? message;
}

function isPlain(value: unknown): value is LocatedScalar['value'] {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function hasAnchor(node: unknown): node is { anchor: string } {
  return typeof node === 'object' && node !== null && 'anchor' in node && typeof node.anchor === 'string';
}

/** The entry of a mapping; undefined when it is absent or there is no mapping. */
export function entryOf(node: Located | undefined, key: string): Located | undefined {
  return node?.kind === 'mapping' ? node.entries.get(key)?.node : undefined;
}

/** A mapping with one entry replaced or added. */
export function withEntry(mapping: LocatedMapping, key: string, node: Located): LocatedMapping {
  const keyAt = mapping.entries.get(key)?.keyAt ?? node.at;
  return { ...mapping, entries: new Map([...mapping.entries, [key, { keyAt, node }]]) };
}
