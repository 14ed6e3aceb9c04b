/** One piece of SQL: what may be moved or dropped, and what may not. */
export interface SqlToken {
  readonly kind: 'space' | 'comment' | 'text' | 'quoted' | 'word' | 'other';
  readonly text: string;
}

const dollarTag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/;
const wordPattern = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const spacePattern = /\s+/y;

/**
 * Splits SQL by the lexical rules that Postgres and DuckDB share: quotes doubled, `E'…'` with
 * backslashes, dollar quotes, nested block comments. Undefined where something is left open.
 */
export function tokenizeSql(sql: string): readonly SqlToken[] | undefined {
  if (last?.sql !== sql) last = { sql, tokens: splitSql(sql) };
  return last.tokens;
}

/** One statement is looked at several times in a row. */
let last: { readonly sql: string; readonly tokens: readonly SqlToken[] | undefined } | undefined;

function splitSql(sql: string): SqlToken[] | undefined {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < sql.length) {
    const token = nextToken(sql, at);
    if (token === undefined) return undefined;
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function nextToken(sql: string, at: number): SqlToken | undefined {
  const character = sql[at] ?? '';
  const space = matchAt(spacePattern, sql, at);
  if (space !== undefined) return { kind: 'space', text: space };
  if (sql.startsWith('--', at)) {
    const end = sql.indexOf('\n', at);
    return { kind: 'comment', text: sql.slice(at, end === -1 ? sql.length : end) };
  }
  if (sql.startsWith('/*', at)) return wrap('comment', sql, at, endOfComment(sql, at));
  if (character === "'") return wrap('text', sql, at, endOfQuoted(sql, at + 1, "'", false));
  if (character === '"') return wrap('quoted', sql, at, endOfQuoted(sql, at + 1, '"', false));
  if (character === '$') {
    const tag = dollarTag.exec(sql.slice(at, at + 80))?.[0];
    if (tag !== undefined) {
      const end = sql.indexOf(tag, at + tag.length);
      return wrap('text', sql, at, end === -1 ? undefined : end + tag.length);
    }
  }
  const word = matchAt(wordPattern, sql, at);
  if (word !== undefined) {
    if (/^e$/i.test(word) && sql[at + 1] === "'") {
      return wrap('text', sql, at, endOfQuoted(sql, at + 2, "'", true));
    }
    return { kind: 'word', text: word };
  }
  return { kind: 'other', text: character };
}

function wrap(
  kind: SqlToken['kind'],
  sql: string,
  at: number,
  end: number | undefined,
): SqlToken | undefined {
  return end === undefined ? undefined : { kind, text: sql.slice(at, end) };
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at;
  // What `exec` answers would be made for every token of every statement.
  return pattern.test(sql) ? sql.slice(at, pattern.lastIndex) : undefined;
}

function endOfQuoted(
  sql: string,
  start: number,
  quote: string,
  hasEscapes: boolean,
): number | undefined {
  for (let at = start; at < sql.length; at += 1) {
    if (hasEscapes && sql[at] === '\\') at += 1;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at += 1;
    }
  }
  return undefined;
}

function endOfComment(sql: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < sql.length; at += 1) {
    if (sql.startsWith('/*', at)) {
      depth += 1;
      at += 1;
    } else if (sql.startsWith('*/', at)) {
      depth -= 1;
      at += 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/**
 * The same statement, written one way: comments gone, runs of space made one. Two statements with
 * the same canonical text mean the same in Postgres and DuckDB. Hints (`/*+`) are kept; a statement
 * that cannot be read safely stays as it is.
 */
export function canonicalSql(sql: string): string {
  const tokens = tokenizeSql(sql);
  if (tokens === undefined) return sql;
  let text = '';
  let gap = '';
  let before: SqlToken | undefined;
  for (const token of tokens) {
    if (token.kind === 'space' || (token.kind === 'comment' && !isHint(token))) {
      gap += token.kind === 'space' ? token.text : ' ';
      continue;
    }
    // `'a' <newline> 'b'` is one text, `'a' 'b'` on a line is not: there the newline has meaning.
    const isBetweenTexts = before?.kind === 'text' && token.kind === 'text';
    if (before !== undefined && gap !== '') {
      text += isBetweenTexts && gap.includes('\n') ? '\n' : ' ';
    }
    text += token.text;
    gap = '';
    before = token;
  }
  return text;
}

function isHint({ text }: SqlToken): boolean {
  return text.startsWith('/*+') || text.startsWith('/*!');
}

export interface CommonTable {
  readonly name: string;
  readonly sql: string;
}

/**
 * Puts common table expressions before those a statement has itself; in dbt's spacing, so that a
 * compiled text is the same.
 */
export function prependTables(sql: string, tables: readonly CommonTable[]): string {
  if (tables.length === 0) return sql;
  const written = tables.map((table) => ` ${table.name} as (\n${table.sql}\n)`).join(', ');
  const tokens = tokenizeSql(sql) ?? [];
  const isBlank = ({ kind }: SqlToken): boolean => kind === 'space' || kind === 'comment';
  const first = tokens.findIndex((token) => !isBlank(token));
  if (tokens[first]?.text.toLowerCase() === 'with') {
    const next = tokens.findIndex((token, index) => index > first && !isBlank(token));
    const isRecursive = tokens[next]?.text.toLowerCase() === 'recursive';
    const rest = tokens.slice((isRecursive ? next : first) + 1);
    const at = rest.findIndex(({ kind }) => kind !== 'space');
    const gap = sizeOf(rest.slice(0, at));
    const headEnd = sql.length - sizeOf(rest) + gap;
    return `${sql.slice(0, headEnd)}${written}, ${sql.slice(headEnd)}`;
  }
  const margin = /^\s*/.exec(sql)?.[0] ?? '';
  return `${margin}with${written} ${sql.slice(margin.length)}`;
}

function sizeOf(tokens: readonly SqlToken[]): number {
  return tokens.reduce((size, { text }) => size + text.length, 0);
}
