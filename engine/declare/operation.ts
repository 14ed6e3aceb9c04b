import type { ModelProject } from './model-project.ts';

/** A hook of a run, as dbt counts and names it. */
export interface Operation {
  /** `operation.<package>.<name>`. */
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly when: 'start' | 'end';
  /** From 1, over the project and its packages, in the order in which they run. */
  readonly index: number;
  /** From 0, within its package. */
  readonly position: number;
  readonly text: string;
}

/** In dbt's order: the project's, then those of each package by its name. */
export function operationsOf(
  project: Pick<ModelProject, 'packages'>,
  when: Operation['when'],
): Operation[] {
  const [root, ...packages] = project.packages;
  const byName = packages.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const all = [...(root ? [root] : []), ...byName].flatMap((pack) =>
    pack.hooks[when].map((text, position) => ({ packageName: pack.name, position, text })),
  );
  return all.map(({ packageName, position, text }, index) => {
    const name = `${packageName}-on-run-${when}-${position}`;
    const id = `operation.${packageName}.${name}`;
    return { id, name, packageName, when, index: index + 1, position, text };
  });
}
