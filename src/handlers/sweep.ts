import { startSweepHandler } from '../compose/sweep.ts';
import { processEnvironment } from '../config/env.ts';

export const handler = startSweepHandler(processEnvironment());
