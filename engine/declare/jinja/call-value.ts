import type { Kwargs } from './bind-arguments.ts';
import { typeError } from './jinja-error.ts';
import { undefinedError } from './undefined-error.ts';
import {
  type CallSite,
  HostFunction,
  HostObject,
  type JinjaValue,
  type MaybePromise,
  typeName,
  Undefined,
} from './values.ts';

const macroHint =
  'a macro that does not exist is undefined; check its name and its package (docs/dbt.md lists ' +
  'what dbt has and is not here)';

/** `callee(*args, **kwargs)`. */
export function callValue(
  callee: JinjaValue,
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  site: CallSite,
): MaybePromise<JinjaValue> {
  if (callee instanceof HostFunction) return callee.invoke(args, kwargs, site);
  if (callee instanceof HostObject && callee.behavior.call !== undefined) {
    return callee.behavior.call(args, kwargs, site);
  }
  if (callee instanceof Undefined) {
    if (callee.mode === 'capture') return callee;
    const isMacro = /^'package object'|is undefined$/.test(callee.complaint);
    throw undefinedError(callee, isMacro ? macroHint : undefined);
  }
  throw typeError(`'${typeName(callee)}' object is not callable`);
}
