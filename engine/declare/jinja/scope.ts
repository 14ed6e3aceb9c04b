import { suggestName } from '../../words/suggest.ts';
import type { Body, Template } from './ast.ts';
import type { Kwargs } from './bind-arguments.ts';
import { noKwargs } from './bind-arguments.ts';
import { callValue } from './call-value.ts';
import type { Filter, FilterContext } from './filter.ts';
import {
  JinjaError,
  jinjaError,
  type MacroStackEntry,
  type SourcePosition,
} from './jinja-error.ts';
import type { Jump, Output } from './output.ts';
import { findPosition } from './source-text.ts';
import type { JinjaValue, MaybePromise, UndefinedMode } from './values.ts';

/** Names the host offers. Asked once per use, so that a host may build its values lazily. */
export interface Globals {
  get(name: string): JinjaValue | undefined;
  /** Names that may be meant where one is misspelt. */
  names?(): Iterable<string>;
}

/** Answers the template that `include`, `import` or `from` names; undefined where there is none. */
export type TemplateLoader = (name: string, fromFile: string) => MaybePromise<Template | undefined>;

/** What one rendering shares from its first statement to its last. */
export interface Runtime {
  readonly undefinedMode: UndefinedMode;
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Filter>;
  readonly builtins: ReadonlyMap<string, JinjaValue>;
  readonly loader: TemplateLoader | undefined;
  readonly signal: AbortSignal | undefined;
  readonly stepsMax: number;
  readonly depthMax: number;
  /** Runs statements; here, so that loops and macros need not import what imports them. */
  readonly runBody: (body: Body, scope: Scope, out: Output) => MaybePromise<Jump>;
  steps: number;
}

/** How many steps pass between two looks at the abort signal. */
const stepsPerLook = 1024;

/** Counts one step: a statement, a turn of a loop or a call. */
export function countStep(runtime: Runtime): void {
  runtime.steps += 1;
  if (runtime.steps > runtime.stepsMax) {
    throw new JinjaError('jinja-steps', `more than ${runtime.stepsMax} steps (stepsMax)`, {
      hint: 'look for an endless loop or recursion',
    });
  }
  if (runtime.steps % stepsPerLook === 0) runtime.signal?.throwIfAborted();
}

/** One running template or macro: where it stands, and who called it. */
export class Activation implements FilterContext {
  readonly runtime: Runtime;
  readonly template: Pick<Template, 'file' | 'lineStarts'>;
  readonly globals: Globals;
  readonly macro: string | undefined;
  readonly parent: Activation | undefined;
  readonly depth: number;
  /** The offset of the node last begun: where an error that arises now belongs. */
  at = 0;

  constructor(
    runtime: Runtime,
    template: Pick<Template, 'file' | 'lineStarts'>,
    globals: Globals,
    parent?: Activation,
    macro?: string,
  ) {
    this.runtime = runtime;
    this.template = template;
    this.globals = globals;
    this.parent = parent;
    this.macro = macro;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    if (this.depth > runtime.depthMax) {
      throw new JinjaError('jinja-depth', `more than ${runtime.depthMax} calls deep (depthMax)`, {
        hint: 'look for a macro that calls itself without end',
      });
    }
  }

  get signal(): AbortSignal | undefined {
    return this.runtime.signal;
  }
  get undefinedMode(): UndefinedMode {
    return this.runtime.undefinedMode;
  }
  invoke(
    callee: JinjaValue,
    args: readonly JinjaValue[] = [],
    kwargs: Kwargs = noKwargs,
  ): MaybePromise<JinjaValue> {
    return callValue(callee, args, kwargs, this);
  }
  findFilter(name: string): Filter {
    return findNamed('filter', this.runtime.filters, name);
  }
  findTest(name: string): Filter {
    return findNamed('test', this.runtime.tests, name);
  }
  position(): SourcePosition {
    return findPosition(this.template, this.at);
  }
  macroNames(): string[] {
    const names: string[] = [];
    for (let frame: Activation | undefined = this; frame !== undefined; frame = frame.parent) {
      if (frame.macro !== undefined) names.push(frame.macro);
    }
    return names;
  }
  macroStack(): MacroStackEntry[] {
    const entries: MacroStackEntry[] = [];
    for (let frame: Activation | undefined = this; frame !== undefined; frame = frame.parent) {
      const { macro, parent } = frame;
      if (macro !== undefined && parent !== undefined) {
        entries.push({ macro, ...parent.position() });
      }
    }
    return entries;
  }
}

function findNamed(kind: string, table: ReadonlyMap<string, Filter>, name: string): Filter {
  const found = table.get(name);
  if (found !== undefined) return found;
  const near = suggestName(name, table.keys());
  const hint = near === undefined ? undefined : `did you mean '${near}'?`;
  throw jinjaError('jinja-syntax', `No ${kind} named '${name}'.`, hint);
}

/** The variables of one block; inner scopes see outer ones, and assign only to themselves. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly activation: Activation;
  #variables: Map<string, JinjaValue> | undefined;

  constructor(activation: Activation, parent?: Scope) {
    this.activation = activation;
    this.parent = parent;
  }
  set(name: string, value: JinjaValue): void {
    this.#variables ??= new Map();
    this.#variables.set(name, value);
  }
  find(name: string): JinjaValue | undefined {
    let scope: Scope | undefined = this;
    while (scope !== undefined) {
      const value = scope.#variables?.get(name);
      if (value !== undefined) return value;
      scope = scope.parent;
    }
    return undefined;
  }
  /** Every name that `find` finds. */
  *names(): Iterable<string> {
    yield* this.own().keys();
    if (this.parent) yield* this.parent.names();
  }
  own(): ReadonlyMap<string, JinjaValue> {
    return this.#variables ?? new Map<string, JinjaValue>();
  }
}

/** What `return(value)` throws; the macro that runs catches it. */
export class MacroReturn {
  readonly value: JinjaValue;
  constructor(value: JinjaValue) {
    this.value = value;
  }
}

/** Gives an error its place, unless it has one or is no error of the template's. */
export function locateError(error: unknown, activation: Activation): unknown {
  if (error instanceof MacroReturn) return error;
  if (error instanceof JinjaError && error.file !== undefined) return error;
  const { signal } = activation.runtime;
  if (signal?.aborted === true && error === signal.reason) return error;
  const place = { position: activation.position(), macroStack: activation.macroStack() };
  if (error instanceof JinjaError) {
    const { code, detail, hint } = error;
    const cause = error.cause === undefined ? {} : { cause: error.cause };
    return new JinjaError(code, detail, {
      ...place,
      ...cause,
      ...(hint !== undefined && { hint }),
    });
  }
  if (error instanceof RangeError) {
    const isStack = error.message.includes('call stack');
    const detail = isStack ? 'calls or values nested too deep' : `a value grew too large`;
    return new JinjaError(isStack ? 'jinja-depth' : 'jinja-size', detail, {
      ...place,
      cause: error,
    });
  }
  return new JinjaError('jinja-host', describeHostError(error), {
    ...place,
    cause: error,
    ...readHint(error),
  });
}

function describeHostError(error: unknown): string {
  return error instanceof Error ? error.message : 'a host function failed';
}

function readHint(error: unknown): { hint?: string } {
  const isHinted = error instanceof Error && 'hint' in error && typeof error.hint === 'string';
  return isHinted ? { hint: String(error.hint) } : {};
}
