import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { compileNode } from '../../engine/declare/compile-node.ts';
import { isModelNode } from '../../engine/declare/model-node.ts';
import { readFiles } from './project-folder.ts';
import { openWarehouse } from './shadow.ts';

/** A history of one key: believed to be `a` for ever, until its end at 3 was recorded at 2. */
const beliefs =
  "(values ('a', 1, 3, 2, 1, null), ('b', 3, null, null, 2, null))" +
  ' h (name, valid_from, valid_to, valid_to_recorded_at, recorded_from, recorded_to)';

/** What a template's SQL answers, as one value each. */
const cases: readonly [template: string, expected: unknown][] = [
  ["{{ dbt.dateadd('day', 3, \"date '2026-01-30'\") }}", '2026-02-02T00:00:00.000Z'],
  [
    "{{ dateadd(datepart='month', interval=-1, from_date_or_timestamp=\"timestamp '2026-03-31'\") }}",
    '2026-02-28T00:00:00.000Z',
  ],
  ["{{ dbt.dateadd('day', '1 + 1', \"'2026-01-30'\") }}", '2026-02-01T00:00:00.000Z'],
  [
    "'{{ 'yes' if this is mapping and this.get('metadata', {}).get('type', '').endswith('Relation') }}'",
    'yes',
  ],
  ["'{{ load_relation(this) is none }}'", 'True'],
  ["{{ dbt.datediff(\"date '2026-01-30'\", \"date '2026-02-02'\", 'day') }}", 3],
  ["{{ dbt.datediff(\"'2026-01-01'\", \"'2026-01-02'\", 'hour') }}", 24],
  ["cast({{ dbt.date_trunc('month', \"date '2026-01-30'\") }} as date)", '2026-01-01'],
  ["{{ dbt.last_day(\"date '2026-02-03'\", 'month') }}", '2026-02-28'],
  ["{{ dbt.last_day(\"date '2026-02-03'\", 'quarter') }}", '2026-03-31'],
  ["{{ dbt.concat([\"'a'\", \"'b'\", 'null']) }}", null],
  ['{{ dbt.hash("\'a\'") }}', '0cc175b9c0f1b6a831c399e269772661'],
  ["{{ dbt.safe_cast(\"'x'\", api.Column.translate_type('integer')) }}", null],
  ['{{ dbt.safe_cast("\'7\'", dbt.type_int()) }}', 7],
  ['{{ dbt.split_part("\'a-b-c\'", "\'-\'", 2) }}', 'b'],
  ['{{ dbt.split_part("\'a-b-c\'", "\'-\'", -1) }}', 'c'],
  ['{{ dbt.length("\'abc\'") }}', 3],
  ['{{ dbt.replace("\'abc\'", "\'b\'", "\'x\'") }}', 'axc'],
  ['{{ dbt.right("\'abc\'", 2) }}', 'bc'],
  ['{{ dbt.position("\'b\'", "\'abc\'") }}', 2],
  ['{{ dbt.string_literal(dbt.escape_single_quotes("it\'s")) }}', "it's"],
  ["cast('1' as {{ dbt.type_string() }}) || {{ dbt.cast_bool_to_text('true') }}", '1true'],
  ["(select {{ dbt.listagg('x', \"'-'\", 'order by x') }} from (values ('b'), ('a')) t(x))", 'a-b'],
  [
    "(select {{ dbt.listagg('x', \"'-'\", 'order by x', 2) }} from (values ('b'), ('a'), ('c')) t(x))",
    'a-b',
  ],
  ["(select {{ dbt.bool_or('x') }} from (values (true), (false)) t(x))", true],
  ["len({{ dbt.array_concat(dbt.array_construct(['1', '2']), dbt.array_construct(['3'])) }})", 3],
  ['{{ dbt.equals("1", "1") }}', true],
  ['{{ dbt.equals("null", "null") }}', null],
  ['{{ dbt.split_part("\'a-b\'", "\'-\'", 3) }}', null],
  ['(select {{ dbt.any_value("x") }} from (values (null), (1)) t(x))', null],
  ["{{ dbt.datediff(\"date '2026-11-21'\", \"date '2026-11-22'\", 'week') }}", 1],
  ["{{ dbt.datediff(\"date '2025-11-22'\", \"date '2026-11-22'\", 'week') }}", 53],
  ["{{ dbt.dateadd('quarter', 1, \"date '2026-01-31'\") }}", '2026-04-30T00:00:00.000Z'],
  ["{{ dbt.dateadd('week', -2, \"date '2026-01-31'\") }}", '2026-01-17T00:00:00.000Z'],
  [
    '(select count(*) from ({{ dbt.date_spine("month", "date \'2026-01-15\'", "date \'2026-03-10\'") }}))',
    2,
  ],
  [
    '(select count(*) from ({{ dbt.date_spine("day", "date \'2026-01-15\'", "date \'2026-01-15\'") }}))',
    0,
  ],
  ['{{ dbt.get_powers_of_two(9) }}', 4],
  ['(select count(*) from ({{ dbt.generate_series(0) }}))', 0],
  ['{{ dbt.current_timestamp() }}', '2026-05-06T07:08:09.123Z'],
  ["'{{ run_started_at.strftime('%Y-%m-%d %H:%M') }}'", '2026-05-06 07:08'],
  ["'{{ (run_started_at - modules.datetime.timedelta(days=6)).date() }}'", '2026-04-30'],
  [
    "'{{ modules.datetime.datetime.strptime('2026-01-31', '%Y-%m-%d').isoformat() }}'",
    '2026-01-31T00:00:00',
  ],
  ["'{{ modules.re.sub('[^a-z]+', '_', 'a-b  c') }}'", 'a_b_c'],
  ["'{{ modules.re.match('(?P<y>[0-9]+)-', '2026-01').group('y') }}'", '2026'],
  ['(select count(*) from ({{ dbt.date_spine("day", "\'2026-01-01\'", "\'2026-01-04\'") }}))', 3],
  ["'{{ adapter.quote('a\"b') }}'", '"a""b"'],
  [
    "'{{ target.schema }}.{{ this.identifier }}.{{ model.name }}.{{ target.type }}'",
    'main.m.m.duckdb',
  ],
  ["'{{ this.include(schema=false) }}'", '"m"'],
  ["'{{ api.Relation.create(schema='s', identifier='t') }}'", '"s"."t"'],
  [
    "{% set rows = run_query('select 1 as a, 2.5::double as b union all select 3, 4.5 order by 1') %}{{ rows.columns['a'].values() | sum if execute else 0 }}",
    4,
  ],
  [
    "{% call statement('q', fetch_result=true) %}select 'z' as x{% endcall %}'{{ load_result('q')['data'][0][0] if execute }}'",
    'z',
  ],
  [
    `{% set row = run_query("select timestamp '2017-01-01 00:00:00' as a, date '2017-01-02' as b, timestamp '2017-01-01 10:11:12.000345' as c, '2017-01-02' as d")[0] if execute else none %}'{{ row.a ~ "|" ~ row.b ~ "|" ~ row.c ~ "|" ~ row.a.strftime("%Y") ~ "|" ~ (row.b - row.a.date()).days ~ "|" ~ row.d if row }}'`,
    '2017-01-01 00:00:00|2017-01-02|2017-01-01 10:11:12.000345|2017|1|2017-01-02',
  ],
  ["'{{ builtins.ref('other').identifier }}{# #}'", 'other'],
  [`(select string_agg(name, '' order by name) from ${beliefs} where {{ as_of('4') }})`, 'b'],
  [`(select name from ${beliefs} where {{ as_of('4', recorded='1', alias='h') }})`, 'a'],
];

describe("dbt's macros and names on a real database", () => {
  const moment = {
    boundaryMs: Date.UTC(2026, 4, 6, 7, 8, 9, 123),
    invocationId: 'i',
    isFullRefresh: false,
  };

  test('answer as they do in dbt', async () => {
    const warehouse = await openWarehouse();
    const files = Object.fromEntries(
      cases.map(([template], index) => [
        `models/n${index}/m${index}.sql`,
        `select ${template} as answer`,
      ]),
    );
    const renamed = Object.entries(files).map(([path, text]) => [path, text] as const);
    const project = await readFiles({
      ...Object.fromEntries(renamed),
      'models/other.sql': 'select 1',
    });
    expect(project.faults).toEqual([]);
    const answers: unknown[] = [];
    for (const index of cases.keys()) {
      const node = project.nodes.get(`model.shop.m${index}`);
      if (!isModelNode(node)) throw new Error(`no model m${index}`);
      const named = { ...node, name: 'm', relation: { schema: 'main', name: 'm' } };
      const compiled = await compileNode(project, named, {
        moment,
        warehouse: { describe: warehouse.describe, session: warehouse },
      });
      const [row] = await warehouse.query(sql.raw(compiled.sql)).catch((error: unknown) => {
        throw new Error(`${cases[index]?.[0]}\n${compiled.sql}`, { cause: error });
      });
      answers.push(row?.['answer']);
    }
    const plain = answers.map((value) => (typeof value === 'bigint' ? Number(value) : value));
    expect(plain.map((value, index) => [cases[index]?.[0], value])).toEqual(cases);
  });
});
