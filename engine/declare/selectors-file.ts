import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TerminalError } from '../words/errors.ts';
import { didYouMean } from '../words/suggest.ts';
import { collectFaults, formatFault } from './model-fault.ts';
import { asConfig, asList, type Config, isConfig } from './properties.ts';
import {
  type Criterion,
  defaultMethod,
  type IndirectSelection,
  indirectSelections,
  type SelectionSpec,
  toSpec,
} from './selection-spec.ts';
import { requireTextFile } from './text-file.ts';
import { parseYaml } from './yaml-file.ts';

/** Selections by their names in `selectors.yml`. */
export interface SelectorsFile {
  /** @throws TerminalError `selector-invalid` where there is no such name. */
  find(name: string): SelectionSpec;
  /** The one that holds where a command says nothing. */
  readonly standard: SelectionSpec | undefined;
}

const fileName = 'selectors.yml';
const criterionKeys: ReadonlySet<string> = new Set([
  'children',
  'children_depth',
  'childrens_parents',
  'exclude',
  'indirect_selection',
  'method',
  'parents',
  'parents_depth',
  'value',
]);

/**
 * Reads `selectors.yml` of the project's folder; a folder without one has no selectors.
 *
 * @throws TerminalError `selector-invalid` with what cannot be read.
 */
export function readSelectors(root: string): SelectorsFile {
  const path = join(root, fileName);
  const entries = new Map<string, unknown>();
  let standard: string | undefined;
  for (const entry of existsSync(path) ? readEntries(path) : []) {
    const name = String(entry['name']);
    if (entry['definition'] === undefined)
      throw invalid(`the selector "${name}" has no definition`);
    entries.set(name, entry['definition']);
    if (entry['default'] === true) standard = name;
  }
  const open: string[] = [];
  const find = (name: string): SelectionSpec => {
    if (!entries.has(name)) {
      const meant = didYouMean(name, entries.keys());
      const known = [...entries.keys()].sort().join(', ') || 'none';
      throw invalid(`there is no selector "${name}"${meant} (${fileName} has ${known})`);
    }
    if (open.includes(name)) {
      throw invalid(`selectors name each other in a circle: ${[...open, name].join(' → ')}`);
    }
    open.push(name);
    const spec = readDefinition(entries.get(name), `the selector "${name}"`, find);
    open.pop();
    return spec;
  };
  return { find, standard: standard === undefined ? undefined : find(standard) };
}

function invalid(message: string): TerminalError {
  return new TerminalError(message, {
    code: 'selector-invalid',
    hint: `correct ${fileName}, or select by --select`,
  });
}

function readEntries(path: string): Config[] {
  const faults = collectFaults();
  const yaml = parseYaml(fileName, requireTextFile(path, 'selector-invalid'), faults);
  const [fault] = faults.all.filter(({ severity }) => severity === 'error');
  if (fault) throw invalid(formatFault(fault));
  return asList(asConfig(yaml?.value)['selectors']).filter(isConfig);
}

type Find = (name: string) => SelectionSpec;

/** A text as on the command line, `{tag: x}`, a map with `method`, or a set of such. */
function readDefinition(definition: unknown, where: string, find: Find): SelectionSpec {
  if (typeof definition === 'string') return toSpec(definition);
  if (!isConfig(definition))
    throw invalid(`${where} cannot be read: ${JSON.stringify(definition)}`);
  for (const kind of ['union', 'intersection'] as const) {
    if (definition[kind] !== undefined) return readSet(kind, definition[kind], where, find);
  }
  if (definition['method'] !== undefined) return readMethod(definition, where, find);
  const [pair, ...others] = Object.entries(definition);
  if (pair === undefined || others.length > 0) {
    throw invalid(`${where} cannot be read: ${JSON.stringify(definition)}`);
  }
  return toSpec(`${pair[0]}:${String(pair[1])}`);
}

/** The parts of a set; among them may stand what is left out of it. */
function readSet(
  kind: 'union' | 'intersection',
  list: unknown,
  where: string,
  find: Find,
): SelectionSpec {
  const excluded: unknown[] = [];
  const parts: SelectionSpec[] = [];
  for (const item of asList(list)) {
    const exclude = isConfig(item) && item['method'] === undefined ? item['exclude'] : undefined;
    if (exclude === undefined) parts.push(readDefinition(item, where, find));
    else excluded.push(...asList(exclude));
  }
  if (parts.length === 0) throw invalid(`${where}: its ${kind} has no parts`);
  return without({ kind, parts }, excluded, where, find);
}

function without(
  base: SelectionSpec,
  excluded: readonly unknown[],
  where: string,
  find: Find,
): SelectionSpec {
  if (excluded.length === 0) return base;
  const parts = excluded.map((item) => readDefinition(item, where, find));
  return { kind: 'difference', base, excluded: { kind: 'union', parts } };
}

function readMethod(definition: Config, where: string, find: Find): SelectionSpec {
  const unknown = Object.keys(definition).find((key) => !criterionKeys.has(key));
  if (unknown !== undefined) {
    throw invalid(`${where} has the unknown key "${unknown}"${didYouMean(unknown, criterionKeys)}`);
  }
  const [method, value] = [String(definition['method']), String(definition['value'] ?? '')];
  const spec: SelectionSpec =
    method === 'selector'
      ? find(value)
      : { kind: 'criterion', criterion: toCriterion(definition, method, value, where) };
  return without(spec, asList(definition['exclude']), where, find);
}

function toCriterion(definition: Config, method: string, value: string, where: string): Criterion {
  const depth = (key: 'parents' | 'children'): number => {
    if (definition[key] !== true) return 0;
    const written = definition[`${key}_depth`];
    return written === undefined ? Infinity : Number(written);
  };
  const asked = definition['indirect_selection'];
  const indirect = indirectSelections.find((one) => one === asked);
  if (asked !== undefined && indirect === undefined) {
    const known = indirectSelections.join(', ');
    throw invalid(`${where}: indirect_selection is ${JSON.stringify(asked)} (one of ${known})`);
  }
  const base: Criterion = {
    text: `${method}:${value}`,
    childrensParents: definition['childrens_parents'] === true,
    above: depth('parents'),
    below: depth('children'),
    method: method === '' ? defaultMethod(value) : method,
    value,
  };
  return indirect === undefined
    ? base
    : { ...base, indirect: indirect satisfies IndirectSelection };
}
