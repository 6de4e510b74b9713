/**
 * The row that stands for one request of a person, written together with what the request decides: a repeat of the
 * request finds it, decides nothing and is answered as the first one was.
 */
export interface Receipt {
  /** Names the delivery; every repeat of it has the same. */
  readonly id: string;
  /** Another one for every attempt at an answer: tells which of them is the one that stands. */
  readonly mark: string;
  readonly expiresAtMs: number;
  /** The acknowledgement, byte for byte. */
  readonly body: string;
}

/** The receipt of an earlier delivery is there: nothing was written, and this is what that one was answered. */
export interface Repeated {
  readonly outcome: 'repeated';
  readonly body: string;
}

/** How a message names the receipt without which it must not be obeyed. */
export const receiptName = ({ id, mark }: Pick<Receipt, 'id' | 'mark'>): string => `${id}.${mark}`;

export function parseReceiptName(name: string): Pick<Receipt, 'id' | 'mark'> {
  const [id = '', mark = ''] = name.split('.');
  return { id, mark };
}
