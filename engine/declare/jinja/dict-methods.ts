import { bindArguments, type Kwargs } from './bind-arguments.ts';
import { iterate, toList } from './iterate.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import type { Method } from './list-methods.ts';
import { reprValue } from './print.ts';
import { type JinjaValue, PyDict, PySet, PyTuple, PyView } from './values.ts';

type Bound = readonly (JinjaValue | undefined)[];

function method<T>(
  name: string,
  parameters: readonly string[],
  run: (self: T, args: Bound) => JinjaValue,
): [string, Method<T>] {
  return [name, (self, args, kwargs) => run(self, bindArguments(name, parameters, args, kwargs))];
}

/** `dict(source, **kwargs)` and `d.update(source, **kwargs)`. */
export function mergeInto(
  dict: PyDict,
  source: JinjaValue | undefined,
  kwargs: Kwargs = new Map(),
): void {
  if (source instanceof PyDict) for (const [key, value] of source.entries()) dict.set(key, value);
  else if (source !== undefined) {
    for (const pair of iterate(source)) {
      const [key, value, ...rest] = toList(pair);
      if (key === undefined || value === undefined || rest.length > 0) {
        throw valueError('dictionary update sequence elements must be pairs');
      }
      dict.set(key, value);
    }
  }
  for (const [name, value] of kwargs) dict.set(name, value);
}

function popKey(self: PyDict, args: Bound): JinjaValue {
  const [key = null, fallback] = args;
  const found = self.get(key);
  const value = found === undefined ? fallback : found;
  if (value === undefined) throw jinjaError('jinja-value', `no key ${reprValue(key)} to pop`);
  self.delete(key);
  return value;
}

function popLast(self: PyDict): JinjaValue {
  const last = self.entries().at(-1);
  if (last === undefined) throw valueError('popitem(): dictionary is empty');
  self.delete(last[0]);
  return new PyTuple(last);
}

function setDefault(self: PyDict, args: Bound): JinjaValue {
  const [key = null, fallback = null] = args;
  const value = self.get(key);
  if (value !== undefined) return value;
  self.set(key, fallback);
  return fallback;
}

const dictMethods: ReadonlyMap<string, Method<PyDict>> = new Map<string, Method<PyDict>>([
  method('keys', [], (self) => new PyView('dict_keys', self)),
  method('values', [], (self) => new PyView('dict_values', self)),
  method('items', [], (self) => new PyView('dict_items', self)),
  method('get', ['key', 'default?'], (self, [key = null, fallback = null]) => {
    const value = self.get(key);
    return value === undefined ? fallback : value;
  }),
  method('pop', ['key', 'default?'], popKey),
  method('popitem', [], popLast),
  method('setdefault', ['key', 'default?'], setDefault),
  method('copy', [], (self) => PyDict.from(self.entries())),
  method('clear', [], (self) => {
    self.clear();
    return null;
  }),
  method('fromkeys', ['iterable', 'value?'], (_self, [keys = null, value = null]) => {
    return PyDict.from(Array.from(iterate(keys), (key) => [key, value]));
  }),
  [
    'update',
    (self, args, kwargs) => {
      if (args.length > 1) throw typeError('update expected at most 1 argument');
      mergeInto(self, args[0], kwargs);
      return null;
    },
  ],
]);

export function findDictMethod(name: string): Method<PyDict> | undefined {
  return dictMethods.get(name);
}

/** The four set operators, for sets and the key views of dicts. */
export function combineSets(operator: string, a: JinjaValue, b: JinjaValue): PySet | undefined {
  const left = setMembers(a);
  const right = setMembers(b);
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case '|':
      return new PySet([...left, ...right]);
    case '&':
      return keepItems(left, new PySet(right), true);
    case '-':
      return keepItems(left, new PySet(right), false);
    case '^': {
      const both = [...keepItems(left, new PySet(right), false).values()];
      return new PySet([...both, ...keepItems(right, new PySet(left), false).values()]);
    }
    default:
      return undefined;
  }
}

function keepItems(items: readonly JinjaValue[], other: PySet, isIn: boolean): PySet {
  return new PySet(items.filter((item) => other.has(item) === isIn));
}

function setMembers(value: JinjaValue): JinjaValue[] | undefined {
  if (value instanceof PySet) return value.values();
  return value instanceof PyView && value.kind !== 'dict_values' ? value.items() : undefined;
}

function combine(name: string, operator: string): [string, Method<PySet>] {
  return [
    name,
    (self, args) => {
      let out = self;
      for (const arg of args) {
        out = combineSets(operator, out, new PySet(iterate(arg))) ?? out;
      }
      return out === self ? new PySet(self.values()) : out;
    },
  ];
}

const setMethods: ReadonlyMap<string, Method<PySet>> = new Map<string, Method<PySet>>([
  method('add', ['element'], (self, [item = null]) => {
    self.add(item);
    return null;
  }),
  method('discard', ['element'], (self, [item = null]) => {
    self.delete(item);
    return null;
  }),
  method('remove', ['element'], (self, [item = null]) => {
    if (!self.delete(item)) throw jinjaError('jinja-value', `no ${reprValue(item)} in the set`);
    return null;
  }),
  method('pop', [], (self) => {
    const [first] = self.values();
    if (first === undefined) throw valueError('pop from an empty set');
    self.delete(first);
    return first;
  }),
  method('clear', [], (self) => {
    self.clear();
    return null;
  }),
  method('copy', [], (self) => new PySet(self.values())),
  method('issubset', ['other'], (self, [other = null]) => {
    const all = new PySet(iterate(other));
    return self.values().every((item) => all.has(item));
  }),
  method('issuperset', ['other'], (self, [other = null]) => {
    return toList(other).every((item) => self.has(item));
  }),
  method('isdisjoint', ['other'], (self, [other = null]) => {
    return !toList(other).some((item) => self.has(item));
  }),
  combine('union', '|'),
  combine('intersection', '&'),
  combine('difference', '-'),
  combine('symmetric_difference', '^'),
  [
    'update',
    (self, args) => {
      for (const arg of args) for (const item of toList(arg)) self.add(item);
      return null;
    },
  ],
]);

export function findSetMethod(name: string): Method<PySet> | undefined {
  return setMethods.get(name);
}
