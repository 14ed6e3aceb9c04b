import type { Template } from './ast.ts';
import { builtins } from './builtins.ts';
import { runBody } from './evaluate-statement.ts';
import type { Filter } from './filter.ts';
import { filters, nativeFilters } from './filters.ts';
import { JinjaError } from './jinja-error.ts';
import { chain } from './maybe-promise.ts';
import { concatNative } from './native-value.ts';
import { Output } from './output.ts';
import {
  Activation,
  type Globals,
  locateError,
  MacroReturn,
  type Runtime,
  Scope,
  type TemplateLoader,
} from './scope.ts';
import { tests } from './tests.ts';
import type { JinjaValue, MaybePromise, UndefinedMode } from './values.ts';

/** Enough for a macro that walks a wide warehouse, and over in about a second if endless. */
const stepsMaxDefault = 5_000_000;
const depthMaxDefault = 200;

export interface RenderOptions {
  /** Names for the template and for all it imports. */
  readonly globals?: Globals;
  /** Names for this template alone, and for what it includes. */
  readonly variables?: Iterable<readonly [string, JinjaValue]>;
  readonly undefined?: UndefinedMode;
  readonly loader?: TemplateLoader;
  /** Filters and tests beside the builtin ones, or in their place. */
  readonly filters?: Iterable<readonly [string, Filter]>;
  readonly tests?: Iterable<readonly [string, Filter]>;
  readonly signal?: AbortSignal;
  /** The most statements, loop turns and calls before `jinja-steps`. */
  readonly stepsMax?: number;
  /** The deepest nesting of macro calls before `jinja-depth`. */
  readonly depthMax?: number;
}

const noGlobals: Globals = { get: () => undefined };

/** Thousands of renderings are given the same list, once made. */
const extended = new WeakMap<object, WeakMap<object, ReadonlyMap<string, unknown>>>();

function extend<T>(
  base: ReadonlyMap<string, T>,
  more: Iterable<readonly [string, T]> | undefined,
): ReadonlyMap<string, T> {
  if (more === undefined) return base;
  // A list that can be gone through once is no key.
  if (!Object.isFrozen(more)) return new Map([...base, ...more]);
  const ofBase = extended.get(base) ?? new WeakMap<object, ReadonlyMap<string, unknown>>();
  const known = ofBase.get(more) ?? new Map([...base, ...more]);
  extended.set(base, ofBase.set(more, known));
  return known as ReadonlyMap<string, T>;
}

function createRuntime(options: RenderOptions, isNative = false): Runtime {
  return {
    undefinedMode: options.undefined ?? 'permissive',
    filters: extend(isNative ? nativeFilters : filters, options.filters),
    tests: extend(tests, options.tests),
    builtins,
    loader: options.loader,
    signal: options.signal,
    stepsMax: options.stepsMax ?? stepsMaxDefault,
    depthMax: options.depthMax ?? depthMaxDefault,
    runBody,
    steps: 0,
  };
}

function run(template: Template, options: RenderOptions, isNative: boolean): MaybePromise<Output> {
  options.signal?.throwIfAborted();
  const activation = new Activation(
    createRuntime(options, isNative),
    template,
    options.globals ?? noGlobals,
  );
  const scope = new Scope(activation);
  for (const [name, value] of options.variables ?? []) scope.set(name, value);
  const out = new Output(isNative);
  const fail = (error: unknown): never => {
    throw locateError(error instanceof MacroReturn ? refuseReturn() : error, activation);
  };
  try {
    const done = runBody(template.body, scope, out);
    return done instanceof Promise ? done.then(() => out, fail) : out;
  } catch (error) {
    return fail(error);
  }
}

function refuseReturn(): JinjaError {
  return new JinjaError('jinja-value', 'return() outside a macro');
}

/**
 * Renders a template to text: at once, unless a host function answered with a promise. Throws (or
 * rejects with) a `JinjaError` that says where, or the signal's reason. A host function's own
 * error is the `cause` of a `jinja-host` error.
 */
export function renderNow(template: Template, options: RenderOptions = {}): MaybePromise<string> {
  return chain(run(template, options, false), (out) => out.text);
}

/** `renderNow` for callers who await anyway. */
export async function renderTemplate(
  template: Template,
  options: RenderOptions = {},
): Promise<string> {
  return await renderNow(template, options);
}

/**
 * Renders to a value, as dbt renders YAML: a template that is one expression gives that
 * expression's value; anything else gives text. `as_native`, `as_bool` and `as_number` read the
 * text as a Python literal.
 */
export async function renderNative(
  template: Template,
  options: RenderOptions = {},
): Promise<JinjaValue> {
  const out = await run(template, options, true);
  return concatNative(out.values ?? []);
}
