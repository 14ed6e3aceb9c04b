import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** A table that a select reads, as the warehouse types it. */
export interface InputTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly typeName: string }[];
}

/** Columns of one table whose values are changed together. */
export interface Change {
  readonly table: InputTable;
  readonly columns: readonly string[];
}

/** What a select answers over small made-up tables, and what changes there when inputs change. */
export interface Experiment extends Disposable {
  /** False where the select cannot run on such data. */
  readonly runs: boolean;
  /** The result's columns, as DuckDB names them. */
  readonly names: readonly string[];
  /** Columns of the result whose values, taken together, differ from those of the first run. */
  perturb(changes: readonly Change[]): Promise<ReadonlySet<string>>;
}

const rowCount = 9;
const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A value of the type as SQL; few different ones, so that keys meet. `shift` picks others. */
function inventValue(typeName: string, row: number, shift: number, salt: number): string {
  const at = (row * 7 + salt * 3 + shift * 2 + Math.floor(row / 3)) % 5;
  const type = typeName.toUpperCase();
  if (at === 4 && (row + salt) % 2 === 0) return 'null';
  if (type.endsWith('[]')) return `[${inventValue(type.slice(0, -2), row, shift, salt)}]`;
  if (type.startsWith('BOOL')) return (row + salt + shift) % 2 === 0 ? 'true' : 'false';
  if (type.startsWith('TIMESTAMP')) return quoteText(`2026-0${at + 1}-1${row} 0${shift}:00:00`);
  if (type === 'DATE') return quoteText(`2026-0${at + 1}-1${shift}`);
  if (type === 'TIME') return quoteText(`1${at}:0${shift}:00`);
  if (type === 'JSON') return quoteText(`{"a": ${at + shift}}`);
  if (/^(VARCHAR|TEXT)/.test(type)) return quoteText(String(at + 1 + shift * 3));
  return /INT|DECIMAL|DOUBLE|FLOAT|REAL/.test(type) ? String(at + 1 + shift * 3) : 'null';
}

/**
 * The table is a view: every column has two values a row, and a variable says of which columns the
 * second one is shown. So a change is one statement and no rows are written.
 */
async function createInput(connection: DuckDBConnection, table: InputTable): Promise<void> {
  const name = `${quote(table.schema)}.${quote(table.name)}`;
  const values = Array.from({ length: rowCount }, (_, row) =>
    table.columns.flatMap(({ typeName }, salt) =>
      [0, 1].map((shift) => `try_cast(${inventValue(typeName, row, shift, salt)} as ${typeName})`),
    ),
  );
  const names = table.columns.flatMap((_, index) => [`a${index}`, `b${index}`]);
  const shown = table.columns.map((column, index) => {
    const id = quoteText(`${table.schema}.${table.name}.${column.name}`);
    return `case when list_contains(getvariable('changed'), ${id}) then b${index} else a${index}
      end as ${quote(column.name)}`;
  });
  const rows = `values ${values.map((row) => `(${row.join()})`).join()}`;
  const stored = `${quote(table.schema)}.${quote(`${table.name} stored`)}`;
  for (const statement of [
    `create schema if not exists ${quote(table.schema)}`,
    `create table ${stored} as select * from (${rows}) as filled(${names.join()})`,
    `create view ${name} as select ${shown.join()} from ${stored}`,
  ]) {
    await connection.run(statement);
  }
}

async function runOnce(connection: DuckDBConnection, statement: string) {
  const reader = await connection.runAndReadAll(statement);
  const names = reader.columnNames();
  const values = reader.getColumnsJson();
  return new Map(
    names.map((name, index) => [
      name,
      (values[index] ?? [])
        .map((value) => JSON.stringify(value))
        .toSorted()
        .join('\n'),
    ]),
  );
}

export async function startExperiment(
  select: string,
  tables: readonly InputTable[],
): Promise<Experiment> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const dispose = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  const nobody = {
    runs: false,
    names: [],
    perturb: async () => new Set<string>(),
    [Symbol.dispose]: dispose,
  };
  await connection.run("set timezone = 'UTC'; set variable changed = []::varchar[]");
  for (const table of tables) await createInput(connection, table);
  let before: Map<string, string>;
  try {
    before = await runOnce(connection, select);
  } catch {
    return nobody;
  }
  return {
    runs: true,
    names: [...before.keys()],
    perturb: async (changes) => {
      const ids = changes.flatMap(({ table, columns }) =>
        columns.map((column) => quoteText(`${table.schema}.${table.name}.${column}`)),
      );
      await connection.run(`set variable changed = [${ids.join()}]::varchar[]`);
      try {
        const after = await runOnce(connection, select);
        return new Set([...before.keys()].filter((name) => after.get(name) !== before.get(name)));
      } catch {
        return new Set();
      }
    },
    [Symbol.dispose]: dispose,
  };
}
