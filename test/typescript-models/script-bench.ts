import { join } from 'node:path';
import { isModelNode, type ModelNode } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import { compileInputs } from '../../engine/declare/typescript/compile-inputs.ts';
import { readNodeStates, stateKeyOf } from '../../engine/state/nodes.ts';
import type { BuildContext, MaterializeResult } from '../../engine/steps/build-context.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import { assertThat } from '../../engine/words/errors.ts';
import type { BuildNode } from '../../engine/words/node.ts';
import { contextOf, nodeOf, openWorkbench, type Workbench } from '../materialize/workbench.ts';
import { readFiles } from '../models/project-folder.ts';

/** One model in TypeScript over tables that a test writes, built step by step. */
export interface ScriptBench extends AsyncDisposable {
  readonly bench: Workbench;
  readonly project: ModelProject;
  readonly node: ModelNode;
  build(rest?: Partial<BuildContext>, node?: Partial<BuildNode>): Promise<MaterializeResult>;
  rows(): Promise<unknown[]>;
}

/** `given`: tables of the source `crm`. */
export async function openScriptBench(
  text: string,
  given: readonly string[],
  config = '',
): Promise<ScriptBench> {
  const tables = given.map((name) => `{name: ${name}}`).join(', ');
  const project = await readFiles({
    'models/thing.ts': text,
    'models/schema.yml': `sources: [{name: crm, tables: [${tables}]}]\n${config}`,
  });
  const faults = project.faults.map(({ line, message }) => `${line} ${message}`);
  assertThat(faults.length === 0, faults.join('\n'));
  const node = project.nodes.get('model.shop.thing');
  assertThat(isModelNode(node) && node.script, 'the model was read');
  const { script } = node;
  const bench = await openWorkbench();
  await bench.run('create schema crm');
  return {
    bench,
    project,
    node,
    async build(rest = {}, more = {}) {
      const states = await readNodeStates(bench.warehouse);
      const isIncremental = states.has(stateKeyOf(node)) && rest.fullRefresh !== true;
      const build = nodeOf('', node.nodeConfig, {
        id: node.id,
        file: node.file,
        relation: node.relation,
        isIncremental,
        ...more,
      });
      const spoolFolder = join(project.root, '.tidemill', 'spool');
      const inputs = await compileInputs(project, node);
      const source = { script, inputs, spoolFolder };
      return materialize(bench.warehouse, build, contextOf({ script: source, ...rest }));
    },
    rows: () => bench.rows('from main.thing order by all'),
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}
