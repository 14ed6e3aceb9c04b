import { TerminalError } from '../words/errors.ts';
import type { Check } from '../words/node.ts';
import { plural } from '../words/plural.ts';
import { formatRelation, type Relation } from '../words/table.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { runCheck } from './audit.ts';
import type { CheckFailure } from './build-context.ts';
import { storeFailures } from './store-failures.ts';

/**
 * Runs a check on what is published: one that reads several nodes, or any for `tidemill test`.
 * Undefined: it holds. The answer has counts and the query to see the rows, never the rows.
 */
export async function runPublishedCheck(
  warehouse: Warehouse,
  check: Check,
  findRelation: (id: string) => Relation | undefined,
): Promise<CheckFailure | undefined> {
  const relationOf = (id: string): Relation => {
    const relation = findRelation(id);
    if (relation) return relation;
    throw new TerminalError(`${check.file}: ${check.name} reads ${id}, which has no table`, {
      code: 'check-unbound',
      hint: 'Test a model that is materialized.',
      model: id,
    });
  };
  const failure = await runCheck(warehouse, check, relationOf);
  await storeFailures(warehouse, [check], relationOf);
  return failure;
}

/** What is wrong, as `2 rows break it`; where a test counts by `fail_calc`, what that answers. */
export function countFailure(
  { rows, failCalc }: Pick<CheckFailure, 'rows' | 'failCalc'>,
  name = 'it',
): string {
  if (failCalc !== undefined) return `${failCalc} of ${name} is ${rows}`;
  return `${plural(rows, 'row breaks', 'rows break')} ${name}`;
}

/** One line for people. */
export function formatFailure(failure: CheckFailure): string {
  const { name, file, storedIn } = failure;
  const stored = storedIn ? `; kept in ${formatRelation(storedIn)}` : '';
  return `${countFailure(failure, name)} (${file}${stored})`;
}
