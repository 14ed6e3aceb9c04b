import { type CompileOptions, renderHook } from '../declare/compile-node.ts';
import type { JinjaValue } from '../declare/jinja/values.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { splitHooks } from '../declare/run-materialization.ts';
import type { BuildNode } from '../words/node.ts';
import type { Warehouse } from '../words/warehouse.ts';
import { hookWarehouse, runHookText } from './hook-warehouse.ts';

export interface NodeHooksRequest {
  readonly models: ModelProject;
  readonly node: ModelNode;
  readonly options: CompileOptions;
  /** The node's select, rendered: `sql` and `compiled_code` in its hooks. */
  readonly sql: string;
  readonly warehouse: Warehouse;
}

/**
 * Each hook is rendered when its turn comes, after those before it have run: what it asks is
 * answered as it then stands. In dbt's order: hooks that are meant to stand outside of the
 * transaction come first before the node is built, and last after it.
 */
export function nodeHooks(request: NodeHooksRequest): Pick<BuildNode, 'runHooks'> {
  const { models, node, options, warehouse } = request;
  const { inside, outside } = splitHooks(node);
  // A materialization of the project's own runs the others itself.
  const isCustom = node.nodeConfig.materialization === 'custom';
  const nothing = { preHooks: [], postHooks: [] };
  const within = isCustom ? nothing : inside;
  const hooks = {
    pre: [...outside.preHooks, ...within.preHooks],
    post: [...within.postHooks, ...outside.postHooks],
  };
  const names = new Map<string, JinjaValue>(
    ['sql', 'compiled_code', 'compiled_sql'].map((name) => [name, request.sql]),
  );
  // Hooks stand around all batches of a microbatch, and are of none.
  const { batch: _, ...window } = options.window ?? {};
  const hookOptions = { ...options, window, warehouse: hookWarehouse(warehouse), names };
  return {
    runHooks: async (when) => {
      for (const hook of hooks[when]) {
        await runHookText(warehouse, await renderHook(models, node, hook, hookOptions));
      }
    },
  };
}
