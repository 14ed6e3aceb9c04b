import { messageOf } from '../words/errors.ts';
import { isTree, LineageGap, type Tree } from './sql-tree.ts';

/** Reads a statement into a tree. */
export interface SqlParser {
  /** @throws LineageGap with what the parser says; its limit is 32 nested levels. */
  parse(sql: string): Tree;
}

/** Dialects that the library names otherwise. */
const dialectNames: Readonly<Record<string, string>> = { postgres: 'postgresql' };

/** Statements longer than this are not parsed: reading one takes about 1 s per 200 kB. */
const lengthMax = 1_000_000;

/** Loads the parser: 23 MB of WebAssembly, so only where lineage is asked for. */
export async function loadSqlParser(dialect: string): Promise<SqlParser> {
  const sdk = await import('@polyglot-sql/sdk');
  const known = dialectNames[dialect] ?? dialect;
  const found = Object.values(sdk.Dialect).find((name) => name === known) ?? sdk.Dialect.Generic;
  return {
    parse: (sql) => {
      if (sql.length > lengthMax) throw new LineageGap(`it is longer than ${lengthMax} characters`);
      let result: ReturnType<typeof sdk.parse>;
      try {
        result = sdk.parse(sql, found);
      } catch (error) {
        throw new LineageGap(`the parser failed: ${messageOf(error)}`);
      }
      if (!result.success) throw new LineageGap(describeRefusal(result.error ?? ''));
      const statements: unknown = result.ast;
      const [first, ...others] = Array.isArray(statements) ? statements : [];
      if (!isTree(first) || others.length > 0) throw new LineageGap('it is not one statement');
      return first;
    },
  };
}

/** The parser's own words hold pieces of the text: only the place and the kind are handed on. */
function describeRefusal(error: string): string {
  const [first = ''] = error.split('\n');
  if (/PARSER_DEPTH/.test(first)) return 'it is nested deeper than the parser reads (32 levels)';
  if (/_GUARD_/.test(first)) return 'it is larger than the parser reads';
  const place = /line (\d+), column (\d+)/.exec(first);
  const at = place ? ` at line ${place[1]}, column ${place[2]} of the compiled SQL` : '';
  return `the parser cannot read it${at}`;
}
