import { type CompileOptions, compileNode } from '../compile-node.ts';
import { parseTemplate } from '../jinja/parse-template.ts';
import type { ModelNode } from '../model-node.ts';
import type { ModelProject } from '../model-project.ts';
import type { ScriptInput } from './script-definition.ts';
import { inputTemplate, relationTemplate } from './script-template.ts';

/** One input's select, without order; each column of exactly the declared type. */
export interface CompiledInput {
  readonly input: ScriptInput;
  readonly sql: string;
}

/** What a TypeScript model reads, input by input, as the function will be given it. */
export async function compileInputs(
  project: ModelProject,
  node: ModelNode,
  options: CompileOptions = {},
): Promise<CompiledInput[]> {
  const inputs = node.script?.definition.inputs ?? [];
  return await Promise.all(
    inputs.map(async (input) => {
      const { sql } = await compileText(project, node, inputTemplate(input), options);
      return { input, sql };
    }),
  );
}

/** Everything an input has, whatever was declared: for looking at its columns. */
export async function compileInputWhole(
  project: ModelProject,
  node: ModelNode,
  input: ScriptInput,
  options: CompileOptions,
): Promise<{ readonly sql: string; readonly reads: readonly string[] }> {
  return await compileText(project, node, `select * from ${relationTemplate(input)}`, options);
}

async function compileText(
  project: ModelProject,
  node: ModelNode,
  text: string,
  options: CompileOptions,
) {
  const template = parseTemplate(text, { file: node.file });
  const templates: ModelProject['templates'] = {
    has: (id) => id === node.id || project.templates.has(id),
    get: (id) => (id === node.id ? template : project.templates.get(id)),
  };
  return await compileNode({ ...project, templates }, node, options);
}
