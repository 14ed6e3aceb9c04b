import { toList } from './iterate.ts';
import { typeError } from './jinja-error.ts';
import { normalizeInt } from './number.ts';
import {
  HostFunction,
  HostObject,
  type JinjaValue,
  Namespace,
  NativeMarker,
  PyDict,
  PyFloat,
  PyIterator,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  Undefined,
} from './values.ts';

const nestingMax = 500;

const valueClasses = [
  PyFloat,
  PyTuple,
  PyDict,
  PySet,
  PyRange,
  PyView,
  PyIterator,
  Namespace,
  NativeMarker,
  Undefined,
  HostFunction,
  HostObject,
] as const;

function isValueObject(value: unknown): value is InstanceType<(typeof valueClasses)[number]> {
  return valueClasses.some((kind) => value instanceof kind);
}

/**
 * The template value for a JavaScript one, copied: arrays become lists, plain objects and maps
 * dicts, sets sets, `undefined` None. A number with a fraction (or beyond 2^53) becomes a float,
 * any other an int. Template values pass as they are. Dates and other class instances are
 * refused: the host decides what they are to a template.
 */
export function toPython(value: unknown, depth = 0): JinjaValue {
  if (depth > nestingMax) throw typeError('a host value is nested too deep, or in a circle');
  switch (typeof value) {
    case 'undefined':
      return null;
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? value + 0 : new PyFloat(value);
    case 'bigint':
      return normalizeInt(value);
    case 'object':
      return value === null ? null : convertObject(value, depth + 1);
    default:
      throw typeError(`a template cannot hold a JavaScript ${typeof value}`);
  }
}

function convertObject(value: object, depth: number): JinjaValue {
  if (Array.isArray(value)) return value.map((item: unknown) => toPython(item, depth));
  if (isValueObject(value)) return value;
  if (value instanceof Map) {
    const entries: [unknown, unknown][] = [...value.entries()];
    return PyDict.from(entries.map(([key, item]) => [toPython(key), toPython(item, depth)]));
  }
  if (value instanceof Set) {
    return new PySet(Array.from(value.values(), (item: unknown) => toPython(item, depth)));
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) {
    throw typeError(`a template cannot hold a JavaScript ${value.constructor.name}`);
  }
  return PyDict.from(Object.entries(value).map(([key, item]) => [key, toPython(item, depth)]));
}

/**
 * The JavaScript value of a template's, copied: lists, tuples, sets and ranges become arrays,
 * floats numbers, dicts objects (a `Map` when a key is not a string), undefined `undefined`. Host
 * objects give their `target` where they have one, and themselves otherwise.
 */
export function fromPython(value: JinjaValue, depth = 0): unknown {
  if (depth > nestingMax) throw typeError('a template value is nested too deep, or in a circle');
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof PyFloat) return value.value;
  if (value instanceof PyDict) return convertDict(value, depth + 1);
  if (value instanceof Namespace) return convertDict(value.attributes, depth + 1);
  if (value instanceof NativeMarker) return value.text;
  if (value instanceof Undefined) return undefined;
  if (value instanceof HostObject) return value.behavior.target ?? value;
  if (value instanceof HostFunction) return value;
  return toList(value).map((item) => fromPython(item, depth + 1));
}

function convertDict(dict: PyDict, depth: number): unknown {
  const entries = dict.entries();
  const isPlain = entries.every(([key]) => typeof key === 'string');
  if (!isPlain) {
    return new Map(entries.map(([key, item]) => [fromPython(key), fromPython(item, depth)]));
  }
  return Object.fromEntries(entries.map(([key, item]) => [String(key), fromPython(item, depth)]));
}
