import { TerminalError } from '../words/errors.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Config } from './config.ts';
import type { SelectionSpec } from './selection-spec.ts';
import { type DefinitionReader, readDefinition } from './selector-definition.ts';
import type { YamlPath } from './yaml-file.ts';

/** One selection of `selectors.yml`, its templates rendered. */
export interface SelectorEntry {
  readonly name: string;
  readonly definition: unknown;
  /** It holds where a command says nothing. */
  readonly isStandard: boolean;
  /** As written, its templates rendered. */
  readonly entry: Config;
  /** Its place in the list. */
  readonly index: number;
}

/** What `selectors.yml` says; nothing of it is used where there are flaws. */
export interface Selectors {
  readonly entries: readonly SelectorEntry[];
  /** What is wrong, each with its place: faults of the project. */
  readonly flaws: readonly string[];
}

export const selectorsName = 'selectors.yml';
export const noSelectors: Selectors = { entries: [], flaws: [] };
const nothing: SelectionSpec = { kind: 'union', parts: [] };

/**
 * The selection of a name, or without one what holds where a command says nothing.
 *
 * @throws TerminalError `selector-invalid` where there is no such name, or the file has flaws.
 */
export function findSelector(
  { entries, flaws }: Selectors,
  name?: string,
): SelectionSpec | undefined {
  // The flaws are told as faults of the project: what holds where nothing is said is not known.
  if (name === undefined && flaws.length > 0) return nothing;
  const wanted = name ?? entries.find(({ isStandard }) => isStandard)?.name;
  if (wanted === undefined) return undefined;
  const hint = `correct ${selectorsName}${flaws.length > 0 ? '' : ', or select by --select'}`;
  const refuse = (complaint: string): never => {
    throw new TerminalError(complaint, { code: 'selector-invalid', hint });
  };
  if (flaws.length > 0) refuse(flaws.join('\n'));
  const told = { refuse: (_at: YamlPath, complaint: string) => refuse(complaint), warn: () => {} };
  return openEntries(entries, told).find(wanted, []);
}

/** Reads definitions when they are asked for, each once: they may name each other. */
export function openEntries(
  entries: readonly SelectorEntry[],
  { refuse, warn }: Pick<DefinitionReader, 'refuse' | 'warn'>,
): Pick<DefinitionReader, 'find'> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const read = new Map<string, SelectionSpec>();
  const open: string[] = [];
  const find: DefinitionReader['find'] = (name, at) => {
    const known = read.get(name);
    if (known) return known;
    const entry = byName.get(name);
    if (!entry) {
      const others = [...byName.keys()].sort().join(', ') || 'none';
      const meant = didYouMean(name, byName.keys());
      refuse(at, `there is no selector "${name}"${meant} (${selectorsName} has ${others})`);
      return nothing;
    }
    if (open.includes(name)) {
      refuse(at, `selectors name each other in a circle: ${[...open, name].join(' → ')}`);
      return nothing;
    }
    const where = ['selectors', entry.index];
    const told = `the selector "${name}": `;
    const say: DefinitionReader['refuse'] = (place, text) => refuse(place, `${told}${text}`);
    const note: DefinitionReader['warn'] = (place, text) => warn(place, `${told}${text}`);
    open.push(name);
    const { definition } = entry;
    if (definition === undefined) say(where, 'it has no definition');
    const spec =
      definition === undefined
        ? nothing
        : readDefinition({ find, refuse: say, warn: note }, definition, [...where, 'definition']);
    open.pop();
    read.set(name, spec);
    return spec;
  };
  return { find };
}
