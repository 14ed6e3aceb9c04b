import { startTrace } from './node-scope.ts';
import { relationValue } from './relation-value.ts';
import type { NodeRender } from './rendering.ts';

/** What tells a text of a project's files from others. */
export type Bystander = Pick<
  NodeRender,
  'id' | 'name' | 'packageName' | 'file' | 'fqn' | 'resourceType'
>;

/**
 * The rendering of a text that is built into nothing, such as a description: it may call macros and
 * read variables; what it refers to answers by the name it was called.
 */
export function bystander(about: Bystander, schema: string): NodeRender {
  return {
    ...about,
    relation: { schema, name: about.name },
    config: {},
    isExecuting: true,
    isIncremental: false,
    trace: startTrace(),
    resolveRef: (call) => relationValue({ schema, identifier: call.name }),
    resolveSource: (call) => relationValue({ schema, identifier: call.table }),
  };
}
