/** "45 s", "2 min 10 s", "1 h 5 min": how a length of time is said in the channel. */
export function spellDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "04:12", in UTC. */
export function spellMinute(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 16);
}

/** "04:12:09", in UTC. */
export function spellSecond(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 19);
}

/** "a", "a and b", "a, b and c". */
export function spellList(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;
}
