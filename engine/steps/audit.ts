import { type RawBuilder, sql } from 'kysely';
import { assertThat, TerminalError } from '../words/errors.ts';
import type { AskedSession, BuildNode, Check } from '../words/node.ts';
import { quoteRelation } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { CheckFailure } from './build-context.ts';
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
  const asked = askOfCopy(session, node.relation, copy);
  for (const check of ownChecks(node)) {
    const relationOf = (id: string): Relation => {
      assertThat(id === node.id, `check ${check.id} reads only ${node.id}`);
      return copy;
    };
    const failure = await runCheck(session, check, relationOf, asked);
    // The copy is gone when people look: the query they are given reads the live relation.
    if (failure) {
      const query = failure.query.replaceAll(quoteRelation(copy), quoteRelation(node.relation));
      failures.push({ ...failure, query });
    }
  }
  return failures;
}

/** What a test learns of the node's relation, by any name, is of the copy, not the live one. */
function askOfCopy(session: Session, live: Relation, copy: Relation): AskedSession {
  const isLive = ({ schema, name }: Relation): boolean =>
    schema.toLowerCase() === live.schema.toLowerCase() &&
    name.toLowerCase() === live.name.toLowerCase();
  return {
    rename: (statement) => statement.replaceAll(quoteRelation(live), quoteRelation(copy)),
    query: (statement, rowsMax) => session.query(statement, rowsMax),
    execute: (statement) => session.execute(statement),
    describeQuery: (statement) => session.describeQuery(statement),
    describe: (relation) => session.describe(isLive(relation) ? copy : relation),
  };
}

/** Looks for rows that break a check; undefined where it holds. Nothing of the rows is read. */
export async function runCheck(
  session: Session,
  check: Check,
  relationOf: (id: string) => Relation,
  asked?: AskedSession,
): Promise<CheckFailure | undefined> {
  const query = await check.sql((id) => quoteRelation(relationOf(id)), asked);
  const row = await countRowsOf(session, check, query);
  const { id, name, file } = check;
  const storedIn = await check.store?.relation();
  const failure = {
    ...{ id, name, file, rows: Number(row.failing ?? 0), query },
    ...(check.failCalc === undefined ? {} : { failCalc: check.failCalc }),
    ...(storedIn ? { storedIn } : {}),
  };
  if (check.severity === 'error' && row.is_error) return { ...failure, severity: 'error' };
  return row.is_warning ? { ...failure, severity: 'warn' } : undefined;
}

/** A test that cannot be asked is told as one: its model may be as it should. */
async function countRowsOf(session: Session, check: Check, query: string): Promise<CheckCount> {
  try {
    const [row] = await session.query<CheckCount>(countFailing(check, query));
    assertThat(row, 'an aggregate answers one row');
    return row;
  } catch (error) {
    if (!(error instanceof TerminalError)) throw error;
    const message = `the test ${check.name} (${check.file}): ${error.message}`;
    throw new TerminalError(message, { ...error.details, cause: error });
  }
}

interface CheckCount {
  readonly failing: unknown;
  readonly is_error: boolean | null;
  readonly is_warning: boolean | null;
}

/** `failCalc`, `errorIf` and `warnIf` are a person's SQL, as dbt has them. */
function countFailing(check: Check, query: string): RawBuilder<unknown> {
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
