import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { issuesError, loadProject } from '../engine/declare/project/load-project.ts';
import type { ConnectionDeclaration, Project } from '../engine/declare/project/project.ts';
import type { DeclaredTypes } from '../engine/declare/project/schema.ts';
import type { StreamGroups } from '../engine/plan/choose-streams.ts';
import { createCallMeter } from '../engine/state/calls.ts';
import { openStateDb, type StateDb } from '../engine/state/state-db.ts';
import { type Clock, systemClock } from '../engine/words/clock.ts';
import type { ConnectionContext } from '../engine/words/connection.ts';
import type { Destination } from '../engine/words/destination.ts';
import { TerminalError } from '../engine/words/errors.ts';
import { type Log, silentLog } from '../engine/words/log.ts';
import type { Extractor } from '../engine/words/stream.ts';
import type { Warehouse } from '../engine/words/warehouse.ts';
import { extractors } from '../extractors/index.ts';
import { loaders } from '../loaders/index.ts';
import { destinations } from '../reverse-etl/index.ts';

export interface OpenProjectOptions {
  /** The folder of `pipelines.yaml`; default the current one. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly log?: Log;
  /** False for work that talks to no CRM: the environment of `connections` may be missing then. */
  readonly needsConnections?: boolean;
}

/** A project with its connectors at hand. Nothing is signed in or opened before it is used. */
export interface OpenedProject extends Disposable {
  readonly project: Project;
  /** What `env_var` in models may read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where state.db, the lock and spooled pages live: `.tidemill` beside `pipelines.yaml`. */
  readonly stateFolder: string;
  readonly state: StateDb;
  extractor(connection: string): Extractor;
  streamGroups(connection: string): StreamGroups;
  destination(connection: string, object: string): Destination;
  /** The stream whose records are this object's, as the current view has them. */
  streamOf(connection: string, object: string): string;
  openWarehouse(options?: { readOnly?: boolean }): Promise<Warehouse>;
  /** The warehouse exists: something was built or landed before. */
  hasWarehouse(): boolean;
}

export const declaredTypes: DeclaredTypes = {
  connections: Object.fromEntries(
    Object.entries({ ...destinations, ...extractors }).map(([type, { schema }]) => [type, schema]),
  ),
  warehouses: Object.fromEntries(
    Object.entries(loaders).map(([type, { schema }]) => [type, schema]),
  ),
};

/**
 * Reads a project and joins it with the connectors.
 *
 * @throws TerminalError `project-invalid` with every fault of `pipelines.yaml`, or
 *   `project-not-found`.
 */
export function openProject(options: OpenProjectOptions = {}): OpenedProject {
  const folder = resolve(options.folder ?? '.');
  const clock = options.clock ?? systemClock;
  const log = options.log ?? silentLog;
  const env = options.env ?? process.env;
  const loaded = loadProject({
    file: join(folder, 'pipelines.yaml'),
    env,
    types: declaredTypes,
    needsConnections: options.needsConnections ?? true,
  });
  if (!loaded.project) throw issuesError(loaded.issues);
  const { project } = loaded;
  const stateFolder = join(folder, '.tidemill');
  const warehousePath = resolve(folder, String(project.warehouse.config['path']));
  let opened: StateDb | undefined;
  const state = (): StateDb => {
    opened ??= openStateDb(stateFolder);
    return opened;
  };
  const contexts = createContexts(project, clock, log, state);
  return {
    project,
    env,
    clock,
    log,
    stateFolder,
    get state() {
      return state();
    },
    extractor: contexts.extractor,
    streamGroups: (name) => extractors[contexts.declared(name).type]?.groups ?? {},
    destination: contexts.destination,
    streamOf: (name, object) => destinationOf(contexts.declared(name)).streamOf(object),
    openWarehouse: (choice = {}) => openWarehouse(project, warehousePath, log, choice),
    hasWarehouse: () => existsSync(warehousePath),
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

function destinationOf(connection: ConnectionDeclaration) {
  const factory = destinations[connection.type];
  if (factory) return factory;
  throw new TerminalError(`nothing can be written to ${connection.name}`, {
    code: 'no-destination',
    connection: connection.name,
    hint: `${connection.type} can be read only`,
  });
}

function createContexts(project: Project, clock: Clock, log: Log, state: () => StateDb) {
  const contexts = new Map<string, ConnectionContext>();
  const readers = new Map<string, Extractor>();
  const declared = (name: string): ConnectionDeclaration => {
    const connection = project.connections.get(name);
    if (connection) return connection;
    const known = [...project.connections.keys()].join(', ');
    throw new TerminalError(`there is no connection "${name}"`, {
      code: 'unknown-connection',
      hint: `known connections: ${known}`,
    });
  };
  const contextOf = (name: string): ConnectionContext => {
    let context = contexts.get(name);
    if (!context) {
      const shared = new Map<string, unknown>();
      context = {
        name,
        config: declared(name).config,
        clock,
        log,
        meter: createCallMeter(state(), name, clock),
        once: <T>(key: string, open: () => T): T => {
          if (!shared.has(key)) shared.set(key, open());
          return shared.get(key) as T;
        },
      };
      contexts.set(name, context);
    }
    return context;
  };
  return {
    declared,
    extractor: (name: string): Extractor => {
      let reader = readers.get(name);
      if (!reader) {
        const factory = extractors[declared(name).type];
        if (!factory) {
          throw new TerminalError(`nothing can be read from ${name}`, {
            code: 'no-extractor',
            connection: name,
            hint: `${declared(name).type} can be written only`,
          });
        }
        reader = factory.create(contextOf(name));
        readers.set(name, reader);
      }
      return reader;
    },
    destination: (name: string, object: string): Destination =>
      destinationOf(declared(name)).create(contextOf(name), object),
  };
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
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(spill === undefined ? {} : { spillFolder: resolve(project.folder, spill) }),
    ...(config['threads'] === undefined ? {} : { threads: Number(config['threads']) }),
    ...(choice.readOnly ? { readOnly: true } : {}),
  });
}
