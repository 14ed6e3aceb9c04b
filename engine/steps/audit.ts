import { type RawBuilder, sql } from 'kysely';
import { assertThat } from '../words/errors.ts';
import type { BuildNode, Check } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { CheckFailure } from './build-context.ts';
import { quoteRelation } from './relation-statements.ts';
import { failingRows, type KeptFailures, keepFailures } from './store-failures.ts';

/** Checks that read nothing but the node: the gate before its rows are published. */
export function ownChecks(node: BuildNode): readonly Check[] {
  return node.checks.filter((check) => check.reads.every((id) => id === node.id));
}

/** Runs the node's own checks on a copy of it, wherever that stands. */
export async function auditNode(
  session: Session,
  node: BuildNode,
  copy: Relation,
): Promise<CheckFailure[]> {
  const failures: CheckFailure[] = [];
  for (const check of ownChecks(node)) {
    const failure = await runCheck(session, check, (id) => {
      assertThat(id === node.id, `check ${check.id} reads only ${node.id}`);
      return copy;
    });
    // The copy is gone when people look: the query they are given reads the live relation.
    if (failure) failures.push({ ...failure, query: await check.sql(() => liveName(node)) });
  }
  return failures;
}

/** Looks for rows that break a check; undefined where it holds. Nothing of the rows is read. */
export async function runCheck(
  session: Session,
  check: Check,
  relationOf: (id: string) => Relation,
): Promise<CheckFailure | undefined> {
  const query = await check.sql((id) => quoteRelation(relationOf(id)));
  const [row] = await session.query<CheckCount>(countFailing(check, query));
  assertThat(row, 'an aggregate answers one row');
  const { id, name, file } = check;
  const storedIn = await check.store?.relation();
  const failure = {
    ...{ id, name, file, rows: Number(row.failing ?? 0), query },
    ...(storedIn ? { storedIn } : {}),
  };
  if (check.severity === 'error' && row.is_error) return { ...failure, severity: 'error' };
  return row.is_warning ? { ...failure, severity: 'warn' } : undefined;
}

interface CheckCount {
  readonly failing: unknown;
  readonly is_error: boolean | null;
  readonly is_warning: boolean | null;
}

/** `failCalc`, `errorIf` and `warnIf` are a person's SQL, as dbt has them. */
export function countFailing(check: Check, query: string): RawBuilder<unknown> {
  const failing = sql.raw(check.failCalc ?? 'count(*)');
  return sql`
    select
      ${failing} as failing,
      ${failing} ${sql.raw(check.errorIf ?? '!= 0')} as is_error,
      ${failing} ${sql.raw(check.warnIf ?? '!= 0')} as is_warning
    from (
      ${failingRows(check, query)}
    ) as rows_failing`;
}

export function mustWithhold(failures: readonly CheckFailure[]): boolean {
  return failures.some((failure) => failure.severity === 'error');
}

function liveName(node: BuildNode): string {
  return quoteRelation(node.relation);
}

/** Carries an audit's answer out of the transaction that it rolls back. */
export class Withheld extends Error {
  readonly failures: readonly CheckFailure[];
  readonly kept: readonly KeptFailures[];
  constructor(failures: readonly CheckFailure[], kept: readonly KeptFailures[]) {
    super('a check failed: nothing is published');
    this.failures = failures;
    this.kept = kept;
  }
}

/** The audit of rows not yet committed: throws Withheld where they must not be. */
export async function auditOrRollBack(
  session: Session,
  node: BuildNode,
  relation: Relation,
): Promise<CheckFailure[]> {
  const failures = await auditNode(session, node, relation);
  if (!mustWithhold(failures)) return failures;
  throw new Withheld(failures, await keepFailures(session, ownChecks(node), () => relation));
}
