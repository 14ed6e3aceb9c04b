import { hashFloat, hashItems, hashValue, unhashable } from './hash.ts';
import { jinjaError, typeError } from './jinja-error.ts';

/**
 * A value a template can hold. Python's types map onto JavaScript so that the common ones cost
 * nothing: `None` is null, `bool` boolean, `str` string, `list` an array (mutable, shared by
 * reference). An `int` is a number while it is a safe integer and a bigint beyond; a `float` is
 * always a `PyFloat`, so that `1.0` and `1` stay apart. A bare number in a `JinjaValue` is
 * therefore always an integer.
 */
export type JinjaValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | JinjaValue[]
  | PyFloat
  | PyTuple
  | PyDict
  | PySet
  | PyRange
  | PyView
  | PyIterator
  | Namespace
  | NativeMarker
  | Undefined
  | HostFunction
  | HostObject;

export type MaybePromise<T> = T | Promise<T>;

/** How a name nobody defined behaves. `permissive` prints as nothing but has no attributes (dbt at
 * run time); `strict` fails on any use; `capture` swallows attributes and calls (dbt at parse). */
export type UndefinedMode = 'strict' | 'permissive' | 'capture';

export class PyFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  hash(): unknown {
    return hashFloat(this.value);
  }
}

/** A tuple; `names` make it a named one (what `groupby` yields). */
export class PyTuple {
  readonly items: readonly JinjaValue[];
  readonly names: readonly string[] | undefined;
  constructor(items: readonly JinjaValue[], names?: readonly string[]) {
    this.items = items;
    this.names = names;
  }
  hash(): unknown {
    return hashItems(this.items);
  }
}

interface DictEntry {
  readonly key: JinjaValue;
  value: JinjaValue;
}

/** Keeps insertion order and keys of any hashable type; `1`, `1.0` and `True` are one key. */
export class PyDict {
  readonly #entries = new Map<unknown, DictEntry>();

  static from(entries: Iterable<readonly [JinjaValue, JinjaValue]>): PyDict {
    const dict = new PyDict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }
  get size(): number {
    return this.#entries.size;
  }
  get(key: JinjaValue): JinjaValue | undefined {
    return this.#entries.get(hashValue(key))?.value;
  }
  has(key: JinjaValue): boolean {
    return this.#entries.has(hashValue(key));
  }
  set(key: JinjaValue, value: JinjaValue): void {
    const hash = hashValue(key);
    const entry = this.#entries.get(hash);
    if (entry === undefined) this.#entries.set(hash, { key, value });
    else entry.value = value;
  }
  delete(key: JinjaValue): boolean {
    return this.#entries.delete(hashValue(key));
  }
  clear(): void {
    this.#entries.clear();
  }
  keys(): JinjaValue[] {
    return Array.from(this.#entries.values(), (entry) => entry.key);
  }
  values(): JinjaValue[] {
    return Array.from(this.#entries.values(), (entry) => entry.value);
  }
  entries(): [JinjaValue, JinjaValue][] {
    return Array.from(this.#entries.values(), (entry) => [entry.key, entry.value]);
  }
  hash(): unknown {
    throw unhashable('dict');
  }
}

/** A set that keeps insertion order (Python's order is arbitrary; a fixed one is reproducible). */
export class PySet {
  readonly #items = new Map<unknown, JinjaValue>();
  constructor(items: Iterable<JinjaValue> = []) {
    for (const item of items) this.add(item);
  }
  get size(): number {
    return this.#items.size;
  }
  has(item: JinjaValue): boolean {
    return this.#items.has(hashValue(item));
  }
  add(item: JinjaValue): void {
    const hash = hashValue(item);
    if (!this.#items.has(hash)) this.#items.set(hash, item);
  }
  delete(item: JinjaValue): boolean {
    return this.#items.delete(hashValue(item));
  }
  clear(): void {
    this.#items.clear();
  }
  values(): JinjaValue[] {
    return [...this.#items.values()];
  }
  hash(): unknown {
    throw unhashable('set');
  }
}

export class PyRange {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly length: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }
  at(index: number): number {
    return this.start + index * this.step;
  }
}

/** A live view of a dict: `dict_keys`, `dict_values` or `dict_items`. */
export class PyView {
  readonly kind: 'dict_keys' | 'dict_values' | 'dict_items';
  readonly dict: PyDict;
  constructor(kind: PyView['kind'], dict: PyDict) {
    this.kind = kind;
    this.dict = dict;
  }
  items(): JinjaValue[] {
    if (this.kind === 'dict_keys') return this.dict.keys();
    if (this.kind === 'dict_values') return this.dict.values();
    return this.dict.entries().map((entry) => new PyTuple(entry));
  }
}

/** What Python's generators are to a template: true, without a length, and read once. */
export class PyIterator {
  readonly name: string;
  readonly #rest: Iterator<JinjaValue>;
  constructor(items: Iterable<JinjaValue>, name = 'generator') {
    this.name = name;
    this.#rest = items[Symbol.iterator]();
  }
  *take(): Generator<JinjaValue> {
    for (let step = this.#rest.next(); step.done !== true; step = this.#rest.next()) {
      yield step.value;
    }
  }
}

/** `namespace()`: the one object whose attributes `set` may assign. */
export class Namespace {
  readonly attributes: PyDict;
  constructor(attributes: PyDict) {
    this.attributes = attributes;
  }
}

/** What `as_native`, `as_bool`, `as_number` and `as_text` leave for native rendering to find. */
export class NativeMarker {
  readonly kind: 'native' | 'bool' | 'number' | 'text';
  readonly text: string;
  constructor(kind: NativeMarker['kind'], text: string) {
    this.kind = kind;
    this.text = text;
  }
}

export class Undefined {
  readonly mode: UndefinedMode;
  readonly complaint: string;
  /** What was probably meant: asked only where an error is told. */
  readonly meant: () => string | undefined;
  constructor(mode: UndefinedMode, complaint: string, meant: Undefined['meant'] = () => undefined) {
    this.mode = mode;
    this.complaint = complaint;
    this.meant = meant;
  }
  /** One for all: what is undefined equals what else is. */
  hash(): unknown {
    if (this.mode === 'strict') throw jinjaError('jinja-undefined', this.complaint);
    return Undefined;
  }
}

/** What a host function may know and do about the call it answers. */
export interface CallSite {
  readonly signal: AbortSignal | undefined;
  readonly undefinedMode: UndefinedMode;
  /** Calls a macro, function or callable object on behalf of the template. */
  invoke(
    callee: JinjaValue,
    args?: readonly JinjaValue[],
    kwargs?: ReadonlyMap<string, JinjaValue>,
  ): MaybePromise<JinjaValue>;
  /** Where the call stands, for messages of the host's own. */
  position(): { file: string; line: number; column: number };
  /** The names of the running macros, innermost first. */
  macroNames(): string[];
}

export type HostCallback = (
  args: readonly JinjaValue[],
  kwargs: ReadonlyMap<string, JinjaValue>,
  call: CallSite,
) => MaybePromise<JinjaValue>;

/** Anything callable: host functions, macros, methods bound to their value. */
export class HostFunction {
  readonly name: string;
  readonly invoke: HostCallback;
  readonly attributes: ReadonlyMap<string, JinjaValue> | undefined;
  constructor(name: string, invoke: HostCallback, attributes?: ReadonlyMap<string, JinjaValue>) {
    this.name = name;
    this.invoke = invoke;
    this.attributes = attributes;
  }
}

/** An object of the host. Everything but `text` is optional; what is absent the object cannot do.
 * An attribute or item that answers `undefined` does not exist. */
export interface HostBehavior {
  /** The Python-like type name in messages; `object` when absent. */
  readonly typeName?: string;
  /** The host's own object, given back by `fromPython`. */
  readonly target?: unknown;
  text(): string;
  repr?(): string;
  attribute?(name: string): MaybePromise<JinjaValue> | undefined;
  item?(key: JinjaValue): MaybePromise<JinjaValue> | undefined;
  iterate?(): Iterable<JinjaValue>;
  length?(): number;
  /** What a slice is a tuple of; absent: it cannot be sliced. */
  sequence?(): readonly JinjaValue[];
  isTrue?(): boolean;
  /** What the test `mapping` answers. */
  readonly isMapping?: boolean;
  call?: HostCallback;
  equals?(other: JinjaValue): boolean;
  /** Negative, zero or positive; `undefined` where the two have no order. */
  compare?(other: JinjaValue): number | undefined;
  /** `self operator other`, or `other operator self` when `isReflected`. */
  operate?(operator: string, other: JinjaValue, isReflected: boolean): JinjaValue | undefined;
}

export class HostObject {
  readonly behavior: HostBehavior;
  constructor(behavior: HostBehavior) {
    this.behavior = behavior;
  }
}

/** Python's name of a value's type. */
export function typeName(value: JinjaValue): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'int';
    case 'string':
      return 'str';
    default:
      return objectTypeName(value);
  }
}

function objectTypeName(value: object): string {
  if (value instanceof PyFloat) return 'float';
  if (value instanceof PyTuple) return 'tuple';
  if (value instanceof PyDict) return 'dict';
  if (value instanceof PySet) return 'set';
  if (value instanceof PyRange) return 'range';
  if (value instanceof PyView) return value.kind;
  if (value instanceof PyIterator) return value.name;
  if (value instanceof Namespace) return 'Namespace';
  if (value instanceof NativeMarker) return 'str';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof HostFunction) return 'function';
  if (value instanceof HostObject) return value.behavior.typeName ?? 'object';
  throw typeError(
    `a host gave a template a JavaScript ${value.constructor?.name ?? 'object'}`,
    'pass host values through toPython first',
  );
}
