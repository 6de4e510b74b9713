/** What a command leaves behind: 0 for done, 1 for a no with its reasons, 2 for a command that was not understood. */
export interface CliAnswer {
  readonly exitCode: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

export function complete(stdout: string): CliAnswer {
  return { exitCode: 0, stdout, stderr: '' };
}

export function negative(stdout: string): CliAnswer {
  return { exitCode: 1, stdout, stderr: '' };
}

export function usageError(message: string, usage: string): CliAnswer {
  return { exitCode: 2, stdout: '', stderr: `${message}\n\n${usage}\n` };
}
