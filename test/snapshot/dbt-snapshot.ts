import { createHash } from 'node:crypto';

/** One row of a source: `at` is a second of 2026-01-01, later than the run or unknown at times. */
export interface SourceRow {
  readonly id: string;
  readonly name: string | null;
  readonly at: number | null;
}

export interface SnapshotRow extends SourceRow {
  readonly scdId: string;
  readonly from: number | null;
  to: number | null;
  readonly deleted: 'True' | 'False';
}

export interface Rules {
  readonly strategy: 'timestamp' | 'check';
  readonly hardDeletes: 'ignore' | 'invalidate' | 'new_record';
  /** The parts of the key that an id is made of; absent: it is one. */
  readonly keyOf?: (id: string) => readonly string[];
}

export const timeOf = (second: number): string =>
  new Date(Date.UTC(2026, 0, 1) + second * 1_000).toISOString();

/** A time as the database prints it: fractions only where there are some. */
const textOf = (second: number | null): string =>
  second === null ? '' : timeOf(second).replace('T', ' ').replace('.000Z', '');

/** As SQL has it: nothing is earlier than what is not known. */
const isEarlier = (left: number | null, right: number | null): boolean =>
  left !== null && right !== null && left < right;

const digest = (...parts: string[]): string =>
  createHash('md5').update(parts.join('|')).digest('hex');

/** What dbt's snapshot makes of a table, row by row, from its documentation: the reference. */
export function snapshotOnce(
  table: readonly SnapshotRow[],
  source: readonly SourceRow[],
  now: number,
  { strategy, hardDeletes, keyOf = (id) => [id] }: Rules,
): SnapshotRow[] {
  const rows = table.map((row) => ({ ...row }));
  const open = rows.filter(({ to }) => to === null);
  for (const fresh of source) {
    const clock = strategy === 'timestamp' ? fresh.at : now;
    const old = open.find(({ id }) => id === fresh.id);
    if (old) {
      const isBack = hardDeletes === 'new_record' && old.deleted === 'True';
      const differs =
        strategy === 'timestamp' ? isEarlier(old.from, clock) : old.name !== fresh.name;
      if (!differs && !isBack) continue;
      old.to = clock;
    }
    const scdId = digest(...keyOf(fresh.id), textOf(clock));
    rows.push({ ...fresh, scdId, from: clock, to: null, deleted: 'False' });
  }
  if (hardDeletes === 'ignore') return rows;
  for (const old of open) {
    if (source.some(({ id }) => id === old.id)) continue;
    if (hardDeletes === 'new_record' && old.deleted === 'True') continue;
    old.to = now;
    if (hardDeletes === 'invalidate') continue;
    const scdId = digest(old.scdId, textOf(now));
    rows.push({ ...old, scdId, from: now, to: null, deleted: 'True' });
  }
  return rows;
}
