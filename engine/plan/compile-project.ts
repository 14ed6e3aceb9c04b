import { type CompileOptions, compileNode, compileTest } from '../declare/compile-node.ts';
import { internalPackage } from '../declare/macro-library.ts';
import { collectFaults, type ModelFault } from '../declare/model-fault.ts';
import {
  type AnalysisNode,
  isFileNode,
  isModelNode,
  isTestNode,
  type ModelNode,
  type TestNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { isLasting } from '../declare/node-scope.ts';
import { reportTemplateError } from '../declare/template-fault.ts';
import type { Session } from '../words/warehouse.ts';
import { tellSelected } from './selected-resources.ts';

export interface CompileRequest {
  readonly project: ModelProject;
  /** Ids to compile; what has no SQL is passed by. */
  readonly ids: Iterable<string>;
  /** What templates see as selected; default: those ids. */
  readonly selected?: Iterable<string>;
  /** What templates may ask, and where it is looked up whether a table stands. */
  readonly session: Session;
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly fullRefresh?: boolean;
  /** Names of nodes that are read in another environment, by id. */
  readonly deferred?: ReadonlyMap<string, string>;
  /** Hears of each as soon as it is there. */
  onCompiled?(one: CompiledNode): void;
}

export interface CompiledNode {
  readonly node: ModelNode | AnalysisNode | TestNode;
  readonly sql: string;
  /** The same files, variables and environment come to the same at any time. */
  readonly isLasting: boolean;
  /** Names of the environment that were looked at, with digests of their values. */
  readonly env: readonly (readonly [string, string])[];
  /** Ids of macros that were looked up, ours aside. */
  readonly macros: readonly string[];
}

/** Renders every node that can be; a broken one is a fault with its place, and hides no other. */
export async function compileProject(
  request: CompileRequest,
): Promise<{ compiled: CompiledNode[]; faults: readonly ModelFault[] }> {
  const { project, session, boundaryMs, invocationId, fullRefresh = false } = request;
  // Gone through twice: an iterator would be used up by then.
  const ids = [...request.ids];
  tellSelected(project, request.selected ?? ids, 'compile');
  const faults = collectFaults();
  const compiled: CompiledNode[] = [];
  const options: CompileOptions = {
    relationName: (id) => request.deferred?.get(id),
    moment: { boundaryMs, invocationId, isFullRefresh: fullRefresh, command: 'compile' },
    warehouse: { describe: (relation) => session.describe(relation), session },
  };
  for (const id of ids) {
    const node = project.nodes.get(id);
    if (project.broken.has(id) || (!isFileNode(node) && !isTestNode(node))) continue;
    if (node.resourceType === 'seed') continue;
    try {
      const isIncremental =
        isModelNode(node) &&
        node.nodeConfig.materialization === 'incremental' &&
        !(node.nodeConfig.fullRefresh ?? fullRefresh) &&
        (await session.describe(node.relation)) !== undefined;
      const { sql, trace } = isFileNode(node)
        ? await compileNode(project, node, { ...options, isIncremental })
        : await compileTest(project, node, options);
      const macros = [...trace.macros]
        .filter(({ packageName }) => packageName !== internalPackage)
        .map((macro) => macro.id);
      const one = { node, sql, isLasting: isLasting(trace), env: [...trace.env], macros };
      request.onCompiled?.(one);
      compiled.push(one);
    } catch (error) {
      const place = isTestNode(node) ? node.place : { file: node.file, line: 1, column: 1 };
      reportTemplateError(error, place, faults, id);
    }
  }
  return { compiled, faults: faults.all };
}
