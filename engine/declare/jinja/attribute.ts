import { suggestName } from '../../words/suggest.ts';
import { findDictMethod, findSetMethod } from './dict-methods.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { findListMethod, findTupleMethod } from './list-methods.ts';
import { requireIndex, toInt } from './number.ts';
import { quoteText, reprValue } from './print.ts';
import { findStringMethod } from './string-methods.ts';
import { textUnits } from './text.ts';
import { undefinedError } from './undefined-error.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  type MaybePromise,
  Namespace,
  NativeMarker,
  PyDict,
  PyFloat,
  PyRange,
  PySet,
  PyTuple,
  typeName,
  Undefined,
  type UndefinedMode,
} from './values.ts';

/** A slice `[start:stop:step]`; null where nothing was written. */
export interface Slice {
  readonly start: JinjaValue;
  readonly stop: JinjaValue;
  readonly step: JinjaValue;
}

/** The method `name` of a value of a builtin type, ready to be called; undefined where none. */
export function findMethod(self: JinjaValue, name: string): HostCallback | undefined {
  if (typeof self === 'string') return bindText(self, name);
  if (self instanceof NativeMarker) return bindText(self.text, name);
  if (Array.isArray(self)) {
    const method = findListMethod(name);
    return method && ((args, kwargs, call) => method(self, args, kwargs, call));
  }
  if (self instanceof PyDict) {
    const method = findDictMethod(name);
    return method && ((args, kwargs, call) => method(self, args, kwargs, call));
  }
  if (self instanceof PyTuple) {
    const method = findTupleMethod(name);
    return method && ((args, kwargs, call) => method(self.items, args, kwargs, call));
  }
  if (self instanceof PySet) {
    const method = findSetMethod(name);
    return method && ((args, kwargs, call) => method(self, args, kwargs, call));
  }
  return findNumberMethod(self, name);
}

function bindText(text: string, name: string): HostCallback | undefined {
  const method = findStringMethod(name, readField);
  return method && ((args, kwargs) => method(text, args, kwargs));
}

function findNumberMethod(self: JinjaValue, name: string): HostCallback | undefined {
  if (self instanceof PyFloat && name === 'is_integer') return () => Number.isInteger(self.value);
  const int = toInt(self);
  if (int !== undefined && name === 'bit_length') {
    return () => (Number(int) === 0 ? 0 : (int < 0 ? -int : int).toString(2).length);
  }
  return undefined;
}

/** A field of `str.format`: attribute or item, missing ones refused. */
function readField(value: JinjaValue, key: string | number, isItem: boolean): JinjaValue {
  const found = isItem
    ? readItem(value, key)
    : typeof key === 'string'
      ? readAttribute(value, key)
      : undefined;
  if (found === undefined) {
    throw jinjaError('jinja-value', `the format names a missing ${reprValue(key)}`);
  }
  if (found instanceof Promise) throw typeError('a format field must not wait');
  return found;
}

/** Python's `getattr`, or undefined. Dict items are not attributes. */
export function readAttribute(
  value: JinjaValue,
  name: string,
): MaybePromise<JinjaValue> | undefined {
  if (value instanceof HostObject) return value.behavior.attribute?.(name);
  if (value instanceof Namespace) return value.attributes.get(name);
  if (value instanceof HostFunction) return value.attributes?.get(name);
  if (value instanceof PyTuple && value.names !== undefined) {
    const index = value.names.indexOf(name);
    if (index !== -1) return value.items[index];
  }
  if (value instanceof PyRange) {
    if (name === 'start' || name === 'stop' || name === 'step') return value[name];
    return undefined;
  }
  const method = findMethod(value, name);
  return method && new HostFunction(name, method);
}

/** Python's `value[key]`, or undefined where there is no such item. */
export function readItem(value: JinjaValue, key: JinjaValue): MaybePromise<JinjaValue> | undefined {
  if (value instanceof PyDict) return value.get(key);
  if (value instanceof HostObject) return value.behavior.item?.(key);
  const int = toInt(key);
  if (int === undefined) return undefined;
  const index = Number(int);
  if (Array.isArray(value)) return value.at(index);
  if (value instanceof PyTuple) return value.items.at(index);
  if (typeof value === 'string') return textAt(value, index);
  if (value instanceof NativeMarker) return textAt(value.text, index);
  if (value instanceof PyRange) {
    const at = index < 0 ? index + value.length : index;
    return at >= 0 && at < value.length ? value.at(at) : undefined;
  }
  return undefined;
}

function textAt(text: string, index: number): string | undefined {
  const units = textUnits(text);
  const at = index < 0 ? index + units.length : index;
  return units[at];
}

/** `value.name`: the attribute, else the item, else undefined in the sense of the mode. */
export function getAttribute(
  value: JinjaValue,
  name: string,
  mode: UndefinedMode,
): MaybePromise<JinjaValue> {
  if (value instanceof Undefined) return refuseUndefined(value);
  const attribute = readAttribute(value, name);
  const found = attribute === undefined ? readItem(value, name) : attribute;
  return found === undefined ? missingAttribute(value, name, mode) : found;
}

/** `value[key]`: the item, else for a string key the attribute. */
export function getItem(
  value: JinjaValue,
  key: JinjaValue,
  mode: UndefinedMode,
): MaybePromise<JinjaValue> {
  if (value instanceof Undefined) return refuseUndefined(value);
  const item = readItem(value, key);
  if (item !== undefined) return item;
  if (typeof key !== 'string') {
    const owner = value === null ? 'None' : `${typeName(value)} object`;
    return new Undefined(mode, `${owner} has no element ${reprValue(key)}`);
  }
  const attribute = readAttribute(value, key);
  return attribute === undefined ? missingAttribute(value, key, mode) : attribute;
}

function refuseUndefined(value: Undefined): JinjaValue {
  if (value.mode === 'capture') return value;
  const isName = value.complaint.endsWith(' is undefined');
  const hint =
    'a package is known by its name once it is in dbt_packages: `dbt deps` puts it there';
  throw undefinedError(value, isName ? hint : undefined);
}

export function missingAttribute(value: JinjaValue, name: string, mode: UndefinedMode): Undefined {
  const owner = value === null ? 'None' : `${typeName(value)} object`;
  const complaint = `${quoteText(owner)} has no attribute ${quoteText(name)}`;
  return new Undefined(mode, complaint, () => {
    const names = value instanceof HostObject ? value.behavior.iterate?.() : undefined;
    return suggestName(name, [...(names ?? [])].map(String));
  });
}

/** `value[start:stop:step]`. */
export function getSlice(value: JinjaValue, slice: Slice): JinjaValue {
  if (value instanceof Undefined) return refuseUndefined(value);
  if (Array.isArray(value)) return cutItems(value, slice);
  if (value instanceof PyTuple) return new PyTuple(cutItems(value.items, slice));
  const text = value instanceof NativeMarker ? value.text : value;
  if (typeof text === 'string') return cutItems(Array.from(text), slice).join('');
  if (value instanceof PyRange) {
    const [start, stop, step] = sliceBounds(value.length, slice);
    return new PyRange(value.at(start), value.at(stop), value.step * step);
  }
  const items = value instanceof HostObject ? value.behavior.sequence?.() : undefined;
  if (items) return new PyTuple(cutItems(items, slice));
  if (value instanceof PyDict) throw typeError("unhashable type: 'slice'");
  throw typeError(`'${typeName(value)}' object is not subscriptable`);
}

function cutItems<T>(items: readonly T[], slice: Slice): T[] {
  const [start, stop, step] = sliceBounds(items.length, slice);
  if (step === 1) return items.slice(start, Math.max(start, stop));
  const out: T[] = [];
  for (let i = start; step > 0 ? i < stop : i > stop; i += step) {
    const item = items[i];
    if (item !== undefined) out.push(item);
  }
  return out;
}

/** What Python's `slice.indices(length)` answers. */
function sliceBounds(length: number, slice: Slice): [number, number, number] {
  const step = slice.step === null ? 1 : requireIndex(slice.step, 'slice step');
  if (step === 0) throw jinjaError('jinja-value', 'slice step cannot be zero');
  const [low, high] = step < 0 ? [-1, length - 1] : [0, length];
  const clip = (bound: JinjaValue, fallback: number) => {
    if (bound === null) return fallback;
    const at = requireIndex(bound, 'slice indices');
    return at < 0 ? Math.max(at + length, low) : Math.min(at, high);
  };
  const [first, last] = step < 0 ? [high, low] : [low, high];
  return [clip(slice.start, first), clip(slice.stop, last), step];
}

/** Whether calling the value can work. */
export function isCallable(value: JinjaValue): boolean {
  if (value instanceof Undefined) return false;
  return (
    value instanceof HostFunction ||
    (value instanceof HostObject && value.behavior.call !== undefined)
  );
}
