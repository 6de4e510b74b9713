/** GitHub's OpenAPI description as it is published with Octokit, and what it says of one request and its answer. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import type { Exchange } from '../recorder.ts';

const fromHere = createRequire(import.meta.url);

const Parameter = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().optional(),
  schema: z.looseObject({ type: z.string().optional() }).optional(),
});
const Operation = z.object({
  operationId: z.string(),
  parameters: z.array(z.union([Parameter, z.object({ $ref: z.string() })])).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()).optional() }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const Description = z.looseObject({
  info: z.object({ version: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What OpenAPI 3.0 says with `nullable` and JSON schema says otherwise: ajv reads it only beside a type, and takes null out
 * of a list of values where the description, which names the values of a text, does not mean to.
 */
function readable(value: unknown): void {
  if (Array.isArray(value)) {
    for (const each of value) readable(each);
    return;
  }
  if (!isFields(value)) return;
  const { nullable, type, enum: values } = value;
  if (nullable === true && type === undefined) delete value['nullable'];
  if (nullable === true && Array.isArray(values) && !values.includes(null)) values.push(null);
  for (const each of Object.values(value)) readable(each);
}

const pointer = (...parts: readonly string[]) =>
  parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');

export interface Judgement {
  readonly operationId: string;
  readonly status: number;
  readonly wrongs: readonly string[];
}

export interface GithubDescription {
  readonly version: string;
  /** What is wrong with a request and its answer; paths begin below `base`. */
  judge(exchange: Exchange, base: string): Judgement;
  /** What is wrong with a value that should be what `components/schemas` calls so. */
  schema(name: string, value: unknown): string[];
}

/** GitHub writes the status into every refusal nowadays; `validation-error` does not know it yet, `basic-error` does. */
const saysItsStatus = '/status is in no schema';

/** Refusals that stand before every operation, so that hardly any lists them; their body is the common one. */
const anywhere: ReadonlySet<number> = new Set([401, 403, 429, 503]);

export function readDescription(): GithubDescription {
  const file = fromHere.resolve('@octokit/openapi').replace(/index\.js$/, 'generated/api.github.com.json');
  const raw: unknown = JSON.parse(readFileSync(file, 'utf8'));
  readable(raw);
  const description = Description.parse(raw);
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true });
  addFormats.default(ajv);
  ajv.addSchema({ ...description, $id: 'github' });
  // A query carries texts; what they stand for is read as the description says.
  const lenient = new Ajv({ strict: false, allErrors: true, coerceTypes: true });
  addFormats.default(lenient);

  const compiled = new Map<string, ValidateFunction>();
  const against = (at: string, value: unknown): string[] => {
    const validate = compiled.get(at) ?? ajv.compile({ $ref: `github#/${at}` });
    compiled.set(at, validate);
    validate(value);
    return (
      (validate.errors ?? [])
        // An address that is empty where the description itself says that it is empty unless told.
        .filter(
          ({ keyword, data, parentSchema }) => !(keyword === 'format' && parentSchema?.['default'] === data),
        )
        .map(({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`.slice(0, 300),
        )
    );
  };
  const resolved = (value: unknown): unknown => {
    if (!isFields(value) || typeof value['$ref'] !== 'string') return value;
    const parts = value['$ref'].replace(/^#\//, '').split('/');
    return parts.reduce<unknown>((at, part) => (isFields(at) ? at[part] : undefined), description);
  };

  /** Every schema that says something of a value, through references and unions. */
  const facets = (schema: unknown): Fields[] => {
    const real = resolved(schema);
    if (!isFields(real)) return [];
    const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => (Array.isArray(real[key]) ? real[key] : []));
    return [real, ...parts.flatMap(facets)];
  };
  /** Members of the value that no schema knows, where each says which there are. */
  const invented = (schema: unknown, value: unknown, at = ''): string[] => {
    const all = facets(schema);
    if (Array.isArray(value)) {
      const items = all.flatMap(({ items: each }) => (each === undefined ? [] : [each]));
      return items.length === 0
        ? []
        : value.flatMap((each, index) => invented({ anyOf: items }, each, `${at}/${index}`));
    }
    if (!isFields(value)) return [];
    const known = all.map(({ properties }) => properties).filter(isFields);
    const isOpen =
      known.length === 0 ||
      all.some(({ additionalProperties: more }) => more !== undefined && more !== false);
    return Object.entries(value).flatMap(([key, each]) => {
      const schemas = known.flatMap((properties) => (properties[key] === undefined ? [] : [properties[key]]));
      if (schemas.length === 0) return isOpen ? [] : [`${at}/${key} is in no schema`];
      return invented({ anyOf: schemas }, each, `${at}/${key}`);
    });
  };

  const templates = Object.keys(description.paths).map((template) => ({
    template,
    // A ref or a path may have slashes, which Octokit encodes and GitHub takes both ways.
    pattern: new RegExp(
      `^${template.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '([^/]+)')}$`,
    ),
    literal: template.split('/').filter((part) => !part.includes('{')).length,
  }));
  /** The most literal of those that fit. */
  const find = (path: string) =>
    templates
      .filter(({ pattern }) => pattern.test(path))
      .sort((one, other) => other.literal - one.literal)
      .map(({ template, pattern }) => {
        const names = [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name);
        const values = pattern.exec(path)?.slice(1) ?? [];
        return {
          template,
          values: Object.fromEntries(
            names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]),
          ),
        };
      })[0];

  const wrongsOfParameters = (
    parameters: readonly z.infer<typeof Parameter>[],
    place: 'path' | 'query',
    given: Readonly<Record<string, string>>,
  ): string[] => {
    const known = parameters.filter((parameter) => parameter.in === place);
    const unknown = Object.keys(given).filter((name) => !known.some((parameter) => parameter.name === name));
    return [
      ...unknown.map((name) => `${place}: ${name} is not known`),
      ...known.flatMap(({ name, required, schema = {} }) => {
        const value = given[name];
        if (value === undefined) return required === true ? [`${place}: ${name} is missing`] : [];
        // Wrapped, since a value on its own cannot be read as what it stands for.
        const validate = lenient.compile({
          type: 'object',
          properties: { value: structuredClone(resolved(schema)) },
        });
        return validate({ value })
          ? []
          : [`${place}: ${name} ${JSON.stringify(validate.errors?.map(({ message }) => message))}`];
      }),
    ];
  };

  return {
    version: description.info.version,
    schema: (name, value) => against(pointer('components', 'schemas', name), value),
    judge({ method, path, headers, body, status, answer, answerHeaders }, base) {
      const url = new URL(path, 'http://github.invalid');
      const below = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : url.pathname;
      const found = find(below);
      const verb = method.toLowerCase();
      const entry = found === undefined ? undefined : description.paths[found.template]?.[verb];
      if (found === undefined || entry === undefined)
        return { operationId: `${method} ${below}`, status, wrongs: ['GitHub has no such operation'] };
      const operation = Operation.parse(entry);
      const parameters = (operation.parameters ?? []).map((parameter) =>
        Parameter.parse(resolved(parameter)),
      );
      const wrongs = [
        ...wrongsOfParameters(parameters, 'path', found.values),
        ...wrongsOfParameters(parameters, 'query', Object.fromEntries(url.searchParams)),
      ];
      const at = ['paths', found.template, verb];

      if ((headers['user-agent'] ?? '') === '') wrongs.push('a request needs a user agent');
      if (!/^application\/vnd\.github/.test(headers.accept ?? ''))
        wrongs.push('a request says what it accepts');
      if (operation.requestBody !== undefined && body !== '') {
        const kind = Object.keys(operation.requestBody.content ?? {})[0] ?? 'application/json';
        wrongs.push(
          ...against(pointer(...at, 'requestBody', 'content', kind, 'schema'), JSON.parse(body)).map(
            (each) => `body: ${each}`,
          ),
        );
      } else if (body !== '') wrongs.push('a body where there is none');

      if (status === 304) {
        if (answer !== '') wrongs.push('304 has no body');
        return { operationId: operation.operationId, status, wrongs };
      }
      const said: unknown = answer === '' ? undefined : JSON.parse(answer);
      if (!/^application\/json/.test(answerHeaders['content-type'] ?? ''))
        wrongs.push('the answer is not JSON');
      const response = operation.responses[String(status)];
      if (response === undefined) {
        if (!anywhere.has(status)) wrongs.push(`${operation.operationId} never answers ${status}`);
        wrongs.push(
          ...against(pointer('components', 'schemas', 'basic-error'), said).map((each) => `error: ${each}`),
        );
        return { operationId: operation.operationId, status, wrongs };
      }
      const named =
        isFields(response) && typeof response['$ref'] === 'string'
          ? response['$ref'].replace(/^#\//, '')
          : undefined;
      const { content } = (resolved(response) ?? {}) as { content?: Fields };
      const kinds = Object.keys(content ?? {});
      const kind = kinds.find((each) => each.includes('json'));
      if (kind !== undefined) {
        const place = named ?? pointer(...at, 'responses', String(status));
        const { schema } = (content?.[kind] ?? {}) as { schema?: unknown };
        const more = invented(schema, said);
        wrongs.push(...more.filter((each) => each !== saysItsStatus).map((each) => `answer: ${each}`));
        wrongs.push(
          ...against(`${place}/${pointer('content', kind, 'schema')}`, said).map((each) => `answer: ${each}`),
        );
      }
      return { operationId: operation.operationId, status, wrongs };
    },
  };
}
