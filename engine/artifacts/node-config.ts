import { asConfig, asTexts, type Config } from '../declare/config.ts';

/** What dbt says of every node's config where nobody wrote anything. */
const commonDefaults: Config = {
  enabled: true,
  alias: null,
  schema: null,
  database: null,
  tags: [],
  meta: {},
  group: null,
};

const nodeDefaults: Config = {
  ...commonDefaults,
  materialized: 'view',
  incremental_strategy: null,
  batch_size: null,
  lookback: 1,
  begin: null,
  persist_docs: {},
  'post-hook': [],
  'pre-hook': [],
  quoting: {},
  column_types: {},
  full_refresh: null,
  unique_key: null,
  on_schema_change: 'ignore',
  on_configuration_change: 'apply',
  grants: {},
  packages: [],
  docs: { show: true, node_color: null },
  contract: { enforced: false, alias_types: true },
  event_time: null,
  concurrent_batches: null,
};

const snapshotDefaults: Config = {
  strategy: null,
  target_schema: null,
  target_database: null,
  updated_at: null,
  check_cols: null,
  dbt_valid_to_current: null,
};

const metaColumns: Config = {
  dbt_valid_to: null,
  dbt_valid_from: null,
  dbt_scd_id: null,
  dbt_updated_at: null,
  dbt_is_deleted: null,
};

const testDefaults: Config = {
  ...commonDefaults,
  schema: 'dbt_test__audit',
  materialized: 'test',
  severity: 'ERROR',
  store_failures: null,
  store_failures_as: null,
  where: null,
  limit: null,
  fail_calc: 'count(*)',
  warn_if: '!= 0',
  error_if: '!= 0',
};

/** A node's config as dbt's manifest has it: every key, in dbt's shapes. */
export function manifestConfig(
  kind: 'model' | 'seed' | 'snapshot' | 'analysis',
  config: Config,
): Config {
  const written = withoutAbsent(config);
  const ofKind = configOfKind[kind](written);
  const { pre_hook: _pre, post_hook: _post, deprecation_date: _date, ...others } = written;
  return {
    ...nodeDefaults,
    ...others,
    ...ofKind,
    ...pick(others, Object.keys(ofKind), ['snapshot_meta_column_names']),
    tags: asTexts(written['tags']),
    docs: docsOf(written),
    contract: contractOf(written),
    'pre-hook': hooksOf(written, 'pre'),
    'post-hook': hooksOf(written, 'post'),
    packages: asTexts(written['packages']),
    begin: timeOf(written['begin']),
  };
}

const configOfKind = {
  model: () => ({ access: 'protected', freshness: null }),
  analysis: () => ({}),
  seed: () => ({ delimiter: ',', quote_columns: null }),
  snapshot: (written) => {
    const names = { ...metaColumns, ...asConfig(written['snapshot_meta_column_names']) };
    return { ...snapshotDefaults, snapshot_meta_column_names: names };
  },
} satisfies Record<string, (written: Config) => Config>;

export function manifestTestConfig(config: Config): Config {
  const written = withoutAbsent(config);
  return { ...testDefaults, ...written, ...storeOf(written), tags: asTexts(written['tags']) };
}

/** Each of the two keys says what the other one means; where both are written, `_as` counts. */
function storeOf({ store_failures: isStored, store_failures_as: kind }: Config): Config {
  if (typeof kind === 'string') return { store_failures: kind !== 'ephemeral' };
  if (typeof isStored !== 'boolean') return {};
  return { store_failures_as: isStored ? 'table' : 'ephemeral' };
}

export function docsOf(config: Config): Config {
  const docs = asConfig(config['docs']);
  const color = docs['node_color'];
  return { show: docs['show'] !== false, node_color: typeof color === 'string' ? color : null };
}

export function contractOf(config: Config): Config {
  const contract = asConfig(config['contract']);
  return {
    enforced: contract['enforced'] === true,
    alias_types: contract['alias_types'] !== false,
  };
}

/** A day is its beginning. */
function timeOf(begin: unknown): unknown {
  const isDay = typeof begin === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(begin);
  return isDay ? `${begin}T00:00:00` : (begin ?? null);
}

/** A hook is a text, a map with `sql`, or a list of either, under two spellings. */
function hooksOf(config: Config, when: 'pre' | 'post'): Config[] {
  return [config[`${when}-hook`], config[`${when}_hook`]]
    .flat()
    .filter((hook) => hook !== undefined && hook !== null)
    .map((hook) => {
      const { sql = hook, transaction = true } = asConfig(hook);
      return { sql: String(sql), transaction: transaction !== false, index: null };
    });
}

function withoutAbsent(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

function pick(config: Config, keys: readonly string[], except: readonly string[]): Config {
  const found = keys.filter((key) => Object.hasOwn(config, key) && !except.includes(key));
  return Object.fromEntries(found.map((key) => [key, config[key]]));
}
