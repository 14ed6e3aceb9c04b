/**
 * A project of config that is rare, written in every way that is allowed: dbt reads it as it is.
 */
export const oddManifest: Readonly<Record<string, string>> = {
  'dbt_project.yml': `
name: odd
version: '1.0'
profile: odd
models:
  odd:
    analysis: {deep: {+schema: special}}
    dailies: {+begin: 2026-01-01, +event_time: at, +batch_size: day}
data_tests: {odd: {by_folder: {+store_failures: true}, idle: {+enabled: false}}}
sources: {odd: {idle: {+enabled: "{{ var('shown', false) }}"}}}
unit_tests: {odd: {idle: {+enabled: false}}}
vars: {shown: false}
`,
  'profiles.yml': `
odd:
  target: dev
  outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: main, threads: 2}}
`,
  'models/numbers.sql': 'select 1 as n, 2 as m',
  'models/dailies/day_one.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch') }} select n, timestamp '2026-01-01' as at from {{ ref('numbers') }}`,
  'models/dailies/day_two.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', begin=modules.datetime.datetime(2026, 1, 2, 3, 4, 5)) }} select n, timestamp '2026-01-01' as at from {{ ref('numbers') }}`,
  'models/dailies/day_three.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', begin='2026-01-02T03:04:05') }} select n, timestamp '2026-01-01' as at from {{ ref('numbers') }}`,
  'models/off/off.sql': `{{ config(enabled=false) }} select 1 as n`,
  'models/also_off/off.sql': `{{ config(enabled=false) }} select 2 as n`,
  'models/off/lit.sql': `{{ config(enabled=false) }} select 1 as n`,
  'models/lit.sql': 'select 1 as n',
  'models/many_v1.5.sql': 'select 1 as id, 2 as old',
  'models/many_v2.sql': "{{ config(meta={'by': 'sql'}) }} select 1 as id, 2 as old",
  'models/reads_many.sql':
    "select * from {{ ref('many', v=1.5) }} join {{ ref('many') }} using (id)",
  'models/many.yml': `
models:
  - name: many
    description: of the model
    deprecation_date: 2030-01-01
    config: {tags: [a], meta: {owner: {name: x}}, materialized: table, docs: {show: false}}
    columns: [{name: id, data_tests: [not_null]}, {name: old, tags: [o], data_tests: [not_null]}]
    data_tests: [{unique: {column_name: old}}]
    versions:
      - v: 1.5
        description: of its own
        config: {tags: [b], meta: {owner: {mail: y}}, alias: many_of_old}
        data_tests: []
        columns: [{include: [id]}, {name: more, description: its own}]
      - v: 2
        columns: [{name: id, description: again, data_tests: [unique]}]
`,
  'analyses/looked.sql': `select * from {{ ref('numbers') }} join {{ source('open', 'two') }} using (n)`,
  'analyses/deep/more.sql': `{{ config(alias='shown') }}\n\nselect '{{ this }}' as place, {{ twice('n') }} as n from {{ ref('more') }}\n`,
  'analyses/deep/deep.yml': `
analyses:
  - name: more
    description: "{{ doc('wide') }}"
    docs: {show: false}
    config: {meta: {by: me}, tags: [yaml]}
    columns: [{name: n, description: Doubled., data_type: integer, meta: {c: 1}}]
  - {name: unlooked, config: {enabled: false}}
`,
  'analyses/deep/unlooked.sql': `select * from {{ ref('nowhere') }}`,
  'analyses/docs.md': '{% docs wide %}Wide and deep.{% enddocs %}',
  'macros/twice.sql': '{% macro twice(n) %}2 * {{ n }}{% endmacro %}',
  'models/more.sql': 'select 1 as n, 2 as m',
  'models/days.sql': "select date '2026-01-01' as on_day, 1 as n",
  'models/idle/idle.yml': `
models:
  - name: more
    columns:
      - name: n
        data_tests:
          - not_null: {name: off_kept, config: {enabled: false, store_failures: true, alias: al, schema: sc}}
          - accepted_values:
              arguments: {values: [1]}
              config: {enabled: "{{ var('shown') }}", meta: {a: 1}, severity: warn}
          - relationships: {arguments: {to: "ref('nowhere')", field: n}, config: {enabled: false}}
          - unique: {config: {alias: other_name}}
exposures:
  - name: unseen
    type: dashboard
    owner: {name: me}
    description: Nobody looks.
    depends_on: ["ref('nowhere')", "ref('more')", "source('busy', 'two')"]
    config: {enabled: false, tags: [b]}
    maturity: low
unit_tests:
  - name: unasked
    model: more
    description: By a folder.
    given: []
    expect: {format: csv, fixture: fixed}
    overrides: {vars: {a: 1}}
sources:
  - name: idle
    description: Of none.
    meta: {m: 1}
    schema: "{{ var('place', 'abc') }}"
    tables: [{name: q, identifier: qq, columns: [{name: a}]}]
  - name: busy
    schema: "{{ var('place', 'abc') }}"
    loaded_at_field: at
    tables: [{name: one, config: {enabled: false, tags: [x]}}, {name: two}]
semantic_models:
  - name: uncounted
    model: ref('nowhere')
    config: {enabled: false, meta: {own: x}}
    defaults: {agg_time_dimension: on_day}
    entities: [{name: d, type: primary, expr: on_day}]
    dimensions: [{name: on_day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: n_sum, agg: sum, expr: n, create_metric: true}]
  - name: counted
    model: ref('days')
    defaults: {agg_time_dimension: on_day}
    entities: [{name: d2, type: primary, expr: on_day}]
    dimensions: [{name: on_day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: n_max, agg: max, expr: n}]
metrics:
  - {name: unsaid, label: U, type: simple, type_params: {measure: n_max}, config: {enabled: false}}
  - {name: made, label: D, type: derived, type_params: {expr: said, metrics: [said]}, config: {enabled: false, meta: {z: 1}}}
  - {name: said, label: S, type: simple, type_params: {measure: n_max}}
saved_queries:
  - name: unsaved
    query_params: {metrics: [none_such], group_by: ["Dimension('d2__on_day')"]}
    exports: [{name: ex, config: {export_as: table, schema: s}}]
    config: {enabled: false, tags: [q]}
  - name: saved
    query_params: {metrics: [said]}
    config: {tags: [q]}
`,
  'models/spine.yml': `
models:
  - name: days
    time_spine: {standard_granularity_column: on_day}
    columns: [{name: on_day, granularity: day}]
sources: [{name: open, tables: [{name: two}]}]
`,
  'selectors.yml': `
selectors:
  - {name: plain, definition: "2+tag:nightly,fqn:b+1", description: As typed., default: true}
  - {name: paths, definition: {union: ["models/numbers.sql", "@numbers.sql", "config.materialized:view"]}}
  - {name: pair, definition: {tag: "{{ target.name }}"}, default: false}
  - name: whole
    definition:
      method: fqn
      value: "*"
      children: true
      children_depth: 1
      indirect_selection: empty
      exclude: [{tag: a}, numbers]
  - name: sets
    definition:
      union:
        - {method: selector, value: pair}
        - intersection: [numbers, {method: selector, value: whole}, {exclude: [{path: models}]}]
        - {exclude: [numbers, {union: [a, b]}]}
  - {name: named, definition: {method: selector, value: sets}}
  - {name: empty, definition: {union: []}}
  - {name: above, definition: +more}
`,
  'tests/fixtures/fixed.csv': 'n,m\n1,2\n',
  'tests/idle/by_hand.sql': `select * from {{ ref('nowhere') }}`,
  'seeds/off/off_seed.csv': 'n\n1\n',
  'seeds/seeds.yml': `
seeds:
  - name: off_seed
    config: {enabled: false}
`,
  'models/schema.yml': `
models:
  - name: numbers
    description: |
      Two lines,

      kept as they are.

    columns:
      - name: n
        description: >-
          folded
          into one

          and another
        data_tests:
          - not_null: {name: kept_by_true, config: {store_failures: true}}
          - not_null: {name: kept_by_false, config: {store_failures: false}}
          - not_null: {name: kept_as_view, config: {store_failures_as: view}}
          - not_null: {name: kept_as_nothing, config: {store_failures: true, store_failures_as: ephemeral}}
          - not_null: {name: kept_as_table, config: {store_failures: false, store_failures_as: table}}
          - not_null: {name: switched_off, config: {enabled: false}}
      - name: m
        description: |+
          with all


        data_tests: [unique]
`,
  'models/late.yml':
    'models:\n  - name: lit\n    config:\n      meta:\n        a: |\n          text\n        b: >+\n          text\n        c: |-\n          text\n\n    description: |\n      no line ends here',
  'models/later.yml':
    'models:\n  - name: day_one\n    description: >\n      no line\n      ends here',
  'models/lined.yml': 'models:\n  - name: day_two\n    description: |+\n      all of it\n\n\n',
  'models/kept.yml': 'models:\n  - name: day_three\n    description: |+\n      all of it\n\n  ',
  'tests/by_folder/none.sql': `select * from {{ ref('numbers') }} where n > 1`,
  'tests/none_kept.sql': `{{ config(store_failures_as='view') }} select * from {{ ref('numbers') }} where n > 1`,
};
