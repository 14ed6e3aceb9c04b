import { compareValues } from './compare.ts';
import { formatFloat } from './float-format.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { normalizeInt } from './number.ts';
import { printValue } from './print.ts';
import {
  HostObject,
  type JinjaValue,
  NativeMarker,
  PyDict,
  PyFloat,
  PyTuple,
  typeName,
  Undefined,
} from './values.ts';

export interface JsonOptions {
  readonly isSorted?: boolean;
  /** Spaces a level; without it everything stands on one line. */
  readonly indent?: number | undefined;
}

const nestingMax = 500;

/** `json.dumps`: Python's spacing, non-ASCII escaped. */
export function encodeJson(value: JinjaValue, options: JsonOptions = {}): string {
  return encode(value, options, 0);
}

function encode(value: JinjaValue, options: JsonOptions, depth: number): string {
  if (depth > nestingMax) throw jinjaError('jinja-depth', 'a value nested too deep for JSON');
  if (value === null) return 'null';
  if (typeof value === 'string') return quoteJson(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof PyFloat) return encodeFloat(value.value);
  if (value instanceof NativeMarker) return quoteJson(value.text);
  if (Array.isArray(value)) return encodeItems(value, options, depth);
  if (value instanceof PyTuple) return encodeItems(value.items, options, depth);
  if (value instanceof PyDict) return encodeDict(value, options, depth);
  if (value instanceof Undefined) {
    throw typeError(`Object of type Undefined is not JSON serializable: ${value.complaint}`);
  }
  const hint = value instanceof HostObject ? 'turn it into a string with |string first' : undefined;
  throw typeError(`Object of type ${typeName(value)} is not JSON serializable`, hint);
}

function encodeFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Infinity' : 'Infinity';
  return formatFloat(value);
}

function quoteJson(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\uffff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function wrap(open: string, close: string, parts: string[], options: JsonOptions, depth: number) {
  if (parts.length === 0) return open + close;
  if (options.indent === undefined) return open + parts.join(', ') + close;
  const inner = `\n${' '.repeat(options.indent * (depth + 1))}`;
  return `${open}${inner}${parts.join(`,${inner}`)}\n${' '.repeat(options.indent * depth)}${close}`;
}

function encodeItems(items: readonly JinjaValue[], options: JsonOptions, depth: number): string {
  const parts = items.map((item) => encode(item, options, depth + 1));
  return wrap('[', ']', parts, options, depth);
}

function encodeDict(dict: PyDict, options: JsonOptions, depth: number): string {
  const entries = dict.entries();
  if (options.isSorted === true) entries.sort(([a], [b]) => compareValues(a, b));
  const parts = entries.map(
    ([key, item]) => `${quoteJson(encodeKey(key))}: ${encode(item, options, depth + 1)}`,
  );
  return wrap('{', '}', parts, options, depth);
}

function encodeKey(key: JinjaValue): string {
  if (typeof key === 'string') return key;
  if (key === null || typeof key === 'boolean') return JSON.stringify(key);
  if (typeof key === 'number' || typeof key === 'bigint' || key instanceof PyFloat) {
    return printValue(key);
  }
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

const token = /\s*(?:([{}[\]:,])|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(\w+))\s*/y;

/** `json.loads`: ints and floats stay apart, keys keep their order. */
export function decodeJson(text: string): JinjaValue {
  const reader = new JsonReader(text);
  const value = reader.readValue(0);
  if (!reader.isDone()) throw valueError('JSON goes on after its end');
  return value;
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  constructor(text: string) {
    this.#text = text;
  }
  isDone(): boolean {
    return this.#text.slice(this.#at).trim() === '';
  }
  #next(): RegExpExecArray {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match === null) throw valueError(`this is not JSON, from character ${this.#at} on`);
    this.#at = token.lastIndex;
    return match;
  }
  #skip(sign: string): boolean {
    const before = this.#at;
    if (before < this.#text.length && this.#next()[1] === sign) return true;
    this.#at = before;
    return false;
  }
  readValue(depth: number): JinjaValue {
    if (depth > nestingMax) throw jinjaError('jinja-depth', 'JSON nested too deep');
    const [, sign, text, number, word] = this.#next();
    if (text !== undefined) return readText(text);
    if (number !== undefined) {
      return /[.eE]/.test(number) ? new PyFloat(Number(number)) : normalizeInt(BigInt(number));
    }
    if (sign === '[') return this.#readList(depth);
    if (sign === '{') return this.#readDict(depth);
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    if (word === 'NaN') return new PyFloat(Number.NaN);
    throw valueError(`this is not JSON, before character ${this.#at}`);
  }
  #readList(depth: number): JinjaValue[] {
    const items: JinjaValue[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.readValue(depth + 1));
    while (this.#skip(','));
    this.#expect(']');
    return items;
  }
  #readDict(depth: number): PyDict {
    const dict = new PyDict();
    if (this.#skip('}')) return dict;
    do {
      const [, , key] = this.#next();
      if (key === undefined) throw valueError('a JSON object has a key that is no string');
      this.#expect(':');
      dict.set(readText(key), this.readValue(depth + 1));
    } while (this.#skip(','));
    this.#expect('}');
    return dict;
  }
  #expect(sign: string): void {
    if (!this.#skip(sign)) throw valueError(`JSON misses a ${sign} at character ${this.#at}`);
  }
}

function readText(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === 'string' ? value : '';
  } catch {
    throw valueError('a JSON string holds a bad escape');
  }
}
