import { type HistoryShape, hasClosings } from '../steps/history-shape.ts';
import { addedNames } from '../steps/snapshot-shape.ts';
import type { IdentityConfig, IdentityRule } from '../words/identity.ts';
import type { SnapshotConfig } from '../words/node.ts';
import { computeReads, influence, nothing, type Reads, uniteReads } from './reads.ts';
import type { OutColumn } from './scope.ts';

function finder(columns: readonly OutColumn[]): (name: string | undefined) => Reads {
  const known = new Map(columns.map(({ name, reads }) => [name?.toLowerCase(), reads]));
  return (name) => (name === undefined ? nothing : (known.get(name.toLowerCase()) ?? nothing));
}

/** A history's columns, in the order of `columnsOfHistory`, from those of its log. */
export function historyReads(shape: HistoryShape, log: readonly OutColumn[]): OutColumn[] {
  const find = finder(log);
  const key = uniteReads(shape.keys.map((name) => influence(find(name), 'group')));
  const [valid, recorded] = [find(shape.validAt.name), find(shape.recordedAt.name)];
  const deleted = find(shape.deleted);
  const survivor = find(shape.supersededBy?.name);
  // An end is another version's beginning: found within the key, in the order of the sequence.
  const order = influence(find(shape.sequence?.name), 'order');
  const endOf = (reads: Reads): Reads => uniteReads([computeReads(reads), key, order]);
  const closing = endOf(uniteReads([deleted, survivor]));
  return [
    ...shape.carried.map(({ name }) => ({ name, reads: find(name) })),
    { name: 'valid_from', reads: valid },
    { name: 'valid_to', reads: endOf(valid) },
    { name: 'valid_to_recorded_at', reads: endOf(recorded) },
    { name: 'recorded_from', reads: recorded },
    { name: 'recorded_to', reads: endOf(recorded) },
    { name: 'is_current', reads: endOf(valid) },
    ...(hasClosings(shape) ? [{ name: 'is_deleted', reads: closing }] : []),
    ...(shape.supersededBy ? [{ name: 'superseded_by', reads: survivor }] : []),
  ];
}

/** A snapshot's columns: its select's own, and those that dbt adds. */
export function snapshotReads(
  snapshot: SnapshotConfig,
  selected: readonly OutColumn[],
  readText: (sql: string) => Reads,
): OutColumn[] {
  const names = snapshot.columnNames;
  const key = uniteReads(snapshot.uniqueKey.map(readText));
  const clock = snapshot.updatedAt === undefined ? nothing : readText(snapshot.updatedAt);
  const find = finder(selected);
  const compared =
    snapshot.strategy === 'check'
      ? uniteReads((snapshot.checkColumns ?? selected.flatMap(({ name }) => name ?? [])).map(find))
      : nothing;
  const change = uniteReads([clock, influence(compared, 'filter')]);
  const end = uniteReads([computeReads(change), influence(key, 'group')]);
  const made = new Map([
    [names.dbt_scd_id, computeReads(uniteReads([key, clock]))],
    [names.dbt_updated_at, change],
    [names.dbt_valid_from, change],
    [names.dbt_valid_to, end],
    [names.dbt_is_deleted, influence(key, 'group')],
  ]);
  const added = addedNames(snapshot).map((name) => ({ name, reads: made.get(name) ?? nothing }));
  return [...selected, ...added];
}

/** What stands behind an expression that orders. */
const directionPattern = /\s+(?:asc|desc)?(?:\s*nulls\s+(?:first|last))?\s*$/i;

/**
 * An identity's columns, in the order of `columnsOfIdentityTable`: which records are one is decided
 * by the rules, the id comes from the record that was first, and one of each system speaks for it.
 */
export function identityReads(
  config: IdentityConfig,
  readText: (sql: string) => Reads,
): OutColumn[] {
  const { canonicalId, system, recordId, createdAt, primaryBy, rules } = config;
  const [systemReads, idReads] = [readText(system), readText(recordId)];
  const record = computeReads(uniteReads([systemReads, idReads]));
  const matched = uniteReads(
    rules.flatMap((rule) => expressionsOfRule(rule)).map((sql) => influence(readText(sql), 'join')),
  );
  const eldest = createdAt === undefined ? nothing : influence(readText(createdAt), 'order');
  const cluster = uniteReads([record, matched, eldest]);
  const orders = primaryBy.map((sql) => readText(sql.replace(directionPattern, '')));
  const first = [...orders, idReads].map((reads) => influence(reads, 'order'));
  const primary = uniteReads([influence(systemReads, 'window'), matched, eldest, ...first]);
  return [
    { name: canonicalId, reads: cluster },
    { name: system, reads: systemReads },
    { name: recordId, reads: idReads },
    { name: 'is_primary', reads: primary },
    { name: 'record', reads: record },
    { name: 'component', reads: cluster },
  ];
}

function expressionsOfRule(rule: IdentityRule): readonly string[] {
  const own = [...(rule.where === undefined ? [] : [rule.where]), ...rule.agree];
  if (rule.kind === 'exact') return [...rule.keys, ...own];
  return rule.kind === 'refers' ? [rule.names, ...own] : [rule.value, ...rule.block, ...own];
}
