import type { CallBlockNode, MacroNode, Parameter, Routine, Template } from './ast.ts';
import type { Kwargs } from './bind-arguments.ts';
import { callValue } from './call-value.ts';
import { evaluate, withArguments } from './evaluate-expression.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { chain } from './maybe-promise.ts';
import { Output } from './output.ts';
import { Activation, countStep, type Globals, locateError, MacroReturn, Scope } from './scope.ts';
import {
  type CallSite,
  HostFunction,
  type JinjaValue,
  type MaybePromise,
  PyDict,
  PyTuple,
  Undefined,
  type UndefinedMode,
} from './values.ts';

type Answer = MaybePromise<JinjaValue>;

/** What a macro needs beside its tree: where it stands, and what its names mean. */
interface Home {
  readonly template: Pick<Template, 'file' | 'lineStarts'>;
  readonly globals: Globals;
  readonly scope: Scope | undefined;
}

/** The macro a `{% macro %}` makes: it sees the variables of the place that defines it. */
export function createMacro(node: MacroNode, scope: Scope): HostFunction {
  const { template, globals } = scope.activation;
  return bindRoutine(node, node.macroName, { template, globals, scope }, true);
}

/**
 * A macro of a macro file, with `globals` for every name it does not define itself. Binding is
 * cheap; macros of the same file see each other only through `globals`, as in dbt.
 */
export function bindMacro(
  macro: { readonly node: MacroNode; readonly template: Home['template'] },
  globals: Globals,
): HostFunction {
  const { node, template } = macro;
  return bindRoutine(node, node.macroName, { template, globals, scope: undefined }, true);
}

function bindRoutine(node: Routine, name: string, home: Home, isMacro: boolean): HostFunction {
  const names = node.parameters.map((parameter) => parameter.name);
  const attributes = new Map<string, JinjaValue>([
    ['name', name],
    ['arguments', new PyTuple(names)],
    ['catch_kwargs', node.usesKwargs],
    ['catch_varargs', node.usesVarargs],
    ['caller', node.usesCaller],
  ]);
  return new HostFunction(
    name,
    (args, kwargs, site) => runRoutine(node, name, home, isMacro, args, kwargs, site),
    attributes,
  );
}

function runRoutine(
  node: Routine,
  name: string,
  home: Home,
  isMacro: boolean,
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  site: CallSite,
): Answer {
  if (!(site instanceof Activation)) throw typeError(`macro '${name}' was called from nowhere`);
  const { runtime } = site;
  countStep(runtime);
  runtime.signal?.throwIfAborted();
  const activation = new Activation(runtime, home.template, home.globals, site, name);
  const scope = new Scope(activation, home.scope);
  const missing = bindParameters(node, name, args, kwargs, scope);
  const out = new Output();
  const fail = (error: unknown): JinjaValue => {
    // `return()` ends the macro, not the call block it may stand in: so dbt has it.
    if (isMacro && error instanceof MacroReturn) return error.value;
    throw locateError(error, activation);
  };
  try {
    const body = chain(bindFallbacks(missing, 0, scope), () =>
      runtime.runBody(node.body, scope, out),
    );
    return body instanceof Promise ? body.then(() => out.text, fail) : out.text;
  } catch (error) {
    return fail(error);
  }
}

/** Binds what was passed, and answers the parameters that were not, in order. */
function bindParameters(
  node: Routine,
  name: string,
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  scope: Scope,
): Parameter[] {
  const rest = new Map(kwargs);
  const mode = scope.activation.undefinedMode;
  const missing: Parameter[] = [];
  for (const [i, parameter] of node.parameters.entries()) {
    const value = i < args.length ? args[i] : rest.get(parameter.name);
    if (i >= args.length) rest.delete(parameter.name);
    if (value !== undefined) {
      scope.set(parameter.name, value);
      continue;
    }
    missing.push(parameter);
    // A default sees no variable outside that has a parameter's name.
    scope.set(parameter.name, new Undefined(mode, `'${parameter.name}' is undefined`));
  }
  if (node.usesCaller && !node.parameters.some((parameter) => parameter.name === 'caller')) {
    scope.set('caller', takeCaller(rest, mode));
  }
  if (node.usesKwargs) scope.set('kwargs', PyDict.from(rest));
  else if (rest.size > 0) throw refuseKeyword(node, name, [...rest.keys()][0] ?? '');
  const extra = args.slice(node.parameters.length);
  if (node.usesVarargs) scope.set('varargs', new PyTuple(extra));
  else if (extra.length > 0) {
    throw typeError(
      `macro '${name}' takes not more than ${node.parameters.length} argument(s)`,
      'the macro accepts more only if its body uses varargs',
    );
  }
  return missing;
}

function takeCaller(kwargs: Map<string, JinjaValue>, mode: UndefinedMode): JinjaValue {
  const caller = kwargs.get('caller') ?? null;
  kwargs.delete('caller');
  return caller === null ? new Undefined(mode, 'No caller defined') : caller;
}

function refuseKeyword(node: Routine, name: string, keyword: string): Error {
  if (keyword === 'caller' && !node.usesCaller) {
    return typeError(
      `macro '${name}' takes no keyword argument 'caller'`,
      'a macro used in a call block must use caller() in its body',
    );
  }
  const known = node.parameters.map((parameter) => parameter.name).join(', ');
  return typeError(
    `macro '${name}' takes no keyword argument '${keyword}'`,
    known === '' ? 'it takes none at all' : `it takes ${known}`,
  );
}

/** Defaults see the parameters before them, passed or not. */
function bindFallbacks(
  missing: readonly Parameter[],
  index: number,
  scope: Scope,
): MaybePromise<null> {
  const parameter = missing[index];
  if (parameter === undefined) return null;
  const { name, fallback } = parameter;
  const { activation } = scope;
  const value =
    fallback === null
      ? new Undefined(activation.undefinedMode, `parameter '${name}' was not provided`)
      : evaluate(fallback, scope);
  return chain(value, (result) => {
    scope.set(name, result);
    return bindFallbacks(missing, index + 1, scope);
  });
}

/** `{% call f() %}body{% endcall %}`: calls `f` with the body as its `caller`. */
export function runCallBlock(node: CallBlockNode, scope: Scope): Answer {
  const { activation } = scope;
  const { template, globals } = activation;
  const caller = bindRoutine(node, 'caller', { template, globals, scope }, false);
  return chain(evaluate(node.call.callee, scope), (callee) =>
    withArguments(node.call.args, scope, (args, kwargs) => {
      activation.at = node.call.at;
      if (kwargs.has('caller')) throw jinjaError('jinja-type', 'a call block sets caller itself');
      return callValue(callee, args, new Map([...kwargs, ['caller', caller]]), activation);
    }),
  );
}
