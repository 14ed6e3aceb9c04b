import type { DuckDBConnection } from '@duckdb/node-api';
import type { CompiledStatement } from './statement.ts';

/** A part of a name as the driver writes it, bare or quoted, and what follows it. */
const part = /(?:"((?:[^"]|"")*)"|([^".\s]+))(\.?)/y;

/** A word of a statement, or a name in quotes. */
const word = /"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu;

/**
 * Names of the tables that a statement reads, in parts; none where it cannot be parsed, or where no
 * word of it `mayBe` one: DuckDB plans the whole statement to tell.
 */
export function findTables(
  connection: DuckDBConnection,
  { text }: CompiledStatement,
  mayBe?: (name: string) => boolean,
): readonly (readonly string[])[] {
  if (mayBe && !hasWord(text, mayBe)) return [];
  try {
    return connection.getTableNames(text, true).map(splitName);
  } catch {
    return [];
  }
}

function hasWord(text: string, isMeant: (name: string) => boolean): boolean {
  for (const [plain, quoted] of text.matchAll(word)) {
    if (isMeant(quoted?.replaceAll('""', '"') ?? plain)) return true;
  }
  return false;
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
