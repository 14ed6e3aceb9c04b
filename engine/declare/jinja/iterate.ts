import { isEqual } from './compare.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { textLength } from './text.ts';
import {
  HostObject,
  type JinjaValue,
  NativeMarker,
  PyDict,
  PyFloat,
  PyIterator,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  typeName,
  Undefined,
} from './values.ts';

/** The most items a range may be walked for, and a list may grow to by being added to. */
const itemsMax = 10_000_000;

/** @throws JinjaError `jinja-size` where a list would grow past all that a template may mean. */
export function checkGrowth(length: number): void {
  if (length <= itemsMax) return;
  throw jinjaError('jinja-size', `a list of more than ${itemsMax} items (itemsMax)`);
}

/** Python's `bool(value)`. */
export function isTrue(value: JinjaValue): boolean {
  if (value === null) return false;
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'string':
      return value !== '';
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    default:
      break;
  }
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof PyFloat) return value.value !== 0;
  if (value instanceof PyDict || value instanceof PySet) return value.size > 0;
  if (value instanceof PyTuple) return value.items.length > 0;
  if (value instanceof Undefined) return isTrueUndefined(value);
  if (value instanceof PyRange) return value.length > 0;
  if (value instanceof PyView) return value.dict.size > 0;
  if (value instanceof NativeMarker) return value.text !== '';
  if (value instanceof HostObject) {
    const { behavior } = value;
    return behavior.isTrue?.() ?? (behavior.length === undefined || behavior.length() > 0);
  }
  return true;
}

function isTrueUndefined(value: Undefined): false {
  if (value.mode === 'strict') throw jinjaError('jinja-undefined', value.complaint);
  return false;
}

/** `iter(value)`, or undefined where the value cannot be iterated. Lists are iterated live. */
export function tryIterate(value: JinjaValue): Iterable<JinjaValue> | undefined {
  if (Array.isArray(value) || typeof value === 'string') return value;
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PyDict) return value.keys();
  if (value instanceof PySet) return value.values();
  if (value instanceof PyView) return value.items();
  if (value instanceof PyIterator) return value.take();
  if (value instanceof PyRange) return iterateRange(value);
  if (value instanceof NativeMarker) return value.text;
  if (value instanceof Undefined) {
    if (value.mode === 'strict') throw jinjaError('jinja-undefined', value.complaint);
    return [];
  }
  return value instanceof HostObject ? value.behavior.iterate?.() : undefined;
}

function* iterateRange(range: PyRange): Generator<number> {
  for (let i = 0; i < range.length; i += 1) yield range.at(i);
}

/** @throws JinjaError `jinja-size` for a range that nobody could mean to walk. */
export function iterate(value: JinjaValue): Iterable<JinjaValue> {
  if (value instanceof PyRange && value.length > itemsMax) {
    throw jinjaError('jinja-size', `a range of more than ${itemsMax} items (itemsMax)`);
  }
  const items = tryIterate(value);
  if (items === undefined) throw typeError(`'${typeName(value)}' object is not iterable`);
  return items;
}

/** `list(value)`: always a new array. */
export function toList(value: JinjaValue): JinjaValue[] {
  return Array.from(iterate(value));
}

/** `len(value)`, or undefined where the value has none. */
export function tryLength(value: JinjaValue): number | undefined {
  if (typeof value === 'string') return textLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof PyTuple) return value.items.length;
  if (value instanceof PyDict || value instanceof PySet) return value.size;
  if (value instanceof PyRange) return value.length;
  if (value instanceof PyView) return value.dict.size;
  if (value instanceof NativeMarker) return textLength(value.text);
  if (value instanceof Undefined) {
    if (value.mode === 'strict') throw jinjaError('jinja-undefined', value.complaint);
    return 0;
  }
  return value instanceof HostObject ? value.behavior.length?.() : undefined;
}

export function lengthOf(value: JinjaValue): number {
  const length = tryLength(value);
  if (length === undefined) throw typeError(`object of type '${typeName(value)}' has no len()`);
  return length;
}

/** Python's `needle in haystack`. */
export function contains(haystack: JinjaValue, needle: JinjaValue): boolean {
  if (typeof haystack === 'string') {
    if (needle instanceof NativeMarker) return haystack.includes(needle.text);
    if (needle instanceof Undefined) throw jinjaError('jinja-undefined', needle.complaint);
    if (typeof needle === 'string') return haystack.includes(needle);
    throw typeError(
      `'in <string>' requires string as left operand, not ${typeName(needle)}`,
      'turn the left side into a string with ~ or |string',
    );
  }
  if (haystack instanceof PyDict || haystack instanceof PySet) return haystack.has(needle);
  if (haystack instanceof PyView && haystack.kind === 'dict_keys') return haystack.dict.has(needle);
  // Python knows without walking, too.
  if (haystack instanceof PyRange && typeof needle === 'number') {
    const index = (needle - haystack.start) / haystack.step;
    return Number.isInteger(index) && index >= 0 && index < haystack.length;
  }
  const items = tryIterate(haystack);
  if (items === undefined) {
    throw typeError(`argument of type '${typeName(haystack)}' is not iterable`);
  }
  for (const item of items) if (isEqual(item, needle)) return true;
  return false;
}
