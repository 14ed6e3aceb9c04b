import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { Graph } from '../engine/declare/graph.ts';
import type { ModelFault } from '../engine/declare/model-fault.ts';
import type { ModelProject } from '../engine/declare/model-project.ts';
import type { ProjectOutline } from '../engine/declare/project-outline.ts';
import { noSelectors } from '../engine/declare/selectors.ts';
import type { NodeChoice } from '../engine/plan/choose-nodes.ts';
import type { ReadModelsRequest } from '../engine/plan/read-models.ts';
import type { StateComparison } from '../engine/plan/state-comparison.ts';
import { TerminalError } from '../engine/words/errors.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Session, Warehouse } from '../engine/words/warehouse.ts';
import { loaders } from '../loaders/index.ts';
import { describeProject } from './describe-project.ts';
import type { CommandContext } from './host.ts';
import { lockForCommand } from './lock-project.ts';
import type { OpenedProject } from './open-project.ts';
import { stateFolderOf } from './state-folder.ts';

/** What a command says of the nodes it means. */
export interface OutlineChoice extends NodeChoice {
  /** The folder of artifacts that `state:` and its like compare with. */
  readonly state?: string;
}

/** A project as its files say it is: no CRM is asked and no warehouse opened. */
export interface Outline {
  readonly models: ModelProject | undefined;
  /** What `--state` says; absent: it was not given. */
  readonly state?: StateComparison;
  readonly graph: Graph;
  /** Selected ids, parents first. */
  readonly ids: readonly string[];
  readonly warnings: readonly string[];
}

export async function readOutline(
  opened: OpenedProject,
  options: OutlineChoice = {},
): Promise<Outline> {
  const { readProjectModels, joinGraph } = await import('../engine/plan/read-models.ts');
  const { findSyncNodes } = await import('../engine/plan/sync-nodes.ts');
  const models = await readProjectModels(requestOf(opened));
  const graph = joinGraph(opened.project, models, findSyncNodes(opened.project, models, opened));
  return { models, graph, ...(await choose(opened, graph, models, options)) };
}

/** @throws TerminalError `no-models` where `pipelines.yaml` names no folder of models. */
export function requireModels({ models }: Pick<Outline, 'models'>): ModelProject {
  if (models) return models;
  throw new TerminalError('the project has no models', {
    code: 'no-models',
    hint: 'name the folder of its models under models.path of pipelines.yaml',
  });
}

/** What is selected, and every fault: for who looks at no node more closely. */
export interface Listing extends Omit<Outline, 'models' | 'state'> {
  readonly faults: readonly ModelFault[];
}

export async function readListing(
  opened: OpenedProject,
  options: OutlineChoice = {},
): Promise<Listing> {
  // A sync is described by the columns of its model; a state is compared with all of each node.
  if (opened.project.syncs.length > 0 || options.state !== undefined) {
    const { models, state: _, ...outline } = await readOutline(opened, options);
    return { ...outline, faults: models?.faults ?? [] };
  }
  const { readProjectOutline, joinGraph } = await import('../engine/plan/read-models.ts');
  const models = await readProjectOutline(requestOf(opened));
  const graph = joinGraph(opened.project, models, []);
  return {
    graph,
    faults: models?.faults ?? [],
    ...(await choose(opened, graph, models, options)),
  };
}

/** All nodes that a command without a choice means. */
export interface Standing extends Listing {
  /** See `ModelProject`. */
  readonly stamp: string;
  /** Absent: an outline was enough to know all that is here. */
  readonly models?: ModelProject;
}

/** The models as they are remembered or were read, whichever is less work. */
export async function readStanding(opened: OpenedProject): Promise<Standing | undefined> {
  const { readProjectOutline } = await import('../engine/plan/read-models.ts');
  const found = await readProjectOutline(requestOf(opened));
  if (found === undefined) return undefined;
  const { stamp, graph, faults } = found;
  const models = 'nodes' in found ? { models: found } : {};
  return { stamp, graph, faults, ...models, ...(await choose(opened, graph, found, {})) };
}

function requestOf(opened: OpenedProject): ReadModelsRequest {
  const { project, env, log, openMemory, warningRules } = opened;
  const place = { dialect: project.warehouse.type, catalog: catalogOf(opened) };
  const told = { nowMs: opened.clock.now(), ...(warningRules && { warningRules }) };
  return { project, place, env, log, openMemory, describeProject, ...told };
}

function catalogOf({ project }: OpenedProject): string {
  const file = String(project.warehouse.config['path'] ?? '');
  return basename(file, extname(file));
}

/** What `--defer` and `--favor-state` say of nodes that are not meant. */
export async function deferOutline(
  opened: OpenedProject,
  session: Session,
  flags: { readonly defer?: boolean; readonly favorState?: boolean },
  outline: Pick<Outline, 'models' | 'ids' | 'state'>,
): Promise<ReadonlyMap<string, string>> {
  if (!flags.defer) return new Map();
  const { findDeferred } = await import('../engine/plan/find-deferred.ts');
  const { models, ids, state } = outline;
  const defer = flags.favorState ? 'always' : 'missing';
  const selected = new Set(ids);
  const catalog = catalogOf(opened);
  return findDeferred({ defer, session, catalog }, { models, selected, state });
}

async function choose(
  opened: OpenedProject,
  graph: Graph,
  models: ModelProject | ProjectOutline | undefined,
  choice: OutlineChoice,
): Promise<Pick<Outline, 'ids' | 'warnings' | 'state'>> {
  const { chooseNodes, tellChosen } = await import('../engine/plan/choose-nodes.ts');
  const { name, folder: root } = opened.project;
  // A broken file is told as it is; the rest is listed and compiled all the same.
  const isLeftOut = models && choice.selector === undefined && models.selectors.flaws.length > 0;
  const place = models && { name, root, selectors: isLeftOut ? noSelectors : models.selectors };
  let state: StateComparison | undefined;
  if (choice.state !== undefined && models !== undefined && 'nodes' in models) {
    const { compareState } = await import('../engine/artifacts/compare-state.ts');
    state = await compareState(models, stateFolderOf(opened, choice.state), opened.clock.now());
  }
  const selection = chooseNodes(graph, choice, place, state?.methods ?? {});
  const ids = graph.order.filter((id) => selection.ids.has(id));
  const warnings = tellChosen(opened.warningRules, selection.warnings, state?.warnings);
  return { ids, warnings, ...(state ? { state } : {}) };
}

/** The warehouse as it stands, for reading; an empty one where nothing was built yet. */
export async function withReadableWarehouse<T>(
  context: CommandContext,
  opened: OpenedProject,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  if (!opened.hasWarehouse()) {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-empty-'));
    try {
      const path = join(folder, 'warehouse.duckdb');
      await using warehouse = await loaders.duckdb.open({ path, log: silentLog });
      return await work(warehouse);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  using _lock = await lockForCommand(context, opened);
  await using warehouse = await opened.openWarehouse({ readOnly: true });
  return await work(warehouse);
}

/**
 * The same, but opened when it is first asked for anything that an empty one could not be asked
 * without opening it: most templates ask nothing.
 */
export async function withWarehouseOnDemand<T>(
  context: CommandContext,
  opened: OpenedProject,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  if (opened.hasWarehouse()) return await withReadableWarehouse(context, opened, work);
  const done = Promise.withResolvers<void>();
  let holding: Promise<void> | undefined;
  let open: Promise<Warehouse> | undefined;
  const warehouse = (): Promise<Warehouse> => {
    open ??= new Promise((resolve, reject) => {
      const hold = (found: Warehouse): Promise<void> => {
        resolve(found);
        return done.promise;
      };
      holding = withReadableWarehouse(context, opened, hold).catch(reject);
    });
    return open;
  };
  try {
    return await work({
      query: async (statement, rowsMax) => (await warehouse()).query(statement, rowsMax),
      execute: async (statement) => (await warehouse()).execute(statement),
      describe: async () => undefined,
      describeQuery: async (statement) => (await warehouse()).describeQuery(statement),
    });
  } finally {
    done.resolve();
    await holding;
  }
}
