import { jinjaError, typeError } from './jinja-error.ts';
import { compareNumbers, toNumber } from './number.ts';
import {
  HostObject,
  type JinjaValue,
  NativeMarker,
  PyDict,
  PyFloat,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  typeName,
  Undefined,
} from './values.ts';

const nestingMax = 500;

/** Python's `a == b`. */
export function isEqual(a: JinjaValue, b: JinjaValue, depth = 0): boolean {
  if (a instanceof Undefined || b instanceof Undefined) return isEqualUndefined(a, b);
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'string') return false;
  if (a === null || b === null) return equalsHost(a, b) ?? equalsHost(b, a) ?? false;
  if (toNumber(a) !== undefined && toNumber(b) !== undefined) return compareNumbers(a, b) === 0;
  if (depth > nestingMax) throw jinjaError('jinja-depth', 'values nested too deep to compare');
  if (a instanceof NativeMarker) return isEqual(a.text, b, depth);
  if (b instanceof NativeMarker) return isEqual(a, b.text, depth);
  if (Array.isArray(a)) return Array.isArray(b) ? isEqualList(a, b, depth) : hostSays(a, b);
  if (a instanceof PyTuple && b instanceof PyTuple) return isEqualList(a.items, b.items, depth);
  if (a instanceof PyDict && b instanceof PyDict) return isEqualDict(a, b, depth);
  const left = setItems(a);
  const right = setItems(b);
  if (left !== undefined && right !== undefined) {
    const other = new PySet(right);
    return left.length === other.size && left.every((item) => other.has(item));
  }
  if (a instanceof PyRange && b instanceof PyRange) {
    return isEqualList([...rangeItems(a)], [...rangeItems(b)], depth);
  }
  return hostSays(a, b);
}

function hostSays(a: JinjaValue, b: JinjaValue): boolean {
  return equalsHost(a, b) ?? equalsHost(b, a) ?? false;
}

function equalsHost(a: JinjaValue, b: JinjaValue): boolean | undefined {
  return a instanceof HostObject ? a.behavior.equals?.(b) : undefined;
}

function isEqualUndefined(a: JinjaValue, b: JinjaValue): boolean {
  for (const side of [a, b]) {
    if (side instanceof Undefined && side.mode === 'strict') {
      throw jinjaError('jinja-undefined', side.complaint);
    }
  }
  return a instanceof Undefined && b instanceof Undefined;
}

function isEqualList(a: readonly JinjaValue[], b: readonly JinjaValue[], depth: number): boolean {
  return a.length === b.length && a.every((item, i) => isEqual(item, b[i] ?? null, depth + 1));
}

function isEqualDict(a: PyDict, b: PyDict, depth: number): boolean {
  if (a.size !== b.size) return false;
  return a.entries().every(([key, item]) => {
    const other = b.get(key);
    return other !== undefined && isEqual(item, other, depth + 1);
  });
}

function setItems(value: JinjaValue): JinjaValue[] | undefined {
  if (value instanceof PySet) return value.values();
  return value instanceof PyView && value.kind !== 'dict_values' ? value.items() : undefined;
}

function* rangeItems(range: PyRange): Generator<number> {
  for (let i = 0; i < range.length; i += 1) yield range.at(i);
}

export type OrderOperator = '<' | '<=' | '>' | '>=';

/** Python's ordering. Throws where the two types have none; false where NaN is involved. */
export function isOrdered(operator: OrderOperator, a: JinjaValue, b: JinjaValue): boolean {
  if (a instanceof PySet && b instanceof PySet) return isSubset(operator, a, b);
  const order = compareValues(a, b, operator);
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function isSubset(operator: OrderOperator, a: PySet, b: PySet): boolean {
  const [small, large] = operator.startsWith('<') ? [a, b] : [b, a];
  const isProper = operator.length === 1;
  if (isProper ? small.size >= large.size : small.size > large.size) return false;
  return small.values().every((item) => large.has(item));
}

/** Negative, zero, positive, or NaN. */
export function compareValues(a: JinjaValue, b: JinjaValue, operator = '<', depth = 0): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const numeric = compareNumbers(a, b);
  if (numeric !== undefined) return numeric;
  if (depth > nestingMax) throw jinjaError('jinja-depth', 'values nested too deep to compare');
  if (a instanceof NativeMarker) return compareValues(a.text, b, operator, depth);
  if (b instanceof NativeMarker) return compareValues(a, b.text, operator, depth);
  const left = listItems(a);
  const right = listItems(b);
  if (left !== undefined && right !== undefined && Array.isArray(a) === Array.isArray(b)) {
    for (const [i, item] of left.entries()) {
      const other = right[i];
      if (other === undefined) return 1;
      if (!isEqual(item, other)) return compareValues(item, other, operator, depth + 1);
    }
    return left.length - right.length;
  }
  const direct = a instanceof HostObject ? a.behavior.compare?.(b) : undefined;
  if (direct !== undefined) return direct;
  const reflected = b instanceof HostObject ? b.behavior.compare?.(a) : undefined;
  if (reflected !== undefined) return -reflected;
  throw refuseOrder(a, b, operator);
}

function refuseOrder(a: JinjaValue, b: JinjaValue, operator: string): Error {
  for (const side of [a, b]) {
    if (side instanceof Undefined) return jinjaError('jinja-undefined', side.complaint);
  }
  return typeError(
    `'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`,
  );
}

function listItems(value: JinjaValue): readonly JinjaValue[] | undefined {
  if (Array.isArray(value)) return value;
  return value instanceof PyTuple ? value.items : undefined;
}

/** By code point, as Python orders strings; UTF-16 units differ beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const size = Math.min(a.length, b.length);
  for (let i = 0; i < size; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const isHighX = x >= 0xd800 && x <= 0xdfff;
      const isHighY = y >= 0xd800 && y <= 0xdfff;
      return isHighX === isHighY ? x - y : isHighX ? 1 : -1;
    }
  }
  return a.length - b.length;
}

/** A stable sort as `sorted` does it, on keys taken once. */
export function sortValues(
  items: readonly JinjaValue[],
  keyOf: (item: JinjaValue) => JinjaValue,
  isReversed = false,
): JinjaValue[] {
  const keyed = items.map((item) => ({ item, key: keyOf(item) }));
  const sign = isReversed ? -1 : 1;
  keyed.sort((a, b) => sign * compareValues(a.key, b.key) || 0);
  return keyed.map((entry) => entry.item);
}

/** Python's `is`, as far as values without an address have an identity. */
export function isSame(a: JinjaValue, b: JinjaValue): boolean {
  if (a instanceof PyFloat && b instanceof PyFloat) return a === b;
  return a === b;
}
