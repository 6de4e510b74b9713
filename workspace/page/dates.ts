/** Dates as Slack writes them, in the zone of the person who looks. */

const parts = (ms: number, zone: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat('en-US', { timeZone: zone, ...options }).format(ms);

export const clockTime = (ms: number, zone: string) =>
  parts(ms, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export const clockTimeWithSeconds = (ms: number, zone: string) =>
  parts(ms, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

export const dayKey = (ms: number, zone: string) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(ms);

export const shortDay = (ms: number, zone: string) =>
  parts(ms, zone, { weekday: 'short', month: 'short', day: 'numeric' });

const ordinal = (day: number) => {
  const tens = day % 100;
  if (tens >= 11 && tens <= 13) return `${day}th`;
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
};

const longDate = (ms: number, zone: string, weekday: boolean) => {
  const month = parts(ms, zone, { month: 'long' });
  const day = ordinal(Number(parts(ms, zone, { day: 'numeric' })));
  const year = parts(ms, zone, { year: 'numeric' });
  return `${weekday ? `${parts(ms, zone, { weekday: 'long' })}, ` : ''}${month} ${day}, ${year}`;
};

const shortDate = (ms: number, zone: string) =>
  parts(ms, zone, { month: 'short', day: 'numeric', year: 'numeric' });

/** `today`, `yesterday` or `tomorrow` where it is one of them. */
function nearDay(ms: number, zone: string, nowMs: number): string | undefined {
  const key = dayKey(ms, zone);
  const dayMs = 86_400_000;
  if (key === dayKey(nowMs, zone)) return 'today';
  if (key === dayKey(nowMs - dayMs, zone)) return 'yesterday';
  if (key === dayKey(nowMs + dayMs, zone)) return 'tomorrow';
  return undefined;
}

export function dayHeading(ms: number, zone: string, nowMs: number): string {
  const near = nearDay(ms, zone, nowMs);
  if (near !== undefined) return `${near.charAt(0).toUpperCase()}${near.slice(1)}`;
  return longDate(ms, zone, true);
}

export function ago(ms: number, nowMs: number): string {
  const seconds = Math.round(Math.abs(nowMs - ms) / 1000);
  const [amount, unit] =
    seconds < 60
      ? [seconds, 'second']
      : seconds < 3600
        ? [Math.round(seconds / 60), 'minute']
        : seconds < 86_400
          ? [Math.round(seconds / 3600), 'hour']
          : [Math.round(seconds / 86_400), 'day'];
  const words = `${amount} ${unit}${amount === 1 ? '' : 's'}`;
  return ms > nowMs ? `in ${words}` : `${words} ago`;
}

/** The format of `<!date^…^format|…>`; braces that Slack does not know stay as they are. */
export function slackDate(seconds: number, format: string, zone: string, nowMs: number): string {
  const ms = seconds * 1000;
  const pretty = (otherwise: string) => nearDay(ms, zone, nowMs) ?? otherwise;
  const written: Record<string, () => string> = {
    date_num: () => dayKey(ms, zone),
    date_slash: () => parts(ms, zone, { month: '2-digit', day: '2-digit', year: 'numeric' }),
    date: () => longDate(ms, zone, false),
    date_short: () => shortDate(ms, zone),
    date_long: () => longDate(ms, zone, true),
    date_long_full: () => longDate(ms, zone, true),
    date_pretty: () => pretty(longDate(ms, zone, false)),
    date_short_pretty: () => pretty(shortDate(ms, zone)),
    date_long_pretty: () => pretty(longDate(ms, zone, true)),
    day_divider_pretty: () => pretty(longDate(ms, zone, true)),
    time: () => clockTime(ms, zone),
    time_secs: () => clockTimeWithSeconds(ms, zone),
    ago: () => ago(ms, nowMs),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name: string) => written[name]?.() ?? whole);
}
