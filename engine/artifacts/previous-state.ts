import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asConfig, asList, type Config, isConfig } from '../declare/config.ts';
import { messageOf, TerminalError } from '../words/errors.ts';

/** Those of a manifest whose entries are nodes. */
export const comparedSections = [
  'nodes',
  'sources',
  'exposures',
  'unit_tests',
  'semantic_models',
  'metrics',
  'saved_queries',
] as const;

/** Artifacts that a run of Tidemill or of dbt left in a folder, as far as they are there. */
export interface PreviousState {
  readonly folder: string;
  /** Entries of its manifest by id: nodes, sources, exposures, unit tests. */
  readonly entries?: ReadonlyMap<string, Config>;
  readonly macros?: ReadonlyMap<string, Config>;
  /** Status of each node in `run_results.json`. */
  readonly results?: ReadonlyMap<string, string>;
  /** `max_loaded_at` of each source in `sources.json`. */
  readonly sources?: ReadonlyMap<string, string>;
}

/**
 * Reads `manifest.json`, `run_results.json` and `sources.json`.
 *
 * @throws TerminalError `state-unreadable` where there is none of them, or one is no JSON.
 */
export function readPreviousState(folder: string): PreviousState {
  const [manifest, results, sources] = ['manifest', 'run_results', 'sources'].map((name) =>
    readArtifact(folder, `${name}.json`),
  );
  if (!manifest && !results && !sources) {
    throw unreadable(`${folder} holds neither manifest.json nor run_results.json nor sources.json`);
  }
  return {
    folder,
    ...(manifest
      ? {
          entries: new Map(comparedSections.flatMap((key) => entriesOf(manifest, key))),
          macros: new Map(entriesOf(manifest, 'macros')),
        }
      : {}),
    ...(results ? { results: resultsOf(results, 'status') } : {}),
    ...(sources ? { sources: resultsOf(sources, 'max_loaded_at') } : {}),
  };
}

function unreadable(message: string): TerminalError {
  return new TerminalError(message, {
    code: 'state-unreadable',
    hint: 'name with --state the folder that a run of Tidemill or dbt wrote its artifacts to',
  });
}

function readArtifact(folder: string, name: string): Config | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isConfig(value)) return value;
  } catch (error) {
    throw unreadable(`${path} cannot be read: ${messageOf(error)}`);
  }
  throw unreadable(`${path} is no artifact: it holds no JSON object`);
}

function entriesOf(manifest: Config, key: string): [string, Config][] {
  return Object.entries(asConfig(manifest[key])).map(([id, entry]) => [id, asConfig(entry)]);
}

function resultsOf(artifact: Config, key: string): ReadonlyMap<string, string> {
  return new Map(
    asList(artifact['results']).flatMap((result): [string, string][] => {
      const { unique_id: id, [key]: value } = asConfig(result);
      return typeof id === 'string' && typeof value === 'string' ? [[id, value]] : [];
    }),
  );
}
