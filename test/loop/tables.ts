import { sql } from 'kysely';
import type { OpenedProject } from '../../cli/open-project.ts';
import type { Row, Session } from '../../engine/words/warehouse.ts';

/** Every model's table or view that is no bare log of what was observed, in the order of names. */
async function listModelTables(session: Session): Promise<string[]> {
  const rows = await session.query<{ name: string }>(sql`
    select table_schema || '.' || table_name as name
    from information_schema.tables
    where table_schema in ('identity', 'canonical', 'history', 'operational')
    order by 1`);
  return rows.map(({ name }) => name);
}

export type Tables = ReadonlyMap<string, readonly string[]>;

export interface ReadTablesOptions {
  /** Columns left out wherever they are. */
  readonly without?: ReadonlySet<string>;
  /** Tables left out. */
  readonly skips?: (table: string) => boolean;
  /** Rows left out. */
  readonly keeps?: (table: string, row: Row) => boolean;
  /** Text in place of a text value. */
  readonly rename?: (text: string) => string;
}

/** Every model's rows as sorted lines of JSON. */
export async function readTables(
  opened: OpenedProject,
  options: ReadTablesOptions = {},
): Promise<Tables> {
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  // Awaited here: a bare return would close the warehouse first.
  return await readTablesOf(warehouse, options);
}

export async function readTablesOf(
  session: Session,
  { without, skips, keeps, rename }: ReadTablesOptions = {},
): Promise<Tables> {
  const tables = new Map<string, readonly string[]>();
  for (const name of await listModelTables(session)) {
    if (skips?.(name)) continue;
    const [schema = '', table = ''] = name.split('.');
    const rows = await session.query<Row>(sql`select * from ${sql.id(schema, table)}`);
    const lines = rows
      .filter((row) => keeps?.(name, row) ?? true)
      .map((row) =>
        JSON.stringify(row, (key, value: unknown) => {
          if (without?.has(key)) return undefined;
          if (typeof value === 'bigint') return `${value}`;
          return typeof value === 'string' && rename ? rename(value) : value;
        }),
      );
    tables.set(name, lines.toSorted());
  }
  return tables;
}

/** The lines only one side has, by table: empty where the two are equal. */
export function compareTables(left: Tables, right: Tables): Record<string, string[]> {
  const differences: Record<string, string[]> = {};
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const [ours, theirs] = [left.get(name), right.get(name)];
    if (!ours || !theirs) {
      differences[name] = [ours ? 'only on the left' : 'only on the right'];
      continue;
    }
    const lines = [
      ...subtract(ours, theirs).map((line) => `- ${line}`),
      ...subtract(theirs, ours).map((line) => `+ ${line}`),
    ];
    if (lines.length > 0) differences[name] = lines;
  }
  return differences;
}

/** As multisets: a line that is there twice counts twice. */
function subtract(lines: readonly string[], others: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
