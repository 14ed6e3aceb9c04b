import type { Log } from '../words/log.ts';
import { type Graph, type GraphNode, restoreGraph } from './graph.ts';
import { digestText } from './memory/memory.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import { traceOfEnv } from './memory/watched-env.ts';
import type { ModelFault } from './model-fault.ts';
import type { ModelProjectOptions, ProjectChange } from './project-shape.ts';
import type { Selectors } from './selectors.ts';
import type { Spoken } from './spoken.ts';
import { logOfReading } from './template-warnings.ts';
import { toldFaults } from './told-faults.ts';

/** A project's nodes as far as the graph goes, and what besides its files they follow from. */
export interface StoredOutline {
  readonly key: string;
  /** Of the reading that is kept here: see `ModelProject`. */
  readonly stamp: string;
  readonly change?: ProjectChange;
  /** Names of the environment that were looked at, with digests of their values. */
  readonly env: readonly (readonly [string, string])[];
  readonly spoken: readonly Spoken[];
  readonly name: string;
  readonly isDbt: boolean;
  readonly packageNames: readonly string[];
  readonly nodes: readonly GraphNode[];
  /** Of the graph, by place in `nodes`. */
  readonly order: readonly number[];
  readonly cycles: Graph['cycles'];
  readonly selectors: Selectors;
  readonly faults: readonly ModelFault[];
}

/** The nodes and what is wrong with them, without what it takes to render them. */
export interface ProjectOutline {
  readonly stamp: string;
  readonly graph: Graph;
  readonly selectors: Selectors;
  readonly faults: readonly ModelFault[];
}

/** Of everything that reading follows from, besides files and the environment. */
export function keyOfOptions(options: ModelProjectOptions): string {
  const { root, name, modelsPath, target, vars, connections, foreign } = options;
  return digestText(JSON.stringify([root, name, modelsPath, target, vars, connections, foreign]));
}

/** What was kept, where reading the project now would come to the same. */
export function recallStored(
  options: ModelProjectOptions,
  memory: ProjectMemory,
): StoredOutline | undefined {
  return memory.isUnchanged() ? findStored(options, memory) : undefined;
}

/** What was kept, where all but the files is as it was. */
export function findStored(
  options: ModelProjectOptions,
  memory: ProjectMemory,
): StoredOutline | undefined {
  const stored = memory.recall('outline') as StoredOutline | undefined;
  if (stored?.key !== keyOfOptions(options)) return undefined;
  const isSame = stored.env.every(([name, trace]) => traceOfEnv(options.env[name]) === trace);
  return isSame ? stored : undefined;
}

/** The outline as it was read before; undefined: it must be read now. */
export function recallOutline(
  options: ModelProjectOptions,
  memory: ProjectMemory,
): ProjectOutline | undefined {
  const stored = recallStored(options, memory);
  if (stored === undefined) return undefined;
  sayAgain(stored.spoken, logOfReading(options));
  const { stamp, selectors } = stored;
  const faults = toldFaults(stored.faults, options, stored.spoken);
  return { stamp, graph: graphOf(stored, stored.nodes), selectors, faults };
}

export function sayAgain(spoken: readonly Spoken[], log: Log | undefined): void {
  for (const [level, event, fields] of spoken) log?.[level](event, fields);
}

/** The graph of the stored nodes, or of the same nodes with more to them. */
export function graphOf({ order, cycles }: StoredOutline, nodes: readonly GraphNode[]): Graph {
  return restoreGraph(
    nodes,
    order.flatMap((index) => nodes[index]?.id ?? []),
    cycles,
  );
}
