const pattern = /^(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;
const unitsMs = [86_400_000, 3_600_000, 60_000, 1000, 1];

/** Milliseconds of `30s`, `5m`, `48h`, `7d`, `1h30m` or `500ms`; undefined for all else, plain numbers included. */
export function parseDurationMs(text: string): number | undefined {
  const match = pattern.exec(text);
  if (match === null || text === '') return undefined;
  return unitsMs.reduce((sum, unit, index) => sum + Number(match[index + 1] ?? 0) * unit, 0);
}

/** The same the other way round, with as few parts as it takes: 5,400,000 is `1h30m`, two days are `48h`. */
export function formatDurationMs(durationMs: number): string {
  const parts = [
    [Math.floor(durationMs / 3_600_000), 'h'],
    [Math.floor((durationMs % 3_600_000) / 60_000), 'm'],
    [Math.floor((durationMs % 60_000) / 1000), 's'],
    [durationMs % 1000, 'ms'],
  ] as const;
  const text = parts.flatMap(([count, unit]) => (count === 0 ? [] : [`${count}${unit}`])).join('');
  return text === '' ? '0s' : text;
}

const suffixes = { Seconds: 1000, Minutes: 60_000, Ms: 1 } as const;
const named = /^([a-z]\w*?[a-z0-9])(Seconds|Minutes|Ms)$/;

/**
 * Settings carry their unit in the name and files carry it in the value: `soakSeconds: 900` is written
 * `soak: 15m`. Undefined for the name of anything that is not a duration.
 */
export function durationSetting(name: string): { written: string; unitMs: number } | undefined {
  const [, written, suffix] = named.exec(name) ?? [];
  if (written === undefined) return undefined;
  if (suffix !== 'Seconds' && suffix !== 'Minutes' && suffix !== 'Ms') return undefined;
  return { written, unitMs: suffixes[suffix] };
}

/** As a person writes it in the file. */
export function writtenKey(key: string): string {
  return durationSetting(key)?.written ?? key;
}
