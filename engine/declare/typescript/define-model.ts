import type { ColumnSpecs, OutputOf, RowOf } from './column-spec.ts';

/**
 * What `import { defineModel } from 'tidemill'` answers inside a model: this module and nothing
 * else of the engine. It imports nothing, so that a model is read in milliseconds.
 */

/** A bounded run of rows, kept by column. */
export interface Batch<R> extends Iterable<R> {
  readonly size: number;
  column<N extends keyof R>(name: N): readonly R[N][];
}

/** The rows of one input, read as the function asks for them; may be read once. */
export interface InputRows<R> extends AsyncIterable<Batch<R>> {
  /** The same, row by row. */
  rows(): AsyncIterable<R>;
}

export interface ModelInput<C extends ColumnSpecs> {
  readonly from: 'ref' | 'source';
  /** `[name]` or `[package, name]` for a ref; `[source, table]` for a source. */
  readonly path: readonly string[];
  readonly version?: string | number;
  readonly columns: C;
  readonly orderBy: readonly string[];
}

export interface InputOptions<C extends ColumnSpecs> {
  /** Columns that the rows come sorted by; within one key for `runKey`. Nulls come last. */
  readonly orderBy?: readonly (keyof C & string)[];
  /** A ref only: where several packages have a model of the name. */
  readonly package?: string;
  /** A ref only: one of several versions. */
  readonly version?: string | number;
}

export interface RunContext {
  /** Aborted when the run is asked to stop, or the time limit is over. */
  readonly signal: AbortSignal;
  /** The run's one moment, ISO 8601: a model that needs the time takes this one. */
  readonly boundary: string;
}

export interface ModelLimits {
  /** How long the function may take, e.g. `30m`; default one hour. */
  readonly timeout?: string;
  /** The JavaScript heap, in MiB; default 512. */
  readonly memoryMb?: number;
  /** Rows it may answer; default 100,000,000. */
  readonly rows?: number;
  /** `runKey` only: rows one key may have in its inputs together; default 100,000. */
  readonly rowsPerKey?: number;
}

type Inputs = Readonly<Record<string, ModelInput<ColumnSpecs>>>;

interface ModelBase<I extends Inputs, O extends ColumnSpecs> {
  readonly inputs: I;
  /** Columns of the table, in order. */
  readonly columns: O;
  /** Columns that are never null and together unique. */
  readonly key?: readonly (keyof O & string)[];
  /** As in `config(...)` of a model in SQL: materialized, schema, tags, … */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly description?: string;
  readonly limits?: ModelLimits;
}

/** Answers all rows at once from all rows of its inputs. */
export interface SetModel<I extends Inputs, O extends ColumnSpecs> extends ModelBase<I, O> {
  run(
    inputs: { readonly [N in keyof I]: InputRows<RowOf<I[N]['columns']>> },
    context: RunContext,
  ): AsyncIterable<Answer<OutputOf<O>>> | Iterable<Answer<OutputOf<O>>>;
}

/**
 * Answers the rows of one key from the rows that its inputs have of that key, and from nothing
 * else: so only keys whose rows changed are asked for again.
 */
export interface KeyedModel<I extends Inputs, O extends ColumnSpecs, B extends string>
  extends ModelBase<I, O> {
  /** Columns that every input has and that the model's rows begin with. */
  readonly by: readonly (B & keyof O)[];
  runKey(
    key: RowOf<Pick<O, B & keyof O>>,
    rows: { readonly [N in keyof I]: readonly RowOf<I[N]['columns']>[] },
    context: RunContext,
  ): KeyAnswer<Omit<OutputOf<O>, B>>;
}

type Answer<R> = R | readonly R[];
type KeyAnswer<R> = Iterable<R> | AsyncIterable<R> | Promise<Iterable<R>>;

/** How a model is told from whatever else a file exports. */
export const modelBrand: unique symbol = Symbol.for('tidemill.model');

export interface DefinedModel {
  readonly [modelBrand]: unknown;
}

export function defineModel<
  const I extends Inputs,
  const O extends ColumnSpecs,
  const B extends string,
>(model: KeyedModel<I, O, B>): DefinedModel;
export function defineModel<const I extends Inputs, const O extends ColumnSpecs>(
  model: SetModel<I, O>,
): DefinedModel;
export function defineModel(model: unknown): DefinedModel {
  return { [modelBrand]: model };
}

/** Another model, seed or snapshot, and the columns that are read of it. */
export function ref<const C extends ColumnSpecs>(
  name: string,
  columns: C,
  options: InputOptions<C> = {},
): ModelInput<C> {
  const { version, package: packageName, orderBy = [] } = options;
  const path = packageName === undefined ? [name] : [packageName, name];
  return { from: 'ref', path, columns, orderBy, ...(version === undefined ? {} : { version }) };
}

/** A table that a connection lands, or that is declared under `sources:`. */
export function source<const C extends ColumnSpecs>(
  name: string,
  table: string,
  columns: C,
  options: Pick<InputOptions<C>, 'orderBy'> = {},
): ModelInput<C> {
  return { from: 'source', path: [name, table], columns, orderBy: options.orderBy ?? [] };
}
