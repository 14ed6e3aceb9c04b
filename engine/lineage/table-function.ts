import { kindOf, nameOf } from './sql-tree.ts';

/** Those that read files or make rows of what they are given. */
const ownRows =
  /^(read_|duckdb_|pragma_|jsonb?_|generate_|regexp_|repeat|sniff_|st_|(range|sequence|unnest|explode|flatten|glob|string_to_table)$)|_scan$/;

/** The name of a function in a `from` that may read tables nobody sees: a macro, `query(…)`. */
export function findStranger(node: unknown): string | undefined {
  const found = kindOf(node);
  if (!found) return undefined;
  const { kind, body } = found;
  if (['alias', 'lateral', 'paren'].includes(kind)) return findStranger(body['this']);
  if (kind !== 'function') return undefined;
  const name = (nameOf(body['name']) ?? '').toLowerCase();
  return ownRows.test(name) ? undefined : name;
}
