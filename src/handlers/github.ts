import { startGithubHandler } from '../compose/github.ts';
import { processEnvironment } from '../config/env.ts';

export const handler = await startGithubHandler(processEnvironment());
