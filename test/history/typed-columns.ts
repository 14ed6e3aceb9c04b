import fc from 'fast-check';

/** One column of a log: its SQL for the n-th value, which ascends with n. */
export interface TypedColumn {
  readonly type: string;
  readonly at: (n: number) => string;
}

const two = (n: number) => String(n).padStart(2, '0');
const picked = (type: string, ...values: string[]): TypedColumn => ({
  type,
  at: (n) => values[n - 1] ?? 'null',
});
const zones = ['+00', '+05:30', '-08', '+14', '-03:30', '+01'] as const;
const zoneMinutes = [0, 330, -480, 840, -210, 60] as const;

/** The same instants in as many zones as there are: only what they mean may count. */
function zoned(n: number): string {
  const at = (n - 1) % zones.length;
  const local = new Date(Date.UTC(2026, 2, 1, n) + (zoneMinutes[at] ?? 0) * 60_000);
  return `timestamptz '${local.toISOString().slice(0, 19)}${zones[at]}'`;
}

/** Six values and more. */
const clocks: readonly TypedColumn[] = [
  { type: 'integer', at: String },
  { type: 'date', at: (n) => `date '2026-01-${two(n)}'` },
  { type: 'timestamp', at: (n) => `timestamp '2026-01-01 23:59:59.99999${n}'` },
  {
    type: 'timestamp without beginning',
    at: (n) => `timestamp '${n === 1 ? '-infinity' : `000${n}-01-01`}'`,
  },
  { type: 'timestamp_ns', at: (n) => `timestamp_ns '2026-01-01 00:00:00.00000000${n}'` },
  { type: 'timestamp_ms', at: (n) => `timestamp_ms '2026-01-01 00:00:00.00${n}'` },
  { type: 'timestamptz', at: zoned },
  {
    type: 'decimal(38,10)',
    at: (n) => `1234567890123456789012345678.000000000${n}::decimal(38,10)`,
  },
  { type: 'hugeint', at: (n) => `17014118346046923173168730371588410570${n}::hugeint` },
  { type: 'double', at: (n) => `${n}e300::double` },
];
/** What puts versions of one time in order may be a text as well. */
const orders: readonly TypedColumn[] = [
  ...clocks,
  { type: 'varchar', at: (n) => `'2026-01-0${n}T00:00:00Z'` },
];

/** Two values. */
export const attributes: readonly TypedColumn[] = [
  picked('varchar: empty and a space', "''", "' '"),
  picked('varchar: cases', "'A'", "'a'"),
  picked('varchar: forms of one letter', "'e' || chr(769)", 'chr(233)'),
  picked('varchar: numbers', "'1'", "'1.0'"),
  picked('varchar: with a nul', 'chr(0)', "chr(0) || 'a'"),
  picked('double', '0.1::double', "'nan'::double"),
  picked('double: ends', "'-inf'::double", "'inf'::double"),
  picked('float', '16777216::float', '16777218::float'),
  picked('decimal', `${'9'.repeat(27)}.01::decimal(38,2)`, `${'9'.repeat(27)}.02::decimal(38,2)`),
  picked('hugeint', `${'8'.repeat(37)}1::hugeint`, `${'8'.repeat(37)}2::hugeint`),
  picked(
    'timestamp_ns',
    "timestamp_ns '2026-01-01 00:00:00.000000001'",
    "timestamp_ns '2026-01-01 00:00:00.000000002'",
  ),
  picked('timestamp', "timestamp '9999-12-31'", "timestamp 'infinity'"),
  picked('time', "time '00:00:00'", "time '23:59:59.999999'"),
  picked('interval', "interval '1 day'", "interval '1 month'"),
  picked('boolean', 'false', 'true'),
  picked('blob', "'\\x00'::blob", "'\\xFF'::blob"),
  picked('bit', "'01'::bit", "'10'::bit"),
  picked(
    'uuid',
    "'00000000-0000-0000-0000-000000000001'::uuid",
    "'f0000000-0000-0000-0000-000000000001'::uuid",
  ),
  picked('enum', "'z'::enum('z', 'a')", "'a'::enum('z', 'a')"),
  picked('list', '[1, 2]', '[1, 3]'),
  picked('list of nothing', '[]::integer[]', '[null]::integer[]'),
  picked('array', '[1, 2]::integer[2]', '[1, 3]::integer[2]'),
  picked('struct', "{'a': 1, 'b': 'x'}", "{'a': 1, 'b': 'y'}"),
  picked('map', 'map {1: 2}', 'map {1: 3}'),
  picked('json', `'{"a": 1}'::json`, `'{"a":1}'::json`),
  picked('json in a struct', `{'a': '{"b": 1}'::json}`, `{'a': '{"b":1}'::json}`),
  picked('json in a list', "['null'::json]", '[null::json]'),
  picked('struct: no number', "{'a': 'nan'::double}", "{'a': null::double}"),
  picked('map of nothing', 'map {}::map(integer, integer)', 'map {1: null::integer}'),
];

/** Of the k-th key, each a column of a key; the first ones tell every two keys apart. */
export const keyColumns: readonly (readonly [type: string, at: string])[] = [
  ['varchar', "'k' || k"],
  ['varchar', 'chr(128512 + k)'],
  ['varchar', "repeat(' ', k)"],
  ['bigint', '9007199254740992 + k'],
  ['hugeint', "cast('17014118346046923173168730371588410' as hugeint) * 1000 + k"],
  ['decimal', 'cast(k as decimal(38,10)) / 1000'],
  ['double', "case k when 3 then 'nan'::double else k / 7.0::double end"],
  ['date', "date '2026-01-01' + k"],
  ['timestamptz', "timestamptz '2026-03-29 00:00:00+01' + to_hours(k)"],
  ['timestamp_ns', 'make_timestamp_ns(k)'],
  ['uuid', 'md5(k::varchar)::uuid'],
  ['blob', "('k' || k)::blob"],
  ['list', '[k % 3, k]'],
  ['struct', "{'a': k, 'b': 'x'}"],
  ['boolean', 'k % 2 = 0'],
  ['bigint', 'k % 5'],
  ['varchar', "case when k % 3 = 0 then '' else 'x' end"],
];
const distinctKeys = 14;

export interface TypedShape {
  readonly valid: TypedColumn;
  /** Absent: what is known is known when it is true. */
  readonly recorded: TypedColumn | undefined;
  readonly sequence: TypedColumn | undefined;
  readonly name: TypedColumn;
  readonly size: TypedColumn;
  readonly seen: TypedColumn;
  readonly survivor: TypedColumn | undefined;
  readonly hasDeletes: boolean;
  readonly keys: readonly string[];
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });

export const typedShape: fc.Arbitrary<TypedShape> = fc.record({
  valid: fc.constantFrom(...clocks),
  recorded: maybe(fc.constantFrom(...clocks)),
  sequence: maybe(fc.constantFrom(...orders)),
  name: fc.constantFrom(...attributes),
  size: fc.constantFrom(...attributes),
  seen: fc.constantFrom(...orders),
  survivor: maybe(fc.constantFrom(...attributes.filter(({ type }) => type !== 'array'))),
  hasDeletes: fc.boolean(),
  keys: fc
    .tuple(
      fc.integer({ min: 0, max: distinctKeys - 1 }),
      fc.subarray([...keyColumns.keys()], { maxLength: 2 }),
    )
    .map(([first, rest]) => [...new Set([...rest, first])].map((at) => keyColumns[at]?.[1] ?? 'k')),
});
