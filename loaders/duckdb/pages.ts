import { type RawBuilder, sql } from 'kysely';
import { assertThat } from '../../engine/words/errors.ts';
import { quoteIdentifier } from '../../engine/words/sql-name.ts';
import type { ColumnType, Stream, StreamColumn } from '../../engine/words/stream.ts';
import type { PageFile } from '../../engine/words/warehouse.ts';
import { type ShapeNode, shapeOf } from './json-shape.ts';

/** A column of a page as text, named by its position in the stream. */
interface TextColumn {
  readonly column: StreamColumn;
  readonly text: RawBuilder<unknown>;
}

interface Source {
  readonly texts: readonly TextColumn[];
  readonly extra?: RawBuilder<unknown>;
  readonly from: RawBuilder<unknown>;
}

const nullText = sql`cast(null as varchar)`;

function listFiles(files: readonly PageFile[]): RawBuilder<unknown> {
  return sql`[${sql.join(files.map((file) => sql.lit(file.path)))}]`;
}

/**
 * All cells as text: one cast then serves both formats, and a misfit can be found by its record.
 */
function csvSource(files: readonly PageFile[], stream: Stream): Source {
  const [{ header = [], delimiter = ',' } = {}] = files;
  assertThat(header.length > 0, 'a CSV page file comes with its header');
  const names = header.map((name) => sql`${sql.lit(name)}: 'VARCHAR'`);
  const known = new Set(header);
  return {
    texts: stream.columns.map((column) => ({
      column,
      text: known.has(column.name) ? sql`${sql.id(column.name)}` : nullText,
    })),
    from: sql`read_csv(
      ${listFiles(files)},
      auto_detect = false, header = true, delim = ${sql.lit(delimiter)}, quote = '"', escape = '"',
      columns = {${sql.join(names)}}
    )`,
  };
}

function fieldPath(root: RawBuilder<unknown>, path: readonly string[]): RawBuilder<unknown> {
  return sql`${root}.${sql.join(
    path.map((key) => sql.id(key)),
    sql`.`,
  )}`;
}

/** JSONPath with every key quoted. */
function jsonPath(path: readonly string[]): string {
  return `$${path.map((key) => `."${key.replaceAll('"', '\\"')}"`).join('')}`;
}

function pathOf(column: StreamColumn): readonly string[] {
  return column.path ?? [column.name];
}

/**
 * Records whose undeclared keys are kept: the whole object is read, declared keys are cut out.
 * `usualKeys`: the keys of one record, all declared. Sources write the same keys in the same order,
 * and to compare a list costs a third of cutting.
 */
function objectSource(
  files: readonly PageFile[],
  stream: Stream,
  usualKeys: readonly string[],
): Source {
  const { shape, outside } = shapeOf(stream.columns);
  const isOutside = new Set(outside);
  const record = sql.id('record');
  const transformed = sql.id('shaped');
  const extraPath = stream.extraPath ?? [];
  const declared = declaredUnder(stream, extraPath);
  const isSpecial = stream.extraPath !== undefined;
  const place = sql.lit(jsonPath(extraPath));
  const object = sql`json_extract(${record}, ${place})`;
  const cut = sql`case when json_type(${record}, ${place}) = 'OBJECT' then
        nullif(json_merge_patch(${object}, ${sql.lit(JSON.stringify(declared))}), '{}') end`;
  const usual = sql`[${sql.join(usualKeys.map((key) => sql.lit(key)))}]`;
  const extra =
    usualKeys.length === 0
      ? cut
      : sql`case when json_keys(${record}, ${place}) = ${usual} then null else ${cut} end`;
  return {
    texts: stream.columns.map((column) => ({
      column,
      text: isOutside.has(column)
        ? sql`json_extract_string(${record}, ${sql.lit(jsonPath(pathOf(column)))})`
        : fieldPath(transformed, pathOf(column)),
    })),
    ...(isSpecial ? { extra } : {}),
    from: sql`(
      select json as record, json_transform(json, ${sql.lit(JSON.stringify(shape))}) as shaped
      from read_ndjson_objects(${listFiles(files)})
    )`,
  };
}

/** A merge patch that removes what has a column of its own, leaving what nobody declared. */
function declaredUnder(stream: Stream, extraPath: readonly string[]): Record<string, null> {
  const keys = stream.columns
    .map(pathOf)
    .filter((path) => extraPath.every((key, index) => path[index] === key))
    .map((path) => path[extraPath.length])
    .filter((key) => key !== undefined);
  return Object.fromEntries(keys.map((key) => [key, null]));
}

function typeText(node: ShapeNode): string {
  if (typeof node === 'string') return node;
  const entries = Object.entries(node).map(
    ([name, child]) => `${quoteIdentifier(name)} ${typeText(child)}`,
  );
  return `STRUCT(${entries.join(', ')})`;
}

function ndjsonSource(
  files: readonly PageFile[],
  stream: Stream,
  usualKeys: readonly string[],
): Source {
  const { shape, outside } = shapeOf(stream.columns);
  if (stream.extraPath !== undefined || outside.length > 0) {
    return objectSource(files, stream, usualKeys);
  }
  const names = Object.entries(shape).map(
    ([name, node]) => sql`${sql.lit(name)}: ${sql.lit(typeText(node))}`,
  );
  return {
    texts: stream.columns.map((column) => ({
      column,
      text: fieldPath(sql.id('page'), pathOf(column)),
    })),
    from: sql`read_json(
      ${listFiles(files)},
      format = 'newline_delimited', records = true,
      columns = {${sql.join(names)}}
    ) as page`,
  };
}

/**
 * The text of a cell as its type. An empty text is no number and no date; an offset moves a stamp
 * to UTC (a plain cast to timestamp would drop it); a fraction is not an integer, though DuckDB
 * would round it.
 */
function typed(text: RawBuilder<unknown>, type: ColumnType, cast: RawBuilder<unknown>) {
  switch (type) {
    case 'string':
      return text;
    case 'timestamp':
      return sql`cast(${cast}(nullif(${text}, '') as timestamptz) as timestamp)`;
    case 'integer':
      return sql`${cast}(case
        when contains(${text}, '.') and not regexp_full_match(${text}, '\\s*-?\\d+\\.0*\\s*')
        then 'fraction' else nullif(${text}, '') end as bigint)`;
    case 'json':
      return sql`${cast}(nullif(cast(${text} as varchar), '') as json)`;
    default:
      return sql`${cast}(nullif(${text}, '') as ${sql.raw(type)})`;
  }
}

const castName = sql`cast`;
const tryCastName = sql`try_cast`;

function sourceOf(
  files: readonly PageFile[],
  stream: Stream,
  usualKeys: readonly string[] = [],
): Source {
  return files[0]?.format === 'csv'
    ? csvSource(files, stream)
    : ndjsonSource(files, stream, usualKeys);
}

/** The keys of the first record's object at `extraPath`; undefined where nobody asks for them. */
export function usualKeysQuery(
  files: readonly PageFile[],
  stream: Stream,
): RawBuilder<unknown> | undefined {
  const file = files.find(({ format }) => format === 'ndjson');
  if (file === undefined || stream.extraPath === undefined) return undefined;
  return sql`
    select json_keys(json, ${sql.lit(jsonPath(stream.extraPath))}) as keys
    from read_ndjson_objects(${listFiles([file])})
    limit 1`;
}

/** Those keys, where all of them are declared: then there is nothing extra in a like record. */
export function chooseUsualKeys(
  stream: Stream,
  keys: readonly string[] | null | undefined,
): readonly string[] {
  const declared = declaredUnder(stream, stream.extraPath ?? []);
  return keys?.every((key) => Object.hasOwn(declared, key)) ? keys : [];
}

/** Files that one reader call can take: NDJSON together, CSV by equal headers. */
function groupFiles(files: readonly PageFile[]): readonly (readonly PageFile[])[] {
  return [
    ...Map.groupBy(files, (file) =>
      file.format === 'csv' ? `csv ${JSON.stringify([file.header, file.delimiter])}` : 'ndjson',
    ).values(),
  ];
}

export function pagesTable(
  files: readonly PageFile[],
  stream: Stream,
  usualKeys: readonly string[],
): RawBuilder<unknown> {
  assertThat(files.length > 0, 'there is at least one page');
  const selects = groupFiles(files).map((group) => {
    const source = sourceOf(group, stream, usualKeys);
    const columns = source.texts.map(
      ({ column, text }) => sql`${typed(text, column.type, castName)} as ${sql.id(column.name)}`,
    );
    if (stream.extraPath !== undefined) {
      columns.push(sql`${source.extra ?? sql`cast(null as json)`} as _extra`);
    }
    return sql`select ${sql.join(columns, sql`,\n      `)}\n    from ${source.from}`;
  });
  return sql`(
    ${sql.join(selects, sql`\n    union all\n    `)}
  )`;
}

/** Finds one cell whose text is not of its column's type: a slow pass, for messages. */
export function misfitQuery(files: readonly PageFile[], stream: Stream): RawBuilder<unknown> {
  const selects = groupFiles(files).flatMap((group) => {
    const source = sourceOf(group, stream);
    const textOf = new Map(source.texts.map(({ column, text }) => [column.name, text]));
    const keys = stream.primaryKey.map((name) => textOf.get(name) ?? nullText);
    return source.texts
      .filter(({ column }) => column.type !== 'string')
      .map(
        ({ column, text }) => sql`(
          select ${sql.lit(column.name)} as "column", concat_ws('|', ${sql.join(keys)}) as "recordId"
          from ${source.from}
          where nullif(cast(${text} as varchar), '') is not null
            and ${typed(text, column.type, tryCastName)} is null
          limit 1)`,
      );
  });
  return sql`${sql.join(selects, sql` union all `)} limit 1`;
}
