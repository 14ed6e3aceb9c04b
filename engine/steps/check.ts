import { TerminalError } from '../words/errors.ts';
import type { Check } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import { runCheck } from './audit.ts';
import type { CheckFailure } from './build-context.ts';

/**
 * Runs a check on what is published: one that reads several nodes, or any for `tidemill test`.
 * Undefined: it holds. The answer has counts and the query to see the rows, never the rows.
 */
export async function runPublishedCheck(
  session: Session,
  check: Check,
  relationOf: (id: string) => Relation | undefined,
): Promise<CheckFailure | undefined> {
  return runCheck(session, check, (id) => {
    const relation = relationOf(id);
    if (relation) return relation;
    throw new TerminalError(`${check.file}: ${check.name} reads ${id}, which has no table`, {
      code: 'check-unbound',
      hint: 'Test a model that is materialized.',
      model: id,
    });
  });
}

/** One line for people. */
export function formatFailure(failure: CheckFailure): string {
  const rows = failure.rows === 1 ? '1 row breaks' : `${failure.rows} rows break`;
  return `${rows} ${failure.name} (${failure.file})`;
}

/** Checks that read several nodes, and so wait until all of them are published. */
export function readsSeveral(check: Check): boolean {
  return check.reads.length > 1;
}
