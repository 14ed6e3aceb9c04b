import { didYouMean } from '../words/suggest.ts';
import { type Config, isConfig } from './config.ts';
import { complainOfMethod } from './select-method.ts';
import {
  type Criterion,
  indirectSelections,
  type SelectionSpec,
  toSpec,
} from './selection-spec.ts';
import type { YamlPath } from './yaml-file.ts';

/** What reads a definition: where others are looked up, and who hears what is wrong. */
export interface DefinitionReader {
  /** Another selection by its name; `at` is where it is named. */
  find(name: string, at: YamlPath): SelectionSpec;
  refuse(at: YamlPath, complaint: string): void;
  /** Of what is read over, as dbt does. */
  warn(at: YamlPath, complaint: string): void;
}

const selectorKeys: readonly string[] = ['exclude', 'method', 'value'];
const criterionKeys: readonly string[] = [
  'children',
  'children_depth',
  'childrens_parents',
  'indirect_selection',
  'parents',
  'parents_depth',
  ...selectorKeys,
];

/** In place of what cannot be read: nobody uses a file with such. */
const nothing: SelectionSpec = { kind: 'union', parts: [] };

/** A text as on the command line, `{tag: x}`, a map with `method`, or a set of such. */
export function readDefinition(
  reader: DefinitionReader,
  definition: unknown,
  at: YamlPath,
): SelectionSpec {
  if (typeof definition === 'string') return readText(reader, definition, at);
  if (!isConfig(definition)) return refuse(reader, at, unreadable(definition));
  const sets = (['union', 'intersection'] as const).filter((key) => definition[key] !== undefined);
  const [kind, other] = sets;
  if (other !== undefined) {
    return refuse(reader, at, 'it has both a union and an intersection: put one into the other');
  }
  if (kind) {
    for (const key of Object.keys(definition).filter((one) => one !== kind)) {
      const hint = key === 'exclude' ? ': put it into the list, as {exclude: […]}' : '';
      reader.refuse([...at, key], `it has "${key}" beside its ${kind}${hint}`);
    }
    return readSet(reader, kind, definition[kind], [...at, kind]);
  }
  if (definition['method'] !== undefined) return readMethod(reader, definition, at);
  const [pair, ...others] = Object.entries(definition);
  if (pair === undefined || others.length > 0) {
    const hint = 'write one key, or "method" and "value"';
    return refuse(reader, at, `${unreadable(definition)}: ${hint}`);
  }
  const [method, written] = pair;
  const value = readValue(reader, written, [...at, method]);
  return toldMethod(reader, toCriterion(reader, {}, { method, value }, at), at);
}

function refuse(reader: DefinitionReader, at: YamlPath, complaint: string): SelectionSpec {
  reader.refuse(at, complaint);
  return nothing;
}

function unreadable(value: unknown): string {
  return `it cannot be read: ${JSON.stringify(value)}`;
}

function readText(reader: DefinitionReader, text: string, at: YamlPath): SelectionSpec {
  const spec = toSpec(text);
  if (spec.kind === 'criterion') return toldMethod(reader, spec.criterion, at);
  return text === '' ? nothing : refuse(reader, at, unreadable(text));
}

function toldMethod(reader: DefinitionReader, criterion: Criterion, at: YamlPath): SelectionSpec {
  const complaint = complainOfMethod(criterion.method);
  if (complaint !== undefined) reader.refuse(at, `it uses ${complaint}`);
  return { kind: 'criterion', criterion };
}

/** What a method is asked for, as on the command line. */
function readValue(reader: DefinitionReader, value: unknown, at: YamlPath): string {
  if (typeof value !== 'object' && value !== undefined) return String(value);
  reader.refuse(at, `its value must be a text: ${JSON.stringify(value)}`);
  return '';
}

/** The parts of a set; among them may stand what is left out of it. */
function readSet(
  reader: DefinitionReader,
  kind: 'union' | 'intersection',
  list: unknown,
  at: YamlPath,
): SelectionSpec {
  if (!Array.isArray(list)) return refuse(reader, at, `its ${kind} must be a list`);
  const excluded: SelectionSpec[] = [];
  const parts: SelectionSpec[] = [];
  for (const [index, item] of list.entries()) {
    const place = [...at, index];
    if (!isExclusion(item)) parts.push(readDefinition(reader, item, place));
    else {
      warnOfOthers(reader, item, place, ['exclude']);
      excluded.push(...readList(reader, item['exclude'], [...place, 'exclude']));
    }
  }
  return without({ kind, parts }, excluded);
}

/** `{exclude: […]}` among the parts of a set is of the whole set. */
function isExclusion(item: unknown): item is Config {
  if (!isConfig(item) || item['exclude'] === undefined) return false;
  return ['method', 'union', 'intersection'].every((key) => item[key] === undefined);
}

function warnOfOthers(
  reader: DefinitionReader,
  definition: Config,
  at: YamlPath,
  known: readonly string[],
): void {
  for (const key of Object.keys(definition).filter((one) => !known.includes(one))) {
    reader.warn([...at, key], `it has the unknown key "${key}"${didYouMean(key, known)}`);
  }
}

function readList(reader: DefinitionReader, list: unknown, at: YamlPath): SelectionSpec[] {
  if (Array.isArray(list)) {
    return list.map((item, index) => readDefinition(reader, item, [...at, index]));
  }
  if (list !== undefined) reader.refuse(at, 'its exclude must be a list');
  return [];
}

function without(base: SelectionSpec, excluded: readonly SelectionSpec[]): SelectionSpec {
  if (excluded.length === 0) return base;
  return { kind: 'difference', base, excluded: { kind: 'union', parts: excluded } };
}

function readMethod(reader: DefinitionReader, definition: Config, at: YamlPath): SelectionSpec {
  const method = String(definition['method']);
  warnOfOthers(reader, definition, at, method === 'selector' ? selectorKeys : criterionKeys);
  if (!('value' in definition)) return refuse(reader, at, 'it has a "method" and no "value"');
  const value = readValue(reader, definition['value'], [...at, 'value']);
  const spec: SelectionSpec =
    method === 'selector'
      ? reader.find(value, [...at, 'value'])
      : toldMethod(reader, toCriterion(reader, definition, { method, value }, at), at);
  return without(spec, readList(reader, definition['exclude'], [...at, 'exclude']));
}

function toCriterion(
  reader: DefinitionReader,
  definition: Config,
  { method, value }: Pick<Criterion, 'method' | 'value'>,
  at: YamlPath,
): Criterion {
  const isAsked = (key: 'parents' | 'children' | 'childrens_parents'): boolean => {
    const said = definition[key] ?? false;
    if (typeof said !== 'boolean') {
      reader.refuse([...at, key], `${key} is ${JSON.stringify(said)}: write true or false`);
    }
    return said === true;
  };
  const depth = (key: 'parents' | 'children'): number => {
    if (!isAsked(key)) return 0;
    // As in dbt, the number 0 says as little as none.
    const written = Math.trunc(Number(definition[`${key}_depth`] || Infinity));
    if (Number.isNaN(written)) reader.refuse([...at, `${key}_depth`], `${key}_depth is no number`);
    return written;
  };
  const [above, below] = [depth('parents'), depth('children')];
  const childrensParents = isAsked('childrens_parents');
  if (childrensParents && below > 0) {
    const complaint = 'childrens_parents takes every child already: leave children out';
    reader.refuse([...at, 'children'], complaint);
  }
  const asked = definition['indirect_selection'];
  const indirect = indirectSelections.find((one) => one === asked);
  if (asked !== undefined && indirect === undefined) {
    const known = indirectSelections.join(', ');
    const complaint = `indirect_selection is ${JSON.stringify(asked)} (one of ${known})`;
    reader.refuse([...at, 'indirect_selection'], complaint);
  }
  return {
    text: `${method}:${value}`,
    childrensParents,
    above,
    below,
    method,
    value,
    ...(indirect && { indirect }),
  };
}
