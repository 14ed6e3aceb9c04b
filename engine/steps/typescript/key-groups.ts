import type { InputRows } from '../../declare/typescript/define-model.ts';
import type { ScriptRow } from './input-rows.ts';
import { groupColumn, RefusedAnswer } from './running-order.ts';

/** One key and the rows that each input has of it. */
export interface KeyGroup {
  readonly group: number;
  readonly key: ScriptRow;
  readonly rows: Readonly<Record<string, readonly ScriptRow[]>>;
}

interface Cursor {
  readonly name: string;
  /** The rows of the group, which must be asked for in order. */
  take(group: number): Promise<readonly ScriptRow[]>;
}

/**
 * Puts together what belongs together: keys and inputs all come sorted by their group's number, so
 * that no more than one group is ever held.
 */
export async function* joinGroups(
  keys: InputRows<ScriptRow>,
  inputs: Readonly<Record<string, InputRows<ScriptRow>>>,
  rowsMax: number,
): AsyncGenerator<KeyGroup> {
  const cursors = Object.entries(inputs).map(([name, rows]) => openCursor(name, rows, rowsMax));
  for await (const { [groupColumn]: number, ...key } of keys.rows()) {
    const group = Number(number);
    const rows: Record<string, readonly ScriptRow[]> = {};
    let count = 0;
    for (const cursor of cursors) {
      const taken = await cursor.take(group);
      rows[cursor.name] = taken;
      count += taken.length;
    }
    if (count > rowsMax) refuseGroup(rowsMax);
    yield { group, key, rows };
  }
}

function openCursor(name: string, input: InputRows<ScriptRow>, rowsMax: number): Cursor {
  const iterator = input.rows()[Symbol.asyncIterator]();
  let next: { readonly group: number; readonly row: ScriptRow } | undefined;
  let isBegun = false;
  const advance = async (): Promise<void> => {
    const { done, value } = await iterator.next();
    if (done === true) {
      next = undefined;
      return;
    }
    const { [groupColumn]: group, ...row } = value;
    next = { group: Number(group), row };
  };
  return {
    name,
    async take(group) {
      if (!isBegun) await advance();
      isBegun = true;
      const rows: ScriptRow[] = [];
      while (next?.group === group) {
        rows.push(next.row);
        if (rows.length > rowsMax) refuseGroup(rowsMax);
        await advance();
      }
      return rows;
    },
  };
}

function refuseGroup(rowsMax: number): never {
  throw new RefusedAnswer(
    'script-key-rows',
    `a key has more than ${rowsMax} rows (limits.rowsPerKey)`,
  );
}
