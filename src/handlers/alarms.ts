import { startAlarmsHandler } from '../compose/alarms.ts';
import { processEnvironment } from '../config/env.ts';

export const handler = await startAlarmsHandler(processEnvironment());
