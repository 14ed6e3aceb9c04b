import { typeError } from './jinja-error.ts';
import { printValue } from './print.ts';
import { type JinjaValue, NativeMarker, typeName } from './values.ts';

export type Kwargs = ReadonlyMap<string, JinjaValue>;
export type BoundArguments = readonly (JinjaValue | undefined)[];

export const noKwargs: Kwargs = new Map();

/**
 * Puts arguments in the order of the parameters, as a Python call does. A parameter that ends in
 * `?` may be left out; `undefined` stands in its place.
 */
export function bindArguments(
  callee: string,
  parameters: readonly string[],
  args: readonly JinjaValue[],
  kwargs: Kwargs = noKwargs,
): BoundArguments {
  if (args.length > parameters.length) {
    throw typeError(
      `${callee}() takes at most ${parameters.length} argument(s) (${args.length} given)`,
    );
  }
  const names = parameters.map((name) => name.replace('?', ''));
  for (const name of kwargs.keys()) {
    const index = names.indexOf(name);
    if (index === -1) {
      throw typeError(`${callee}() got an unexpected keyword argument '${name}'`);
    }
    if (index < args.length) {
      throw typeError(`${callee}() got multiple values for argument '${name}'`);
    }
  }
  return parameters.map((parameter, i) => {
    const value = i < args.length ? args[i] : kwargs.get(names[i] ?? '');
    if (value === undefined && !parameter.endsWith('?')) {
      throw typeError(`${callee}() missing required argument: '${parameter}'`);
    }
    return value;
  });
}

/** A string argument, where Python would refuse anything else. */
export function requireText(value: JinjaValue | undefined, what: string): string {
  if (typeof value === 'string') return value;
  if (value instanceof NativeMarker) return value.text;
  throw typeError(
    `${what} must be str, not ${value === undefined ? 'missing' : typeName(value)}`,
    'pipe the value through |string, or use ~ to join',
  );
}

/** A string argument of a filter: anything prints. */
export function softText(value: JinjaValue | undefined, fallback = ''): string {
  return value === undefined ? fallback : printValue(value);
}
