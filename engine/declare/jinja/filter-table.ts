import { getItem } from './attribute.ts';
import { type BoundArguments, bindArguments } from './bind-arguments.ts';
import type { Filter, FilterContext } from './filter.ts';
import { typeError } from './jinja-error.ts';
import { type JinjaValue, Undefined, type UndefinedMode } from './values.ts';

/** A filter with named parameters, checked and put in order before it runs. */
export function defineFilter(
  name: string,
  parameters: readonly string[],
  run: (value: JinjaValue, args: BoundArguments, context: FilterContext) => JinjaValue,
): [string, Filter] {
  return [
    name,
    (value, args, kwargs, context) =>
      run(value, bindArguments(name, parameters, args, kwargs), context),
  ];
}

/** Reads the attribute a filter was told of: a name, an index, or a path with dots. */
export function createGetter(
  attribute: JinjaValue | undefined,
  mode: UndefinedMode,
  fallback: JinjaValue = null,
): (item: JinjaValue) => JinjaValue {
  if (attribute === undefined || attribute === null) return (item) => item;
  const parts =
    typeof attribute === 'string'
      ? attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [attribute];
  return (item) => {
    let value = item;
    for (const part of parts) {
      const found = getItem(value, part, mode);
      if (found instanceof Promise) throw typeError('an attribute read by a filter must not wait');
      value = fallback !== null && found instanceof Undefined ? fallback : found;
    }
    return value;
  };
}

export function ignoreCase(value: JinjaValue): JinjaValue {
  return typeof value === 'string' ? value.toLowerCase() : value;
}
