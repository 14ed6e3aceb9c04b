import fc from 'fast-check';

type Choose = <T>(from: fc.Arbitrary<T>) => T;
type Row = Record<string, unknown>;

/** Columns of the model, each with values; a value in all the ways that people write it. */
const columns: Readonly<Record<string, { type: string; values: readonly (readonly unknown[])[] }>> =
  {
    id: { type: 'integer', values: [[1, '1'], [2], [0, '0']] },
    name: {
      type: 'varchar',
      values: [['a'], ["it's"], ['x y'], ['1'], ['  p '], [''], ['null'], ['Ä'], ['a,b'], ['"q"']],
    },
    amount: {
      type: 'decimal(10,2)',
      values: [
        [1.5, '1.50'],
        [2, '2.00'],
        [-0.01, '-0.01'],
      ],
    },
    x: { type: 'double', values: [[1.5, '1.5'], [1e10, '1e10'], [3]] },
    d: { type: 'date', values: [['2024-01-02', '2024-01-02 00:00:00'], ['1999-12-31']] },
    ts: {
      type: 'timestamp',
      values: [['2024-01-02T03:04:05', '2024-01-02 03:04:05'], ['2024-01-02']],
    },
    tz: {
      type: 'timestamptz',
      values: [['2024-01-02 05:04:05+02', '2024-01-02 03:04:05+00'], ['2024-01-02 03:04:06+00']],
    },
    flag: {
      type: 'boolean',
      values: [
        [true, 'true'],
        [false, 'false'],
      ],
    },
    big: { type: 'bigint', values: [[9007199254740991], [5, '5']] },
    list: { type: 'integer[]', values: [['[1, 2]', [1, 2]], ['[]']] },
    pair: { type: 'struct(a integer, b varchar)', values: [["{'a': 1, 'b': 'x'}"]] },
    json: { type: 'json', values: [['{"k": 1}'], ['[1,2]']] },
    at: { type: 'time', values: [['10:11:12'], ['10:11:13']] },
  };
const names = Object.keys(columns);

const typed = names.map((name) => `cast(null as ${columns[name]?.type}) as ${name}`).join(', ');

/** The project that the unit tests are of. */
export const unitProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': 'name: shop\nversion: 1.0.0\nprofile: shop\nvars: { least: 1 }\n',
  'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}\n',
  'models/seen.sql': `select ${typed} where false`,
  'models/copied.sql': "select * from {{ ref('seen') }}",
  'models/counted.sql': `select id, count(*) as n, sum(amount) as amount from {{ ref('seen') }}
    where id >= {{ var('least') }} group by id`,
};

/** A unit test whose rows are written in random ways, and which holds or does not. */
export function randomUnitTest(choose: Choose): Row {
  const pick = <T>(values: readonly T[]): T => choose(fc.constantFrom(...values));
  const maybe = (share: number): boolean => choose(fc.integer({ min: 1, max: 100 })) <= share;
  const some = names.filter(() => maybe(35));
  const used = some.length > 0 ? some : ['id'];
  const given: Row[] = [];
  const expected: Row[] = [];
  for (let row = choose(fc.integer({ min: 0, max: 3 })); row > 0; row -= 1) {
    const values = used.map((column) => pick(columns[column]?.values ?? []));
    const isNull = used.map(() => maybe(12));
    const write = (): Row =>
      Object.fromEntries(
        used.map((column, index) => [column, isNull[index] ? null : pick(values[index] ?? [])]),
      );
    given.push(write());
    expected.push(write());
  }
  const [first] = expected;
  const spoilt = pick(used);
  if (first && maybe(30)) first[spoilt] = pick([null, pick(columns[spoilt]?.values ?? [])[0]]);
  if (maybe(12)) expected.pop();
  if (first && maybe(8)) expected.push({ ...first });
  if (maybe(30)) expected.reverse();
  const isCounted = maybe(20) && used.includes('id') && used.includes('amount');
  const rows = isCounted ? pick([[], [{ id: 1, n: 1 }], [{ id: 2, n: 1 }]]) : expected;
  const format = pick(['dict', 'dict', 'csv', 'sql'] as const);
  return {
    model: isCounted ? 'counted' : 'copied',
    given: [{ input: "ref('seen')", ...writeRows(given, used, format) }],
    expect: isCounted ? { rows } : writeRows(rows, used, pick([format, 'dict'])),
    ...(isCounted && maybe(50) ? { overrides: { vars: { least: pick([0, 2]) } } } : {}),
  };
}

function writeRows(rows: readonly Row[], used: readonly string[], format: 'dict' | 'csv' | 'sql') {
  const textOf = (value: unknown): string =>
    Array.isArray(value) ? JSON.stringify(value) : String(value ?? '');
  if (format === 'dict') return { rows };
  if (format === 'csv') {
    const cell = (value: unknown) => `"${textOf(value).replaceAll('"', '""')}"`;
    const lines = rows.map((row) =>
      used.map((name) => (row[name] === null ? '' : cell(row[name]))).join(','),
    );
    return { format, rows: `${[used.join(','), ...lines].join('\n')}\n` };
  }
  const literal = (value: unknown) =>
    value === null ? 'null' : `'${textOf(value).replaceAll("'", "''")}'`;
  const selects = rows.map(
    (row) =>
      `select ${used.map((name) => `cast(${literal(row[name])} as ${columns[name]?.type}) as ${name}`).join(', ')}`,
  );
  return { format, rows: selects.join(' union all ') || `select ${typed} where false` };
}
