import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ColumnGraph } from '../../engine/lineage/column-graph.ts';
import { traceFolder } from './traced.ts';

const files: Readonly<Record<string, string>> = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nconfig-version: 2\n',
  'seeds/people.csv': 'id,mail,gone,seen_at,told_at,into\n1,a,false,2026-01-01,2026-01-01,\n',
  'models/between.sql': `{{ config(materialized='ephemeral') }}
select id, upper(mail) as mail, seen_at from {{ ref('people') }}`,
  'models/through.sql': "select id, mail from {{ ref('between') }}",
  'models/grows.sql': `{{ config(materialized='incremental', unique_key='id') }}
select id, mail, seen_at from {{ ref('people') }}
{% if is_incremental() %} where told_at > (select max(seen_at) from {{ this }}) {% endif %}`,
  'models/past.sql': `{{ config(materialized='history', unique_key='id', valid_at='seen_at',
  recorded_at='told_at', deleted='gone', superseded_by='into') }}
select * from {{ ref('people') }}`,
  'models/broken.sql': "select nope from {{ ref('people') }}",
  'models/behind.sql': "select nope as yes from {{ ref('broken') }}",
  'snapshots/stamped.sql': `{% snapshot stamped %}
{{ config(target_schema='snaps', unique_key='id', strategy='timestamp', updated_at='seen_at') }}
select id, mail, seen_at from {{ ref('people') }} {% endsnapshot %}`,
  'snapshots/checked.sql': `{% snapshot checked %}
{{ config(target_schema='snaps', unique_key="id || '-' || mail", strategy='check', check_cols=['mail']) }}
select id, mail from {{ ref('people') }} {% endsnapshot %}`,
};

let graph: ColumnGraph;
const folder = mkdtempSync(join(tmpdir(), 'nodes-'));

beforeAll(async () => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  graph = (await traceFolder(folder)).graph;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `column < how:source` for each column of a node, and `rows`. */
function tell(id: string): Record<string, string> {
  const node = graph.nodes.get(id);
  expect(node?.gap).toBeUndefined();
  const text = (from: readonly { node: string; column: string; kinds: readonly string[] }[]) =>
    from
      .map((edge) => `${edge.kinds.join('+')}:${edge.node.split('.').at(-1)}.${edge.column}`)
      .join(' ');
  const columns = (node?.columns ?? []).map(({ name, from }) => [name, text(from)]);
  return Object.fromEntries([
    ...columns,
    ...(node?.rows.length ? [['rows', text(node.rows)]] : []),
  ]);
}

describe('lineage of', () => {
  test('an ephemeral model stands between its reader and what it reads', () => {
    expect(tell('model.shop.through')).toEqual({
      id: 'copied:between.id',
      mail: 'copied:between.mail',
    });
    expect(tell('model.shop.between')).toMatchObject({ mail: 'computed:people.mail' });
  });

  test('an incremental model has what both of its texts read, and not itself', () => {
    expect(tell('model.shop.grows')).toEqual({
      id: 'copied:people.id',
      mail: 'copied:people.mail',
      seen_at: 'copied:people.seen_at',
      rows: 'filter:people.told_at',
    });
  });

  test('a history has the columns that it adds', () => {
    expect(tell('model.shop.past')).toEqual({
      id: 'copied:people.id',
      mail: 'copied:people.mail',
      valid_from: 'copied:people.seen_at',
      valid_to: 'group:people.id computed:people.seen_at',
      valid_to_recorded_at: 'group:people.id computed:people.told_at',
      recorded_from: 'copied:people.told_at',
      recorded_to: 'group:people.id computed:people.told_at',
      is_current: 'group:people.id computed:people.seen_at',
      is_deleted: 'computed:people.gone group:people.id computed:people.into',
      superseded_by: 'copied:people.into',
    });
  });

  test('a snapshot has those of dbt, by its stamp', () => {
    expect(tell('snapshot.shop.stamped')).toEqual({
      id: 'copied:people.id',
      mail: 'copied:people.mail',
      seen_at: 'copied:people.seen_at',
      dbt_scd_id: 'computed:people.id computed:people.seen_at',
      dbt_updated_at: 'copied:people.seen_at',
      dbt_valid_from: 'copied:people.seen_at',
      dbt_valid_to: 'group:people.id computed:people.seen_at',
    });
  });

  test('a snapshot that compares has them by its key, an expression, and what it compares', () => {
    expect(tell('snapshot.shop.checked')).toMatchObject({
      dbt_scd_id: 'computed:people.id computed:people.mail',
      dbt_valid_from: 'filter:people.mail',
    });
  });

  test('a model that does not bind names what is missing, for what stands behind it as well', () => {
    expect(tell('model.shop.broken')).toEqual({ nope: 'copied:people.nope' });
    expect(tell('model.shop.behind')).toEqual({ yes: 'copied:broken.nope' });
    const people = graph.nodes.get('seed.shop.people');
    expect(people?.columns.filter(({ isMissing }) => isMissing).map(({ name }) => name)).toEqual([
      'nope',
    ]);
  });
});
