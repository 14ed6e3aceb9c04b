import fc from 'fast-check';

type Config = Record<string, unknown>;
type Choose = <T>(from: fc.Arbitrary<T>) => T;
type Kind = keyof typeof keysOf;

const texts = ['a', 'b', 'c d', 'X'];
const tags = [...texts, ['a', 'b'], ['b', 'c d'], []];
const metas = [{ a: 1 }, { b: { c: 2 } }, { b: { d: [1] } }, { a: 'x', e: null }, {}];
const schemas = ['sa', 'sb', 's_c', '{{ target.name }}_t', "{{ env_var('NOT_SET', 'sd') }}"];
const switches = [true, true, true, false];
const hooks = [
  'select 1',
  ['select 1', 'select 2'],
  { sql: 'select 3', transaction: false },
  [{ sql: 'select 4' }],
];
const ofAll = { schema: schemas, tags, meta: metas, enabled: switches };

/** Keys of config that each kind of node may have, with values that dbt takes. */
const keysOf = {
  models: {
    ...ofAll,
    materialized: ['view', 'table', 'incremental'],
    docs: [{ show: false }, { show: true, node_color: 'red' }, { node_color: '#fff' }],
    'pre-hook': hooks,
    'post-hook': hooks,
    full_refresh: [true, false, null],
    on_schema_change: ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'],
    unique_key: ['id', ['a', 'b'], null],
    incremental_strategy: ['append', 'merge', 'delete+insert'],
    persist_docs: [{ relation: true }, { columns: true }, {}],
    my_key: [[1, 2], { x: 1 }, 'text', 3, true, null],
    access: ['protected', 'public'],
    packages: [['p'], 'p2'],
    event_time: ['ts'],
    contract: [{ enforced: false }],
  },
  seeds: {
    ...ofAll,
    column_types: [{ id: 'integer' }, { n: 'varchar', id: 'bigint' }],
    quote_columns: [true, false],
    delimiter: [','],
    docs: [{ show: false }],
    full_refresh: [true, false],
    my_key: [7],
    'pre-hook': hooks,
  },
  snapshots: {
    ...ofAll,
    check_cols: ['all', ['n']],
    hard_deletes: ['ignore', 'invalidate', 'new_record'],
    dbt_valid_to_current: ["cast('9999-01-01' as date)"],
    snapshot_meta_column_names: [{ dbt_valid_from: 'f' }, { dbt_scd_id: 's', dbt_valid_to: 't' }],
    target_schema: ['snaps'],
    my_key: [{ y: 1 }],
    'post-hook': hooks,
  },
  data_tests: {
    ...ofAll,
    severity: ['warn', 'error', 'WARN'],
    warn_if: ['> 3'],
    error_if: ['> 5'],
    store_failures: [true, false],
    store_failures_as: ['table', 'view', 'ephemeral'],
    where: ['id > 0', "id > {{ env_var('NOT_SET', '1') }}"],
    limit: [10, 5],
    fail_calc: ['sum(n)'],
  },
  sources: {
    enabled: switches,
    event_time: ['ts'],
    freshness: [
      { warn_after: { count: 1, period: 'day' } },
      { error_after: { count: 2, period: 'hour' }, filter: 'x > 1' },
    ],
  },
  exposures: { enabled: switches },
  unit_tests: { enabled: switches, tags, meta: metas },
} satisfies Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>>;

const kinds = Object.keys(keysOf) as Kind[];
const folders = ['', 'one/', 'one/deep/', 'two/'];

/** What others read stays on; a key that is nobody's would be a folder where its value is a map. */
const neverOfFolders = new Set(['enabled', 'my_key']);

/**
 * A project with one package, whose config is said at random wherever dbt lets it be said: for
 * folders by the project and by the package, in YAML, in templates.
 */
export function randomProject(choose: Choose): Readonly<Record<string, string>> {
  const maybe = (share: number): boolean => choose(fc.integer({ min: 1, max: 100 })) <= share;
  const files: Record<string, string> = {
    'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}',
  };

  const configOf = (kind: Kind, share: number, never = new Set<string>()): Config => {
    const config: Config = {};
    for (const [key, values] of Object.entries(keysOf[kind])) {
      if (maybe(share) && !never.has(key)) config[key] = choose(fc.constantFrom(...values));
    }
    return config;
  };

  /** Keys of a folder: with a plus, or without where the value is no map. */
  const levelOf = (kind: Kind): Config => {
    const isRead = kind === 'models' || kind === 'seeds';
    const config = Object.entries(configOf(kind, 14, isRead ? neverOfFolders : new Set()));
    return Object.fromEntries([
      ['+tags', []],
      ...config.map(([key, value]) => {
        const isMap = value !== null && typeof value === 'object' && !Array.isArray(value);
        return [isMap || maybe(60) ? `+${key}` : key, value];
      }),
    ]);
  };
  const treeOf = (kind: Kind): Config => ({
    ...levelOf(kind),
    one: { ...levelOf(kind), deep: levelOf(kind) },
    two: levelOf(kind),
  });
  const inYaml = (config: Config): Config => (Object.keys(config).length === 0 ? {} : { config });
  const inTemplate = (config: Config): string => {
    const said = Object.entries(config).filter(([, value]) => !/\{\{/.test(String(value)));
    const given = said.map(([key, value]) => `${key.replace('-', '_')}=${toPython(value)}`);
    return given.length === 0 ? '' : `{{ config(${given.join(', ')}) }}`;
  };

  const writePackage = (name: string, root: string, prefix: string): void => {
    const trees = kinds.map((kind) => [
      kind,
      { [name]: treeOf(kind), ...(name === 'shop' ? { pack: treeOf(kind) } : {}) },
    ]);
    const about = { name, version: '1.0.0', profile: 'shop', ...Object.fromEntries(trees) };
    files[`${root}dbt_project.yml`] = JSON.stringify(about, undefined, 1);
    for (const [index, folder] of folders.entries()) {
      const own = `${prefix}${index}`;
      writeModels(root, folder, own);
      writeSeed(root, folder, own);
      writeSnapshot(root, folder, own);
      const test = inTemplate(configOf('data_tests', 20));
      files[`${root}tests/${folder}single_${own}.sql`] = `${test} select 1 as id where false`;
    }
  };

  const writeModels = (root: string, folder: string, own: string): void => {
    const models = ['m', 'n'].map((letter) => `${letter}_${own}`);
    const inUse = new Set(['enabled']);
    for (const model of models) {
      const calls = [configOf('models', 8, inUse), maybe(20) ? { tags: ['second'] } : {}];
      const text = `${calls.map(inTemplate).join('')} select 1 as id, 2 as n, now() as ts`;
      files[`${root}models/${folder}${model}.sql`] = text;
    }
    const source = { name: `src_${own}`, tables: [{ name: 'ta' }, { name: 'tb' }] };
    const yaml = {
      models: models.map((model) => ({
        name: model,
        ...inYaml(configOf('models', 10, inUse)),
        columns: [
          {
            name: 'id',
            data_tests: [
              'not_null',
              { unique: { name: `${model}_uq`, ...inYaml(configOf('data_tests', 15)) } },
            ],
          },
        ],
      })),
      unit_tests: models.map((model) => ({
        name: `unit_${model}`,
        model,
        given: [],
        expect: { rows: [{ id: 1 }] },
        ...inYaml(configOf('unit_tests', 30)),
      })),
      exposures: models.map((model) => ({
        name: `shown_${model}`,
        type: 'dashboard',
        owner: { name: 'x' },
        depends_on: [`ref('${model}')`],
        ...inYaml(configOf('exposures', 30)),
      })),
      sources: [
        {
          ...source,
          ...inYaml(configOf('sources', 25)),
          tables: source.tables.map((table) => ({
            ...table,
            ...inYaml(configOf('sources', 25)),
            columns: [{ name: 'id', data_tests: ['not_null'] }],
          })),
        },
      ],
    };
    files[`${root}models/${folder}props_${own}.yml`] = JSON.stringify(yaml, undefined, 1);
  };

  const writeSeed = (root: string, folder: string, own: string): void => {
    files[`${root}seeds/${folder}seed_${own}.csv`] = 'id,n\n1,2\n';
    const seeds = [{ name: `seed_${own}`, config: { ...configOf('seeds', 20), enabled: true } }];
    files[`${root}seeds/${folder}seeds_${own}.yml`] = JSON.stringify({ seeds }, undefined, 1);
  };

  const writeSnapshot = (root: string, folder: string, own: string): void => {
    const name = `kept_${own}`;
    const needed = { unique_key: 'id', strategy: 'check', check_cols: 'all', target_schema: 'x' };
    const config = { ...needed, ...configOf('snapshots', 15) };
    const [yaml, block] = maybe(50) ? [config, undefined] : [configOf('snapshots', 15), config];
    const relation = block ? {} : { relation: `ref('seed_${own}')` };
    const snapshots = [{ name, ...relation, ...inYaml(yaml) }];
    files[`${root}snapshots/${folder}kept_${own}.yml`] = JSON.stringify({ snapshots });
    if (!block) return;
    const body = `${inTemplate(block)} select 1 as id, 2 as n`;
    files[`${root}snapshots/${folder}${name}.sql`] =
      `{% snapshot ${name} %}${body}{% endsnapshot %}`;
  };

  writePackage('shop', '', 's');
  writePackage('pack', 'dbt_packages/pack/', 'p');
  return files;
}

function toPython(value: unknown): string {
  return JSON.stringify(value).replace(/\b(true|false|null)\b/g, (word) =>
    word === 'null' ? 'None' : `${word[0]?.toUpperCase()}${word.slice(1)}`,
  );
}
