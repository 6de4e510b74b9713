import { fork } from 'node:child_process';
import { carryOut, type Done, type Job } from './jobs.ts';

/** What a process of the pool does: one job after the other, until there is none. */
export function serveJobs(): void {
  process.on('message', (job: Job | 'end') => {
    if (job === 'end') process.exit();
    carryOut(job).then(
      (done) => process.send?.(done),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}

/** Hands out the jobs to so many processes; whoever is done gets the next one. */
export async function work(jobs: Job[], workers: number, told: (done: Done) => void): Promise<void> {
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(process.argv[1] ?? '', ['worker'], { execArgv: ['--no-warnings'] });
      const next = () => {
        const job = jobs.shift();
        child.send(job ?? 'end');
      };
      child.on('message', (answer: Done | 'ready') => {
        if (answer !== 'ready') told(answer);
        next();
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
      );
    });
  await Promise.all(Array.from({ length: workers }, one));
}
