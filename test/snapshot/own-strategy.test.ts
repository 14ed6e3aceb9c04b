import { describe, expect, test } from 'vitest';
import { dbtFolder, troubles } from '../dbt/dbt-project.ts';

const ownStrategy = `{% macro snapshot_upward_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set key = model_config.get('unique_key') %}
  {% set clock = snapshot_get_time() %}
  {% do return({
    'unique_key': key,
    'updated_at': clock,
    'row_changed': snapshotted_rel ~ '.amount < ' ~ current_rel ~ '.amount',
    'scd_id': snapshot_hash_arguments([key, clock]),
    'invalidate_hard_deletes': model_config.get('hard_deletes') == 'invalidate',
  }) %}
{% endmacro %}`;

const files = {
  'models/source.yml': 'sources: [{name: raw, schema: main, tables: [{name: made}]}]',
  'models/deals.sql': "select * from {{ source('raw', 'made') }}",
};

const deals = (...rows: string[]) =>
  `create or replace table made as select * from (values ${rows.join(', ')}) as t (id, amount)`;

const peaks = 'select id, amount, dbt_valid_to is null as is_open from peaks order by id, amount';

const blockOf = (config: string) => `{% snapshot peaks %}
  {{ config(unique_key='id', ${config}) }} select * from {{ ref('deals') }}
{% endsnapshot %}`;

describe("a snapshot strategy of the project's own", () => {
  test.each([
    ['a block', { 'snapshots/peaks.sql': blockOf("strategy='upward', hard_deletes='invalidate'") }],
    [
      'YAML',
      {
        'snapshots/peaks.yml': `snapshots:
  - name: peaks
    relation: ref('deals')
    config: {unique_key: id, strategy: upward, hard_deletes: invalidate}
`,
      },
    ],
  ])('says what has changed, for %s', async (_, snapshot) => {
    const project = dbtFolder({ ...files, 'macros/upward.sql': ownStrategy, ...snapshot });
    await project.run(deals("('a', 1)", "('b', 5)", "('c', 7)"));
    expect(troubles(await project.build())).toEqual([]);
    await project.run(deals("('a', 2)", "('b', 4)"));
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows(peaks)).toEqual([
      { id: 'a', amount: 1, is_open: false },
      { id: 'a', amount: 2, is_open: true },
      { id: 'b', amount: 5, is_open: true },
      { id: 'c', amount: 7, is_open: false },
    ]);
    const [ids] = await project.rows('select count(distinct dbt_scd_id) as n from peaks');
    expect(ids).toEqual({ n: 4 });
  });

  test('may stand in a package, be built of dbt’s own, and override one of its names', async () => {
    const project = dbtFolder({
      ...files,
      'dbt_packages/tools/dbt_project.yml': 'name: tools',
      'dbt_packages/tools/macros/s.sql': `{% macro snapshot_calm_strategy(node, old, new, conf, exists) %}
        {% set mine = dict(snapshot_check_strategy(node, old, new, conf, exists)) %}
        {% do mine.update({'row_changed': '(' ~ mine.row_changed ~ ' and ' ~ new ~ '.amount > 1)'}) %}
        {% do return(mine) %}
      {% endmacro %}`,
      'macros/timestamp.sql': `{% macro snapshot_timestamp_strategy(node, old, new, conf, exists) %}
        {% do return({'unique_key': ['id'], 'updated_at': 'current_date', 'row_changed': 'false',
          'scd_id': "id || '!'", 'hard_deletes': 'ignore'}) %}
      {% endmacro %}`,
      'snapshots/peaks.sql': blockOf("strategy='tools.calm', check_cols='all'"),
      'snapshots/never.sql': blockOf("strategy='timestamp', updated_at='amount'").replace(
        'peaks',
        'never',
      ),
    });
    await project.run(deals("('a', 1)", "('b', 5)"));
    expect(troubles(await project.build())).toEqual([]);
    await project.run(deals("('a', 0)", "('b', 6)"));
    expect(troubles(await project.build())).toEqual([]);
    expect(await project.rows(peaks)).toEqual([
      { id: 'a', amount: 1, is_open: true },
      { id: 'b', amount: 5, is_open: false },
      { id: 'b', amount: 6, is_open: true },
    ]);
    expect(
      await project.rows('select dbt_scd_id, typeof(dbt_valid_from) as t from never order by 1'),
    ).toEqual([
      { dbt_scd_id: 'a!', t: 'DATE' },
      { dbt_scd_id: 'b!', t: 'DATE' },
    ]);
  });

  test('is a fault with what was meant where nobody wrote it', async () => {
    const { build } = dbtFolder({
      ...files,
      'snapshots/peaks.sql': blockOf("strategy='timestmap'"),
    });
    const [only] = troubles(await build({ select: ['peaks'] }));
    expect(only).toMatch(/timestmap".*no macro snapshot_timestmap.*did you mean "timestamp"/);
  });

  test('that answers no condition fails its snapshot, named', async () => {
    const project = dbtFolder({
      ...files,
      'macros/empty.sql':
        "{% macro snapshot_empty_strategy(node, old, new, conf, exists) %}{% do return({'unique_key': 'id', 'updated_at': 'x'}) %}{% endmacro %}",
      'snapshots/peaks.sql': blockOf("strategy='empty'"),
    });
    await project.run(deals("('a', 1)"));
    const [only] = troubles(await project.build());
    expect(only).toContain('macros/empty.sql: snapshot_empty_strategy answers no');
  });
});
