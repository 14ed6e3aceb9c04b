import { type RawBuilder, sql } from 'kysely';
import type { ColumnType } from '../../engine/words/stream.ts';
import type { Column } from '../../engine/words/table.ts';
import type { Dialect } from '../../engine/words/warehouse.ts';
import { canonicalText } from './canonical.ts';
import { duckdbComments } from './comments.ts';
import { rowsOf } from './rows.ts';
import { similarity } from './similarity.ts';

const typeNames: Readonly<Record<string, string>> = {
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  double: 'DOUBLE',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
};

const columnTypes: Readonly<Record<string, ColumnType>> = {
  VARCHAR: 'string',
  UUID: 'string',
  BOOLEAN: 'boolean',
  TINYINT: 'integer',
  SMALLINT: 'integer',
  INTEGER: 'integer',
  BIGINT: 'integer',
  UTINYINT: 'integer',
  USMALLINT: 'integer',
  UINTEGER: 'integer',
  UBIGINT: 'decimal(20,0)',
  HUGEINT: 'decimal(38,0)',
  UHUGEINT: 'decimal(38,0)',
  FLOAT: 'double',
  DOUBLE: 'double',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamp',
  JSON: 'json',
};

/** Any letter but separators, controls and signs of no width. */
const seenLetter = String.raw`[^\s\pZ\p{Cc}\p{Cf}]`;

/** Timestamps are stored without a zone, in UTC: they read the same in every session. */
export const duckdbDialect: Dialect = {
  name: 'duckdb',
  typeName(type) {
    return typeNames[type] ?? type.toUpperCase();
  },
  columnType(typeName) {
    const upper = typeName.trim().toUpperCase();
    if (/[[\]]$/.test(upper) || /^(STRUCT|MAP|UNION|LIST)\b/.test(upper)) return 'json';
    const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(upper);
    if (decimal) return `decimal(${Number(decimal[1])},${Number(decimal[2])})`;
    return columnTypes[upper] ?? 'string';
  },
  digest: (texts) => sql`md5(concat_ws(chr(31), ${sql.join(texts)}))`,
  rowHash: (columns) => sql`hash(${sql.join(columns)})`,
  bagDigest,
  canonical: canonicalText,
  similarity,
  rowsOf,
  // A third of the time that trim takes, which leaves tabs and line ends.
  isBlank: (text) => sql`not regexp_matches(${text}, ${sql.lit(seenLetter)})`,
  splitText: (value, separator) => sql`unnest(string_split(${value}, ${sql.lit(separator)}))`,
  comments: duckdbComments,
};

/**
 * The rows' md5 added up in two halves, and their number. A row's text is JSON, which tells every
 * two rows of one shape apart, but for what is JSON already: it is taken as the text it holds, also
 * beside a value that it is a part of.
 */
function bagDigest(columns: readonly Column[]): RawBuilder<unknown> {
  const cells = columns.flatMap(({ name, typeName }) => {
    const text = sql`cast(${sql.id(name)} as varchar)`;
    if (typeName === 'JSON') return [text];
    return /\bJSON\b/.test(typeName) ? [sql.id(name), text] : [sql.id(name)];
  });
  const digest = sql`md5_number(to_json(row(${sql.join([sql`true`, ...cells])})))`;
  return sql`concat_ws(
        ':',
        sum(cast(${digest} >> 64 as ubigint)),
        sum(cast(${digest} & cast(18446744073709551615 as uhugeint) as ubigint)),
        count(*)
      )`;
}
