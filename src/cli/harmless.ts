/**
 * Foreign text as it may be printed within a line: a control character (C0 or C1), a sign that turns the direction of
 * reading, or a line's end of its own would let a file command the terminal or forge what is said of it. Letters of
 * every script stay.
 */
export function harmless(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
