import type { Kwargs } from './bind-arguments.ts';
import type { Filter, FilterContext } from './filter.ts';
import { createGetter } from './filter-table.ts';
import { isTrue, iterate } from './iterate.ts';
import { typeError } from './jinja-error.ts';
import { printValue } from './print.ts';
import { type JinjaValue, PyIterator } from './values.ts';

type Mapper = (item: JinjaValue) => JinjaValue;

function createMapper(args: readonly JinjaValue[], kwargs: Kwargs, context: FilterContext): Mapper {
  const attribute = kwargs.get('attribute');
  if (args.length === 0 && attribute !== undefined) {
    for (const name of kwargs.keys()) {
      if (name !== 'attribute' && name !== 'default') {
        throw typeError(`Unexpected keyword argument '${name}'`);
      }
    }
    const fallback = kwargs.get('default');
    return createGetter(attribute, context.undefinedMode, fallback);
  }
  const [name, ...rest] = args;
  if (name === undefined) throw typeError('map requires a filter argument');
  const filter = context.findFilter(printValue(name));
  return (item) => filter(item, rest, kwargs, context);
}

const mapItems: Filter = (value, args, kwargs, context) => {
  if (!isTrue(value)) return new PyIterator([]);
  const map = createMapper(args, kwargs, context);
  return new PyIterator(Array.from(iterate(value), map));
};

function createPicker(
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  context: FilterContext,
  hasAttribute: boolean,
): (item: JinjaValue) => boolean {
  const [attribute] = args;
  if (hasAttribute && attribute === undefined) {
    throw typeError('Missing parameter for attribute name');
  }
  const read = hasAttribute
    ? createGetter(attribute, context.undefinedMode)
    : (item: JinjaValue) => item;
  const [name, ...rest] = hasAttribute ? args.slice(1) : args;
  if (name === undefined) return (item) => isTrue(read(item));
  const test = context.findTest(printValue(name));
  return (item) => isTrue(test(read(item), rest, kwargs, context));
}

function createSelect(isKept: boolean, hasAttribute: boolean): Filter {
  return (value, args, kwargs, context) => {
    if (!isTrue(value)) return new PyIterator([]);
    const pick = createPicker(args, kwargs, context, hasAttribute);
    return new PyIterator([...iterate(value)].filter((item) => pick(item) === isKept));
  };
}

export const selectFilters: readonly [string, Filter][] = [
  ['map', mapItems],
  ['select', createSelect(true, false)],
  ['reject', createSelect(false, false)],
  ['selectattr', createSelect(true, true)],
  ['rejectattr', createSelect(false, true)],
];
