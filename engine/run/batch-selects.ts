import { type Compiled, type CompileOptions, compileNode } from '../declare/compile-node.ts';
import { macroText, tagTexts } from '../declare/macro-calls.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { Batches } from '../steps/batch-spans.ts';

/**
 * How each batch of a microbatch is selected. A batch sees of every input with an `event_time` the
 * rows of its own stretch, so that a join or a count over two batches at once would answer
 * something else: such a model has a statement for each batch. One whose template does not depend
 * on the batch has one for all of them.
 */
export function batchSelects(
  project: ModelProject,
  node: ModelNode,
  compiled: Compiled,
  options: CompileOptions,
): Pick<Batches, 'selectOf' | 'isChained'> {
  const texts = [node.text, ...[...compiled.trace.macros].map(macroText)].flatMap(tagTexts);
  if (!seesBatch(project, node, texts)) return {};
  return {
    isChained: texts.some((text) => /\bthis\b/.test(text)),
    selectOf: async (batch) => {
      const window = { ...options.window, batch };
      return (await compileNode(project, node, { ...options, window })).sql;
    },
  };
}

/** `texts`: those of the template's tags and its macros', branches that are not taken included. */
function seesBatch(project: ModelProject, node: ModelNode, texts: readonly string[]): boolean {
  if (texts.some((text) => /\b(batch|this)\b/.test(text))) return true;
  return node.dependsOn.some((id) => {
    const input = project.nodes.get(id);
    return input !== undefined && Boolean(input.config['event_time']);
  });
}
