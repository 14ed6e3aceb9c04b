import { TerminalError } from '../words/errors.ts';
import { hardDeleteRules, type SnapshotStrategy } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import { columnValue, type TemplateWarehouse } from './adapter-value.ts';
import { type CompileOptions, resolversOf } from './compile-node.ts';
import { findMaterialization, findSnapshotStrategy, findStrategy } from './find-materialization.ts';
import { readHooks } from './hook-config.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { type JinjaValue, PyDict } from './jinja/values.ts';
import type { MacroEntry } from './macro-library.ts';
import type { ModelNode } from './model-node.ts';
import type { ModelProject } from './model-project.ts';
import { renderValue, stillMoment } from './node-render.ts';
import { startTrace } from './node-scope.ts';
import { partsOf, relationValue } from './relation-value.ts';

export interface MacroRun {
  readonly project: ModelProject;
  readonly node: ModelNode;
  /** The node's select, rendered. */
  readonly sql: string;
  readonly options: CompileOptions;
  /** The transaction. */
  readonly warehouse: TemplateWarehouse;
}

/**
 * Runs the materialization that the node names and answers the relations it returned. Names that
 * dbt gives it: `sql`, `compiled_code`, `pre_hooks`, `post_hooks`, `model`, `this`, `config`.
 *
 * @throws JinjaError of the macro, or TerminalError `materialization-answer`.
 */
export async function runMaterialization(run: MacroRun): Promise<Relation[]> {
  const { project, node } = run;
  const entry = findMaterialization(project, node.config['materialized']);
  if (entry === undefined) throw new Error(`assertion failed: ${node.id} has a materialization`);
  const answer = await callMacro(run, entry, []);
  const found = answer instanceof PyDict ? answer.get('relations') : undefined;
  const relations = Array.isArray(found) ? found.map(partsOf) : [];
  if (relations.length > 0 && relations.every((parts) => parts?.identifier !== undefined)) {
    return relations.map((parts) => ({
      schema: parts?.schema ?? node.relation.schema,
      name: parts?.identifier ?? '',
    }));
  }
  throw new TerminalError(
    `${entry.file}: the materialization of ${node.name} returned no relations`,
    {
      code: 'materialization-answer',
      hint: "end it with {{ return({'relations': [target_relation]}) }}",
      model: node.id,
    },
  );
}

/** The text of the project's own incremental strategy for one batch. */
export async function renderStrategy(
  run: MacroRun,
  batch: {
    readonly target: Relation;
    readonly source: string;
    readonly columns: readonly string[];
  },
): Promise<string> {
  const { project, node } = run;
  const { raw, uniqueKey = [] } = node.nodeConfig;
  const entry = findStrategy(project.library, raw['incremental_strategy'], node.packageName);
  if (entry === undefined) throw new Error(`assertion failed: ${node.id} has a strategy`);
  const { schema, name: identifier } = batch.target;
  const described = await run.warehouse.describe(batch.target);
  const types = new Map(described?.map(({ name, typeName }) => [name.toLowerCase(), typeName]));
  const key: JinjaValue = uniqueKey.length > 1 ? [...uniqueKey] : (uniqueKey[0] ?? null);
  const predicates = [raw['incremental_predicates'] ?? raw['predicates'] ?? []].flat().map(String);
  const text = await callMacro(run, entry, [
    PyDict.from([
      ['target_relation', relationValue({ schema, identifier, kind: 'table' })],
      ['temp_relation', relationValue({ identifier: batch.source, kind: 'table' })],
      ['unique_key', key],
      [
        'dest_columns',
        batch.columns.map((name) => columnValue(name, types.get(name.toLowerCase()) ?? '')),
      ],
      ['incremental_predicates', predicates.length > 0 ? predicates : null],
    ]),
  ]);
  return typeof text === 'string' ? text : '';
}

/** @throws TerminalError `snapshot-strategy-answer` where the macro answers no such dict. */
export async function askSnapshotStrategy(
  run: MacroRun,
  isStanding: boolean,
): Promise<SnapshotStrategy> {
  const { project, node } = run;
  const { raw, snapshot } = node.nodeConfig;
  const entry = findSnapshotStrategy(project.library, raw['strategy'], node.packageName);
  if (entry === undefined) throw new Error(`assertion failed: ${node.id} has a strategy`);
  const given = "dict(model, compiled_code=sql), 'snapshotted_data', 'source_data', model.config";
  const answer = await callMacro(run, entry, [isStanding], `${given}, *__macro_args`);
  const textOf = (key: string): string => {
    const value = answer instanceof PyDict ? answer.get(key) : undefined;
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    throw new TerminalError(`${entry.file}: ${entry.name} answers no ${key} for ${node.name}`, {
      code: 'snapshot-strategy-answer',
      hint: 'end it with {{ return({...}) }}: unique_key, updated_at, row_changed and scd_id as SQL',
      model: node.id,
    });
  };
  const read = (key: string): JinjaValue =>
    (answer instanceof PyDict ? answer.get(key) : undefined) ?? null;
  const keys = [read('unique_key') ?? []].flat().map(String);
  const said = hardDeleteRules.find((one) => one === read('hard_deletes'));
  const older = read('invalidate_hard_deletes') === true ? 'invalidate' : undefined;
  return {
    uniqueKey: keys.length > 0 ? keys : [textOf('unique_key')],
    updatedAt: textOf('updated_at'),
    rowChanged: textOf('row_changed'),
    scdId: textOf('scd_id'),
    hardDeletes: said ?? older ?? snapshot?.hardDeletes ?? 'ignore',
  };
}

async function callMacro(
  { project, node, sql, options, warehouse }: MacroRun,
  entry: MacroEntry,
  args: readonly JinjaValue[],
  call = '*__macro_args',
): Promise<JinjaValue> {
  const names = new Map<string, JinjaValue>([
    ['sql', sql],
    ['compiled_code', sql],
    ['compiled_sql', sql],
    ['pre_hooks', hooksOf(node, 'pre')],
    ['post_hooks', hooksOf(node, 'post')],
    ['__macro_args', [...args]],
  ]);
  const text = `{{ ${entry.packageName}.${entry.name}(${call}) }}`;
  return await renderValue(
    project,
    options.moment ?? stillMoment,
    {
      ...node,
      isExecuting: true,
      isIncremental: options.isIncremental ?? false,
      trace: startTrace(),
      warehouse,
      names,
      ...resolversOf(project, node, options.relationName),
    },
    parseTemplate(text, { file: entry.file }),
  );
}

/** Hooks as dbt hands them over: those outside the transaction are run by the engine. */
function hooksOf(node: ModelNode, when: 'pre' | 'post'): JinjaValue {
  const { preHooks, postHooks } = splitHooks(node).inside;
  return (when === 'pre' ? preHooks : postHooks).map((sql, index) =>
    PyDict.from([
      ['sql', sql],
      ['transaction', true],
      ['index', index],
    ]),
  );
}

interface Hooks {
  readonly preHooks: readonly string[];
  readonly postHooks: readonly string[];
}

/** `transaction: false` of a hook: it runs before the transaction, or after it has committed. */
export function splitHooks(node: ModelNode): { readonly inside: Hooks; readonly outside: Hooks } {
  const hooksOf = (when: 'pre' | 'post', isInside: boolean): string[] =>
    readHooks(node.nodeConfig.raw, when)
      .filter((hook) => hook.isInside === isInside)
      .map(({ sql }) => sql);
  const sideOf = (isInside: boolean): Hooks => ({
    preHooks: hooksOf('pre', isInside),
    postHooks: hooksOf('post', isInside),
  });
  return { inside: sideOf(true), outside: sideOf(false) };
}
