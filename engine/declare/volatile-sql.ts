import { type SqlToken, tokenizeSql } from './sql-text.ts';

/** The clock, chance, and what a session or another file says. */
const volatileNames = new Set([
  'now',
  'current_timestamp',
  'current_date',
  'current_time',
  'localtimestamp',
  'localtime',
  'today',
  'ago',
  'get_current_timestamp',
  'get_current_time',
  'transaction_timestamp',
  'random',
  'uuid',
  'gen_random_uuid',
  'uuidv4',
  'uuidv7',
  'nextval',
  'currval',
  'tablesample',
  'glob',
  'sniff_csv',
  'st_read',
  'getenv',
  'getvariable',
  'current_setting',
  'postgres_query',
  'mysql_query',
  'sqlite_query',
  'json_execute_serialized_sql',
  'current_query',
  'current_query_id',
  'current_connection_id',
  'current_transaction_id',
  'txid_current',
  'pg_conf_load_time',
  'pg_postmaster_start_time',
]);
/** In place of a table: what they read is named by a text. */
const byText = new Set(['query', 'query_table', 'histogram', 'histogram_values', 'summary']);
/**
 * Functions that read what is outside of the project: `read_csv`, `parquet_scan`, `duckdb_tables`.
 */
const reader = /^(read_\w+|\w+_scan|parquet_\w+|duckdb_\w+|pragma_\w+)$/;
/** Keywords: they need no parentheses. */
const bare = /^(current_(date|time|timestamp)|localtime(stamp)?|tablesample)$/;
/** The warehouse's own views, which may be named without their schema. */
const systemView = /^(duckdb|pg|sqlite)_\w+$/;
const systemSchemas = new Set(['information_schema', 'pg_catalog']);
/** A file that stands where a table may. */
const fileName = /^['"].*[./\\*].*['"]$/s;

/** Found in every statement that is volatile, and in few others. */
const hint = new RegExp(
  [
    ...[...volatileNames].filter((name) => !/^(current_|ago$)/.test(name)),
    'current_|read_|_scan|parquet_|duckdb_|sqlite_|\\bpg_|pragma_|information_schema|pg_catalog|sample|\\bag[eo]\\b',
    `\\b(from|join)\\s*(['"]|(${[...byText].join('|')})\\b)`,
  ].join('|'),
  'i',
);

/**
 * What makes a statement answer differently though none of its tables has changed, as people know
 * it: `now()`, `read_csv()`, `'orders.csv'`. Undefined: nothing does.
 */
export function findVolatile(sql: string): string | undefined {
  if (!hint.test(sql)) return undefined;
  const tokens = tokenizeSql(sql);
  if (tokens === undefined) return /\b(now|current_\w+|random|uuid|read_\w+)\b/i.exec(sql)?.[0];
  const words = tokens.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  for (const [index, token] of words.entries()) {
    const found = volatileAt(words, index, token);
    if (found !== undefined) return found;
  }
  return undefined;
}

function volatileAt(
  words: readonly SqlToken[],
  index: number,
  token: SqlToken,
): string | undefined {
  const word = token.text.toLowerCase();
  const wordAt = (offset: number): string => words[index + offset]?.text.toLowerCase() ?? '';
  if (token.kind === 'text' || token.kind === 'quoted') {
    const isTable = ['from', 'join'].includes(wordAt(-1)) && wordAt(-2) !== 'distinct';
    return isTable && wordAt(1) !== '.' && fileName.test(token.text) ? token.text : undefined;
  }
  if (token.kind !== 'word') return undefined;
  const isCall = wordAt(1) === '(';
  const isPart = wordAt(-1) === '.';
  if (systemSchemas.has(word) && wordAt(1) === '.') return word;
  if (word === 'sample') return wordAt(-1) === 'using' ? 'using sample' : undefined;
  if (isPart) return undefined;
  if (systemView.test(word) && !isCall && ['from', 'join', ','].includes(wordAt(-1))) return word;
  if (bare.test(word)) return word;
  if (!isCall) return undefined;
  // With two arguments it tells the time between them, with one the time until today.
  if (word === 'age') return hasComma(words, index + 1) ? undefined : 'age()';
  if (byText.has(word)) return ['from', 'join'].includes(wordAt(-1)) ? `${word}()` : undefined;
  return volatileNames.has(word) || reader.test(word) ? `${word}()` : undefined;
}

/** Whether the parentheses that open at `start` hold more than one argument. */
function hasComma(words: readonly SqlToken[], start: number): boolean {
  let depth = 0;
  for (const { text } of words.slice(start)) {
    if ('([{'.includes(text)) depth += 1;
    if (')]}'.includes(text)) depth -= 1;
    if (depth === 0) return false;
    if (depth === 1 && text === ',') return true;
  }
  return false;
}
