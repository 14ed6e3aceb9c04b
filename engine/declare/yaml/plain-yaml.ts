import { type Offsets, readFlow } from './plain-flow.ts';
import { endLine, openLines, type PlainLines } from './plain-lines.ts';
import {
  BeyondPlain,
  isOddKey,
  isPlainStart,
  leavePlain,
  readQuoted,
  resolvePlain,
} from './plain-scalar.ts';
import { readPlainScalar, readTextBlock } from './plain-text.ts';

/** A YAML text as a plain value: what YAML's own reader makes of it, at a tenth of the cost. */
export interface PlainYaml {
  readonly value: object;
  /** Of the root. */
  readonly offset: number;
  readonly offsets: ReadonlyMap<object, Offsets>;
  /** The offset of each line. */
  readonly lineStarts: readonly number[];
}

/** Breaks of lines that are no `\n`, tabs, and what no text should hold. */
const strange = /[^\n\u0020-\u007e\u00a0-\u2027\u202a-\ufefe]/;
/** Deeper in each other than this, values are no configuration. */
const depthMax = 60;
/** A key that is longer must stand behind a question mark. */
const keyLengthMax = 1_000;

/**
 * Reads the part of YAML that nearly all properties files keep to: maps and lists by indentation or
 * in brackets on one line, scalars with and without quotes, blocks of text, comments. Undefined
 * where a text is not wholly of it, whatever else it may be: YAML's own reader has the word then.
 */
export function readPlainYaml(text: string): PlainYaml | undefined {
  if (strange.test(text)) return undefined;
  try {
    return readRoot(text);
  } catch (error) {
    if (error instanceof BeyondPlain) return undefined;
    throw error;
  }
}

interface Key {
  readonly name: string;
  readonly offset: number;
  /** Behind the colon. */
  readonly end: number;
}

/** A value with its place. */
interface Placed {
  readonly value: unknown;
  readonly offset: number;
}

interface Reader {
  readonly lines: PlainLines;
  readonly offsets: Map<object, Offsets>;
}

function readRoot(text: string): PlainYaml {
  const lines = openLines(text);
  const offsets = new Map<object, Offsets>();
  lines.advance();
  const isStart = text.slice(lines.here(), lines.end()).trimEnd() === '---';
  if (lines.column === 0 && isStart) lines.advance();
  if (lines.column !== 0) leavePlain();
  const { value, offset } = readNode({ lines, offsets }, -1, 0);
  const isRead = lines.line >= lines.starts.length;
  if (!isRead || value === null || typeof value !== 'object') return leavePlain();
  return { value, offset, offsets, lineStarts: lines.starts };
}

/** What stands here and is deeper than `parent`; then to the next line that is not of it. */
function readNode(reader: Reader, parent: number, depth: number): Placed {
  if (depth > depthMax) leavePlain();
  if (reader.lines.isDash()) return readList(reader, depth);
  const key = findKey(reader.lines);
  return key === undefined ? readInline(reader, parent) : readMap(reader, key, depth);
}

/** The key that a line begins with; undefined where it begins with none. */
function findKey(lines: PlainLines): Key | undefined {
  const { text } = lines;
  const offset = lines.here();
  const end = lines.end();
  const first = text[offset] ?? '';
  if (first === '"' || first === "'") {
    const quoted = readQuoted(text, offset, end);
    if (text[quoted.end] !== ':') return undefined;
    if (quoted.end + 1 < end && text[quoted.end + 1] !== ' ') leavePlain();
    return { name: quoted.value, offset, end: quoted.end + 1 };
  }
  if ('[{|>'.includes(first)) return undefined;
  if (!isPlainStart(text, offset)) leavePlain();
  for (let at = text.indexOf(':', offset); at !== -1 && at < end; at = text.indexOf(':', at + 1)) {
    if (at + 1 < end && text[at + 1] !== ' ') continue;
    const name = text.slice(offset, at);
    if (name.includes(' #')) return undefined;
    if (name.endsWith(' ') || name.length > keyLengthMax) leavePlain();
    if (resolvePlain(name) !== name) leavePlain();
    return { name, offset, end: at + 1 };
  }
  return undefined;
}

function readMap(reader: Reader, first: Key, depth: number): Placed {
  const { lines, offsets } = reader;
  const own = lines.column;
  const value: Record<string, unknown> = {};
  const keys: number[] = [];
  const values: number[] = [];
  for (let key: Key | undefined = first; ; key = findKey(lines)) {
    if (key === undefined) return leavePlain();
    if (isOddKey(key.name) || Object.hasOwn(value, key.name)) leavePlain();
    const item = readItem(reader, key.end, depth);
    value[key.name] = item.value;
    keys.push(key.offset);
    values.push(item.offset);
    if (lines.column < own) break;
    // Deeper than it may be, or a list where none can begin.
    if (lines.column > own || lines.isDash()) leavePlain();
  }
  offsets.set(value, { keys, values });
  return { value, offset: first.offset };
}

/** What a key is for: beside it, or below. */
function readItem(reader: Reader, from: number, depth: number): Placed {
  const { lines } = reader;
  const own = lines.column;
  const at = lines.skipSpaces(from);
  const isAlone = at >= lines.end() || (lines.text[at] === '#' && at > from);
  if (!isAlone) {
    lines.moveTo(at);
    return readInline(reader, own);
  }
  lines.advance();
  if (lines.column > own) return readNode(reader, own, depth + 1);
  // The dashes of a list may stand under the key's first letter.
  if (lines.column === own && lines.isDash()) return readList(reader, depth + 1);
  return { value: null, offset: 0 };
}

function readList(reader: Reader, depth: number): Placed {
  if (depth > depthMax) leavePlain();
  const { lines, offsets } = reader;
  const own = lines.column;
  const offset = lines.here();
  const value: unknown[] = [];
  const values: number[] = [];
  while (lines.column === own && lines.isDash()) {
    const at = lines.skipSpaces(lines.here() + 1);
    let item: Placed = { value: null, offset: 0 };
    if (at < lines.end() && lines.text[at] !== '#') {
      lines.moveTo(at);
      item = readNode(reader, own, depth + 1);
    } else {
      lines.advance();
      if (lines.column > own) item = readNode(reader, own, depth + 1);
    }
    value.push(item.value);
    values.push(item.offset);
  }
  if (lines.column > own) leavePlain();
  offsets.set(value, { values });
  return { value, offset };
}

/** A scalar, or a list or map in brackets; then to the next line, which must not go on with it. */
function readInline({ lines, offsets }: Reader, parent: number): Placed {
  const { text } = lines;
  const offset = lines.here();
  const first = text[offset] ?? '';
  let value: unknown;
  if (first === '|' || first === '>') value = readTextBlock(lines, parent);
  else if (first === '"' || first === "'" || first === '[' || first === '{') {
    const isQuoted = first === '"' || first === "'";
    const read = isQuoted
      ? readQuoted(text, offset, lines.end())
      : readFlow(text, offset, lines.end(), offsets);
    endLine(lines, read.end);
    value = read.value;
    lines.advance();
  } else value = readPlainScalar(lines, parent);
  if (lines.column > parent) leavePlain();
  return { value, offset };
}

export interface PlainPlace {
  readonly line: number;
  readonly column: number;
}

/**
 * Where the value at the path stands; with `key`, where the last step's key does. Undefined where
 * the path leads to nothing that was written.
 */
export function placeOfPlain(
  { value, offset, offsets, lineStarts }: PlainYaml,
  path: readonly (string | number)[],
  part: 'key' | 'value',
): PlainPlace | undefined {
  let at: unknown = value;
  let found = offset;
  for (const [index, step] of path.entries()) {
    if (at === null || typeof at !== 'object') return undefined;
    const its = offsets.get(at);
    if (its === undefined) return undefined;
    const isMap = its.keys !== undefined;
    const slot = isMap ? Object.keys(at).indexOf(String(step)) : Number(step);
    at = (at as Readonly<Record<string | number, unknown>>)[step];
    const offsetsOf = isMap && part === 'key' && index === path.length - 1 ? its.keys : its.values;
    const next = offsetsOf[slot];
    if (next === undefined || at === null || at === undefined) return undefined;
    found = next;
  }
  return toPlace(lineStarts, found);
}

/** Lines and columns are counted from 1. */
function toPlace(lineStarts: readonly number[], offset: number): PlainPlace {
  let low = 0;
  let high = lineStarts.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}
