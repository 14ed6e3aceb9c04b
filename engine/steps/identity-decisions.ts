import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
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

/** Decisions on this model: those of others are left out where the relation says whose they are. */
function ownDecisions(
  node: BuildNode,
  relation: Relation,
  columns: readonly Pick<Column, 'name'>[],
  textType: string,
): { readonly rows: RawBuilder<unknown>; readonly has: (name: string) => boolean } {
  const names = new Set(columns.map(({ name }) => name.toLowerCase()));
  const has = (name: string) => names.has(name);
  // A seed without rows has columns of no text.
  const text = (name: string) => sql`cast(${sql.ref(name)} as ${sql.raw(textType)})`;
  const texts = [...decisionColumns, ...(has('why') ? ['why'] : [])];
  const picked = texts.map((name) => sql`${text(name)} as ${sql.ref(name)}`);
  if (has('decided_at')) picked.push(sql`decided_at`);
  const own = has('model')
    ? sql` where coalesce(${text('model')}, ${node.name}) = ${node.name}`
    : sql``;
  return {
    rows: sql`(select ${sql.join(picked)} from ${tableOf(relation)}${own}) as decisions`,
    has,
  };
}

/** One row a pair, whichever way round it was written: the newest; of one time, `different`. */
export function selectDecisions(
  node: BuildNode,
  relation: Relation,
  columns: readonly Pick<Column, 'name'>[],
  textType: string,
): RawBuilder<unknown> {
  const { rows, has } = ownDecisions(node, relation, columns, textType);
  const why = has('why') ? sql`why` : sql`cast(null as ${sql.raw(textType)})`;
  const newest = has('decided_at') ? sql`decided_at desc nulls last, ` : sql``;
  const pair = sql`least(left_record, right_record), greatest(left_record, right_record)`;
  return sql`
    select left_record, right_record, decision, why
    from (
      select
        least(left_record, right_record) as left_record,
        greatest(left_record, right_record) as right_record,
        lower(trim(decision)) as decision,
        ${why} as why,
        row_number() over (
          partition by ${pair}
          order by ${newest}lower(trim(decision)), ${why} nulls last
        ) as rank_of_pair
      from ${rows}
    ) as decided
    where rank_of_pair = 1`;
}

/** A decision that cannot be followed is not left out: a person meant something by it. */
export async function requireDecisions(
  session: Session,
  node: BuildNode,
  relation: Relation,
  columns: readonly Pick<Column, 'name'>[],
  textType: string,
): Promise<void> {
  const complaint = complainOfDecisions(relation, columns);
  const hint = 'Write left_record, right_record (system:id) and decision: same or different.';
  if (complaint !== undefined) {
    throw new TerminalError(complaint, { code: 'identity-decisions', hint, model: node.id });
  }
  const { rows } = ownDecisions(node, relation, columns, textType);
  const [row] = await session.query<{ wrong: unknown }>(sql`
    select count(*) as wrong
    from ${rows}
    where left_record is null
      or right_record is null
      or left_record = right_record
      or lower(trim(decision)) not in ('same', 'different')
      or decision is null`);
  const wrong = Number(row?.wrong ?? 0);
  if (wrong === 0) return;
  throw new TerminalError(
    `${formatRelation(relation)}: ${wrong} decisions are neither same nor different, or name no two records`,
    { code: 'identity-decisions', hint, model: node.id },
  );
}
