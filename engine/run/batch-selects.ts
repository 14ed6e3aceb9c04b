import { type Compiled, type CompileOptions, compileNode } from '../declare/compile-node.ts';
import { macroText, tagTexts } from '../declare/macro-calls.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { Batches } from '../steps/batch-spans.ts';
import type { Relation } from '../words/table.ts';
import { type BatchOptions, selectRange } from './batch-range.ts';

/**
 * How each batch of a microbatch is selected. A batch sees of every input with an `event_time` the
 * rows of its own stretch, so that a join or a count over two batches at once would answer
 * something else: such a model has a statement for each batch. One whose template does not depend
 * on the batch has one for all of them. `isFirst`: no table stands, and nobody asked to make it
 * anew: `is_incremental()` is then false of the batch that makes it, and true of those after it.
 * `texts` are those of the template's tags and its macros', branches that are not taken included.
 */
export function batchSelects(
  project: ModelProject,
  node: ModelNode,
  compiled: Compiled,
  options: BatchOptions,
  isFirst = false,
): Pick<Batches, 'selectOf' | 'selectRange' | 'isChained'> {
  const texts = [node.text, ...[...compiled.trace.macros].map(macroText)].flatMap(tagTexts);
  const turns = isFirst && texts.some((text) => /\bis_incremental\b/.test(text));
  const named = texts.some((text) => /\b(batch|this)\b/.test(text));
  const inputs = node.dependsOn.flatMap((id) => {
    const input = project.nodes.get(id);
    return input !== undefined && 'relation' in input && input.config['event_time'] ? [input] : [];
  });
  if (!turns && !named && inputs.length === 0) return {};
  const [input, ...others] = inputs;
  return {
    isChained: turns || texts.some((text) => /\bthis\b/.test(text)),
    ...(input && others.length === 0 && !turns && !named
      ? {
          selectRange: (span) => selectRange(project, node, input, options, span),
        }
      : {}),
    selectOf: async (batch, standing, session) => {
      const { warehouse } = options;
      // What it asks of its own table is answered with the batches before it.
      const within =
        session && warehouse
          ? {
              warehouse: {
                ...warehouse,
                session,
                describe: (asked: Relation) => session.describe(asked),
              },
            }
          : {};
      const asked = { ...options, ...within, window: { ...options.window, batch } };
      const turned = turns && standing ? afterTheFirst(node, standing, asked) : asked;
      return (await compileNode(project, node, turned)).sql;
    },
  };
}

/** As the template sees the table once it stands, which may yet be a copy under another name. */
function afterTheFirst(
  node: ModelNode,
  standing: Relation,
  options: CompileOptions,
): CompileOptions {
  const { warehouse } = options;
  const { schema, name } = node.relation;
  return {
    ...options,
    isIncremental: true,
    standing,
    ...(warehouse && {
      warehouse: {
        ...warehouse,
        describe: (asked) =>
          warehouse.describe(asked.schema === schema && asked.name === name ? standing : asked),
      },
    }),
  };
}
