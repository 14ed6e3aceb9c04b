import type { ModelProject } from '../declare/model-project.ts';

const built: ReadonlySet<string> = new Set(['model', 'seed', 'snapshot', 'test']);

/** Of what is selected, what templates see of it as dbt's, by the command that selects. */
const typesSeen = {
  build: new Set([...built, 'exposure', 'saved_query']),
  test: new Set(['test']),
  compile: new Set([...built, 'analysis']),
  freshness: new Set(['source']),
} as const satisfies Record<string, ReadonlySet<string>>;

/**
 * Tells templates of the project what is selected: their `selected_resources`, which is empty while
 * files are read.
 */
export function tellSelected(
  project: ModelProject,
  ids: Iterable<string>,
  command: keyof typeof typesSeen,
): void {
  const { nodes } = project.graph;
  const types: ReadonlySet<string> = typesSeen[command];
  const selected = [...ids].filter((id) => types.has(nodes.get(id)?.resourceType ?? '')).sort();
  // Not a copy: what a remembered project holds is made when it is asked for.
  Object.assign(project, { selected });
}
