import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';

/** How one relation differs between the two warehouses; every count 0: it does not. */
export interface TableDifference {
  readonly relation: string;
  readonly difference: string;
}

export interface TableComparison {
  /** `schema.name` of each relation that both have. */
  readonly compared: readonly string[];
  readonly differences: readonly TableDifference[];
}

export interface CompareOptions {
  /** Columns left out by `schema.name`, or of every relation under `*`. */
  readonly ignoredColumns?: Readonly<Record<string, readonly string[]>>;
  /** Columns of which only is compared whether they are null: times of the run itself. */
  readonly runTimes?: Readonly<Record<string, readonly string[]>>;
  /** Relations nobody compares. */
  readonly ignored?: RegExp;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

interface Column {
  readonly name: string;
  readonly type: string;
}

/**
 * Every relation of both warehouses, views too, row for row and without order: duplicates count,
 * names and types of columns are compared in order. Neither file is written.
 */
export async function compareWarehouses(
  dbt: string,
  tidemill: string,
  options: CompareOptions = {},
): Promise<TableComparison> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const left = await takeRelations(connection, dbt, 'dbt', options);
    const right = await takeRelations(connection, tidemill, 'tidemill', options);
    const differences: TableDifference[] = [];
    const compared: string[] = [];
    for (const relation of [...new Set([...left.keys(), ...right.keys()])].toSorted()) {
      const [theirs, ours] = [left.get(relation), right.get(relation)];
      if (!theirs || !ours) {
        differences.push({ relation, difference: `only ${theirs ? 'dbt' : 'Tidemill'} has it` });
        continue;
      }
      compared.push(relation);
      const difference =
        typeof theirs === 'string' || typeof ours === 'string'
          ? compareFaults(theirs, ours)
          : await compareRows(connection, relation, theirs, ours, options);
      if (difference) differences.push({ relation, difference });
    }
    return { compared, differences };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

type Taken = ReadonlyMap<string, readonly Column[] | string>;

/** Copies every relation of a file into memory: views name their database, so one at a time. */
async function takeRelations(
  connection: DuckDBConnection,
  file: string,
  as: string,
  options: CompareOptions,
): Promise<Taken> {
  await connection.run(`attach '${file}' as peers (read_only)`);
  await connection.run('use peers');
  const rows = await read(
    connection,
    `select schema_name, table_name, column_name, data_type from duckdb_columns()
     where database_name = 'peers' and not internal and schema_name <> 'tidemill'
     order by schema_name, table_name, column_index`,
  );
  const taken = new Map<string, Column[] | string>();
  for (const [schema, table, column, type] of rows) {
    const relation = `${schema}.${table}`;
    if (options.ignored?.test(relation)) continue;
    const columns = taken.get(relation) ?? [];
    if (Array.isArray(columns)) columns.push({ name: String(column), type: String(type) });
    taken.set(relation, columns);
  }
  for (const relation of taken.keys()) {
    const [schema = '', ...rest] = relation.split('.');
    const from = `peers.${quote(schema)}.${quote(rest.join('.'))}`;
    try {
      await connection.run(`create table memory.main.${copyName(as, relation)} as from ${from}`);
    } catch (error) {
      // A view whose table has gone, say: then the other must have the same.
      taken.set(relation, error instanceof Error ? error.message : String(error));
    }
  }
  await connection.run('use memory');
  await connection.run('detach peers');
  return taken;
}

const copyName = (as: string, relation: string): string => quote(`${as} ${relation}`);

function compareFaults(theirs: readonly Column[] | string, ours: readonly Column[] | string) {
  if (typeof theirs === 'string' && typeof ours === 'string') return undefined;
  return typeof theirs === 'string'
    ? `dbt's cannot be read: ${theirs}`
    : `ours cannot be read: ${ours}`;
}

async function compareRows(
  connection: DuckDBConnection,
  relation: string,
  theirs: readonly Column[],
  ours: readonly Column[],
  options: CompareOptions,
): Promise<string | undefined> {
  const shape = (columns: readonly Column[]): string =>
    columns.map(({ name, type }) => `${name} ${type}`).join(', ');
  if (shape(theirs) !== shape(ours)) return `columns: ${shape(theirs)} | ours: ${shape(ours)}`;
  const { '*': everywhere = [], [relation]: here = [] } = options.ignoredColumns ?? {};
  const times = options.runTimes?.[relation] ?? [];
  const list = theirs
    .filter(({ name }) => !everywhere.includes(name) && !here.includes(name))
    .map(({ name }) => (times.includes(name) ? `${quote(name)} is null` : quote(name)))
    .join(', ');
  const rowsOf = (as: string): string =>
    `select ${list || 1} from memory.main.${copyName(as, relation)}`;
  const only = async (one: string, other: string): Promise<unknown[][]> =>
    read(connection, `(${rowsOf(one)}) except all (${rowsOf(other)})`);
  const [lost, added] = [await only('dbt', 'tidemill'), await only('tidemill', 'dbt')];
  if (lost.length === 0 && added.length === 0) return undefined;
  const show = (rows: unknown[][]): string =>
    rows
      .slice(0, 3)
      .map((row) => `(${row.map(String).join(', ')})`)
      .join(' ');
  return `${lost.length} rows only in dbt's: ${show(lost)}; ${added.length} only in ours: ${show(added)}`;
}

/** What a query answers on one of the warehouses, which is not written. */
export async function readRelation(file: string, query: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`attach '${file}' as peers (read_only)`);
    await connection.run('use peers');
    return await read(connection, query);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function read(connection: DuckDBConnection, text: string): Promise<unknown[][]> {
  const reader = await connection.runAndReadAll(text);
  return reader.getRows();
}
