/**
 * The types a TypeScript model may declare, named as in SQL. Values are exact on both ways: a
 * decimal is its text, a bigint a JavaScript bigint, a timestamp its ISO text with microseconds.
 */
export type BaseSpec =
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double'
  | `decimal(${number},${number})`
  | 'varchar'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'json';

/** Without `not null` a value may be null. */
export type ColumnSpec = BaseSpec | `${BaseSpec} not null`;
export type ColumnSpecs = Readonly<Record<string, ColumnSpec>>;

/** What a function reads: `date` is `YYYY-MM-DD`, `timestamp` ISO 8601 in UTC, `json` its text. */
type Plain<S> = S extends 'boolean'
  ? boolean
  : S extends 'integer' | 'double'
    ? number
    : S extends 'bigint'
      ? bigint
      : string;

/** What a function may answer besides: a Date for a timestamp, an integer for any number. */
type Wide<S> = S extends 'timestamp'
  ? string | Date
  : S extends 'bigint'
    ? bigint | number
    : S extends `decimal(${string}`
      ? string | bigint | number
      : Plain<S>;

type ReadValue<S> = S extends `${infer B} not null` ? Plain<B> : Plain<S> | null;
type WrittenValue<S> = S extends `${infer B} not null` ? Wide<B> : Wide<S> | null;

/** A row as a function is given it. */
export type RowOf<C extends ColumnSpecs> = { readonly [N in keyof C]: ReadValue<C[N]> };
/** A row as a function answers it. */
export type OutputOf<C extends ColumnSpecs> = { readonly [N in keyof C]: WrittenValue<C[N]> };

export type ScriptType =
  | 'boolean'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'decimal'
  | 'varchar'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'json';

/** A declared column, read. */
export interface ScriptColumn {
  readonly name: string;
  readonly type: ScriptType;
  /** Decimals only. */
  readonly precision: number;
  readonly scale: number;
  readonly isRequired: boolean;
}

export const scriptTypes: readonly ScriptType[] = [
  'boolean',
  'integer',
  'bigint',
  'double',
  'decimal',
  'varchar',
  'date',
  'time',
  'timestamp',
  'json',
];

/** Digits a decimal may have: what every warehouse keeps exactly. */
const precisionMax = 38;
const specPattern = /^([a-z]+)(?:\((\d+), ?(\d+)\))?( not null)?$/;

/** Undefined where the text is no type. */
export function parseColumnSpec(name: string, spec: unknown): ScriptColumn | undefined {
  const match = typeof spec === 'string' ? specPattern.exec(spec.trim().toLowerCase()) : null;
  const type = scriptTypes.find((one) => one === match?.[1]);
  if (match === null || type === undefined) return undefined;
  const [precision, scale] = [Number(match[2] ?? 0), Number(match[3] ?? 0)];
  if ((type === 'decimal') !== (match[2] !== undefined)) return undefined;
  const isDecimalSound = precision >= 1 && precision <= precisionMax && scale <= precision;
  if (type === 'decimal' && !isDecimalSound) return undefined;
  return { name, type, precision, scale, isRequired: match[4] !== undefined };
}

/** The type as people declare it. */
export function formatColumnType({ type, precision, scale }: ScriptColumn): string {
  return type === 'decimal' ? `decimal(${precision},${scale})` : type;
}
