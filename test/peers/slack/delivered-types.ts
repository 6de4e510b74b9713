/**
 * What Slack sends, by the types of Slack's own framework (Bolt) and of its events (`@slack/types`) as JSON schemas.
 * Nothing in them is written by us.
 */
import { createRequire } from 'node:module';
import { Ajv, type ErrorObject } from 'ajv';
import { z } from 'zod';

type Schema = Record<string, unknown>;
const Schema = z.record(z.string(), z.unknown());
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const fromHere = createRequire(import.meta.url);
const boltTypes = fromHere.resolve('@slack/bolt').replace(/dist\/.*$/, 'dist/types/');
const sources = [
  // A click of a button is the only kind of click whose type is not generic.
  {
    file: `${boltTypes}actions/block-action.d.ts`,
    types: ['BlockButtonAction', 'BlockElementAction'],
  },
  {
    file: `${boltTypes}view/index.d.ts`,
    types: ['ViewSubmitAction', 'ViewClosedAction', 'ViewStateValue', 'ViewOutput'],
  },
  { file: `${boltTypes}command/index.d.ts`, types: ['SlashCommand'] },
  {
    file: fromHere.resolve('@slack/types').replace(/index\.js$/, 'index.d.ts'),
    types: ['AppHomeOpenedEvent'],
  },
];

const Generator = z.object({
  createGenerator: z.custom<(options: Schema) => { createSchema(type: string): unknown }>(
    (value) => typeof value === 'function',
  ),
});

export interface DeliveredTypes {
  /** The members that a type has, those that it calls optional among them. */
  membersOf(type: string): readonly string[];
  /** The type of an action by the `type` of its element, where there is one. */
  actionOf(element: string): string | undefined;
  /** What is missing, in no type, or of another kind; `more` are members that others know. */
  wrongs(type: string, value: unknown, more?: readonly string[]): string[];
}

export async function readDeliveredTypes(): Promise<DeliveredTypes> {
  // By name, so that the types of this package need not be there where nobody judges.
  const name: string = 'ts-json-schema-generator';
  const { createGenerator } = Generator.parse(await import(name));
  const all: Record<string, Schema> = {};
  for (const { file, types } of sources) {
    const generator = createGenerator({
      path: file,
      type: '*',
      expose: 'export',
      jsDoc: 'none',
      skipTypeCheck: true,
      additionalProperties: false,
    });
    for (const type of types) {
      const { definitions } = z
        .object({ definitions: z.record(z.string(), Schema) })
        .parse(generator.createSchema(type));
      Object.assign(all, definitions);
    }
  }
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'delivered', definitions: all });
  const propertiesOf = (type: string): Schema => {
    const properties = resolved(type)['properties'];
    return isSchema(properties) ? properties : {};
  };
  const resolved = (type: string): Schema => {
    const definition = all[type] ?? {};
    const { $ref: ref } = definition;
    return typeof ref === 'string'
      ? resolved(decodeURIComponent(ref.replace('#/definitions/', '')))
      : definition;
  };
  const actions = Object.keys(all).filter(
    (type) => /^[A-Z]\w+Action$/.test(type) && !/^(Block|View)/.test(type),
  );
  const known = ({ keyword, params }: ErrorObject, more: readonly string[]) =>
    keyword === 'additionalProperties' && more.includes(String(params['additionalProperty']));
  return {
    membersOf: (type) => Object.keys(propertiesOf(type)),
    actionOf: (element) =>
      actions.find((type) => {
        const kind = propertiesOf(type)['type'];
        return isSchema(kind) && kind['const'] === element;
      }),
    wrongs(type, value, more = []) {
      const validate =
        ajv.getSchema(`delivered#/definitions/${type}`) ??
        ajv.compile({ $ref: `delivered#/definitions/${type}` });
      validate(value);
      return (validate.errors ?? [])
        .filter((error) => !known(error, more))
        .map(({ instancePath, message, params }) =>
          `${type}${instancePath} ${message} ${JSON.stringify(params)}`.slice(0, 300),
        );
    },
  };
}
