import type { Org } from './org.ts';
import { listNumbers, type RowSet } from './row-set.ts';
import type { Column } from './soql-scope.ts';

export const delimiters = {
  BACKQUOTE: '`',
  CARET: '^',
  COMMA: ',',
  PIPE: '|',
  SEMICOLON: ';',
  TAB: '\t',
} as const;
export type DelimiterName = keyof typeof delimiters;

export const lineEndings = { LF: '\n', CRLF: '\r\n' } as const;
export type LineEndingName = keyof typeof lineEndings;

export interface CsvFormat {
  delimiter: DelimiterName;
  lineEnding: LineEndingName;
}

/** Lines SQLite joins into one text at a time. */
const chunkRows = 1000;

export function printLine(cells: readonly string[], format: CsvFormat): string {
  const quoted = cells.map((cell) => `"${cell.replaceAll('"', '""')}"`);
  return quoted.join(delimiters[format.delimiter]) + lineEndings[format.lineEnding];
}

export const columnName = (column: Column): string => column.path.join('.');

/** SQL for one cell without its quotes: nulls are empty, datetimes end in `.000Z`. */
function cellSql(column: Column): string {
  const { sql } = column;
  switch (column.field.type) {
    case 'boolean':
      return `case ${sql} when 1 then 'true' when 0 then 'false' else '' end`;
    case 'datetime':
      return `coalesce(${sql} || '.000Z', '')`;
    case 'double':
    case 'currency':
    case 'percent':
      // SQLite prints 15 digits; where those are not the number, all 17 are needed.
      return `case when ${sql} is null then '' when cast(cast(${sql} as text) as real) = ${sql} then cast(cast(${sql} as real) as text) else printf('%!.17g', ${sql}) end`;
    case 'int':
    case 'date':
    case 'id':
    case 'reference':
      return `coalesce(${sql}, '')`;
    default:
      return `coalesce(replace(${sql}, '"', '""'), '')`;
  }
}

/** The line of a row as one SQL expression; SQLite writes the CSV, JavaScript only passes it on. */
function lineSql(columns: readonly Column[], format: CsvFormat): string {
  const between = `'"${delimiters[format.delimiter]}"'`;
  const cells = columns.map(cellSql).join(` || ${between} || `);
  const end = format.lineEnding === 'LF' ? 'char(10)' : 'char(13, 10)';
  return `'"' || ${cells} || '"' || ${end}`;
}

/** One page of a result: the header, then lines a thousand rows at a time. */
export function* printCsv(
  org: Org,
  set: RowSet,
  from: number,
  to: number,
  format: CsvFormat,
): Iterable<string> {
  const { columns } = set.query;
  yield printLine(columns.map(columnName), format);
  const line = lineSql(columns, format);
  const ordered = `select group_concat(line, '') as text from (select ${line} as line
    from json_each(?) j cross join ${set.query.from} where q0_0._n = j.value order by j.key)`;
  const ranged = `select group_concat(line, '') as text from (select ${line} as line
    from ${set.query.from} where q0_0._n between ? and ? order by q0_0._n)`;
  for (let at = from; at < to; at += chunkRows) {
    const end = Math.min(to, at + chunkRows);
    const first = set.numbers[at] ?? 0;
    const last = set.numbers[end - 1] ?? 0;
    const row = isRun(set.numbers, at, end)
      ? org.store.prepare(ranged).get(first, last)
      : org.store.prepare(ordered).get(listNumbers(set, at, end));
    const text = row?.['text'];
    if (typeof text === 'string') yield text;
  }
}

/** Whether these row numbers follow one another, as they do when a whole object is read. */
function isRun(numbers: Float64Array, from: number, to: number): boolean {
  const first = numbers[from] ?? 0;
  for (let at = from + 1; at < to; at += 1) if (numbers[at] !== first + at - from) return false;
  return true;
}
