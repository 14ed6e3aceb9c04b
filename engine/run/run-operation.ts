import { compileOperation } from '../declare/compile-node.ts';
import { toPython } from '../declare/jinja/python-value.ts';
import type { MacroEntry } from '../declare/macro-library.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { TerminalError } from '../words/errors.ts';
import type { JsonObject } from '../words/json.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { hookWarehouse } from './hook-warehouse.ts';

export interface OperationRequest {
  /** A macro's name, or `package.name`. */
  readonly macro: string;
  readonly args: JsonObject;
  readonly warehouse: Warehouse;
  readonly boundaryMs: number;
  readonly invocationId: string;
}

/**
 * Calls a macro as dbt's `run-operation` does: what it runs by `run_query`, `statement` and
 * `adapter` is written, each statement a transaction of its own; the text it answers is not run.
 */
export async function runOperation(
  project: ModelProject,
  { macro, args, warehouse, boundaryMs, invocationId }: OperationRequest,
): Promise<void> {
  const text = `{% set _ = ${macro}(**macro_arguments) %}`;
  await compileOperation(
    project,
    { name: macro, packageName: project.name, text, file: `run-operation ${macro}` },
    {
      moment: { boundaryMs, invocationId, isFullRefresh: false, command: 'run-operation' },
      warehouse: hookWarehouse(warehouse),
      names: new Map([['macro_arguments', toPython(args)]]),
    },
  );
}

/**
 * The macro that a name or `package.name` means.
 *
 * @throws TerminalError `macro-not-found`.
 */
export function findOperation(
  { library, name: root }: ModelProject,
  macro: string,
): Pick<MacroEntry, 'id'> {
  const [first = '', second] = macro.split('.');
  const found = second === undefined ? library.find(first, root) : library.findIn(second, first);
  if (found && /^\w+(\.\w+)?$/.test(macro)) return found;
  const known = library.all.map(({ name, packageName }) =>
    second === undefined ? name : `${packageName}.${name}`,
  );
  throw new TerminalError(`there is no macro "${macro}"${didYouMean(macro, known)}`, {
    code: 'macro-not-found',
    hint: 'macros stand in macros/ and in packages; name one of a package as package.name',
  });
}
