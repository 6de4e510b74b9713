import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { PendingPush } from './snapshot.ts';

/** What a killed workspace needs to go on: the stand-ins as they save themselves, the pushes, the time. */
const SavedWorkspace = z.object({
  version: z.literal(1),
  time: z.object({ virtualMs: z.number(), realMs: z.number(), speed: z.number().nonnegative() }),
  pushes: z.array(PendingPush),
  slack: z.string(),
  /** Checked by the stand-ins themselves when they take it back. */
  github: z.unknown(),
  aws: z.unknown(),
});
export type SavedWorkspace = z.infer<typeof SavedWorkspace>;

/** It is written at least this often, so no more than this much time can be missing from it. */
export const savedEveryMs = 1_000;

/**
 * Reads what a workspace left behind; undefined when there is nothing. Throws, saying how to begin afresh, when it
 * cannot be read: starting empty beside a database that is not empty would be worse.
 */
export async function readSaved(file: string): Promise<SavedWorkspace | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return SavedWorkspace.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} cannot be read. To begin afresh: npm start -- --reset`, { cause: error });
  }
}

/** Whole or not at all: a workspace killed while it writes keeps what it had before. */
export async function writeSaved(file: string, saved: SavedWorkspace): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, JSON.stringify(saved));
  await rename(`${file}.new`, file);
}

/**
 * Where virtual time goes on: time stands still while the workspace is closed, so nothing expires overnight. What may
 * have passed after the last save is added, so that it never runs backwards against what the bot has written.
 */
export function resumeAtMs(time: SavedWorkspace['time'], realNowMs: number): number {
  const missedMs = Math.min(Math.max(0, realNowMs - time.realMs), 2 * savedEveryMs);
  return Math.ceil(time.virtualMs + missedMs * time.speed);
}
