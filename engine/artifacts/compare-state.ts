import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { asConfig, asTexts, type Config } from '../declare/config.ts';
import type { GraphNode } from '../declare/graph.ts';
import type { ModelProject } from '../declare/model-project.ts';
import type { SelectorMethods } from '../declare/select.ts';
import type { StateComparison } from '../plan/state-comparison.ts';
import { TerminalError } from '../words/errors.ts';
import { once } from '../words/once.ts';
import { didYouMean } from '../words/suggest.ts';
import {
  type EntryComparison,
  hasSameBody,
  hasSameConfig,
  hasSameContents,
  hasSameContract,
  hasSameDescriptions,
  hasSameRelation,
} from './compare-entries.ts';
import { findBrokenPromises } from './contract-changes.ts';
import { buildManifest, type Manifest } from './manifest.ts';
import { comparedSections, type PreviousState, readPreviousState } from './previous-state.ts';

/** What `state:` may be asked, besides `new`, `old`, `modified`, `unmodified` and macros. */
const parts: Readonly<Record<string, EntryComparison>> = {
  'modified.body': hasSameBody,
  'modified.configs': hasSameConfig,
  'modified.persisted_descriptions': hasSameDescriptions,
  'modified.relation': hasSameRelation,
  'modified.contract': hasSameContract,
};
const values = ['new', 'old', 'modified', 'unmodified', 'modified.macros', ...Object.keys(parts)];

/**
 * Compares the project with what a folder of artifacts says of it: for the selectors `state:`,
 * `result:` and `source_status:`, and for what stands in the other environment.
 */
export async function compareState(
  project: ModelProject,
  folder: string,
  nowMs: number,
): Promise<StateComparison> {
  const before = readPreviousState(folder);
  const manifest = await buildManifest({
    project,
    moment: { invocationId: '', startedAtMs: 0, generatedAtMs: 0 },
    compiled: new Map(),
  });
  const warnings: string[] = [];
  return {
    warnings,
    methods: {
      state: compareNodes(before, manifest, project, () =>
        reportBrokenPromises(before, manifest, nowMs, warnings),
      ),
      result: (node, value) => requirePart(before, 'results', 'run_results').get(node.id) === value,
      source_status: compareSources(before, project),
    },
    relationOf: (id) => {
      const entry = requirePart(before, 'entries', 'manifest').get(id);
      const { database, schema, alias, identifier } = entry ?? {};
      const name = alias ?? identifier;
      if (typeof schema !== 'string' || typeof name !== 'string') return undefined;
      return { schema, name, ...(typeof database === 'string' ? { database } : {}) };
    },
  };
}

function requirePart<K extends 'entries' | 'macros' | 'results' | 'sources'>(
  state: PreviousState,
  part: K,
  file: string,
): NonNullable<PreviousState[K]> {
  const found = state[part];
  if (found) return found;
  throw new TerminalError(`${state.folder} holds no ${file}.json`, {
    code: 'state-unreadable',
    hint: 'the selector or --defer needs it',
  });
}

function compareNodes(
  state: PreviousState,
  manifest: Manifest,
  project: ModelProject,
  checkPromises: () => void,
): SelectorMethods[string] {
  const now = new Map(comparedSections.flatMap((section) => Object.entries(manifest[section])));
  let changed: ReadonlySet<string> | undefined;
  const hasChangedMacro = (entry: Config): boolean => {
    changed ??= findChangedMacros(state, manifest, project);
    return reachesAny(macrosOf(entry), changed, manifest);
  };
  const checkOnce = once(checkPromises);
  return (node: GraphNode, value: string): boolean => {
    if (!values.includes(value)) {
      const known = values.join(', ');
      throw new TerminalError(
        `the selector "state:${value}" is unknown${didYouMean(value, values)} (one of ${known})`,
        { code: 'selector-invalid' },
      );
    }
    if (contractual.has(value)) checkOnce();
    const [before, entry] = [
      requirePart(state, 'entries', 'manifest').get(node.id),
      now.get(node.id),
    ];
    if (entry === undefined) return false;
    const isModified = (): boolean =>
      before === undefined || !hasSameContents(before, entry) || hasChangedMacro(entry);
    switch (value) {
      case 'new':
        return before === undefined;
      case 'old':
        return before !== undefined;
      case 'modified':
        return isModified();
      case 'unmodified':
        return !isModified();
      case 'modified.macros':
        return hasChangedMacro(entry);
      default:
        return hasPart(entry, value) && (before === undefined || !parts[value]?.(before, entry));
    }
  };
}

/** These look at contracts, also at those of models that are gone. */
const contractual: ReadonlySet<string> = new Set(['modified', 'unmodified', 'modified.contract']);

/**
 * A contract that is broken is told; of a version of a model it is a fault, since a new version is
 * how such a change is made.
 */
function reportBrokenPromises(
  state: PreviousState,
  manifest: Manifest,
  nowMs: number,
  warnings: string[],
): void {
  for (const [id, before] of requirePart(state, 'entries', 'manifest')) {
    if (before['resource_type'] !== 'model') continue;
    const now = manifest.nodes[id] ?? manifest.disabled[id]?.[0];
    const lost = findBrokenPromises(before, now, nowMs);
    if (lost.length === 0) continue;
    const message = `the contract of ${id} is broken: ${lost.join('; ')}`;
    if (before['version'] === null || before['version'] === undefined) {
      warnings.push(`${message}; a new version of it keeps the old one for who relies on it`);
      continue;
    }
    throw new TerminalError(message, {
      code: 'contract-broken',
      hint: 'make the change in a new version of the model, and leave this one as it was',
    });
  }
}

/** Sources and the like have no text and no contract: they are not asked for it. */
function hasPart(entry: Config, value: string): boolean {
  const type = String(entry['resource_type']);
  if (value === 'modified.contract') return type === 'model' || type === 'analysis';
  if (type === 'source') return value === 'modified.configs' || value === 'modified.relation';
  return !['exposure', 'unit_test', 'semantic_model', 'metric', 'saved_query'].includes(type);
}

const macrosOf = (entry: Config): readonly string[] =>
  asTexts(asConfig(entry['depends_on'])['macros']);

/** The project's and its packages': those of dbt itself are another program's in every state. */
function findChangedMacros(
  state: PreviousState,
  manifest: Manifest,
  project: ModelProject,
): ReadonlySet<string> {
  const packages = new Set(project.packages.map(({ name }) => name));
  const before = requirePart(state, 'macros', 'manifest');
  const textOf = (macro: Config | undefined): string => String(macro?.['macro_sql'] ?? '').trim();
  const changed = Object.entries(manifest.macros).filter(
    ([id, macro]) =>
      packages.has(String(macro['package_name'])) && textOf(before.get(id)) !== textOf(macro),
  );
  return new Set(changed.map(([id]) => id));
}

function reachesAny(
  start: readonly string[],
  wanted: ReadonlySet<string>,
  manifest: Manifest,
): boolean {
  if (wanted.size === 0) return false;
  const seen = new Set<string>();
  const waiting = [...start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (wanted.has(id)) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    waiting.push(...macrosOf(manifest.macros[id] ?? {}));
  }
  return false;
}

/** A source is fresher that got newer rows than it had then, or was not looked at then. */
function compareSources(state: PreviousState, project: ModelProject): SelectorMethods[string] {
  let current: PreviousState | undefined;
  return (node, value) => {
    if (value !== 'fresher') {
      throw new TerminalError(`the selector "source_status:${value}" is unknown (one of fresher)`, {
        code: 'selector-invalid',
      });
    }
    const folder = resolve(project.root, project.targetPath);
    if (!existsSync(join(folder, 'sources.json'))) {
      throw new TerminalError(`${folder} holds no sources.json to compare with`, {
        code: 'state-unreadable',
        hint: 'run `tidemill source freshness` first',
      });
    }
    current ??= readPreviousState(folder);
    const now = current.sources?.get(node.id);
    const before = requirePart(state, 'sources', 'sources').get(node.id);
    return now !== undefined && (before === undefined || Date.parse(now) > Date.parse(before));
  };
}
