import type { ErrorObject } from 'ajv';
import type { Node, Pair } from 'yaml';
import { loadLibrary } from '../words/load-library.ts';
import { didYouMean, suggestName } from '../words/suggest.ts';
import { configKeys, isConfigKey } from './config-keys.ts';
import { collectFaults, type FaultList, type Place } from './model-fault.ts';
import { placeOfPlain, readPlainYaml } from './yaml/plain-yaml.ts';
import { cutLastBreak, parseWithin, readYamlValue, tooDeep } from './yaml/yaml-value.ts';

/** Loaded when first used: a project that was read before has no YAML to read. */
const yamlLibrary = () => loadLibrary('yaml') as typeof import('yaml');

export type YamlPath = readonly (string | number)[];

/** A YAML file as a plain value, with the place of everything in it. */
export interface YamlFile {
  readonly file: string;
  readonly value: unknown;
  /** Where the value at the path stands; with `key`, where the last step's key does. */
  placeOf(path: YamlPath, part?: 'key' | 'value'): Place;
}

/**
 * Reads YAML as dbt does (version 1.1: `yes` is true), but leaves dates as the text that was
 * written. Answers undefined, and adds the faults, where it is no YAML.
 */
export function parseYaml(file: string, written: string, faults: FaultList): YamlFile | undefined {
  // dbt reads files without the white space around them: a block of text that a file ends with has
  // no line break at its end.
  const text = written.trimEnd();
  const plain = readPlainYaml(text);
  if (plain === undefined) return parseByLibrary(file, text, faults);
  let whole: YamlFile | undefined;
  return {
    file,
    value: plain.value,
    placeOf: (path, part = 'value') => {
      const place = placeOfPlain(plain, path, part);
      if (place) return { file, ...place };
      // Beside the values themselves, a fault's place is the library's to say.
      whole ??= parseByLibrary(file, text, collectFaults());
      return whole?.placeOf(path, part) ?? { file, line: 1, column: 1 };
    },
  };
}

/** The others are most often about the same mistake. */
const errorsToldMax = 3;

/** By the library that has the last word on what YAML is. */
export function parseByLibrary(
  file: string,
  text: string,
  faults: FaultList,
): YamlFile | undefined {
  const { LineCounter, parseDocument } = yamlLibrary();
  const lines = new LineCounter();
  const document = parseWithin(() =>
    parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
      version: '1.1',
      customTags: (tags) =>
        tags
          .filter((tag) => !isTimestamp(tag))
          .map(withoutLetters)
          .map(withDigits),
    }),
  );
  if (!document) {
    faults.error({ file, line: 1, column: 1 }, `this is not valid YAML: ${tooDeep}`);
    return undefined;
  }
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const errors = document.errors.filter(({ code }) => code !== 'DUPLICATE_KEY');
  for (const { pos, message } of errors.slice(0, errorsToldMax)) {
    const isDeep = message.includes('call stack');
    const told = isDeep ? tooDeep : message;
    faults.error(placeAt(pos[0]), `this is not valid YAML: ${told}`);
  }
  if (errors.length > 0) return undefined;
  if (!text.endsWith('\n')) cutLastBreak(yamlLibrary(), document, text.length);
  const read = readYamlValue(yamlLibrary(), document);
  if ('flaw' in read) {
    faults.error(placeAt(read.flaw.offset), `this is not valid YAML: ${read.flaw.message}`);
    return undefined;
  }
  // Python's reader takes the last and says nothing: projects that run have such keys.
  for (const { pos } of document.errors) {
    faults.warn(placeAt(pos[0]), 'this key stands here twice: the last one counts', {
      name: 'DuplicateYAMLKeysDeprecation',
    });
  }
  return {
    file,
    value: read.value,
    placeOf: (path, part = 'value') => placeAt(offsetOf(document.contents, path, part)),
  };
}

function isTimestamp(tag: unknown): boolean {
  if (tag === null || typeof tag !== 'object' || !('tag' in tag)) return tag === 'timestamp';
  return tag.tag === 'tag:yaml.org,2002:timestamp';
}

/** To Python's reader `y` and `n` are texts, though YAML 1.1 says that they are booleans. */
function withoutLetters<T>(tag: T): T {
  if (tag === null || typeof tag !== 'object' || !('test' in tag)) return tag;
  const { test } = tag;
  if (!(test instanceof RegExp) || !(test.test('y') || test.test('n'))) return tag;
  return { ...tag, test: new RegExp(`^(?![YyNn]$)(?:${test.source})`) };
}

/** As Python's reader has it: a number has a digit; one with an exponent a dot and a sign too. */
function withDigits<T>(tag: T): T {
  if (tag === null || typeof tag !== 'object' || !('test' in tag)) return tag;
  const { test } = tag;
  if (!(test instanceof RegExp)) return tag;
  if (test.test('E1')) return { ...tag, test: exponential };
  return test.test('.') ? { ...tag, test: fraction } : tag;
}

const exponential = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)[eE][-+][0-9]+$/;
const fraction = /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)$/;

/** Walks as far as the path leads; a path beyond the document ends at its last known step. */
function offsetOf(contents: unknown, path: YamlPath, part: 'key' | 'value'): number {
  const { isMap } = yamlLibrary();
  let node = contents as Node | null;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    let next: Node | null | undefined;
    if (isMap(node)) {
      const pair = node.items.find((item) => keyOf(item) === String(step));
      const key = pair?.key as Node | undefined;
      const isLast = index === path.length - 1;
      next = pair?.value as Node | undefined;
      if (pair !== undefined && (next?.range == null || (isLast && part === 'key'))) {
        return key?.range?.[0] ?? offset;
      }
    } else if (node !== null && 'items' in node) {
      next = (node.items as Node[])[Number(step)];
    }
    if (next?.range == null) return offset;
    node = next;
    offset = next.range[0];
  }
  return offset;
}

function keyOf(pair: Pair): string {
  return yamlLibrary().isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/**
 * Adds one fault per thing the schema refuses; answers whether the file may be used. Whatever is of
 * the wrong shape is handed to `onBroken`: all else may be used.
 */
export function validateYaml(
  yaml: YamlFile,
  validate: (value: unknown) => readonly ErrorObject[],
  faults: FaultList,
  unknownKeys: 'error' | 'warning',
  onBroken: (path: YamlPath) => void = () => {},
): boolean {
  const errors = validate(yaml.value);
  if (errors.length === 0) return true;
  let isUsable = true;
  const told = new Set<string>();
  for (const error of mostTelling(errors)) {
    const path = pathOf(error.instancePath, yaml.value);
    const isUnknownKey = error.keyword === 'additionalProperties';
    const key = String(error.params['additionalProperty']);
    const place = isUnknownKey ? yaml.placeOf([...path, key], 'key') : yaml.placeOf(path);
    const message = isUnknownKey ? describeUnknown(key, error) : describe(error, path);
    const id = `${place.line}:${place.column}:${message}`;
    if (told.has(id)) continue;
    told.add(id);
    if (isUnknownKey && unknownKeys === 'warning') {
      const kind = path.length === 0 ? 'TopLevelKey' : 'KeyInObject';
      faults.warn(place, message, { name: `Custom${kind}Deprecation` });
      continue;
    }
    faults.error(place, message);
    if (!isUnknownKey) onBroken(path);
    isUsable &&= isUnknownKey;
  }
  return isUsable;
}

/** Where a value may take several shapes, the deepest complaint is about the one that was meant. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject[] {
  const branches = errors.filter((error) => error.keyword === 'anyOf' || error.keyword === 'oneOf');
  const hasDeeper = (branch: ErrorObject): boolean =>
    errors.some((error) => error.instancePath.startsWith(`${branch.instancePath}/`));
  return errors.filter((error) => {
    if (branches.includes(error)) return !hasDeeper(error);
    // The branches' own complaints about the value itself are summed up by the branch's.
    return !branches.some(
      (branch) =>
        branch.instancePath === error.instancePath &&
        error.schemaPath.startsWith(branch.schemaPath),
    );
  });
}

function describeUnknown(key: string, error: ErrorObject): string {
  const known = Object.keys(
    (error.parentSchema as { properties?: Record<string, unknown> } | undefined)?.properties ?? {},
  );
  return `unknown key "${key}"${misplacedHint(key, known) ?? didYouMean(key, known)}`;
}

/** Of a node: a key of its config is often written beside it. */
function misplacedHint(key: string, known: readonly string[]): string | undefined {
  if (!known.includes('columns') || suggestName(key, known) !== undefined) return undefined;
  if (isConfigKey(key)) return '; write it under "config"';
  const meant = suggestName(key, configKeys);
  return meant && `; did you mean "${meant}", under "config"?`;
}

const shapes: Readonly<Record<string, string>> = {
  array: 'a list, each entry after "- "',
  object: 'a map of keys and values',
  string: 'a text',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
};

/** Types of a JSON Schema as people say them; that nothing may stand there goes without saying. */
function listShapes(types: unknown): string {
  const named = [types]
    .flat()
    .map(String)
    .filter((type) => type !== 'null');
  return named.map((type) => shapes[type] ?? type).join(', or ');
}

function describe(error: ErrorObject, path: YamlPath): string {
  const what = path.length === 0 ? 'the file' : `"${path.join('.')}"`;
  switch (error.keyword) {
    case 'required':
      return `${what} has no "${String(error.params['missingProperty'])}"`;
    case 'type':
      return `${what} must be ${listShapes(error.params['type'])}`;
    case 'enum':
      return `${what} must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`;
    case 'anyOf':
    case 'oneOf': {
      const said = (error.parentSchema as { description?: string } | undefined)?.description;
      return `${what} must be ${said ?? 'of another shape'}`;
    }
    default:
      return `${what} ${error.message ?? 'is not valid'}`;
  }
}

/** An ajv pointer (`/models/0/name`) as a path, with numbers where the value is a list. */
function pathOf(pointer: string, value: unknown): (string | number)[] {
  const path: (string | number)[] = [];
  let at: unknown = value;
  for (const part of pointer.split('/').slice(1)) {
    const step = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(at) ? Number(step) : step);
    at = (at as Record<string, unknown> | undefined)?.[step];
  }
  return path;
}
