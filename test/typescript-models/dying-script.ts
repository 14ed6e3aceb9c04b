import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isModelNode } from '../../engine/declare/model-node.ts';
import { readModelProject } from '../../engine/declare/model-project.ts';
import { compileInputs } from '../../engine/declare/typescript/compile-inputs.ts';
import type { BuildContext } from '../../engine/steps/build-context.ts';
import { assertThat } from '../../engine/words/errors.ts';
import type { BuildNode } from '../../engine/words/node.ts';
import { contextOf, nodeOf } from '../materialize/workbench.ts';

const model = `import { defineModel, source } from 'tidemill';
export const thing = defineModel({
  inputs: { log: source('given', 'log', { id: 'varchar', name: 'varchar' }, { orderBy: ['name'] }) },
  by: ['id'],
  key: ['id'],
  columns: { id: 'varchar', names: 'varchar' },
  config: { schema: 'mart' },
  runKey: (_, { log }) => [{ names: log.map(({ name }) => name).join() }],
});`;

const files = {
  'models/thing.ts': model,
  'models/schema.yml': 'sources: [{name: given, schema: main, tables: [{name: log}]}]\n',
};

/** A model in TypeScript, key by key, whose files are laid beside the warehouse. */
export async function dyingScript(
  warehousePath: string,
  runId: string,
): Promise<{ readonly node: BuildNode; readonly context: BuildContext }> {
  const root = join(dirname(warehousePath), 'project');
  mkdirSync(join(root, 'models'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
  const target = { name: 'dev', schema: 'main', database: 'warehouse', type: 'duckdb' };
  const project = await readModelProject({ root, name: 'shop', target, env: {} });
  const read = project.nodes.get('model.shop.thing');
  assertThat(isModelNode(read) && read.script, 'the model was read');
  const { id, file, relation, nodeConfig, script } = read;
  const node = nodeOf('', nodeConfig, { id, file, relation, isIncremental: true });
  const inputs = await compileInputs(project, read);
  const source = { script, inputs, spoolFolder: join(root, 'spool') };
  return { node, context: contextOf({ runId, script: source }) };
}
