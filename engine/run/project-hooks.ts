import { sql } from 'kysely';
import { compileOperation } from '../declare/compile-node.ts';
import type { JinjaValue } from '../declare/jinja/values.ts';
import { isModelNode } from '../declare/model-node.ts';
import type { Work } from '../plan/work.ts';
import { messageOf, TerminalError } from '../words/errors.ts';

/**
 * `on-run-start` and `on-run-end` of a dbt project and its packages, each a transaction of its own,
 * around a run that builds. A failing one ends the run.
 *
 * @throws TerminalError `hook-failed`.
 */
export async function runProjectHooks(work: Work, when: 'start' | 'end'): Promise<void> {
  const { models, request, selected } = work;
  const { scope, warehouse, boundaryMs, invocationId } = request;
  if (!models || !scope.kinds.has('materialize')) return;
  const schemas = new Set<string>();
  for (const id of selected) {
    const node = models.nodes.get(id);
    if (isModelNode(node)) schemas.add(node.relation.schema);
  }
  const names = new Map<string, JinjaValue>([
    ['schemas', [...schemas].sort()],
    ['results', []],
  ]);
  // Packages first: what the project says comes last and wins.
  for (const pack of models.packages.toReversed()) {
    for (const [index, text] of pack.hooks[when].entries()) {
      const name = `on-run-${when}-${index}`;
      const operation = { name, packageName: pack.name, text };
      const options = {
        moment: { boundaryMs, invocationId, isFullRefresh: scope.fullRefresh ?? false },
        warehouse: {
          describe: (relation: Parameters<typeof warehouse.describe>[0]) =>
            warehouse.describe(relation),
          session: warehouse,
        },
      };
      try {
        const statement = await compileOperation(models, operation, options, names);
        if (statement !== '') await warehouse.ddl([sql.raw(statement)]);
      } catch (cause) {
        throw new TerminalError(`on-run-${when} of ${pack.name} failed: ${messageOf(cause)}`, {
          code: 'hook-failed',
          hint: `correct hook ${index + 1} of on-run-${when} in dbt_project.yml`,
          cause,
        });
      }
    }
  }
}
