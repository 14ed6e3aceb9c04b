import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layFiles } from './odd-project.ts';
import type { Peer, TwinProject } from './twin-project.ts';
import { readRelation } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

const strategies = {
  timestamp: 'strategy: timestamp, updated_at: changed_at',
  check_some: 'strategy: check, check_cols: [city, amount]',
  check_all: 'strategy: check, check_cols: all',
} as const;
const deletes = ['ignore', 'invalidate', 'new_record'] as const;

const named = Object.entries(strategies).flatMap(([name, strategy]) =>
  deletes.map((hardDeletes) => ({
    name: `${name}_${hardDeletes}`,
    config: `{${strategy}, unique_key: id, hard_deletes: ${hardDeletes}}`,
  })),
);

const others = [
  { name: 'two_keys', config: '{strategy: check, check_cols: all, unique_key: [id, place]}' },
  {
    name: 'open_end',
    config: `{strategy: timestamp, updated_at: changed_at, unique_key: id, hard_deletes: invalidate, dbt_valid_to_current: "cast('9999-12-31' as timestamp)"}`,
  },
  {
    name: 'own_names',
    config:
      '{strategy: timestamp, updated_at: changed_at, unique_key: id, hard_deletes: new_record, snapshot_meta_column_names: {dbt_valid_from: since, dbt_valid_to: until, dbt_scd_id: version_id, dbt_updated_at: seen_at, dbt_is_deleted: is_gone}}',
  },
  {
    name: 'expression_key',
    config: `{strategy: check, check_cols: [amount], unique_key: "id || '-' || coalesce(city, '')", invalidate_hard_deletes: true}`,
  },
];

const snapshots = [...named, ...others];

const typed = `select id, city, cast(amount as integer) as amount, cast(changed_at as timestamp) as changed_at,
  coalesce(city, 'nowhere') as place
  {{ ', note' if var('with_note', false) else '' }} from {{ ref('rows') }}`;

const files = {
  'seeds/rows.csv': '',
  'seeds/seeds.yml':
    'seeds: [{name: rows, config: {column_types: {id: varchar, city: varchar, amount: integer, changed_at: timestamp, note: varchar}}}]',
  'models/typed.sql': typed,
  'snapshots/all.yml': `snapshots:\n${snapshots
    .map(({ name, config }) => `  - {name: ${name}, relation: ref('typed'), config: ${config}}\n`)
    .join('')}`,
};

/** Of each round, the rows that are there, and whether the column `note` is. */
const rounds: readonly { readonly what: string; readonly rows: string; readonly note?: true }[] = [
  {
    what: 'rows that are new',
    rows: 'a,Rome,1,2021-01-01\nb,Oslo,,2021-01-01\nc,,3,2021-01-01\nd,Bonn,4,2021-01-01\n',
  },
  {
    what: 'changes, a null that fills, one that comes, a row that goes and one that is new',
    rows: 'a,Paris,1,2021-02-01\nb,Oslo,2,2021-02-02\nc,,,2021-02-01\ne,Lima,5,2021-02-01\n',
  },
  {
    what: 'nothing that changed',
    rows: 'a,Paris,1,2021-02-01\nb,Oslo,2,2021-02-02\nc,,,2021-02-01\ne,Lima,5,2021-02-01\n',
  },
  {
    what: 'a change without a new time, a time without a change, and one that came back as it was',
    rows: 'a,Turin,1,2021-02-01\nb,Oslo,2,2021-03-01\nc,,,2021-02-01\nd,Bonn,4,2021-01-01\ne,Lima,5,2021-02-01\n',
  },
  {
    what: 'a column more, and several that go',
    rows: 'a,Turin,9,2021-04-01,new\nc,Kiel,7,2021-04-01,\nd,Bonn,4,2021-04-01,x\n',
    note: true,
  },
  { what: 'no row left', rows: '', note: true },
  {
    what: 'some that come back changed',
    rows: 'a,Turin,9,2021-05-01,new\nb,Oslo,2,2021-05-01,\nf,Cork,1,2021-05-01,\n',
    note: true,
  },
];

const header = 'id,city,amount,changed_at,note\n';

/** Every row has its five cells: dbt's reader of seeds wants them. */
function fillRows(rows: string): string {
  return rows.replace(/^([^,\n]*,){3}[^,\n]*$/gm, '$&,');
}

const timeNames = /^(dbt_(updated_at|valid_from|valid_to)|since|until|seen_at)$/;
const idNames = /^(dbt_scd_id|version_id)$/;

describeWithDbt('snapshots', (python) => {
  let twins: TwinProject;
  /** When each round began, of either: a time a run wrote is told by its round. */
  const starts = new Map<Peer, string[]>();
  beforeAll(() => {
    twins = layFiles(python, { name: 'kept', files });
  });
  afterAll(() => twins?.[Symbol.dispose]());

  /** Rows in order, times of runs as rounds; ids only have to be as many as there are rows. */
  async function rowsOf(peer: Peer, snapshot: string): Promise<unknown> {
    const columns = await readRelation(
      peer.warehouse,
      `select column_name, data_type from duckdb_columns() where table_name = '${snapshot}' order by column_index`,
    );
    const began = (starts.get(peer) ?? []).map((at) => `timestamp '${at}'`).join(', ');
    const shown = columns.map(([column]) => {
      const name = String(column);
      if (idNames.test(name)) return `count(distinct "${name}") over () as ids`;
      if (!timeNames.test(name)) return `"${name}"`;
      const round = `len(list_filter([${began}], lambda start: start <= "${name}"))`;
      return `case when "${name}" < timestamp '9999-01-01' and ${round} > 0
        then 'round ' || ${round} else strftime("${name}", '%Y-%m-%d %H:%M') end as "${name}"`;
    });
    const rows = await readRelation(
      peer.warehouse,
      `select ${shown.join(', ')} from "${snapshot}" order by all`,
    );
    const types = columns.map(([name, type]) => `${String(name)} ${String(type)}`);
    return { types, rows: rows.map((row) => row.map(String).join(' | ')) };
  }

  for (const { what, rows, note } of rounds) {
    test(`of ${what} hold the rows of dbt’s`, async () => {
      twins.edit((project) =>
        writeFileSync(join(project, 'seeds/rows.csv'), `${header}${fillRows(rows)}`),
      );
      const args = note ? ['--vars', '{with_note: true}'] : [];
      for (const peer of [twins.dbt, twins.tidemill]) {
        const began = new Date().toISOString().replace('T', ' ').replace('Z', '');
        starts.set(peer, [...(starts.get(peer) ?? []), began]);
        const { exitCode, printed } = peer.run('build', args);
        expect(exitCode, printed).toBe(0);
      }
      const of = async (peer: Peer): Promise<Record<string, unknown>> => {
        const all: Record<string, unknown> = {};
        for (const { name } of snapshots) all[name] = await rowsOf(peer, name);
        return all;
      };
      expect(await of(twins.tidemill)).toEqual(await of(twins.dbt));
    });
  }
});
