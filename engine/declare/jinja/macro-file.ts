import type { BlockNode, MacroNode, Parameter, Template } from './ast.ts';
import { bindMacro } from './evaluate-macro.ts';
import type { SourcePosition } from './jinja-error.ts';
import { createRuntime, noGlobals, type RenderOptions } from './render-template.ts';
import { Activation } from './scope.ts';
import { findPosition } from './source-text.ts';
import { HostFunction, type JinjaValue, type MaybePromise } from './values.ts';

/** A macro as its file defines it, not yet bound to what its names mean. */
export interface MacroDefinition {
  /** The name dbt files it under: `test_unique`, `materialization_table_default`. */
  readonly name: string;
  readonly kind: MacroNode['macroKind'];
  readonly parameters: readonly Parameter[];
  readonly position: SourcePosition;
  /** The macro's text, tags excluded: what a fingerprint hashes. */
  readonly source: string;
  readonly node: MacroNode;
  readonly template: Template;
}

/** The macros, tests and materializations a file defines at its top, in order. */
export function loadMacros(template: Template): MacroDefinition[] {
  return template.body
    .filter((node): node is MacroNode => node.kind === 'macro')
    .map((node) => ({
      name: node.macroName,
      kind: node.macroKind,
      parameters: node.parameters,
      position: findPosition(template, node.at),
      source: template.text.slice(node.bodyStart, node.bodyEnd),
      node,
      template,
    }));
}

/** A `snapshot` or `docs` block of a file, with the text between its tags. */
export interface NamedBlock {
  readonly kind: BlockNode['kind'];
  readonly name: string;
  readonly position: SourcePosition;
  readonly source: string;
  /** The body as a template of its own; positions stay those of the file. */
  readonly template: Template;
}

export function loadBlocks(template: Template, kind: BlockNode['kind']): NamedBlock[] {
  return template.body
    .filter((node): node is BlockNode => node.kind === kind)
    .map((node) => ({
      kind: node.kind,
      name: node.name,
      position: findPosition(template, node.at),
      source: template.text.slice(node.bodyStart, node.bodyEnd),
      template: { ...template, body: node.body },
    }));
}

/** Calls a macro from TypeScript, in a rendering of its own. */
export async function callMacro(
  macro: MacroDefinition | HostFunction,
  args: readonly JinjaValue[] = [],
  kwargs: ReadonlyMap<string, JinjaValue> = new Map(),
  options: RenderOptions = {},
): Promise<JinjaValue> {
  options.signal?.throwIfAborted();
  const globals = options.globals ?? noGlobals;
  const bound = macro instanceof HostFunction ? macro : bindMacro(macro, globals);
  const place = { file: '(host)', lineStarts: [0] };
  const activation = new Activation(createRuntime(options), place, globals);
  const answer: MaybePromise<JinjaValue> = bound.invoke(args, kwargs, activation);
  return await answer;
}
