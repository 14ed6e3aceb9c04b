import { type RawBuilder, sql } from 'kysely';
import { assertThat, TerminalError } from '../words/errors.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Relation } from '../words/table.ts';
import type { Row, Shadow } from '../words/warehouse.ts';
import { columnList, selectOf, tableOf } from './relation-statements.ts';

export interface UnitColumn {
  readonly name: string;
  readonly typeName: string;
}

/** Rows as written: records of plain values, or a select. */
export type UnitTable =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly select: string };

export const unitSchema = 'tidemill_unit';
const rowsShownMax = 3;

/** A table in memory of the input's columns; those a row does not name are null. */
export async function createGiven(
  shadow: Shadow,
  relation: Relation,
  columns: readonly UnitColumn[] | undefined,
  given: UnitTable,
): Promise<void> {
  if (columns === undefined) {
    assertThat('select' in given, 'rows are only given to an input whose columns are known');
    await shadow.ddl([sql`create table ${tableOf(relation)} as ${selectOf(given.select)}`]);
    return;
  }
  const list = columns.map(({ name, typeName }) => sql`${sql.id(name)} ${sql.raw(typeName)}`);
  const rows = selectRows(given, columns, `the input ${relation.name}`);
  await shadow.ddl([sql`create table ${tableOf(relation)} (${sql.join(list)})`]);
  if (rows === undefined) return;
  const names = 'select' in given ? await namesOf(shadow, rows) : namesIn(given.rows);
  await shadow.ddl([
    sql`insert into ${tableOf(relation)} (${columnList(names)}) select ${columnList(names)} from (${rows}) as given`,
  ]);
}

async function namesOf(shadow: Shadow, select: RawBuilder<unknown>): Promise<string[]> {
  return (await shadow.describeQuery(select)).map(({ name }) => name);
}

function namesIn(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const names = rows.flatMap((row) => Object.keys(row));
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
}

function selectRows(
  table: UnitTable,
  columns: readonly UnitColumn[],
  what: string,
): RawBuilder<unknown> | undefined {
  if ('select' in table) return selectOf(table.select);
  if (table.rows.length === 0) return undefined;
  const types = new Map(columns.map(({ name, typeName }) => [name.toLowerCase(), typeName]));
  const names = namesIn(table.rows);
  const selects = table.rows.map((row) => {
    const cells = new Map(Object.entries(row).map(([name, cell]) => [name.toLowerCase(), cell]));
    const values = names.map((name) => {
      const typeName = types.get(name.toLowerCase());
      if (typeName === undefined) {
        const known = columns.map((column) => column.name);
        throw new TerminalError(`${what} has no column "${name}"${didYouMean(name, known)}`, {
          code: 'unit-test-column',
          hint: `its columns: ${known.join(', ')}`,
        });
      }
      return sql`cast(${literalOf(cells.get(name.toLowerCase()))} as ${sql.raw(typeName)}) as ${sql.id(name)}`;
    });
    return sql`select ${sql.join(values)}`;
  });
  return sql.join(selects, sql` union all `);
}

function literalOf(value: unknown): RawBuilder<unknown> {
  if (value === null || value === undefined) return sql`null`;
  return sql.lit(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

export interface UnitOutcome {
  readonly missing: number;
  readonly unexpected: number;
  /** A few rows of each, as JSON: they come from the test's own rows. */
  readonly shown: readonly string[];
}

/** Compares what the select answers with what is expected, rows in any order, counted. */
export async function compareUnit(
  shadow: Shadow,
  select: RawBuilder<unknown>,
  expected: UnitTable,
): Promise<UnitOutcome> {
  const actual = { schema: unitSchema, name: 'actual' };
  await shadow.ddl([sql`create table ${tableOf(actual)} as ${select}`]);
  const columns = (await shadow.describe(actual)) ?? [];
  const rows = selectRows(expected, columns, "the model's answer");
  const names =
    rows === undefined
      ? columns.map(({ name }) => name)
      : 'select' in expected
        ? await namesOf(shadow, rows)
        : namesIn(expected.rows);
  const answered = sql`select ${columnList(names)} from ${tableOf(actual)}`;
  const wanted = rows
    ? sql`select ${columnList(names)} from (${rows}) as expected`
    : sql`select ${columnList(names)} from ${tableOf(actual)} where false`;
  const missing = await shadow.query(sql`(${wanted}) except all (${answered})`);
  const unexpected = await shadow.query(sql`(${answered}) except all (${wanted})`);
  const show = (sign: string, found: readonly Row[]): string[] =>
    found.slice(0, rowsShownMax).map((row) => `${sign} ${JSON.stringify(row, plain)}`);
  return {
    missing: missing.length,
    unexpected: unexpected.length,
    shown: [...show('-', missing), ...show('+', unexpected)],
  };
}

const plain = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
