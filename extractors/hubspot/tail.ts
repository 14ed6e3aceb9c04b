import type { JsonObject } from '../../engine/words/json.ts';

/** Records remembered; where more fall into the lookback, some are read again. */
const tailRecordsMax = 100;

/**
 * The newest records handed over, as `<stamp in ms> <id>`, newest first. Every read looks back and
 * meets them again; where a record costs calls of its own, those unchanged are passed over.
 */
export type Tail = readonly string[];

/** The tail after these records as well: what lies within the lookback of the newest one. */
export function extendTail(tail: Tail, records: readonly JsonObject[], lookbackMs: number): Tail {
  const all = new Set([...tail, ...records.map(toEntry)]);
  const sorted = [...all].sort((left, right) => stampOf(right) - stampOf(left));
  const newestMs = stampOf(sorted[0] ?? '0');
  return sorted.slice(0, tailRecordsMax).filter((entry) => stampOf(entry) >= newestMs - lookbackMs);
}

export function isInTail(tail: Tail, record: JsonObject): boolean {
  return tail.includes(toEntry(record));
}

function toEntry(record: JsonObject): string {
  return `${Date.parse(String(record['updatedAt']))} ${String(record['id'])}`;
}

function stampOf(entry: string): number {
  return Number(entry.split(' ', 1)[0]);
}
