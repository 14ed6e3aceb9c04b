import { bindArguments } from './bind-arguments.ts';
import { mergeInto } from './dict-methods.ts';
import { toList } from './iterate.ts';
import { jinjaError, typeError, valueError } from './jinja-error.ts';
import { requireIndex } from './number.ts';
import { printValue } from './print.ts';
import { MacroReturn } from './scope.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  Namespace,
  PyDict,
  PyIterator,
  PyRange,
  PySet,
  PyTuple,
} from './values.ts';

function define(name: string, run: HostCallback): [string, JinjaValue] {
  return [name, new HostFunction(name, run)];
}

const makeRange: HostCallback = (args, kwargs) => {
  bindArguments('range', ['start', 'stop?', 'step?'], args, kwargs);
  const [first = 0, second, third = 1] = args.map((arg) => requireIndex(arg, 'range() argument'));
  if (third === 0) throw valueError('range() arg 3 must not be zero');
  return second === undefined ? new PyRange(0, first, 1) : new PyRange(first, second, third);
};

const makeDict: HostCallback = (args, kwargs) => {
  if (args.length > 1) throw typeError('dict expected at most 1 argument');
  const dict = new PyDict();
  mergeInto(dict, args[0], kwargs);
  return dict;
};

const makeNamespace: HostCallback = (args, kwargs) => {
  if (args.length > 1) throw typeError('namespace expected at most 1 argument');
  const attributes = new PyDict();
  mergeInto(attributes, args[0], kwargs);
  return new Namespace(attributes);
};

/** dbt's `return`: ends the macro that runs, with any value. */
const returnValue: HostCallback = (args, kwargs, call) => {
  const [value = null] = bindArguments('return', ['data'], args, kwargs);
  if (call.macroNames().length === 0) {
    throw jinjaError('jinja-value', 'return() outside a macro', 'only a macro can return');
  }
  throw new MacroReturn(value);
};

const makeCycler: HostCallback = (args) => {
  if (args.length === 0) throw typeError('at least one item has to be provided');
  let index = 0;
  const current = () => args[index] ?? null;
  const next = new HostFunction('next', () => {
    const item = current();
    index = (index + 1) % args.length;
    return item;
  });
  const reset = new HostFunction('reset', () => {
    index = 0;
    return null;
  });
  return new HostObject({
    typeName: 'Cycler',
    text: () => '<Cycler>',
    attribute: (name) => {
      if (name === 'next') return next;
      if (name === 'reset') return reset;
      return name === 'current' ? current() : undefined;
    },
  });
};

const makeJoiner: HostCallback = (args, kwargs) => {
  const [separator = ', '] = bindArguments('joiner', ['sep?'], args, kwargs);
  let isUsed = false;
  return new HostFunction('joiner', () => {
    const text = isUsed ? printValue(separator) : '';
    isUsed = true;
    return text;
  });
};

const zipItems: HostCallback = (args) => {
  const lists = args.map(toList);
  const size = lists.length === 0 ? 0 : Math.min(...lists.map((list) => list.length));
  const rows = Array.from(
    { length: size },
    (_, i) => new PyTuple(lists.map((list) => list[i] ?? null)),
  );
  return new PyIterator(rows, 'zip');
};

const makeSet: HostCallback = (args, kwargs) => {
  const [items = []] = bindArguments('set', ['iterable?'], args, kwargs);
  return new PySet(toList(items));
};

/** Names every template knows; the host's globals come before them. `set` and `zip` are dbt's. */
export const builtins: ReadonlyMap<string, JinjaValue> = new Map([
  define('range', makeRange),
  define('dict', makeDict),
  define('namespace', makeNamespace),
  define('return', returnValue),
  define('cycler', makeCycler),
  define('joiner', makeJoiner),
  define('zip', zipItems),
  define('zip_strict', zipItems),
  define('set', makeSet),
  define('set_strict', makeSet),
]);
