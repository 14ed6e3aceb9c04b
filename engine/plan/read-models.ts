import { buildGraph, type Graph, type GraphNode } from '../declare/graph.ts';
import type { ReadGraph } from '../declare/graph-value.ts';
import type { ProjectMemory } from '../declare/memory/project-memory.ts';
import type { Project } from '../declare/project/project.ts';
import { type ProjectOutline, recallOutline } from '../declare/project-outline.ts';
import type { ModelProject, ModelProjectOptions } from '../declare/project-shape.ts';
import type { Log } from '../words/log.ts';
import type { WarningRules } from '../words/warning-rules.ts';
import type { SyncNode } from './sync-nodes.ts';

export interface ReadModelsRequest {
  readonly project: Project;
  /** Where models are built: the dialect's name, and the name of the catalog. */
  readonly place: { readonly dialect: string; readonly catalog: string };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** What the last process read of the same files; absent: everything is read. */
  openMemory?(): ProjectMemory;
  /** For what is told of them: see `ModelProjectOptions`. */
  readonly nowMs?: number;
  readonly warningRules?: WarningRules;
  /** dbt's manifest, for templates that look into `graph`; absent: they see none. */
  readonly describeProject?: DescribeProject;
}

export type DescribeProject = (project: ModelProject) => ReturnType<ReadGraph>;

/** The project's models, read from its files alone; undefined where it has none. */
export async function readProjectModels(
  request: ReadModelsRequest,
): Promise<ModelProject | undefined> {
  const options = optionsOf(request);
  const models = options && (await readNow(options));
  return models && withGraph(models, request);
}

/** Templates of the project may look into `graph` from now on. */
function withGraph(models: ModelProject, { describeProject }: ReadModelsRequest): ModelProject {
  if (describeProject === undefined) return models;
  let graph: ReturnType<ReadGraph> | undefined;
  const readGraph: ReadGraph = () => {
    graph ??= describeProject(models);
    return graph;
  };
  // Not a copy: what a remembered project holds is made when it is asked for.
  return Object.assign(models, { readGraph });
}

/** Their names, edges and faults alone: what was kept of them is less to read. */
export async function readProjectOutline(
  request: ReadModelsRequest,
): Promise<ProjectOutline | ModelProject | undefined> {
  const options = optionsOf(request);
  const known = options?.memory && recallOutline(options, options.memory);
  return known ?? (options && withGraph(await readNow(options), request));
}

async function readNow(options: ModelProjectOptions): Promise<ModelProject> {
  // Loaded here: the template language is as much code as all the rest.
  const { readModelProject } = await import('../declare/model-project.ts');
  return await readModelProject(options);
}

function optionsOf(request: ReadModelsRequest): ModelProjectOptions | undefined {
  const { project, place, env, log, openMemory, nowMs, warningRules } = request;
  if (!project.models) return undefined;
  const { name = 'warehouse', schema = 'main' } = project.target ?? {};
  return {
    root: project.folder,
    name: project.name,
    targetPath: project.targetPath,
    modelsPath: project.models.path,
    vars: project.models.vars,
    target: { name, schema, type: place.dialect, database: place.catalog },
    env,
    log,
    ...(nowMs === undefined ? {} : { nowMs }),
    ...(warningRules && { warningRules }),
    ...(openMemory ? { memory: openMemory() } : {}),
    connections: [...project.connections.keys()].map((connection) => ({ name: connection })),
  };
}

/** Streams, sources, models, tests and syncs in one graph, so that selectors reach all of them. */
export function joinGraph(
  project: Project,
  models: Pick<ModelProject, 'graph'> | undefined,
  syncs: readonly SyncNode[],
  streamIds: Iterable<string> = [],
): Graph {
  const streams = [...new Set(streamIds)];
  if (models && syncs.length === 0 && streams.length === 0) return models.graph;
  const nodes: GraphNode[] = streams.map((id) => {
    const [, connection = '', ...name] = id.split('.');
    return {
      id,
      resourceType: 'stream',
      name: name.join('.'),
      packageName: project.name,
      fqn: [project.name, connection, name.join('.')],
      file: project.file,
      tags: [],
      config: {},
      dependsOn: [],
      sourceName: connection,
    };
  });
  return buildGraph([
    ...nodes,
    ...(models?.graph.nodes.values() ?? []),
    ...syncs.map(({ graphNode }) => graphNode),
  ]);
}
