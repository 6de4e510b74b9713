import { z } from 'zod';

/** The newest run of a workflow for the commit being promoted succeeded (SITE-1). Free of Octokit, for who only reads configuration. */
export const WorkflowGateSettings = z.strictObject({
  /** The file's name in `.github/workflows`. */
  workflow: z.string().regex(/^[\w.-]+\.ya?ml$/, 'must be the name of a workflow file, such as deploy.yml'),
});
export type WorkflowGateSettings = z.infer<typeof WorkflowGateSettings>;
