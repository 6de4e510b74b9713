import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

/** Packages the service and lets one program judge the template; what it said, last line first. */
function judged(program: string): Promise<{ code: number | null; told: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['scripts/judge-template.mjs', program], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        told += chunk.toString();
      });
    }
    child.once('error', fail);
    child.once('close', (code) => done({ code, told }));
  });
}

it('cfn-lint finds nothing in the packaged template', async () => {
  const { code, told } = await judged('cfn-lint');

  expect(told).toContain('nothing to complain about');
  expect(code).toBe(0);
});

it('cfn-guard finds every chosen rule of Control Tower kept', async () => {
  const { code, told } = await judged('cfn-guard');

  expect(told).toMatch(/cfn-guard: \d+ rules kept/);
  expect(code).toBe(0);
});
