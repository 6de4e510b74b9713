// Loads a handler once and works off blocks of events as they are sent: how long each took, and what it cost the processor.
import { createRequire } from 'node:module';

const [, , file] = process.argv;
const load = file.endsWith('.mjs')
  ? (path) => import(path)
  : async (path) => createRequire(import.meta.url)(path);
const { handler } = await load(file);

process.on('message', async ({ events }) => {
  const times = [];
  const answers = [];
  const before = process.cpuUsage();
  for (const event of events) {
    const startedMs = performance.now();
    const answer = await handler(event, {});
    times.push(performance.now() - startedMs);
    answers.push({ status: answer.statusCode, body: answer.body });
  }
  const { user, system } = process.cpuUsage(before);
  process.send({ times, answers, cpuMs: (user + system) / 1000 });
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
