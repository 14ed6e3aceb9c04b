import { materializations } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { internalPackage, type MacroEntry, type MacroLibrary } from './macro-library.ts';

/** Ours that dbt defines for the adapter: a project's own goes before them if it is too. */
const ofAdapter: ReadonlySet<string> = new Set(['table', 'incremental']);
/** Ours that a project may replace. The others are more than a macro could make. */
const replaceable: ReadonlySet<string> = new Set(['view', 'table', 'incremental']);

/**
 * The materialization of the project or of a package that a node's `materialized` names, by dbt's
 * order: one for the adapter before a default one, the project's before a package's. In place of
 * one of ours only the project's own is taken.
 */
export function findMaterialization(
  place: MaterializationPlace,
  name: unknown,
): MacroEntry | undefined {
  if (typeof name !== 'string') return undefined;
  const { library, name: root, target } = place;
  // Every node asks, and most for the same few names.
  const known = found.get(library) ?? new Map<string, MacroEntry | undefined>();
  found.set(library, known);
  const key = JSON.stringify([root, target.type, name]);
  if (!known.has(key)) known.set(key, searchMaterialization(place, name));
  return known.get(key);
}

const found = new WeakMap<MacroLibrary, Map<string, MacroEntry | undefined>>();

function searchMaterialization(
  { library, name: root, target }: MaterializationPlace,
  name: string,
): MacroEntry | undefined {
  const isOurs = materializations.some((one) => one === name);
  if (isOurs && !replaceable.has(name)) return undefined;
  const variants = ofAdapter.has(name) ? [target.type] : [target.type, 'default'];
  for (const variant of variants) {
    const wanted = `materialization_${name}_${variant}`;
    const own = library.findIn(wanted, root);
    if (own) return own;
    const others = library.all.filter(
      (entry) => entry.name === wanted && entry.packageName !== internalPackage,
    );
    if (!isOurs && others[0]) return others[0];
  }
  return undefined;
}

export interface MaterializationPlace {
  readonly library: MacroLibrary;
  /** The project's own package. */
  readonly name: string;
  readonly target: { readonly type: string };
}

/** `get_incremental_<strategy>_sql` of the project or of the package that uses it. */
export function findStrategy(
  library: MacroLibrary,
  strategy: unknown,
  packageName: string,
): MacroEntry | undefined {
  if (typeof strategy !== 'string') return undefined;
  const entry = library.find(`get_incremental_${strategy.replaceAll('+', '_')}_sql`, packageName);
  return entry?.packageName === internalPackage ? undefined : entry;
}

/**
 * `snapshot_<strategy>_strategy` of the project or of the package that uses it; `package.strategy`
 * asks that package. One of dbt's own names may be overridden.
 */
export function findSnapshotStrategy(
  library: MacroLibrary,
  strategy: unknown,
  packageName: string,
): MacroEntry | undefined {
  if (typeof strategy !== 'string') return undefined;
  const [name = '', place] = strategy.split('.').toReversed();
  const wanted = `snapshot_${name}_strategy`;
  const entry =
    place === undefined ? library.find(wanted, packageName) : library.findIn(wanted, place);
  return entry?.packageName === internalPackage ? undefined : entry;
}

/** What is said of a materialization that is neither ours nor anybody's. */
export function complainOfMaterialization(
  { library }: MaterializationPlace,
  name: unknown,
): string | undefined {
  if (name === undefined || name === null) return undefined;
  if (materializations.some((one) => one === name)) return undefined;
  const own = library.all
    .filter(({ node }) => node.macroKind === 'materialization')
    .map((entry) => entry.name.replace(/^materialization_(.*)_[^_]+$/, '$1'));
  const known = [...new Set([...materializations, ...own])];
  const shown = typeof name === 'string' ? `"${name}"` : JSON.stringify(name);
  const meant = didYouMean(String(name), known);
  return `config "materialized" is ${shown}${meant} (one of ${known.join(', ')})`;
}
