import { hardDeleteRules, type SnapshotColumnNames, type SnapshotConfig } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { asConfig, asTexts, type Config } from './config.ts';

const strategies = ['timestamp', 'check'] as const;

/** What dbt calls the columns that a snapshot adds. */
export const snapshotColumns: SnapshotColumnNames = {
  dbt_scd_id: 'dbt_scd_id',
  dbt_updated_at: 'dbt_updated_at',
  dbt_valid_from: 'dbt_valid_from',
  dbt_valid_to: 'dbt_valid_to',
  dbt_is_deleted: 'dbt_is_deleted',
};

/** A snapshot's config under dbt's names; what is wrong with it is added to the complaints. */
export function readSnapshotConfig(
  raw: Config,
  complaints: string[],
  isOwnStrategy = false,
): SnapshotConfig {
  const uniqueKey = asTexts(raw['unique_key']);
  if (uniqueKey.length === 0) complaints.push('a snapshot needs a unique_key');
  const strategy = isOwnStrategy ? 'custom' : strategies.find((one) => one === raw['strategy']);
  if (strategy === undefined) {
    const written = raw['strategy'];
    const name = String(written).split('.').at(-1) ?? '';
    complaints.push(
      written === undefined || written === null
        ? 'a snapshot needs a strategy: timestamp, check, or one of your own'
        : `a snapshot has the strategy "${String(written)}": neither timestamp nor check, and there is no macro snapshot_${name}_strategy${didYouMean(name, strategies)}`,
    );
  }
  const updatedAt = textOf(raw['updated_at']);
  if (strategy === 'timestamp' && updatedAt === undefined) {
    complaints.push('a snapshot by timestamp needs updated_at');
  }
  const checked = asTexts(raw['check_cols']);
  if (strategy === 'check' && checked.length === 0) {
    complaints.push('a snapshot by check needs check_cols: a list of columns, or all');
  }
  const isAll = checked.length === 1 && checked[0] === 'all';
  const validToCurrent = textOf(raw['dbt_valid_to_current']);
  return {
    uniqueKey,
    strategy: strategy ?? 'check',
    hardDeletes: readHardDeletes(raw, complaints),
    columnNames: readColumnNames(raw, complaints),
    ...(updatedAt === undefined ? {} : { updatedAt }),
    ...(strategy === 'check' && !isAll ? { checkColumns: checked } : {}),
    ...(validToCurrent === undefined ? {} : { validToCurrent }),
  };
}

/** `invalidate_hard_deletes: true` is the older way to say `invalidate`. */
function readHardDeletes(raw: Config, complaints: string[]): SnapshotConfig['hardDeletes'] {
  const written = raw['hard_deletes'];
  const older = raw['invalidate_hard_deletes'];
  if (written === undefined || written === null) return older === true ? 'invalidate' : 'ignore';
  if (older !== undefined && older !== null) {
    complaints.push('hard_deletes and invalidate_hard_deletes say the same: keep hard_deletes');
  }
  const found = hardDeleteRules.find((one) => one === written);
  if (found === undefined) {
    complaints.push(
      `config "hard_deletes" is ${JSON.stringify(written)} (one of ${hardDeleteRules.join(', ')})`,
    );
  }
  return found ?? 'ignore';
}

function readColumnNames(raw: Config, complaints: string[]): SnapshotColumnNames {
  const given = asConfig(raw['snapshot_meta_column_names']);
  const names: Record<string, string> = {};
  for (const [key, value] of Object.entries(given)) {
    if (Object.hasOwn(snapshotColumns, key) && textOf(value) !== undefined)
      names[key] = String(value);
    else complaints.push(`snapshot_meta_column_names has the unknown key "${key}"`);
  }
  return { ...snapshotColumns, ...names };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
