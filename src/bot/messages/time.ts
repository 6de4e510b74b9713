const second = 1000;

/** "2 s", "1 min 40 s", "2 h 5 min", "3 d 4 h". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / second));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return withRest(minutes, 'min', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return withRest(hours, 'h', minutes % 60, 'min');
  return withRest(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** How long something is expected to take: no finer than anybody can know it. */
export function expectedDuration(milliseconds: number): string {
  const minute = 60 * second;
  return duration(milliseconds < 2 * minute ? milliseconds : Math.round(milliseconds / minute) * minute);
}

/** "40 s of about 3 min"; what takes longer than expected is measured no further by what was expected. */
export function spentOf(milliseconds: number, expectedSeconds: number | undefined): string {
  const spent = duration(milliseconds);
  const expectedMs = (expectedSeconds ?? 0) * second;
  if (expectedMs === 0) return spent;
  if (milliseconds <= expectedMs) return `${spent} of about ${expectedDuration(expectedMs)}`;
  return milliseconds > expectedMs * 1.5 ? `${spent}, longer than expected` : spent;
}

function withRest(big: number, bigUnit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${rest} ${restUnit}`;
}

const wholeSeconds = (atMs: number) => Math.floor(Math.max(0, atMs) / second);
const iso = (atMs: number) => new Date(wholeSeconds(atMs) * second).toISOString();

/** A time of day in the reader's own time zone, to the second. */
export function clock(atMs: number): string {
  return `<!date^${wholeSeconds(atMs)}^{time_secs}|${plainClock(atMs)}>`;
}

/** Date and time of day in the reader's own time zone. */
export function date(atMs: number): string {
  return `<!date^${wholeSeconds(atMs)}^{date_short_pretty} {time}|${plainDate(atMs)}>`;
}

const day = 24 * 60 * 60 * second;
const utcTime = /\b([01]\d|2[0-3]):([0-5]\d):([0-5]\d) UTC\b/g;

/** Others' words, escaped already, with every "04:12:09 UTC" of about `nearMs` as a time like ours beside them. */
export function onReadersClock(escaped: string, nearMs: number): string {
  return escaped.replace(utcTime, (_all, hours: string, minutes: string, seconds: string) => {
    const inDay = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * second;
    const days = Math.round((nearMs - inDay) / day);
    return clock(days * day + inDay);
  });
}

/** For `plain_text` and screen readers. */
function plainClock(atMs: number): string {
  return `${iso(atMs).slice(11, 19)} UTC`;
}

function plainDate(atMs: number): string {
  return `${iso(atMs).slice(0, 10)} ${iso(atMs).slice(11, 16)} UTC`;
}

/** "▓▓▓▓░░░": a drawing beside the words, never instead of them; full only when it is known to be finished. */
export function bar(fraction: number): string {
  const cells = 7;
  const filled = Math.min(fraction >= 1 ? cells : cells - 1, Math.max(0, Math.floor(fraction * cells)));
  return '▓'.repeat(filled) + '░'.repeat(cells - filled);
}
