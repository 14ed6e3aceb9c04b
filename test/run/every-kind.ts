/** What a node of each kind reads: events of things over some days, by their number. */
const eventDays = 4;

interface Feed {
  /** Rows grow, change and go from one round to the next. */
  readonly round: number;
  readonly copy: number;
}

function seedRows({ round, copy }: Feed): string {
  const rows: string[] = ['id,part,grade,tm,seen,gone'];
  const things = 6 + round;
  for (let id = round; id < things + copy; id += 1) {
    const grade = (id * 7 + (id % 3 === 0 ? round : 0)) % 11;
    const day = 1 + ((id + round) % eventDays);
    const tm = `2025-12-${27 + day} 0${id % 10}:00:00`;
    const seen = `2026-01-0${1 + round} 00:00:0${id % 10}`;
    rows.push(`${id},p${id % 3},${grade},${tm},${seen},${id % 5 === 4}`);
  }
  return `${rows.join('\n')}\n`;
}

const typescriptHead = "import { defineModel, ref } from 'tidemill';\n";
const inputColumns = "{ id: 'bigint', grade: 'bigint' }";

/** Files of models, each kind once, that read seed `n` and are named by it. */
function modelsOf(n: number): Record<string, string> {
  const feed = `{{ ref('feed_${n}') }}`;
  const select = `select id, part, grade, tm, seen, gone from ${feed}`;
  const incremental = (strategy: string, more: string, tail = ''): string =>
    `{{ config(materialized='incremental', incremental_strategy='${strategy}', ${more}) }}
     ${select}${tail}`;
  const newer = `{% if is_incremental() %}
    where seen > (select coalesce(max(seen), '1970-01-01') from {{ this }}) {% endif %}`;
  return {
    [`models/view_${n}.sql`]: `{{ config(materialized='view', schema='v${n % 2}') }} ${select}`,
    [`models/table_${n}.sql`]: `{{ config(materialized='table', schema='marts') }} ${select}`,
    [`models/merge_${n}.sql`]: incremental(
      'merge',
      `unique_key=['id', 'part'], schema='${n % 2 === 0 ? 'Mixed' : 'mixed'}'`,
      newer,
    ),
    [`models/replace_${n}.sql`]: incremental('delete+insert', "unique_key='id'", newer),
    [`models/append_${n}.sql`]: incremental('append', "on_schema_change='sync_all_columns'", newer),
    [`models/micro_${n}.sql`]: incremental(
      'microbatch',
      "event_time='tm', batch_size='day', begin='2025-12-28', lookback=1",
    ),
    [`models/history_${n}.sql`]: `{{ config(materialized='history', unique_key='id', schema='past',
      valid_at='tm', recorded_at='seen', deleted='gone') }} ${select}`,
    [`models/who_${n}.sql`]: `{{ config(materialized='identity', canonical_id='who_id',
      id_prefix='who', record_id='id', rules=[{'name': 'grade', 'exact': 'grade::varchar', 'score': 0.9}]) }}
      select 'crm' as system, id::varchar as id, grade from ${feed}`,
    [`models/own_${n}.sql`]: `{{ config(materialized='plain', schema='own') }} ${select}`,
    [`models/hooked_${n}.sql`]: `{{ config(materialized='table', schema='hooked',
      pre_hook="create table if not exists {{ target.schema }}.heard (who varchar)",
      post_hook="insert into {{ target.schema }}.heard select 'hooked_${n}'") }} ${select}`,
    [`models/kept_${n}.sql`]: `{{ config(materialized='table') }} ${select}`,
    // What templates ask and keep under one name is each node's own.
    [`models/asking_${n}.sql`]: `{{ config(materialized='table', refresh_every='1h') }}
      {% call statement('top', fetch_result=True) %}select max(id) from ${feed}{% endcall %}
      {% set parts = run_query('select distinct part from ' ~ ref('feed_${n}') ~ ' order by 1') %}
      {% if execute %}
      select {{ load_result('top')['data'][0][0] }} as top, ${n} as n,
        '{{ parts.columns[0].values() | join(',') }}' as parts
      {% endif %}`,
    [`models/after_${n}.sql`]: `{{ config(materialized='table') }}
      select m.id, t.grade from {{ ref('merge_${n}') }} as m
      join {{ ref('table_${n}') }} as t using (id)`,
    [`snapshots/shot_${n}.yml`]: `snapshots:
  - name: shot_${n}
    relation: ref('feed_${n}')
    config: {unique_key: id, strategy: check, check_cols: all, schema: shots, hard_deletes: invalidate}
`,
    [`models/tests_${n}.yml`]: `models:
  - name: kept_${n}
    data_tests:
      - above: {name: above_${n}, config: {store_failures: true, severity: warn}}
      - above: {name: seen_${n}, config: {store_failures_as: view, severity: warn}}
  - {name: table_${n}, columns: [{name: id, data_tests: [unique, not_null]}]}
  - name: merge_${n}
    data_tests: [{above: {name: grown_${n}, config: {store_failures: true, severity: warn}}}]
`,
  };
}

/** Models in TypeScript, each of which starts a worker: one copy of them is enough. */
function scriptsOf(n: number): Record<string, string> {
  const script = (name: string, body: string): string => `${typescriptHead}
export const ${name} = defineModel({
  inputs: { feed: ref('feed_${n}', ${inputColumns}) },
  columns: { id: 'bigint', twice: 'bigint' },
  key: ['id'],
  ${body}
});`;
  return {
    [`models/set_${n}.ts`]: script(
      `set_${n}`,
      `async *run({ feed }) {
    for await (const { id, grade } of feed.rows()) yield { id, twice: (grade ?? 0n) * 2n };
  },`,
    ),
    [`models/keyed_${n}.ts`]: script(
      `keyed_${n}`,
      `by: ['id'],
  config: { materialized: 'incremental' },
  runKey: ({ id }, { feed }) => feed.map(({ grade }) => ({ id, twice: (grade ?? 0n) * 2n })),`,
    ),
  };
}

/** `{% materialization %}` of a project, as those of packages are built. */
const plain = `{% materialization plain, adapter='duckdb' %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set existing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks) }}
  {% if existing is not none %}{{ adapter.drop_relation(existing) }}{% endif %}
  {% call statement('main') -%}{{ create_table_as(False, target_relation, sql) }}{%- endcall %}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}`;

const above = `{% test above(model) %} select * from {{ model }} where grade > 5 {% endtest %}`;

/** What the seeds hold in a round. */
export function seedsOf(copies: number, round: number): Record<string, string> {
  const numbers = Array.from({ length: copies }, (_, copy) => copy);
  return Object.fromEntries(
    numbers.map((copy) => [`seeds/feed_${copy}.csv`, seedRows({ round, copy })]),
  );
}

/** A project with nodes of every kind, all of them small and most of them ready at once. */
export function everyKind(copies: number): Record<string, string> {
  const numbers = Array.from({ length: copies }, (_, copy) => copy);
  return {
    'dbt_project.yml': `name: shop
version: "1.0"
on-run-start: "create table if not exists {{ target.schema }}.started (n integer)"
on-run-end: "insert into {{ target.schema }}.started values (1)"
`,
    'macros/plain.sql': plain,
    'tests/generic/above.sql': above,
    ...seedsOf(copies, 0),
    ...Object.assign({}, ...numbers.map(modelsOf)),
    ...scriptsOf(0),
  };
}

/** Nodes that read nothing, so that the first steps of a first run are many. */
export function manyFirst(count: number): Record<string, string> {
  const files: Record<string, string> = { 'dbt_project.yml': 'name: shop\nversion: "1.0"\n' };
  for (let n = 0; n < count; n += 1) {
    const kind = ['table', 'view', 'incremental'][n % 3];
    files[`models/model_${n}.sql`] =
      `{{ config(materialized='${kind}', schema='s${n % 2}') }} select ${n} as n`;
    files[`seeds/seed_${n}.csv`] = `n\n${n}\n`;
    files[`models/tests_${n}.yml`] = `models:
  - {name: model_${n}, columns: [{name: n, data_tests: [not_null: {config: {store_failures: true}}]}]}
`;
  }
  return files;
}
