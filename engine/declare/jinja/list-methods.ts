import { bindArguments, type Kwargs } from './bind-arguments.ts';
import { compareValues, isEqual, sortValues } from './compare.ts';
import { checkGrowth, isTrue, iterate } from './iterate.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { requireIndex } from './number.ts';
import { reprValue } from './print.ts';
import type { CallSite, JinjaValue } from './values.ts';

export type Method<T> = (
  self: T,
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  call: CallSite,
) => JinjaValue;

type Bound = readonly (JinjaValue | undefined)[];

function method<T>(
  name: string,
  parameters: readonly string[],
  run: (self: T, args: Bound, call: CallSite) => JinjaValue,
): [string, Method<T>] {
  return [
    name,
    (self, args, kwargs, call) => run(self, bindArguments(name, parameters, args, kwargs), call),
  ];
}

type List = JinjaValue[];

function findItem(items: readonly JinjaValue[], args: Bound): number {
  const [wanted = null, from, to] = args;
  const clip = (at: JinjaValue | undefined, fallback: number) => {
    if (at === undefined) return fallback;
    const index = requireIndex(at, 'index');
    return index < 0 ? Math.max(0, index + items.length) : index;
  };
  const stop = Math.min(items.length, clip(to, items.length));
  for (let i = clip(from, 0); i < stop; i += 1) if (isEqual(items[i] ?? null, wanted)) return i;
  throw valueError(`${reprValue(wanted)} is not in list`);
}

function countItems(items: readonly JinjaValue[], args: Bound): number {
  return items.filter((item) => isEqual(item, args[0] ?? null)).length;
}

function insertItem(self: List, args: Bound): null {
  const index = requireIndex(args[0] ?? null, 'index');
  self.splice(index < 0 ? Math.max(0, index + self.length) : index, 0, args[1] ?? null);
  return null;
}

function popItem(self: List, args: Bound): JinjaValue {
  if (self.length === 0) throw valueError('pop from empty list');
  const given = args[0] === undefined ? -1 : requireIndex(args[0], 'index');
  const index = given < 0 ? given + self.length : given;
  if (index < 0 || index >= self.length) throw valueError('pop index out of range');
  return self.splice(index, 1)[0] ?? null;
}

function sortList(self: List, args: Bound, call: CallSite): null {
  const [key = null, reverse = false] = args;
  const keyOf = (item: JinjaValue): JinjaValue => {
    if (key === null) return item;
    const result = call.invoke(key, [item]);
    if (result instanceof Promise) throw typeError('the key of sort() must not wait');
    return result;
  };
  const sorted = sortValues(self, keyOf, isTrue(reverse));
  for (const [i, item] of sorted.entries()) self[i] = item;
  return null;
}

const listMethods: ReadonlyMap<string, Method<List>> = new Map<string, Method<List>>([
  method('append', ['object'], (self, [item]) => {
    self.push(item ?? null);
    return null;
  }),
  method('extend', ['iterable'], (self, [items]) => {
    const added = Array.from(iterate(items ?? null));
    checkGrowth(self.length + added.length);
    for (const item of added) self.push(item);
    return null;
  }),
  method('insert', ['index', 'object'], insertItem),
  method('pop', ['index?'], popItem),
  method('remove', ['value'], (self, args) => {
    self.splice(findItem(self, args), 1);
    return null;
  }),
  method('index', ['value', 'start?', 'stop?'], findItem),
  method('count', ['value'], countItems),
  method('sort', ['key?', 'reverse?'], sortList),
  method('reverse', [], (self) => {
    self.reverse();
    return null;
  }),
  method('copy', [], (self) => [...self]),
  method('clear', [], (self) => {
    self.length = 0;
    return null;
  }),
]);

const tupleMethods: ReadonlyMap<string, Method<readonly JinjaValue[]>> = new Map<
  string,
  Method<readonly JinjaValue[]>
>([
  method('index', ['value', 'start?', 'stop?'], findItem),
  method('count', ['value'], countItems),
]);

export function findListMethod(name: string): Method<List> | undefined {
  return listMethods.get(name);
}

export function findTupleMethod(name: string): Method<readonly JinjaValue[]> | undefined {
  return tupleMethods.get(name);
}

/** The smallest (`sign` 1) or largest (-1) item; the first among equals. */
export function pickExtreme(
  items: Iterable<JinjaValue>,
  sign: 1 | -1,
  keyOf: (item: JinjaValue) => JinjaValue = (item) => item,
): JinjaValue | undefined {
  let best: { item: JinjaValue; key: JinjaValue } | undefined;
  for (const item of items) {
    const key = keyOf(item);
    if (best === undefined || compareValues(key, best.key) * sign < 0) best = { item, key };
  }
  return best?.item;
}

/** Repetition of a list or text may not build more than this many items. */
const repeatMax = 50_000_000;

export function checkRepeat(length: number, times: number): number {
  const count = Math.max(0, times);
  if (length * count > repeatMax) {
    throw jinjaError('jinja-size', `a repetition of more than ${repeatMax} items`);
  }
  return count;
}
