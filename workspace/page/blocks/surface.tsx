import { createContext, useContext } from 'react';
import type { InputValue, InputValues } from '../../slack/control.ts';

export interface Press {
  blockId: string;
  actionId: string;
  value?: InputValue;
  /** A button's words: enough to send the click even if the message has changed since it was drawn. */
  button?: { value?: string; text: string };
}

/** Where interactive elements are drawn: a message, a private answer, a modal or the Home tab. */
export interface Surface {
  /** Unique on the page; makes the ids of form fields. */
  id: string;
  values: InputValues;
  setValue(blockId: string, actionId: string, value: InputValue): void;
  /** Sends `block_actions`; resolves when the app has answered or the workspace has said why not. */
  press(input: Press): Promise<void>;
  suggest(input: {
    blockId: string;
    actionId: string;
    typed: string;
  }): Promise<{ text: string; value: string }[]>;
  /** Shown under input blocks, by `block_id`. */
  errors: Record<string, string>;
}

const SurfaceContext = createContext<Surface | undefined>(undefined);
export const SurfaceProvider = SurfaceContext.Provider;

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (surface === undefined) throw new Error('Interactive elements need a surface around them.');
  return surface;
}
