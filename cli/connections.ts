import type { ConnectionDeclaration, Project } from '../engine/declare/project/project.ts';
import type { Connectors } from '../engine/plan/connectors.ts';
import { createCallMeter } from '../engine/state/calls.ts';
import type { StateDb } from '../engine/state/state-db.ts';
import type { Clock } from '../engine/words/clock.ts';
import type {
  ConnectionContext,
  DestinationFactory,
  ExtractorFactory,
} from '../engine/words/connection.ts';
import { TerminalError } from '../engine/words/errors.ts';
import { type Log, logAbout } from '../engine/words/log.ts';
import type { Extractor } from '../engine/words/stream.ts';

/** Connectors by the name people write after `type:`. */
export interface ConnectorRegistry {
  readonly extractors: Readonly<Record<string, ExtractorFactory>>;
  readonly destinations: Readonly<Record<string, DestinationFactory>>;
}

export interface ConnectionsRequest {
  readonly project: Project;
  readonly clock: Clock;
  readonly log: Log;
  readonly state: () => StateDb;
  readonly registry: ConnectorRegistry;
}

/**
 * One context per connection: what reads it and what writes it share sign-in, limiter and meter.
 */
export function createConnections(request: ConnectionsRequest): Connectors {
  const { project, registry } = request;
  const contexts = new Map<string, ConnectionContext>();
  const readers = new Map<string, Extractor>();
  const contextOf = (declared: ConnectionDeclaration): ConnectionContext => {
    const context = contexts.get(declared.name) ?? createContext(request, declared);
    contexts.set(declared.name, context);
    return context;
  };
  const find = (name: string) => findConnection(project, name);
  return {
    extractor: (name) => {
      const declared = find(name);
      const reader =
        readers.get(name) ?? extractorOf(registry, declared).create(contextOf(declared));
      readers.set(name, reader);
      return reader;
    },
    streamGroups: (name) => registry.extractors[find(name).type]?.groups ?? {},
    destination: (name, object) => {
      const declared = find(name);
      return destinationOf(registry, declared).create(contextOf(declared), object);
    },
    streamOf: (name, object) => destinationOf(registry, find(name)).streamOf(object),
  };
}

function createContext(
  { clock, log, state }: ConnectionsRequest,
  { name, config }: ConnectionDeclaration,
): ConnectionContext {
  const shared = new Map<string, unknown>();
  return {
    name,
    config,
    clock,
    log: logAbout(log, { connection: name }),
    meter: createCallMeter(state(), name, clock),
    once: <T>(key: string, open: () => T): T => {
      if (!shared.has(key)) shared.set(key, open());
      return shared.get(key) as T;
    },
  };
}

function findConnection(project: Project, name: string): ConnectionDeclaration {
  const connection = project.connections.get(name);
  if (connection) return connection;
  throw new TerminalError(`there is no connection "${name}"`, {
    code: 'unknown-connection',
    hint: `known connections: ${[...project.connections.keys()].join(', ')}`,
  });
}

function extractorOf(
  registry: ConnectorRegistry,
  { name, type }: ConnectionDeclaration,
): ExtractorFactory {
  const factory = registry.extractors[type];
  if (factory) return factory;
  throw new TerminalError(`nothing can be read from ${name}`, {
    code: 'no-extractor',
    connection: name,
    hint: `${type} can be written only`,
  });
}

function destinationOf(
  registry: ConnectorRegistry,
  { name, type }: ConnectionDeclaration,
): DestinationFactory {
  const factory = registry.destinations[type];
  if (factory) return factory;
  throw new TerminalError(`nothing can be written to ${name}`, {
    code: 'no-destination',
    connection: name,
    hint: `${type} can be read only`,
  });
}
