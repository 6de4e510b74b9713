import { startSlackHandler } from '../compose/slack.ts';
import { processEnvironment } from '../config/env.ts';

/** Made while Lambda starts the function, on all of the processor; a start that fails is an error of the start. */
export const handler = await startSlackHandler(processEnvironment());
