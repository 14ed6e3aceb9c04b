import { type RawBuilder, sql } from 'kysely';
import type { CanonicalKind } from '../../engine/words/warehouse.ts';

type Expression = RawBuilder<unknown>;

/** Empty and blank are one with null for everything but free text, where blanks are content. */
function trimmed(value: Expression): Expression {
  return sql`nullif(trim(cast(${value} as varchar), E' \\t\\r\\n'), '')`;
}

/**
 * The same for keys, of which every row of a table is asked: most have nothing to trim, and looking
 * at both ends takes an eighth of the time.
 */
function trimmedKey(value: Expression): Expression {
  const text = sql`cast(${value} as varchar)`;
  const ends = [' ', '\\t', '\\r', '\\n'].map((end) => sql`ends_with(${text}, E'${sql.raw(end)}')`);
  const isBare = sql`ascii(${text}) > 32 and not (${sql.join(ends, sql` or `)})`;
  return sql`case when ${isBare} then ${text} else ${trimmed(value)} end`;
}

/**
 * Salesforce ids come with 15 characters or with 18, the last three telling the case of the others.
 * Digits alone are never such an id: their suffix would be AAA.
 */
function recordId(value: Expression): Expression {
  const text = trimmedKey(value);
  return sql`case
    when length(${text}) = 18
      and regexp_full_match(${text}, '[a-zA-Z0-9]{15}[A-Z0-5]{3}')
      and not regexp_full_match(${text}, '[0-9]+')
    then left(${text}, 15)
    else ${text}
  end`;
}

/**
 * By way of text, because a double's shortest text is what people wrote while its exact value is
 * not. Twelve digits after the point: noise of computed doubles is beyond them.
 */
function number(value: Expression): Expression {
  const text = trimmed(value);
  const exact = sql`cast(try_cast(${text} as decimal(38, 12)) as varchar)`;
  const stripped = sql`regexp_replace(${exact}, '\\.?0+$', '')`;
  return sql`coalesce(
    case when ${stripped} = '-0' then '0' else ${stripped} end,
    cast(try_cast(${text} as double) as varchar),
    ${text}
  )`;
}

function boolean(value: Expression): Expression {
  const text = sql`lower(${trimmed(value)})`;
  return sql`case
    when ${text} in ('true', 't', '1', 'yes', 'y') then 'true'
    when ${text} in ('false', 'f', '0', 'no', 'n') then 'false'
    else ${text}
  end`;
}

/** Milliseconds since the epoch, as HubSpot also writes them: more digits than any year. */
function isEpochMs(text: Expression): Expression {
  return sql`regexp_full_match(${text}, '-?[0-9]{11,14}')`;
}

function instant(text: Expression): Expression {
  return sql`case
    when ${isEpochMs(text)} then epoch_ms(try_cast(${text} as bigint))
    else cast(try_cast(${text} as timestamptz) as timestamp)
  end`;
}

/** The day as written: an offset does not move it. */
function date(value: Expression): Expression {
  const text = trimmed(value);
  return sql`coalesce(
    strftime(
      case
        when ${isEpochMs(text)} then cast(epoch_ms(try_cast(${text} as bigint)) as date)
        else try_cast(left(${text}, 10) as date)
      end,
      '%Y-%m-%d'
    ),
    ${text}
  )`;
}

function datetime(value: Expression): Expression {
  const text = trimmed(value);
  return sql`coalesce(cast(epoch_ms(${instant(text)}) as varchar), ${text})`;
}

/** The chosen values as a set: CRMs give no order. */
function multiSelect(value: Expression): Expression {
  const chosen = sql`string_split(cast(${value} as varchar), ';')`;
  const words = sql`list_transform(${chosen}, lambda word: trim(word))`;
  const set = sql`list_sort(list_distinct(list_filter(${words}, lambda word: word <> '')))`;
  return sql`nullif(array_to_string(${set}, ';'), '')`;
}

/** White space outside texts does not count; the order of members does. */
function json(value: Expression): Expression {
  const text = trimmed(value);
  const parsed = sql`cast(json(try_cast(${text} as json)) as varchar)`;
  return sql`nullif(coalesce(${parsed}, ${text}), 'null')`;
}

/** The kind's text of a value of any type; null for null and empty. Sessions are in UTC. */
export function canonicalText(kind: CanonicalKind, value: Expression): Expression {
  switch (kind) {
    case 'text':
      return sql`nullif(cast(${value} as varchar), '')`;
    case 'email':
      return sql`lower(${trimmedKey(value)})`;
    case 'record_id':
      return recordId(value);
    case 'number':
      return number(value);
    case 'boolean':
      return boolean(value);
    case 'date':
      return date(value);
    case 'datetime':
      return datetime(value);
    case 'multi_select':
      return multiSelect(value);
    case 'json':
      return json(value);
  }
}
