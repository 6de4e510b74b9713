import { readFileSync } from 'node:fs';
import type { Catalog } from '../flows/desk.ts';
import { createCatalog, type Pipeline } from './catalog.ts';

/** Goes up when what is packaged changes its meaning; a function reads only what was packaged together with it. */
const format = 1;

interface Packaged {
  readonly format: number;
  readonly pipeline: Pipeline;
}

/** The pipeline as it was understood, for `readPackaged`: a function that starts checks and reads no YAML again. */
export function packPipeline(pipeline: Pipeline): string {
  const packaged: Packaged = { format, pipeline };
  return `${JSON.stringify(packaged)}\n`;
}

/** Reads what `npm run package` put beside the function. Throws on anything else, with the way out. */
export async function readPackaged(file: string): Promise<Catalog> {
  const text = textIn(file);
  const packaged = packagedIn(text);
  if (packaged === undefined)
    throw new Error(`${file} was not packaged together with this function; run npm run package again.`);
  return createCatalog(packaged.pipeline);
}

/** At once: while a function starts, nothing else waits. */
function textIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`${file} is not beside the function; deploy what npm run package made.`, { cause });
  }
}

function packagedIn(text: string): Packaged | undefined {
  try {
    const packaged = JSON.parse(text) as Partial<Packaged> | null;
    if (packaged?.format !== format || !Array.isArray(packaged.pipeline?.apps)) return undefined;
    return { format, pipeline: packaged.pipeline };
  } catch {
    return undefined;
  }
}
