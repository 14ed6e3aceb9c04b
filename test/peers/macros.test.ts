import { afterAll, beforeAll, expect, test } from 'vitest';
import { layFiles } from './odd-project.ts';
import { compareCompiled } from './twin-compiled.ts';
import type { PeerRun, TwinProject } from './twin-project.ts';
import { compareWarehouses } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

const parts = ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'];
const days = [
  "timestamp '2026-01-31 10:11:12'",
  "timestamp '2026-02-01 00:00:00'",
  "timestamp '2024-02-29 23:59:59'",
  "timestamp '2026-11-22 00:00:00'",
  "timestamp '2025-12-31 12:00:00'",
];
const pairs = days.flatMap((one) => days.map((other) => [one, other] as const));

/** Calls, each a column of a model: what the macros answer is compared as SQL and as rows. */
const groups: Readonly<Record<string, readonly string[]>> = {
  added: parts.flatMap((part) =>
    days.flatMap((day) => [-13, 1, 2].map((n) => `dbt.dateadd('${part}', ${n}, "${day}")`)),
  ),
  added_to_dates: parts
    .slice(0, 5)
    .map((part) => `dbt.dateadd('${part}', 'x', "date '2026-01-31'")`),
  apart: parts.flatMap((part) =>
    pairs.map(([one, other]) => `dbt.datediff("${one}", "${other}", '${part}')`),
  ),
  truncated: parts.flatMap((part) => days.map((day) => `dbt.date_trunc('${part}', "${day}")`)),
  last_days: ['month', 'quarter', 'year', 'week'].flatMap((part) =>
    days.map((day) => `dbt.last_day("${day}", '${part}')`),
  ),
  split: [-4, -3, -1, 0, 1, 2, 3, 4].flatMap((n) => [
    `dbt.split_part("'a-b-c'", "'-'", ${n})`,
    `dbt.split_part("null", "'-'", ${n})`,
    `dbt.split_part("''", "'-'", ${n})`,
  ]),
  texts: [
    'dbt.concat(["\'a\'", "\'b\'", "x::varchar"])',
    'dbt.concat(["\'a\'", "null"])',
    "dbt.hash('x')",
    'dbt.hash("null")',
    'dbt.length("\'four\'")',
    'dbt.position("\'b\'", "\'abc\'")',
    'dbt.position("\'z\'", "\'abc\'")',
    'dbt.replace("\'abc\'", "\'b\'", "\'x\'")',
    'dbt.right("\'abc\'", 2)',
    'dbt.right("\'abc\'", 0)',
    "dbt.string_literal('plain')",
    'dbt.string_literal(dbt.escape_single_quotes("it\'s"))',
    "dbt.cast_bool_to_text('true')",
    "dbt.cast_bool_to_text('null::boolean')",
    "dbt.cast('x', dbt.type_string())",
    'dbt.cast("\'7.5\'", dbt.type_numeric())',
    'dbt.cast("\'7.5\'", dbt.type_float())',
    "dbt.cast('7', dbt.type_bigint())",
    "dbt.cast('7', dbt.type_int())",
    'dbt.cast("\'true\'", dbt.type_boolean())',
    'dbt.cast("\'2026-01-01\'", dbt.type_timestamp())',
    "dbt.safe_cast(\"'12'\", api.Column.translate_type('integer'))",
    "dbt.equals('x', 'x')",
    "dbt.equals('x', 'null')",
    'dbt.array_construct([1, 2])',
    "dbt.array_construct([], 'integer')",
    "dbt.array_append(dbt.array_construct([1]), '2')",
    'dbt.array_concat(dbt.array_construct([1]), dbt.array_construct([2, 3]))',
  ],
};

const selectOf = (calls: readonly string[]): string =>
  `select ${calls.map((call, index) => `{{ ${call} }} as c${index}`).join(',\n  ')}\nfrom (values (1), (2)) as t(x)`;

const aggregates = `select
  {{ dbt.any_value('x') }} as first_value,
  {{ dbt.bool_or('x > 1') }} as any_above,
  {{ dbt.listagg('y', "'|'", 'order by y') }} as listed,
  {{ dbt.listagg('y', "'|'", 'order by y', 2) }} as listed_some,
  {{ dbt.listagg('y', "'|'") }} as listed_plain
from (values (null, 'b'), (1, 'a'), (2, 'c')) as t(x, y)
where y = 'b' or {{ dbt.length('y') }} = 1`;

const sets = `select 1 as n {{ dbt.except() }} select 2
{{ dbt.intersect() }} select 1`;

const spans = [
  ['day', "date '2026-01-30'", "date '2026-03-02'"],
  ['week', "date '2026-01-01'", "date '2026-03-02'"],
  ['month', "date '2026-01-15'", "date '2026-06-10'"],
  ['month', "date '2026-01-31'", "date '2026-06-30'"],
  ['hour', "timestamp '2026-01-01 22:30:00'", "timestamp '2026-01-02 02:00:00'"],
  ['year', "date '2020-02-29'", "date '2026-01-01'"],
  ['quarter', "date '2025-11-30'", "date '2027-01-01'"],
] as const;

const files = {
  ...Object.fromEntries(
    Object.entries(groups).map(([name, calls]) => [`models/${name}.sql`, selectOf(calls)]),
  ),
  ...Object.fromEntries(
    spans.map(([part, start, end], index) => [
      `models/spines/spine_${index}.sql`,
      `{{ dbt.date_spine('${part}', "${start}", "${end}") }}`,
    ]),
  ),
  'models/aggregates.sql': aggregates,
  'models/sets.sql': sets,
  'models/series.sql': '{{ dbt.generate_series(7) }}',
};

describeWithDbt('dbt’s macros', (python) => {
  let twins: TwinProject;
  let runs: readonly PeerRun[];
  beforeAll(() => {
    twins = layFiles(python, { name: 'odd', files });
    runs = [twins.dbt.run('build'), twins.tidemill.run('build')];
  });
  afterAll(() => twins?.[Symbol.dispose]());

  test('answer the rows that dbt’s answer, of the same types', async () => {
    for (const { exitCode, printed } of runs) expect(exitCode, printed).toBe(0);
    const { compared, differences } = await compareWarehouses(
      twins.dbt.warehouse,
      twins.tidemill.warehouse,
    );
    expect(differences).toEqual([]);
    expect(compared).toHaveLength(Object.keys(files).length);
  });

  test('are written as dbt writes them, but for spines, which need no answer here', () => {
    const { compared, differences } = compareCompiled(twins);
    expect(differences.filter(({ id }) => !id.includes('spine_'))).toEqual([]);
    expect(compared).toBe(Object.keys(files).length);
  });
});
