import { isOddKey, isPlainStart, leavePlain, readQuoted, resolvePlain } from './plain-scalar.ts';

/** Where the keys and values of one list or map stand, in the order of its entries. */
export interface Offsets {
  /** Absent: a list. */
  readonly keys?: readonly number[];
  readonly values: readonly number[];
}

interface Flow {
  readonly value: unknown;
  readonly end: number;
}

const depthMax = 60;

/** A list or a map in brackets that ends on its line; the offsets of what is in it are added. */
export function readFlow(
  text: string,
  start: number,
  lineEnd: number,
  offsets: Map<object, Offsets>,
): Flow {
  const skip = (from: number): number => {
    let at = from;
    while (text[at] === ' ') at += 1;
    return at < lineEnd ? at : leavePlain();
  };
  const readScalar = (at: number): Flow => {
    const first = text[at];
    if (first === '"' || first === "'") return readQuoted(text, at, lineEnd);
    if (!isPlainStart(text, at)) leavePlain();
    let end = at + 1;
    for (; end < lineEnd && !',]}'.includes(text[end] ?? ''); end += 1) {
      const letter = text[end];
      if (letter === '[' || letter === '{' || letter === '#') leavePlain();
      if (letter === ':' && ' ,[]{}'.includes(text[end + 1] ?? ' ')) break;
    }
    const written = text.slice(at, end).trimEnd();
    return { value: resolvePlain(written), end: at + written.length };
  };
  const readValue = (at: number, depth: number): Flow => {
    if (depth > depthMax) leavePlain();
    if (text[at] === '[') return readItems(at, depth);
    return text[at] === '{' ? readEntries(at, depth) : readScalar(at);
  };
  const readItems = (open: number, depth: number): Flow => {
    const value: unknown[] = [];
    const values: number[] = [];
    let at = skip(open + 1);
    while (text[at] !== ']') {
      const item = readValue(at, depth + 1);
      value.push(item.value);
      values.push(at);
      at = nextItem(text, skip(item.end), ']', skip);
    }
    offsets.set(value, { values });
    return { value, end: at + 1 };
  };
  const readEntries = (open: number, depth: number): Flow => {
    const value: Record<string, unknown> = {};
    const keys: number[] = [];
    const values: number[] = [];
    let at = skip(open + 1);
    while (text[at] !== '}') {
      const key = readScalar(at);
      const name = key.value;
      if (typeof name !== 'string' || isOddKey(name) || Object.hasOwn(value, name)) leavePlain();
      if (text[key.end] !== ':' || text[key.end + 1] !== ' ') leavePlain();
      const from = skip(key.end + 1);
      const item = readValue(from, depth + 1);
      value[String(name)] = item.value;
      keys.push(at);
      values.push(from);
      at = nextItem(text, skip(item.end), '}', skip);
    }
    offsets.set(value, { keys, values });
    return { value, end: at + 1 };
  };
  return readValue(start, 0);
}

/** Behind a comma; or the closing bracket itself. A comma before the bracket is not for here. */
function nextItem(text: string, at: number, close: string, skip: (from: number) => number): number {
  if (text[at] === close) return at;
  if (text[at] !== ',') leavePlain();
  const next = skip(at + 1);
  return text[next] === close ? leavePlain() : next;
}
