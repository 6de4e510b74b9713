// node cold-run.mjs HANDLER EVENTS: loads a handler as Lambda's runtime does, gives it the events one after the other,
// and tells how long each part took. Nothing else is loaded before, so that nothing is loaded twice.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , file, eventsFile] = process.argv;
const events = JSON.parse(readFileSync(eventsFile, 'utf8'));
const load = file.endsWith('.mjs')
  ? (path) => import(path)
  : async (path) => createRequire(import.meta.url)(path);

const before = process.cpuUsage();
const startedMs = performance.now();
const { handler } = await load(file);
const loadedMs = performance.now();
const answers = [];
const answeredMs = [];
const spent = [];
for (const event of events) {
  answers.push(await handler(event, {}));
  answeredMs.push(performance.now());
  spent.push(process.cpuUsage(before));
}
const [{ user, system }] = spent;
const { rss, heapUsed } = process.memoryUsage();
process.stdout.write(
  JSON.stringify({
    loadMs: loadedMs - startedMs,
    firstMs: answeredMs[0] - loadedMs,
    totalMs: answeredMs[0] - startedMs,
    secondMs: answeredMs.length > 1 ? answeredMs[1] - answeredMs[0] : null,
    cpuMs: (user + system) / 1000,
    rss,
    heapUsed,
    statuses: answers.map(({ statusCode }) => statusCode),
  }),
  () => process.exit(0),
);
