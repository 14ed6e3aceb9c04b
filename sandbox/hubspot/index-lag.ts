import type { SandboxClock } from '../clock.ts';
import type { ObjectDefinition } from './catalog.ts';
import type { Database } from './database.ts';
import { shadowOf, shapeOf, tableOf } from './table-shape.ts';

/**
 * Search's index runs behind the records. Before a write, the record as it was is kept aside with
 * the time until which search still shows it; the oldest version waiting is the one it shows.
 */
export interface IndexLag {
  /** To be called before every write; `isNew` when there is no record yet. */
  keep(object: ObjectDefinition, id: number, isNew?: boolean): void;
  /** Notes a change of content that search sees at once. */
  touch(object: ObjectDefinition): void;
  /** Grows whenever a search may answer differently: what a cached count was counted at. */
  version(object: ObjectDefinition): number;
  /** What search reads: the table, or a query over it and what was kept aside. */
  source(object: ObjectDefinition): string;
}

export function createIndexLag(db: Database, clock: SandboxClock, lagMs: number): IndexLag {
  const versions = new Map<string, number>();
  const waiting = new Set<string>();
  let sequence = 0;
  const touch = (object: ObjectDefinition): void => {
    versions.set(object.name, (versions.get(object.name) ?? 0) + 1);
  };
  return {
    touch,
    keep(object, id, isNew = false) {
      touch(object);
      if (lagMs === 0) return;
      sequence += 1;
      waiting.add(object.name);
      const shadow = shadowOf(object);
      const untilMs = clock.now() + lagMs;
      if (isNew) {
        const columns = 'seq, until_ms, present, id, created_ms, modified_ms';
        const sql = `insert into ${shadow} (${columns}) values (?, ?, 0, ?, 0, 0)`;
        db.prepare(sql).run(sequence, untilMs, id);
        return;
      }
      const { columns } = shapeOf(object);
      const sql = `insert into ${shadow} (seq, until_ms, present, ${columns})
        select ?, ?, 1, ${columns} from ${tableOf(object)} where id = ?`;
      db.prepare(sql).run(sequence, untilMs, id);
    },
    version: (object) => versions.get(object.name) ?? 0,
    source(object) {
      const table = tableOf(object);
      if (!waiting.has(object.name)) return table;
      const shadow = shadowOf(object);
      const purge = db.prepare(`delete from ${shadow} where until_ms <= ?`);
      if (purge.run(clock.now()).changes > 0) touch(object);
      if (db.prepare(`select 1 from ${shadow} limit 1`).get() === undefined) {
        waiting.delete(object.name);
        return table;
      }
      const { columns } = shapeOf(object);
      return `(select ${columns} from ${table} where id not in (select id from ${shadow})
        union all select ${columns} from ${shadow} where present = 1
        and seq in (select min(seq) from ${shadow} group by id))`;
    },
  };
}
