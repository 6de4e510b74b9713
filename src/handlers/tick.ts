import { startTickHandler } from '../compose/tick.ts';
import { processEnvironment } from '../config/env.ts';

export const handler = await startTickHandler(processEnvironment());
