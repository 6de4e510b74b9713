import { runCli } from './run.ts';

const { exitCode, stdout, stderr } = await runCli(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
// Set rather than exited with, so that a pipe is still written to its end.
process.exitCode = exitCode;
