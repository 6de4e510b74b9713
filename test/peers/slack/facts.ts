/** Slack's facts as others published them; see `data/README.md`. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const file = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`data/${name}`, import.meta.url), 'utf8'));

const MethodFacts = z.object({
  scopes: z.object({ bot: z.array(z.string()).optional() }),
  rateLimit: z.string().nullable(),
  json: z.boolean().nullable(),
  required: z.array(z.string()),
  args: z.record(
    z.string(),
    z.object({
      type: z.union([z.string(), z.array(z.string())]).optional(),
      enum: z.array(z.unknown()).optional(),
    }),
  ),
  errors: z.array(z.string()),
});
export type MethodFacts = z.infer<typeof MethodFacts>;

export const methodFacts = z.record(z.string(), MethodFacts).parse(file('methods.json'));

export const manifestSchema = z.record(z.string(), z.unknown()).parse(file('manifest.schema.json'));

export const sample = (name: string) =>
  z.record(z.string(), z.unknown()).parse(file(`samples/${name}Payload.json`));

/**
 * What any method may answer, which `methods.json` leaves out. Source: Slack, the errors that stand on the page of every
 * method, and "Using the Slack Web API" on bodies (`invalid_json`, `json_not_object`).
 */
export const errorsOfEveryMethod: ReadonlySet<string> = new Set([
  'access_denied',
  'accesslimited',
  'account_inactive',
  'deprecated_endpoint',
  'ekm_access_denied',
  'enterprise_is_restricted',
  'fatal_error',
  'internal_error',
  'invalid_arg_name',
  'invalid_arguments',
  'invalid_array_arg',
  'invalid_auth',
  'invalid_charset',
  'invalid_form_data',
  'invalid_json',
  'invalid_post_type',
  'json_not_object',
  'method_deprecated',
  'missing_post_type',
  'missing_scope',
  'no_permission',
  'not_allowed_token_type',
  'not_authed',
  'org_login_required',
  'ratelimited',
  'request_timeout',
  'service_unavailable',
  'team_access_not_granted',
  'team_added_to_org',
  'token_expired',
  'token_revoked',
  'two_factor_setup_required',
  'unknown_method',
]);
