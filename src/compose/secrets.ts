import type { Post } from '../aws/post.ts';
import { fetchSecrets } from '../aws/secrets.ts';
import { createSignedCall, type SignedCall } from '../aws/signed-call.ts';
import {
  type AwsEnv,
  type EnvAnswer,
  type Environment,
  envProblemLine,
  readSecretReferences,
} from '../config/env.ts';
import { MisconfiguredError } from '../flows/errors.ts';

/** What of an environment is right; throws MisconfiguredError, which names everything else with the way out. */
export function required<Env>(answer: EnvAnswer<Env>): Env {
  if (answer.outcome === 'valid') return answer.env;
  throw new MisconfiguredError('start.refused', answer.problems.map(envProblemLine).join('\n'));
}

/** AWS without the SDK, as the environment says where it is. */
export function signedCallTo({ region, credentials, endpoints }: AwsEnv, post: Post): SignedCall {
  return createSignedCall({ region, credentials, endpointOf: (service) => endpoints[service], post });
}

/**
 * The environment with the secrets in it that it only names, fetched in one round; as it is when it names none.
 * Throws MisconfiguredError.
 */
export async function withSecrets(
  environment: Environment,
  secrets: { readonly variables: readonly string[]; readonly optional: readonly string[] },
  call: SignedCall,
): Promise<Environment> {
  const references = required(readSecretReferences(environment, secrets.variables));
  const { values, problems } = await fetchSecrets(call, references, { optional: secrets.optional });
  if (problems.length > 0) return required({ outcome: 'invalid', problems });
  return { ...environment, ...values };
}
