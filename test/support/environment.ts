import { afterAll } from 'vitest';

/** Files share a process, and some point the SDK at their own stand-ins: each leaves the environment as it was. */
const before = { ...process.env };

afterAll(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
