import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import { didYouMean } from '../words/suggest.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Dialect, Session } from '../words/warehouse.ts';
import { tableOf } from './relation-statements.ts';

/** What a relation of decisions must hold; `why`, `decided_at` and `model` may be there as well. */
const decisionColumns = ['left_record', 'right_record', 'decision'] as const;

/** Which of them is missing, as a message; undefined where all are there. */
export function complainOfDecisions(
  relation: Relation,
  columns: readonly Pick<Column, 'name'>[],
): string | undefined {
  const names = columns.map(({ name }) => name.toLowerCase());
  const missing = decisionColumns.find((column) => !names.includes(column));
  if (missing === undefined) return undefined;
  const meant = didYouMean(missing, names);
  return `${formatRelation(relation)} has no column "${missing}" for decisions${meant}`;
}

/** A relation of decisions, as the model's build finds it. */
export interface DecisionsRelation {
  readonly relation: Relation;
  readonly columns: readonly Pick<Column, 'name' | 'type'>[];
}

interface OwnDecisions {
  readonly rows: RawBuilder<unknown>;
  readonly has: (name: string) => boolean;
  /** What orders them, where they are dated; null where a text is no time. */
  readonly order?: RawBuilder<unknown>;
}

/** Decisions on this model: those of others are left out where the relation says whose they are. */
function ownDecisions(
  node: Pick<BuildNode, 'name'>,
  { relation, columns }: DecisionsRelation,
  dialect: Dialect,
): OwnDecisions {
  const types = new Map(columns.map(({ name, type }) => [name.toLowerCase(), type]));
  const has = (name: string) => types.has(name);
  // A seed without rows has columns of no text.
  const textType = sql.raw(dialect.typeName('string'));
  const text = (name: string) => sql`cast(${sql.ref(name)} as ${textType})`;
  // Blanks behind the commas of a line written by hand belong to no name.
  const word = (name: string) => sql`nullif(trim(${text(name)}), '')`;
  // Texts of a day, of an instant and of one elsewhere are not in order as texts.
  const isText = types.get('decided_at') === 'string';
  const decidedAt = isText ? dialect.canonical('datetime', sql`decided_at`) : sql`decided_at`;
  const picked = [
    ...decisionColumns.map((name) => sql`${word(name)} as ${sql.ref(name)}`),
    ...(has('why') ? [sql`${text('why')} as why`] : []),
    ...(has('decided_at') ? [sql`${decidedAt} as decided_at`] : []),
  ];
  const own = has('model')
    ? sql` where coalesce(${word('model')}, ${node.name}) = ${node.name}`
    : sql``;
  return {
    rows: sql`(select ${sql.join(picked)} from ${tableOf(relation)}${own}) as decisions`,
    has,
    ...(has('decided_at') ? { order: isText ? milliseconds(dialect) : sql`decided_at` } : {}),
  };
}

/** Of the canonical text of a time; null where it is none. */
function milliseconds(dialect: Dialect): RawBuilder<unknown> {
  const number = sql.raw(dialect.typeName('integer'));
  const isOne = sql`translate(decided_at, '-0123456789', '') = ''`;
  return sql`case when ${isOne} then cast(decided_at as ${number}) end`;
}

/** One row a pair, whichever way round it was written: the newest; of one time, `different`. */
export function selectDecisions(
  node: Pick<BuildNode, 'name'>,
  decisions: DecisionsRelation,
  dialect: Dialect,
): RawBuilder<unknown> {
  const { rows, has, order } = ownDecisions(node, decisions, dialect);
  const why = has('why') ? sql`why` : sql`cast(null as ${sql.raw(dialect.typeName('string'))})`;
  const newest = order ? sql`${order} desc nulls last, ` : sql``;
  const pair = sql`least(left_record, right_record), greatest(left_record, right_record)`;
  return sql`
    select left_record, right_record, decision, why
    from (
      select
        least(left_record, right_record) as left_record,
        greatest(left_record, right_record) as right_record,
        lower(decision) as decision,
        ${why} as why,
        row_number() over (
          partition by ${pair}
          order by ${newest}lower(decision), ${why} nulls last
        ) as rank_of_pair
      from ${rows}
    ) as decided
    where rank_of_pair = 1`;
}

/** Decisions that wait for a record which is not there: deleted, not seen yet, or misspelt. */
export function selectWaiting(
  node: Pick<BuildNode, 'name'>,
  decisions: DecisionsRelation,
  dialect: Dialect,
  identity: Relation,
): RawBuilder<unknown> {
  const missing = (record: RawBuilder<unknown>) => sql`
      not exists (select 1 from ${tableOf(identity)} as records where records.record = ${record})`;
  return sql`
    select 'waits' as reason, null as score, decision as rule, left_record, right_record, why as evidence
    from (
      ${selectDecisions(node, decisions, dialect)}
    ) as decided
    where ${missing(sql`decided.left_record`)}
      or ${missing(sql`decided.right_record`)}`;
}

/** Names under `model` that are none of these identities: nobody follows what stands there. */
export function selectStrays(
  { relation, columns }: DecisionsRelation,
  dialect: Dialect,
  identities: readonly string[],
): RawBuilder<unknown> | undefined {
  if (!columns.some(({ name }) => name.toLowerCase() === 'model')) return undefined;
  const name = sql`trim(cast(model as ${sql.raw(dialect.typeName('string'))}))`;
  return sql`
    select ${name} as name, count(*) as decisions
    from ${tableOf(relation)}
    where ${name} not in (${sql.join([...identities, ''])})
    group by ${name}
    order by ${name}`;
}

/** A decision that cannot be followed is not left out: a person meant something by it. */
export async function requireDecisions(
  session: Session,
  node: BuildNode,
  decisions: DecisionsRelation,
  dialect: Dialect,
): Promise<void> {
  const fail = (complaint: string, hint: string): never => {
    throw new TerminalError(complaint, { code: 'identity-decisions', hint, model: node.id });
  };
  const hint = 'Write left_record, right_record (system:id) and decision: same or different.';
  const where = formatRelation(decisions.relation);
  const complaint = complainOfDecisions(decisions.relation, decisions.columns);
  if (complaint !== undefined) fail(complaint, hint);
  const { rows, order } = ownDecisions(node, decisions, dialect);
  const undated = order
    ? sql`count(*) filter (decided_at is not null and ${order} is null)`
    : sql`0`;
  const [row] = await session.query<{ wrong: unknown; undated: unknown }>(sql`
    select
      count(*) filter (
        left_record is null
        or right_record is null
        or left_record = right_record
        or lower(decision) not in ('same', 'different')
        or decision is null
      ) as wrong,
      ${undated} as undated
    from ${rows}`);
  const wrong = Number(row?.wrong ?? 0);
  if (wrong > 0) {
    const said = wrong === 1 ? 'is' : 'are';
    fail(
      `${where}: ${plural(wrong, 'decision')} ${said} neither same nor different, or ${wrong === 1 ? 'names' : 'name'} no two records`,
      hint,
    );
  }
  const late = Number(row?.undated ?? 0);
  if (late > 0) {
    fail(
      `${where}: the decided_at of ${plural(late, 'decision')} is no time, and the newest one counts`,
      'Write it as 2026-03-01T09:00:00Z.',
    );
  }
}
