import type { DuckDBConnection } from '@duckdb/node-api';
import type { CompiledStatement } from './statement.ts';

/** A part of a name as the driver writes it, bare or quoted, and what follows it. */
const part = /(?:"((?:[^"]|"")*)"|([^".\s]+))(\.?)/y;

/** Names of the tables that a statement reads, in parts; none where it cannot be parsed. */
export function findTables(
  connection: DuckDBConnection,
  { text }: CompiledStatement,
): readonly (readonly string[])[] {
  try {
    return connection.getTableNames(text, true).map(splitName);
  } catch {
    return [];
  }
}

/** The name may have its alias behind it, as it stands in the statement. */
function splitName(name: string): string[] {
  const parts: string[] = [];
  part.lastIndex = 0;
  for (let found = part.exec(name); found; found = part.exec(name)) {
    parts.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') break;
  }
  return parts;
}
