import { batchSizes, isMoment } from '../words/batch-time.ts';
import { durationPattern, parseDuration } from '../words/duration.ts';
import {
  type HistoryConfig,
  incrementalStrategies,
  materializations,
  type NodeConfig,
} from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { asTexts, type Config } from './config.ts';
import { complainOfEnabled } from './enabled-config.ts';
import { readHooks } from './hook-config.ts';
import { readIdentityConfig } from './identity-config.ts';
import { readMergeColumns, readMergeConfig } from './merge-config.ts';
import { readSnapshotConfig } from './snapshot-config.ts';

const schemaChanges = ['ignore', 'fail', 'append_new_columns', 'sync_all_columns'] as const;
const changedBys = ['content', 'recorded'] as const;
const duplicateChoices = ['error', 'last'] as const;

/**
 * The merged config of one node as the engine reads it. Complaints come back as messages: the
 * config may have been written in three places, so the node's file has to do for a place.
 */
export function readNodeConfig(
  raw: Config,
  fallback: NodeConfig['materialization'],
  own: {
    readonly materialization?: boolean;
    readonly strategy?: boolean;
    readonly snapshotStrategy?: boolean;
  } = {},
): { config: NodeConfig; complaints: string[] } {
  const complaints: string[] = [];
  const choose = <T extends string>(key: string, values: readonly T[]): T | undefined => {
    const value = raw[key];
    if (value === undefined || value === null) return undefined;
    const found = values.find((candidate) => candidate === value);
    if (found === undefined) {
      const meant = didYouMean(String(value), values);
      complaints.push(`config "${key}" is ${show(value)}${meant} (one of ${values.join(', ')})`);
    }
    return found;
  };
  const materialization = own.materialization
    ? 'custom'
    : (materializations.find((one) => one === raw['materialized']) ?? fallback);
  const readStrategy = () =>
    own.strategy ? 'custom' : choose('incremental_strategy', incrementalStrategies);
  // It is often said of a whole folder, of which most are views.
  const incrementalStrategy = materialization === 'incremental' ? readStrategy() : undefined;
  const onSchemaChange = choose('on_schema_change', schemaChanges);
  const duplicateKeys = choose('duplicate_keys', duplicateChoices);
  const isMerge = incrementalStrategy === 'merge';
  const joined = isMerge ? readMergeColumns(raw) : [];
  const keys = joined.length > 0 ? joined : asTexts(raw['unique_key']);
  const uniqueKey = keys.filter((key) => key !== '').map(unquote);
  const merge = isMerge ? readMergeConfig(raw, complaints) : undefined;
  const refreshEveryMs = readDuration(raw, 'refresh_every', complaints);
  const history =
    materialization === 'history'
      ? readHistory(raw, uniqueKey, choose('changed_by', changedBys) ?? 'content', complaints)
      : undefined;
  const identity = materialization === 'identity' ? readIdentityConfig(raw, complaints) : undefined;
  const snapshot =
    materialization === 'snapshot'
      ? readSnapshotConfig(raw, complaints, own.snapshotStrategy)
      : undefined;
  if (merge && !uniqueKey[0]) {
    complaints.push('a merge with conditions or clauses of its own needs a unique_key');
  }
  const kind = fallback === 'seed' || fallback === 'snapshot' ? fallback : undefined;
  const { materialized = kind } = raw;
  if (kind && !own.materialization && materialized !== null && materialized !== kind) {
    complaints.push(
      `config "materialized" is ${show(materialized)}: a ${kind} is a ${kind} always`,
    );
  }
  const unclear = complainOfEnabled(raw);
  if (unclear !== undefined) complaints.push(unclear);
  if (fallback === 'seed') complaints.push(...complainOfDelimiter(raw['delimiter'] ?? ','));
  if (incrementalStrategy === 'microbatch') complaints.push(...complainOfBatches(raw));
  const config: NodeConfig = {
    materialization,
    enabled: raw['enabled'] !== false,
    tags: [...new Set(asTexts(raw['tags']))],
    ...(uniqueKey.length > 0 ? { uniqueKey } : {}),
    ...(incrementalStrategy ? { incrementalStrategy } : {}),
    ...(merge ? { merge } : {}),
    ...(onSchemaChange ? { onSchemaChange } : {}),
    ...(duplicateKeys ? { duplicateKeys } : {}),
    ...optionalText('duplicateOrder', raw['duplicate_order']),
    ...(typeof raw['full_refresh'] === 'boolean' ? { fullRefresh: raw['full_refresh'] } : {}),
    ...(history ? { history } : {}),
    ...(identity ? { identity } : {}),
    ...(snapshot ? { snapshot } : {}),
    ...(refreshEveryMs === undefined ? {} : { refreshEveryMs }),
    preHooks: readHooks(raw, 'pre').map(({ sql }) => sql),
    postHooks: readHooks(raw, 'post').map(({ sql }) => sql),
    raw,
  };
  return { config, complaints };
}

function complainOfDelimiter(value: unknown): string[] {
  if (typeof value === 'string' && value.length === 1) return [];
  return [`config "delimiter" is ${show(value)}; write one character, such as ";"`];
}

function complainOfBatches(raw: Config): string[] {
  const complaints: string[] = [];
  if (typeof raw['event_time'] !== 'string') {
    complaints.push('a microbatch needs event_time, the column of time in its select');
  }
  if (!batchSizes.some((size) => size === raw['batch_size'])) {
    complaints.push(`a microbatch needs batch_size (one of ${batchSizes.join(', ')})`);
  }
  const { begin, lookback } = raw;
  if (begin === undefined || begin === null) {
    complaints.push('a microbatch needs begin, the date its first batch starts');
  } else if (!isMoment(begin)) {
    const example = '2026-01-31 or 2026-01-31T07:00:00';
    complaints.push(
      `config "begin" is ${show(begin)}; write a date or a moment such as ${example}`,
    );
  }
  if (lookback !== undefined && lookback !== null && !Number.isSafeInteger(lookback)) {
    complaints.push(`config "lookback" is ${show(lookback)}; write a whole number of batches`);
  }
  return complaints;
}

function readHistory(
  raw: Config,
  uniqueKey: readonly string[],
  changedBy: HistoryConfig['changedBy'],
  complaints: string[],
): HistoryConfig {
  if (uniqueKey.length === 0) complaints.push('materialized "history" needs a unique_key');
  const lower = uniqueKey.map((name) => name.toLowerCase());
  const twice = uniqueKey.find((name, index) => lower.indexOf(name.toLowerCase()) < index);
  if (twice !== undefined) complaints.push(`config "unique_key" names "${twice}" twice`);
  const tracked = asTexts(raw['tracked']);
  const untracked = asTexts(raw['untracked']);
  const both = tracked.filter((name) => untracked.includes(name));
  if (both.length > 0) complaints.push(`${both.join(', ')}: both tracked and untracked`);
  return {
    uniqueKey,
    validAt: textOr(raw['valid_at'], '_modified_at'),
    ...optionalText('recordedAt', raw['recorded_at']),
    ...optionalText('sequence', raw['sequence'] ?? raw['duplicate_order']),
    ...optionalText('deleted', raw['deleted']),
    ...optionalText('supersededBy', raw['superseded_by']),
    ...(tracked.length > 0 ? { tracked } : {}),
    ...(untracked.length > 0 ? { untracked } : {}),
    changedBy,
  };
}

function readDuration(raw: Config, key: string, complaints: string[]): number | undefined {
  const value = raw[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && new RegExp(durationPattern).test(value)) {
    return parseDuration(value);
  }
  complaints.push(`config "${key}" is ${show(value)}; write a duration such as 24h`);
  return undefined;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

function optionalText<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  return typeof value === 'string' && value !== ''
    ? ({ [key]: value } as { [key in K]?: string })
    : {};
}

/** Names are quoted where they are used: those that come in quotes are not to be quoted twice. */
function unquote(name: string): string {
  return /^"(?:[^"]|"")+"$/.test(name) ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}
