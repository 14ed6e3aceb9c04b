import { type RawBuilder, sql } from 'kysely';

/**
 * Bytes that stand for letters: control characters, since those of a text are replaced as well. A
 * pair of more different letters than these is compared byte by byte.
 */
const sparesMax = 31;
const spares = sql`array_to_string(
        list_transform(range(1, ${sql.lit(sparesMax + 1)}), lambda n: chr(cast(n as integer))), '')`;

/**
 * Jaro–Winkler by letters. DuckDB compares bytes, of which a letter that is not ASCII has several
 * and shares the first with its alphabet: those of a pair are written as one byte each.
 */
export function similarity(
  left: RawBuilder<unknown>,
  right: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const both = sql`${left} || ${right}`;
  const letters = sql`list_distinct(regexp_extract_all(${both}, '[^ -~]'))`;
  const spell = (text: RawBuilder<unknown>) =>
    sql`translate(${text}, array_to_string(${letters}, ''), ${spares})`;
  return sql`case
      when strlen(${left}) + strlen(${right}) = length(${left}) + length(${right})
        or len(${letters}) > ${sql.lit(sparesMax)}
        then jaro_winkler_similarity(${left}, ${right})
      else jaro_winkler_similarity(${spell(left)}, ${spell(right)})
    end`;
}
