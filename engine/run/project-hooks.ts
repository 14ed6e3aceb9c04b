import { compileOperation } from '../declare/compile-node.ts';
import { functionBag } from '../declare/host-bag.ts';
import { toPython } from '../declare/jinja/python-value.ts';
import { type JinjaValue, PyDict, PyTuple } from '../declare/jinja/values.ts';
import { isModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { type Operation, operationsOf } from '../declare/operation.ts';
import type { Work } from '../plan/work.ts';
import type { Clock } from '../words/clock.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { hookWarehouse, runHookText } from './hook-warehouse.ts';
import type { RunNotes } from './run-notes.ts';

/** What hooks run around. */
export interface HookScope {
  readonly models: ModelProject;
  readonly warehouse: Warehouse;
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly isFullRefresh?: boolean;
  /** What `flags.WHICH` answers; default: `build`. */
  readonly command?: 'build' | 'freshness';
  /** Those of what is built. */
  readonly schemas: readonly string[];
}

export interface ProjectHooks {
  readonly clock: Clock;
  readonly notes?: Pick<RunNotes, 'noteOperation'>;
  /** What became of each node, as `run_results.json` has it; at the end of a run. */
  results?(): Promise<readonly object[]>;
}

/**
 * `on-run-start` and `on-run-end` of a dbt project and its packages, each a transaction of its own,
 * around a run that builds, if there is anything it is to build. A failing one ends the run.
 *
 * @throws TerminalError `hook-failed`.
 */
export async function runProjectHooks(
  work: Work,
  when: Operation['when'],
  hooks: ProjectHooks,
): Promise<void> {
  const { models, request, selected } = work;
  const { warehouse, boundaryMs, invocationId, scope } = request;
  if (!models || !scope.kinds.has('materialize') || selected.size === 0) return;
  const moment = { boundaryMs, invocationId, isFullRefresh: scope.fullRefresh ?? false };
  await runHooks({ models, warehouse, ...moment, schemas: schemasOf(work, models) }, when, hooks);
  work.standing.forget();
}

/** The same around anything else. */
export async function runHooks(
  around: HookScope,
  when: Operation['when'],
  hooks: ProjectHooks,
): Promise<void> {
  const { models, schemas } = around;
  const operations = operationsOf(models, when);
  if (operations.length === 0) return;
  const database = models.target.database ?? null;
  const names = new Map<string, JinjaValue>([
    ['schemas', [...schemas]],
    ['database_schemas', schemas.map((schema) => new PyTuple([database, schema]))],
    ['results', await resultValues(models, (await hooks.results?.()) ?? [])],
  ]);
  for (const operation of operations) await runOperation(around, operation, names, hooks);
}

async function runOperation(
  around: HookScope,
  operation: Operation,
  names: ReadonlyMap<string, JinjaValue>,
  { clock, notes }: ProjectHooks,
): Promise<void> {
  const { models, warehouse, boundaryMs, invocationId, isFullRefresh = false, command } = around;
  const { id, packageName, position, when } = operation;
  const options = {
    moment: {
      ...{ boundaryMs, invocationId, isFullRefresh },
      ...(command === undefined ? {} : { command }),
    },
    warehouse: hookWarehouse(warehouse),
    names,
  };
  const startedMs = clock.now();
  let sql: string | undefined;
  const note = (message: string, isGood: boolean): void =>
    notes?.noteOperation(id, {
      ...{ isGood, message, startedMs, endedMs: clock.now() },
      ...(sql === undefined ? {} : { sql }),
    });
  try {
    sql = await compileOperation(models, operation, options);
    await runHookText(warehouse, sql);
    note(`${packageName}.on-run-${when}.${operation.index - 1} passed`, true);
  } catch (cause) {
    note(messageOf(cause), false);
    throw new TerminalError(`on-run-${when} of ${packageName} failed: ${messageOf(cause)}`, {
      code: 'hook-failed',
      hint: `correct hook ${position + 1} of on-run-${when} in dbt_project.yml`,
      cause,
    });
  }
}

function schemasOf({ selected }: Work, models: ModelProject): string[] {
  const schemas = new Set<string>();
  for (const id of selected) {
    const node = models.nodes.get(id);
    if (isModelNode(node)) schemas.add(node.relation.schema);
  }
  return [...schemas].sort();
}

/** dbt's results: what was said of a node, and the node as the manifest tells of it. */
async function resultValues(
  models: ModelProject,
  results: readonly object[],
): Promise<JinjaValue[]> {
  if (results.length === 0) return [];
  const graph = (await models.readGraph?.()) ?? {};
  const sections = [graph['nodes'], graph['exposures'], graph['unit_tests'], graph['sources']] as (
    | Readonly<Record<string, unknown>>
    | undefined
  )[];
  const all = results.map((one) => ({ ...one }) as Readonly<Record<string, unknown>>);
  // Hooks themselves are none of them.
  const ofNodes = all.filter((one) => !String(one['unique_id']).startsWith('operation.'));
  return ofNodes.map((result) => {
    const id = String(result['unique_id']);
    const entry = sections.map((section) => section?.[id]).find((found) => found !== undefined);
    const said = toPython(result);
    const node = toPython(entry ?? { unique_id: id });
    const fields = said instanceof PyDict ? new PyDict() : undefined;
    const attributes: Record<string, JinjaValue> = {};
    for (const [key, value] of Object.entries(result)) attributes[key] = toPython(value);
    attributes['node'] = recordValue('Node', node);
    for (const [key, value] of Object.entries(attributes)) fields?.set(key, value);
    fields?.set('node', node);
    return functionBag('RunResult', { to_dict: () => fields ?? null }, attributes);
  });
}

/** A mapping whose keys are attributes, and which answers itself as a dict where it is asked to. */
function recordValue(typeName: string, value: JinjaValue): JinjaValue {
  if (!(value instanceof PyDict)) return value;
  const attributes: Record<string, JinjaValue> = {};
  for (const [key, item] of value.entries()) attributes[String(key)] = item;
  return functionBag(typeName, { to_dict: () => value }, attributes);
}
