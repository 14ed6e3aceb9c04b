import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import type { BuildNode, HistoryConfig } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { type Column, flattenRelation, formatRelation } from '../words/table.ts';

/** Which column of the log plays which part, each under its own exact name. */
export interface HistoryShape {
  readonly keys: readonly string[];
  readonly validAt: Column;
  readonly recordedAt: Column;
  readonly sequence: Column | undefined;
  readonly deleted: string | undefined;
  readonly supersededBy: Column | undefined;
  /** A difference in one of these opens a new row. */
  readonly tracked: readonly string[];
  /** The newest value within the row's interval is kept, in place. */
  readonly untracked: readonly string[];
  /** Keys and attributes in the order of the log, with their types. */
  readonly carried: readonly Column[];
  readonly tables: HistoryTables;
}

/** Temporary tables of a build. They bear the history's name: builds of several take turns. */
export interface HistoryTables {
  /** The changed keys. */
  readonly keys: RawBuilder<unknown>;
  readonly versions: RawBuilder<unknown>;
  /** The late keys, and their versions. */
  readonly late: RawBuilder<unknown>;
  readonly lateVersions: RawBuilder<unknown>;
  readonly beliefs: RawBuilder<unknown>;
  readonly digests: RawBuilder<unknown>;
  /** The rows derived of the changed keys. */
  readonly rows: RawBuilder<unknown>;
}

/** The columns a history adds behind the log's own, in this order. */
const historyColumns = [
  'valid_from',
  'valid_to',
  'valid_to_recorded_at',
  'recorded_from',
  'recorded_to',
  'is_current',
  'is_deleted',
  'superseded_by',
] as const;

/**
 * Assigns the log's columns to their parts. Tracked and untracked may be named either way round:
 * what neither names is untracked where `tracked` is given, and tracked otherwise.
 */
export function shapeHistory(
  node: BuildNode,
  config: HistoryConfig,
  log: readonly Column[],
): HistoryShape {
  const named = new Map(log.map((column) => [column.name.toLowerCase(), column]));
  const find = (part: string, name: string): Column => {
    const column = named.get(name.toLowerCase());
    if (column) return column;
    throw missingColumn(node, part, name, log);
  };
  const findAll = (part: string, names: readonly string[] = []) =>
    names.map((name) => find(part, name).name);

  const keys = findAll('unique_key', config.uniqueKey);
  const validAt = find('valid_at', config.validAt);
  const recordedAt = find('recorded_at', config.recordedAt ?? config.validAt);
  const sequence = config.sequence === undefined ? undefined : find('sequence', config.sequence);
  const deleted = config.deleted === undefined ? undefined : find('deleted', config.deleted);
  const supersededBy =
    config.supersededBy === undefined ? undefined : find('superseded_by', config.supersededBy);
  const parts = [validAt.name, recordedAt.name, sequence?.name, deleted?.name, supersededBy?.name];
  const carried = log.filter((column) => !parts.includes(column.name));
  refuseTakenNames(node, carried);

  const attributes = carried.map((column) => column.name).filter((name) => !keys.includes(name));
  const tracked = new Set(findAll('tracked', config.tracked));
  const untracked = new Set(findAll('untracked', config.untracked));
  const isTracked = (name: string) => (config.tracked ? tracked.has(name) : !untracked.has(name));
  return {
    keys,
    validAt,
    recordedAt,
    sequence,
    deleted: deleted?.name,
    supersededBy,
    tracked: attributes.filter(isTracked),
    untracked: attributes.filter((name) => !isTracked(name)),
    carried,
    tables: nameTables(node),
  };
}

function nameTables({ relation }: BuildNode): HistoryTables {
  const name = (part: string) => sql.id(`tidemill_${part}__${flattenRelation(relation)}`);
  return {
    keys: name('keys'),
    versions: name('versions'),
    late: name('late'),
    lateVersions: name('late_versions'),
    beliefs: name('beliefs'),
    digests: name('digests'),
    rows: name('rows'),
  };
}

/** The history table's columns, in order. */
export function columnsOfHistory(shape: HistoryShape, booleanType: string): Column[] {
  const valid = shape.validAt;
  const recorded = shape.recordedAt;
  const flag = { type: 'boolean', typeName: booleanType } as const;
  return [
    ...shape.carried,
    { ...valid, name: 'valid_from' },
    { ...valid, name: 'valid_to' },
    { ...recorded, name: 'valid_to_recorded_at' },
    { ...recorded, name: 'recorded_from' },
    { ...recorded, name: 'recorded_to' },
    { ...flag, name: 'is_current' },
    ...(hasClosings(shape) ? [{ ...flag, name: 'is_deleted' }] : []),
    ...(shape.supersededBy ? [{ ...shape.supersededBy, name: 'superseded_by' }] : []),
  ];
}

/** True where the log can say that a record is gone. */
export function hasClosings(shape: HistoryShape): boolean {
  return shape.deleted !== undefined || shape.supersededBy !== undefined;
}

const candidatesMax = 12;

/** Candidates: for a time, the columns of time; else all. */
function missingColumn(
  node: BuildNode,
  part: string,
  name: string,
  log: readonly Column[],
): TerminalError {
  const meant = didYouMean(
    name,
    log.map((column) => column.name),
  );
  const times = log.filter(({ type }) => type === 'timestamp' || type === 'date');
  const fitting = part.endsWith('_at') && times.length > 0 ? times : log;
  const candidates = fitting.slice(0, candidatesMax).map((column) => column.name);
  const more = fitting.length > candidatesMax ? ', …' : '';
  return new TerminalError(
    `${formatRelation(node.relation)}: its select has no column "${name}" for ${part}${meant}`,
    {
      code: 'history-column-missing',
      hint: `Set ${part} in its config to one of ${candidates.join(', ')}${more}, or select ${name} in ${node.file}.`,
      model: node.id,
    },
  );
}

const clockless: ReadonlySet<string> = new Set(['string', 'boolean', 'json']);

/** A clock has an order that is that of time: texts have another. */
function requireClock(node: BuildNode, part: string, { name, type, typeName }: Column): void {
  if (!clockless.has(type)) return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: "${name}" for ${part} is a ${typeName}, not a time`,
    {
      code: 'history-column-type',
      hint: `Select cast(${name} as timestamp) as ${name} in ${node.file}.`,
      model: node.id,
    },
  );
}

/**
 * Change logs often have a letter for the operation: which one is a delete, only SQL can say. Files
 * often have times as texts.
 */
export function requireTypes(node: BuildNode, shape: HistoryShape, log: readonly Column[]): void {
  requireClock(node, 'valid_at', shape.validAt);
  requireClock(node, 'recorded_at', shape.recordedAt);
  const column = log.find(({ name }) => name === shape.deleted);
  if (column === undefined || column.type === 'boolean') return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: "${column.name}" for deleted is a ${column.typeName}, not a boolean`,
    {
      code: 'history-column-type',
      hint: `Select a condition in ${node.file}, such as ${column.name} = 'D' as is_gone, and set deleted: is_gone.`,
      model: node.id,
    },
  );
}

function refuseTakenNames(node: BuildNode, carried: readonly Column[]): void {
  const taken = carried.find(({ name }) => {
    const lower = name.toLowerCase();
    return lower.startsWith('tidemill_') || historyColumns.some((column) => column === lower);
  });
  if (!taken) return;
  throw new TerminalError(
    `${formatRelation(node.relation)}: the column name "${taken.name}" is taken by the history`,
    {
      code: 'history-column-taken',
      hint: `Give it another name in ${node.file}.`,
      model: node.id,
    },
  );
}
