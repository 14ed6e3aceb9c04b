import { describe, expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { BindResult } from '../../engine/plan/bind.ts';
import type { Column } from '../../engine/words/table.ts';
import { readFiles } from './project-folder.ts';
import { bindProject } from './shadow.ts';

const contact = { Contact: 'Id varchar, Name varchar, Amount decimal(18,2), Stamp timestamp' };
const connections = [{ name: 'crm' }];

function columnsOf(result: BindResult, id: string): string[] {
  return (result.nodes.get(id)?.columns ?? []).map(({ name, typeName }) => `${name} ${typeName}`);
}

describe('binding models in the shadow', () => {
  test('gives exact columns and types through views, tables and ephemeral models', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "select Id as id, Amount * 2 as twice from {{ source('crm', 'Contact') }}",
        'models/b.sql':
          "{{ config(materialized='ephemeral') }} select id, twice from {{ ref('a') }}",
        'models/c.sql': "select sum(twice) as total, list(id) as ids from {{ ref('b') }} -- end",
        'models/d.sql':
          "select c.total::integer as total, n.* from {{ ref('c') }} c, {{ ref('names') }} n;",
        'seeds/names.csv':
          'id,zip,day,share,flag,note\n1,012,2026-01-02,0.5,true,\n2,1,2026-01-03,1,false,\n',
      },
      { connections },
    );
    const result = await bindProject(project, contact);
    expect(result.failures).toEqual([]);
    expect(columnsOf(result, 'model.shop.a')).toEqual(['id VARCHAR', 'twice DECIMAL(18,2)']);
    expect(columnsOf(result, 'model.shop.b')).toEqual(['id VARCHAR', 'twice DECIMAL(18,2)']);
    expect(columnsOf(result, 'model.shop.c')).toEqual(['total DECIMAL(38,2)', 'ids VARCHAR[]']);
    expect(columnsOf(result, 'model.shop.d')).toEqual([
      'total INTEGER',
      'id BIGINT',
      'zip VARCHAR',
      'day DATE',
      'share DOUBLE',
      'flag BOOLEAN',
      'note VARCHAR',
    ]);
  });

  test('goes on where one parent of many can be selected and not be made a table of', async () => {
    const project = await readFiles({
      'models/a.sql': 'select 1 as id',
      'models/b.sql': 'select 2 as id, 3 as "a ""b"" c"',
      // A struct without names cannot be written as a column's type.
      'models/odd.sql': 'select row(1, 2) as pair',
      'models/reads_a.sql': "select id from {{ ref('a') }}",
      'models/reads_all.sql': "select a.id, b.* from {{ ref('a') }} a, {{ ref('b') }} b",
      'models/reads_odd.sql': "select pair from {{ ref('odd') }}",
    });
    const result = await bindProject(project);
    expect(result.failures.map(({ nodeId }) => nodeId)).toEqual(['model.shop.reads_odd']);
    expect(columnsOf(result, 'model.shop.reads_a')).toEqual(['id INTEGER']);
    const all = ['id INTEGER', 'id_1 INTEGER', 'a "b" c INTEGER'];
    expect(columnsOf(result, 'model.shop.reads_all')).toEqual(all);
  });

  test('makes each table once, however many and however deep the models are', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `m${index}`);
    const project = await readFiles(
      Object.fromEntries(
        names.map((name, index) => [
          `models/${name}.sql`,
          index < 120
            ? `select ${index} as n${index}`
            : `select a.* from {{ ref('m${index - 120}') }} a, {{ ref('m${index - 7}') }} b`,
        ]),
      ),
    );
    const made: string[] = [];
    const result = await bindProject(project, {}, {}, (shadow) => ({
      ...shadow,
      makeTables: (tables) => {
        made.push(...tables.map(({ relation }) => relation.name));
        return shadow.makeTables(tables);
      },
    }));
    expect(result.failures).toEqual([]);
    expect(made).toHaveLength(243);
    expect(new Set(made).size).toBe(made.length);
  });

  test('tells every failure with its file, line and candidates; what follows is skipped', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "select Id,\n  Nmae as name\nfrom {{ source('crm', 'Contact') }}",
        'models/b.sql': "select * from {{ ref('a') }}",
        'models/c.sql': "select * from {{ ref('b') }}",
        'models/d.sql': "select lenght(Name) as n from {{ source('crm', 'Contact') }}",
        'models/e.sql': 'selec 1',
        'models/good.sql': "select Id from {{ source('crm', 'Contact') }}",
        'models/lost.sql': "select 1 from\n  {{ source('crm', 'Nothing') }}",
      },
      { connections },
    );
    const result = await bindProject(project, contact);
    const faults = result.failures.map(formatFault).toSorted();
    expect(faults).toHaveLength(4);
    expect(faults[0]).toMatch(/^models\/a\.sql:2:3 does not bind: .*"Nmae" not found.*"Name"/);
    expect(faults[1]).toMatch(/^models\/d\.sql:1:8 does not bind: .*lenght.*length/s);
    expect(faults[2]).toMatch(/^models\/e\.sql:1:7 does not bind: .*syntax error.*holds no select/);
    expect(faults[3]).toMatch(/^models\/lost\.sql:2:6 .*crm\.Nothing.*extract the stream/);
    expect(Object.fromEntries(result.skipped)).toEqual({
      'model.shop.b': 'model.shop.a',
      'model.shop.c': 'model.shop.a',
      'model.shop.lost': 'source.shop.crm.Nothing',
    });
    expect([...result.nodes.keys()]).toEqual(['model.shop.good']);
  });

  test('a fault in the part that only increments read is found too', async () => {
    const project = await readFiles(
      {
        'models/a.sql': `{{ config(materialized='incremental', unique_key='id') }}
select Id as id, Stamp as stamp from {{ source('crm', 'Contact') }}
{% if is_incremental() %}where Stamp > (select max(stmp) from {{ this }}){% endif %}`,
      },
      { connections },
    );
    const result = await bindProject(project, contact);
    expect(result.failures.map(formatFault)).toEqual([
      expect.stringMatching(/^models\/a\.sql:3:52 does not bind: .*"stmp" not found/),
    ]);
  });

  test('a history has the columns of its log and those that it adds', async () => {
    const project = await readFiles(
      {
        'models/h.sql': `{{ config(materialized='history', unique_key='Id') }}
select Id, Name, _modified_at, _observed_at, _deleted from {{ source('raw_crm', 'Contact') }}`,
        'models/now.sql': "select Name from {{ ref('h') }} where is_current and not is_deleted",
        'models/bad.sql':
          "{{ config(materialized='history', unique_key='Idd') }} select * from {{ source('raw_crm', 'Contact') }}",
      },
      { connections },
    );
    const log = {
      Contact:
        'Id varchar, Name varchar, _modified_at timestamp, _observed_at timestamp, _deleted boolean',
    };
    const result = await bindProject(project, log);
    expect(result.failures.map(({ message }) => message)).toEqual([
      expect.stringContaining('no column "Idd" for unique_key; did you mean "Id"?'),
    ]);
    expect(result.nodes.get('model.shop.h')?.history?.deleted).toBe('_deleted');
    const names = columnsOf(result, 'model.shop.h').map((column) => column.split(' ')[0]);
    expect(names.slice(0, 4)).toEqual(['Id', 'Name', 'valid_from', 'valid_to']);
    expect(names).toContain('is_current');
    expect(columnsOf(result, 'model.shop.now')).toEqual(['Name VARCHAR']);
  });

  test('macros learn the columns of tables that were never built', async () => {
    const project = await readFiles(
      {
        'models/a.sql': "select Id, Name from {{ source('crm', 'Contact') }}",
        'models/b.sql': `select {% for column in adapter.get_columns_in_relation(ref('a')) -%}
max({{ column.quoted }}) as {{ column.name | lower }}_{{ column.dtype | lower }}{{ ', ' if not loop.last }}
{%- endfor %} from {{ ref('a') }}`,
      },
      { connections },
    );
    const result = await bindProject(project, contact);
    expect(result.failures).toEqual([]);
    expect(columnsOf(result, 'model.shop.b')).toEqual([
      'id_varchar VARCHAR',
      'name_varchar VARCHAR',
    ]);
  });

  test('tests are bound: a missing column is told at the test', async () => {
    const project = await readFiles({
      'models/a.sql': 'select 1 as id, 2 as parent',
      'models/schema.yml': `models:
  - name: a
    columns:
      - name: id
        tests: [unique, not_null]
      - name: idd
        tests: [not_null]
      - name: parent
        tests:
          - relationships: {to: ref('a'), field: idx}
`,
      'tests/no_rows.sql': "select * from {{ ref('a') }} where ix = 1",
    });
    const result = await bindProject(project);
    expect(result.failures.map(({ file, line }) => `${file}:${line}`).toSorted()).toEqual([
      'models/schema.yml:10',
      'models/schema.yml:7',
      'tests/no_rows.sql:1',
    ]);
  });

  test('a broken contract says each difference', async () => {
    const project = await readFiles({
      'models/a.sql': "select 1 as id, 'x' as extra, 'y' as kind",
      'models/schema.yml': `models:
  - name: a
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: bigint}, {name: gone}, {name: kind, data_type: varchar}]
`,
    });
    const { failures } = await bindProject(project);
    expect(failures.map(({ message }) => message)).toEqual([
      'does not bind: the contract is broken: "id" is INTEGER, promised was bigint; ' +
        '"gone" is missing; "extra" was not promised',
    ]);
  });

  test('a model that queries while it is rendered needs a session, and says so', async () => {
    const files = {
      'models/a.sql':
        "select {% if execute %}{{ run_query('select 41 + 1 as n').columns[0].values()[0] }}{% endif %} as n",
    };
    const project = await readFiles(files);
    const without = await bindProject(project);
    expect(without.failures[0]?.message).toContain('asks the warehouse while it is rendered');
  });

  test('what has not changed is not bound again, and what changed reads its columns', async () => {
    const files = {
      'models/a.sql': 'select 1 as id',
      'models/b.sql': "select id + 1 as next from {{ ref('a') }}",
    };
    const project = await readFiles(files);
    const known = new Map<string, readonly Column[]>();
    const fingerprints = new Map([...project.nodes.keys()].map((id) => [id, id]));
    const first = await bindProject(project, {}, { fingerprints, cache: known });
    const column: Column = { name: 'id', type: 'double', typeName: 'DOUBLE' };
    known.set('model.shop.a', [column]);
    known.delete('model.shop.b');
    const second = await bindProject(project, {}, { fingerprints, cache: known });
    expect(columnsOf(first, 'model.shop.b')).toEqual(['next INTEGER']);
    expect(columnsOf(second, 'model.shop.b')).toEqual(['next DOUBLE']);
  });

  test('only what was asked for is bound, with what it is built from', async () => {
    const project = await readFiles({
      'models/a.sql': 'select 1 as id',
      'models/b.sql': "select * from {{ ref('a') }}",
      'models/c.sql': 'select nonsense',
    });
    const result = await bindProject(project, {}, { ids: ['model.shop.b'] });
    expect(result.failures).toEqual([]);
    expect([...result.nodes.keys()]).toEqual(['model.shop.a', 'model.shop.b']);
  });
});
