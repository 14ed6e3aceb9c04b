const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The pattern a duration follows in YAML: `30s`, `10m`, `24h`, `2d`. */
export const durationPattern = '^[0-9]+(ms|s|m|h|d)$';

/** Milliseconds of `10m`; the schema has checked the pattern already. */
export function parseDuration(text: string): number {
  const match = /^([0-9]+)(ms|s|m|h|d)$/.exec(text);
  if (!match) throw new Error(`assertion failed: "${text}" is not a duration`);
  return Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs];
}

/** `1.2 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`: for people. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const hours = Math.floor(seconds / 3_600);
  if (hours < 48) return `${hours} h ${Math.floor((seconds % 3_600) / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
