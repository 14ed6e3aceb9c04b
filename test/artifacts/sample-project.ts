/** A dbt project with one of everything that artifacts tell of; dbt 1.10 reads it as it is. */
export const sampleProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': `
name: sample
version: '1.0'
profile: sample
models:
  sample:
    +persist_docs: {relation: true, columns: true}
    marts: {+materialized: table, +schema: marts, +tags: [daily]}
seeds: {sample: {+quote_columns: false}}
snapshots: {sample: {+schema: kept}}
exposures: {sample: {+enabled: true}}
vars: {sample: {least: 1}}
on-run-start: ["select 1", "{{ shout('select 2') if false }}"]
on-run-end: "select count(*) from {{ ref('by_day') }}, {{ source('desk', 'visits') }}"
`,
  'profiles.yml': `
sample:
  target: dev
  outputs: {dev: {type: duckdb, path: warehouse.duckdb, schema: main, threads: 2}}
`,
  'seeds/people.csv': 'person_id,name,city\n1,Ada,London\n2,Grace,New York\n3,Edsger,Rotterdam\n',
  'seeds/visits.csv':
    'visit_id,person_id,visited_on\n1,1,2026-01-01\n2,1,2026-01-02\n3,3,2026-01-02\n',
  'seeds/seeds.yml': `
seeds:
  - name: people
    description: Who came.
    config: {column_types: {person_id: bigint}}
    columns:
      - name: person_id
        data_tests: [unique, not_null]
`,
  'models/staging/stg_people.sql':
    "\n\nselect person_id, {{ shout('name') }} as name, city\nfrom {{ ref('people') }}\n\n",
  'models/staging/stg_visits.sql':
    "{{ config(materialized='ephemeral') }}\nselect visit_id, person_id, cast(visited_on as date) as visited_on from {{ source('desk', 'visits') }}",
  'models/staging/staging.yml': `
sources:
  - name: desk
    schema: main
    description: "What the desk wrote: {{ doc('desk') }}"
    meta: {kind: paper}
    tables:
      - name: visits
        description: "{{ doc('visits') }}"
        loaded_at_field: cast(visited_on as timestamp)
        freshness: {warn_after: {count: 1, period: day}, error_after: {count: 365000, period: day}}
        columns:
          - name: visit_id
            description: Its number.
            data_tests:
              - unique
              - relationships: {arguments: {to: ref('stg_people'), field: person_id}, config: {severity: warn}}
models:
  - name: stg_people
    description: "{{ doc('people') }} As they are now."
    columns:
      - name: person_id
        description: "{{ doc('person_id') }}"
        tags: [key]
        data_tests:
          - unique: {config: {where: "city != 'Nowhere'", tags: [slow]}}
          - not_null
      - {name: name, quote: true, data_tests: [not_null]}
  - name: stg_visits
    columns: [{name: visit_id, data_tests: [not_null]}]
`,
  'models/staging/staging.md':
    '# Notes\n{% docs people %}\nPeople, one a row.\n{% enddocs %}\n{% docs person_id %}The number of a person.{% enddocs %}\n{% docs visits %} A visit. {% enddocs %}\n{% docs desk %}by hand{% enddocs %}\n',
  'models/marts/visitors.sql':
    "{{ config(group='front', access='private', unique_key='person_id') }}\nselect people.person_id, people.name, count(visits.visit_id) as visits\nfrom {{ ref('stg_people') }} as people\nleft join {{ ref('stg_visits') }} as visits using (person_id)\ngroup by all",
  'models/marts/regulars_v1.sql':
    "{{ config(group='front') }}\nselect person_id, name from {{ ref('visitors') }} where visits > {{ var('least') }}",
  'models/marts/regulars_v2.sql':
    "{{ config(group='front') }}\nselect person_id, name, visits from {{ ref('visitors') }} where visits > {{ var('least') }}",
  'models/marts/by_day.sql':
    "{{ config(materialized='incremental', unique_key='visited_on', incremental_strategy='delete+insert') }}\nselect visited_on, count(*) as visits from {{ ref('stg_visits') }}\n{% if is_incremental() %} where visited_on >= (select max(visited_on) from {{ this }}) {% endif %}\ngroup by all",
  'models/marts/off.sql': '{{ config(enabled=false) }} select 1 as n',
  'models/schema.yml': `
groups:
  - name: front
    owner: {name: Front desk, email: desk@example.com}
models:
  - name: visitors
    description: Who came, and how often.
    meta: {owner: desk}
    docs: {node_color: green}
    data_tests:
      - at_least: {arguments: {column: visits, least: 0}}
      - at_least: {name: nobody_comes_less_than_never, arguments: {column: visits, least: 0.5}, config: {error_if: '> 100', warn_if: '> 99'}}
    columns:
      - name: name
        data_tests:
          - accepted_values: {arguments: {values: [ADA, GRACE, EDSGER, null, true, 7]}}
  - name: by_day
    time_spine:
      standard_granularity_column: visited_on
      custom_granularities: [{name: fiscal_year, column_name: visits}, {name: visits}]
    columns: [{name: visited_on, granularity: day}, {name: visits}]
  - name: regulars
    latest_version: 2
    description: Those who come often.
    columns: [{name: person_id, data_tests: [unique]}, {name: name}]
    versions:
      - v: 1
        config: {alias: regulars_old}
      - v: 2
        columns: [{include: all}, {name: visits, data_tests: [not_null]}]
exposures:
  - name: weekly_mail
    label: Weekly mail
    type: application
    maturity: high
    url: https://example.com/mail
    description: "Goes out to {{ doc('people') }}"
    owner: {name: Ada, email: ada@example.com}
    tags: [mail]
    meta: {weekday: 1}
    depends_on:
      - ref('by_day')
      - ref('regulars', v=1)
      - source('desk', 'visits')
      - metric('visits_each')
semantic_models:
  - name: days
    description: "Days, of {{ doc('people') }}"
    model: ref('by_day')
    defaults: {agg_time_dimension: visited_on}
    primary_entity: day
    config: {meta: {owner: desk}, group: front}
    entities: [{name: visitor, type: foreign, expr: visits, label: Who}]
    dimensions:
      - {name: visited_on, type: time, type_params: {time_granularity: day}}
      - {name: size, type: categorical, expr: "case when visits > 1 then 'big' end", config: {meta: {kind: made}}}
    measures:
      - {name: visit_count, agg: sum, expr: visits, create_metric: true}
      - {name: days, agg: count, expr: visited_on, description: How many.}
      - {name: middle, agg: percentile, expr: visits, agg_params: {percentile: 0.5, use_discrete_percentile: true}}
      - {name: newest, agg: max, expr: visits, non_additive_dimension: {name: visited_on, window_choice: max}}
metrics:
  - name: all_visits
    label: All visits
    description: Of all days.
    type: simple
    type_params: {measure: visit_count}
    filter: "{{ Dimension('day__size') }} = 'big'"
    config: {tags: [core], meta: {unit: visits}}
  - {name: open_days, label: Days, type: simple, type_params: {measure: {name: days, fill_nulls_with: 0, join_to_timespine: true}}}
  - {name: visits_each, label: Each, type: ratio, type_params: {numerator: all_visits, denominator: {name: open_days, alias: d}}}
  - {name: so_far, label: So far, type: cumulative, type_params: {measure: visit_count, cumulative_type_params: {window: 7 days}}}
  - name: growth
    label: Growth
    type: derived
    type_params: {expr: all_visits - before, metrics: [all_visits, {name: all_visits, offset_window: 1 month, alias: before}]}
saved_queries:
  - name: by_size
    description: Big days.
    label: By size
    query_params:
      metrics: [all_visits]
      group_by: ["Dimension('day__size')"]
      where: ["{{ Dimension('day__size') }} = 'big'"]
    exports: [{name: big_days, config: {export_as: table, alias: big}}]
unit_tests:
  - name: counts_visits
    model: visitors
    given:
      - {input: ref('stg_people'), rows: [{person_id: 1, name: A}, {person_id: 2, name: B}]}
      - {input: ref('stg_visits'), rows: [{visit_id: 1, person_id: 1}]}
    expect: {rows: [{person_id: 1, name: A, visits: 1}, {person_id: 2, name: B, visits: 0}]}
  - name: counts_visits_of_files
    model: visitors
    given:
      - {input: ref('stg_people'), format: csv, fixture: some_people}
      - {input: ref('stg_visits'), format: sql, fixture: some_visits}
    expect: {format: csv, rows: "person_id,name,visits\\n1,A,1\\n2,,0\\n"}
`,
  'tests/fixtures/some_people.csv': 'person_id,name\n1,A\n2,\n',
  'tests/fixtures/some_visits.sql': '\nselect 1 as visit_id, 1 as person_id\n',
  'snapshots/blocks.sql':
    "{% snapshot people_kept %}\n{{ config(strategy='check', unique_key='person_id', check_cols=['city']) }}\nselect * from {{ ref('people') }}\n{% endsnapshot %}\n{% snapshot names_kept %}{{ config(strategy='check', unique_key='person_id', check_cols='all') }}select person_id, name from {{ ref('stg_people') }}{% endsnapshot %}\n",
  'snapshots/yaml/kept.yml': `
snapshots:
  - name: visitors_kept
    relation: ref('by_day')
    config: {unique_key: visited_on, strategy: check, check_cols: all, hard_deletes: invalidate}
    columns: [{name: visits, data_tests: [not_null]}]
`,
  'tests/no_visit_before_2026.sql':
    "{{ config(tags=['slow']) }}\nselect * from {{ ref('stg_visits') }} where visited_on < date '2026-01-01'\n",
  'tests/generic/at_least.sql':
    '{% test at_least(model, column, least) %}\nselect * from {{ model }} where {{ column }} < {{ least }}\n{% endtest %}\n',
  'macros/shout.sql': '{% macro shout(column) -%}\nupper({{ column }})\n{%- endmacro %}\n',
  'macros/macros.yml': `
macros:
  - name: shout
    description: In capitals.
    arguments: [{name: column, type: string, description: Of what.}]
`,
};
