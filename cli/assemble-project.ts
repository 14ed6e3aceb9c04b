import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { openProjectMemory, type ProjectMemory } from '../engine/declare/memory/project-memory.ts';
import { isDbtProject, loadDbtProject } from '../engine/declare/project/dbt-project.ts';
import { issuesError, loadProject } from '../engine/declare/project/load-project.ts';
import type { Project } from '../engine/declare/project/project.ts';
import type { DeclaredTypes } from '../engine/declare/project/schema.ts';
import type { Connectors } from '../engine/plan/connectors.ts';
import { openStateDb, type StateDb } from '../engine/state/state-db.ts';
import { type Clock, systemClock } from '../engine/words/clock.ts';
import type { ConnectionSchema } from '../engine/words/connection.ts';
import type { JsonObject } from '../engine/words/json.ts';
import { type Log, silentLog } from '../engine/words/log.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import type { WarningRules } from '../engine/words/warning-rules.ts';
import { loaders } from '../loaders/index.ts';
import { type ConnectorRegistry, createConnections } from './connections.ts';

export interface OpenProjectOptions {
  /** The folder of `pipelines.yaml` or of `dbt_project.yml`; default the current one. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** False for work that talks to no CRM: the environment of `connections` may be missing then. */
  readonly needsConnections?: boolean;
  /** Variables of models: they win over what the project's files say. */
  readonly vars?: JsonObject;
  /** A DuckDB file to build in instead of the declared one. */
  readonly warehouse?: string;
  /** dbt projects: the target and the folder of `profiles.yml`. */
  readonly target?: string;
  readonly profile?: string;
  readonly profilesFolder?: string;
  /** Where artifacts are written, from the folder; default what the project says, or `target`. */
  readonly targetPath?: string;
  /** Which warnings are errors, and which are not told: dbt's `warn_error_options`. */
  readonly warningRules?: WarningRules;
  /** Connectors of your own, by the name people write after `type:`. */
  readonly extractors?: ConnectorRegistry['extractors'];
  readonly destinations?: ConnectorRegistry['destinations'];
}

/** A project with its connectors at hand. Nothing is signed in or opened before it is used. */
export interface OpenedProject extends Connectors, Disposable {
  readonly project: Project;
  /** What `env_var` in models may read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of the command line. */
  readonly vars: JsonObject;
  readonly clock: Clock;
  readonly log: Log;
  readonly warningRules: WarningRules | undefined;
  /** Where state.db, the lock and spooled pages live: `.tidemill` beside `pipelines.yaml`. */
  readonly stateFolder: string;
  readonly state: StateDb;
  openWarehouse(options?: { readOnly?: boolean }): Promise<Warehouse>;
  /** What was read of the models' files before; written anew when the project is let go. */
  openMemory(): ProjectMemory;
  /** Where the warehouse's file is, or will be. */
  readonly warehousePath: string;
  /** The warehouse exists: something was built or landed before. */
  hasWarehouse(): boolean;
}

/** What may stand after `type:`, with the schema of each. */
export function declareTypes(registry: ConnectorRegistry): DeclaredTypes {
  const connectors = { ...registry.destinations, ...registry.extractors };
  const schemas = (entries: Readonly<Record<string, { schema: ConnectionSchema }>>) =>
    Object.fromEntries(Object.entries(entries).map(([type, { schema }]) => [type, schema]));
  return { connections: schemas(connectors), warehouses: schemas(loaders) };
}

/**
 * Reads a project and joins it with connectors. A folder with a `dbt_project.yml` and no
 * `pipelines.yaml` is a project too: one without connections.
 *
 * @throws TerminalError `project-invalid` with every fault of `pipelines.yaml`, or
 *   `project-not-found`.
 */
export function assembleProject(
  options: OpenProjectOptions,
  inTheBox: ConnectorRegistry,
): OpenedProject {
  const folder = resolve(options.folder ?? '.');
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLog;
  const env = options.env ?? process.env;
  const registry: ConnectorRegistry = {
    extractors: { ...inTheBox.extractors, ...options.extractors },
    destinations: { ...inTheBox.destinations, ...options.destinations },
  };
  const project = readDeclaration(folder, env, registry, { ...options, log });
  const stateFolder = join(folder, '.tidemill');
  const warehousePath = resolve(folder, String(project.warehouse.config['path']));
  let opened: StateDb | undefined;
  const state = (): StateDb => {
    opened ??= openStateDb(stateFolder);
    return opened;
  };
  let memory: ProjectMemory | undefined;
  const connections = createConnections({ project, clock, log, state, registry });
  return {
    project,
    env,
    vars: options.vars ?? {},
    clock,
    log,
    warningRules: options.warningRules,
    stateFolder,
    get state() {
      return state();
    },
    ...connections,
    openWarehouse: (choice = {}) => openWarehouse(project, warehousePath, log, choice),
    openMemory: () => {
      memory?.save();
      memory = openProjectMemory(join(stateFolder, 'models'), folder);
      return memory;
    },
    warehousePath,
    hasWarehouse: () => existsSync(warehousePath),
    [Symbol.dispose]: () => {
      memory?.save();
      opened?.[Symbol.dispose]();
    },
  };
}

/** Whether the folder is a dbt project alone: such a one has no connections. */
export function isWithoutConnections(folder: string): boolean {
  return !existsSync(join(folder, 'pipelines.yaml')) && isDbtProject(folder);
}

/** `pipelines.yaml`, or where there is none, a dbt project as it is. */
function readDeclaration(
  folder: string,
  env: NonNullable<OpenProjectOptions['env']>,
  registry: ConnectorRegistry,
  options: OpenProjectOptions,
): Project {
  const file = join(folder, 'pipelines.yaml');
  const { target, profile, profilesFolder } = options;
  const declared = isWithoutConnections(folder)
    ? loadDbtProject({
        folder,
        env,
        hasWarehouse: options.warehouse !== undefined,
        ...(options.vars === undefined ? {} : { vars: options.vars }),
        warn: (message) => options.log?.warn('profile-unread', { message }),
        ...(target === undefined ? {} : { target }),
        ...(profile === undefined ? {} : { profile }),
        ...(profilesFolder === undefined ? {} : { profilesFolder }),
      })
    : loadPipelines(file, env, registry, options);
  const { models, warehouse } = declared;
  const path = options.warehouse === undefined ? {} : { path: resolve(options.warehouse) };
  return {
    ...declared,
    targetPath: options.targetPath ?? declared.targetPath,
    warehouse: { ...warehouse, config: { ...warehouse.config, ...path } },
    models: models && { ...models, vars: { ...models.vars, ...options.vars } },
  };
}

function loadPipelines(
  file: string,
  env: NonNullable<OpenProjectOptions['env']>,
  registry: ConnectorRegistry,
  options: OpenProjectOptions,
): Project {
  const loaded = loadProject({
    file,
    env,
    types: declareTypes(registry),
    needsConnections: options.needsConnections ?? true,
  });
  if (!loaded.project) throw issuesError(loaded.issues);
  if (!loaded.project.models && existsSync(join(dirname(file), 'models'))) {
    const message = `${file} has no \`models\`, so that the folder models/ is not read: add \`models: { path: models }\``;
    options.log?.warn('models-undeclared', { message });
  }
  return loaded.project;
}

function openWarehouse(
  project: Project,
  path: string,
  log: Log,
  choice: { readOnly?: boolean },
): Promise<Warehouse> {
  const { type, config } = project.warehouse;
  const loader = loaders[type as keyof typeof loaders];
  const text = (key: string) => (config[key] === undefined ? undefined : String(config[key]));
  const memoryLimit = text('memory_limit');
  const spill = text('spill_folder');
  return loader.open({
    path,
    log,
    filesFolder: resolve(project.folder),
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(spill === undefined ? {} : { spillFolder: resolve(project.folder, spill) }),
    ...(config['threads'] === undefined ? {} : { threads: Number(config['threads']) }),
    ...(choice.readOnly ? { readOnly: true } : {}),
  });
}
