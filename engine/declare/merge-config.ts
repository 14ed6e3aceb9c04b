import {
  type MergeAction,
  type MergeAssignments,
  type MergeClause,
  type MergeConfig,
  mergeModes,
} from '../words/merge.ts';
import { asConfig, asTexts, type Config } from './config.ts';

const conditionKeys = ['merge_update_condition', 'merge_insert_condition'] as const;
const plainKeys = [
  ...conditionKeys,
  'merge_update_columns',
  'merge_exclude_columns',
  'merge_update_set_expressions',
] as const;

const isGiven = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  (typeof value !== 'object' || Object.keys(value).length > 0);

/** Columns that a row of the batch and one of the table must share, in place of the unique key. */
export function readMergeColumns(raw: Config): readonly string[] {
  return asTexts(raw['merge_on_using_columns']);
}

/**
 * dbt-duckdb's config of a `merge`; undefined where it has none but the columns to write. What is
 * wrong is added to `complaints`.
 */
export function readMergeConfig(raw: Config, complaints: string[]): MergeConfig | undefined {
  if (isGiven(raw['merge_update_columns']) && isGiven(raw['merge_exclude_columns'])) {
    complaints.push('merge_update_columns and merge_exclude_columns: write one of them');
  }
  for (const key of conditionKeys) {
    if (isGiven(raw[key]) && typeof raw[key] !== 'string') {
      complaints.push(`config "${key}" is ${JSON.stringify(raw[key])}; write one condition`);
    }
  }
  const set = raw['merge_update_set_expressions'];
  if (isGiven(set) && !isMap(set)) {
    complaints.push('config "merge_update_set_expressions" is no map of columns to expressions');
  }
  if (isGiven(raw['merge_clauses'])) return readClauses(raw, complaints);
  const isPlain = !conditionKeys.some((key) => isGiven(raw[key])) && !isGiven(set);
  return isPlain ? undefined : { clauses: [matchedOf(raw), notMatchedOf(raw)] };
}

const isMap = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is done with rows that match where no clause says so. */
function matchedOf(raw: Config): MergeClause {
  const some = {
    include: asTexts(raw['merge_update_columns']),
    exclude: asTexts(raw['merge_exclude_columns']),
    set: readSet(raw['merge_update_set_expressions']),
  };
  return {
    when: 'matched',
    conditions: asTexts(raw['merge_update_condition']),
    action: { kind: 'update some', ...some },
  };
}

function notMatchedOf(raw: Config): MergeClause {
  const conditions = asTexts(raw['merge_insert_condition']);
  return { when: 'not matched', conditions, action: { kind: 'insert', mode: 'by_name' } };
}

function readSet(value: unknown): MergeAssignments {
  return Object.entries(asConfig(value)).map(([name, sql]) => [name, String(sql)] as const);
}

function readClauses(raw: Config, complaints: string[]): MergeConfig {
  const written = asConfig(raw['merge_clauses']);
  const also = plainKeys.filter((key) => isGiven(raw[key]));
  if (also.length > 0) complaints.push(`merge_clauses say all: leave ${also.join(', ')} out`);
  const known = ['when_matched', 'when_not_matched'] as const;
  if (!known.some((key) => key in written)) {
    complaints.push(`merge_clauses need one of ${known.join(', ')}`);
  }
  const clauses = known.flatMap((key): MergeClause[] => {
    const list = written[key];
    if (list === undefined) return [key === 'when_matched' ? matchedOf({}) : notMatchedOf({})];
    if (!Array.isArray(list) || list.length === 0 || !list.every(isMap)) {
      complaints.push(`merge_clauses.${key} must be a list of maps`);
      return [];
    }
    return list.flatMap((clause) => readClause(key, asConfig(clause), complaints) ?? []);
  });
  return { clauses };
}

function readClause(
  key: 'when_matched' | 'when_not_matched',
  clause: Config,
  complaints: string[],
): MergeClause | undefined {
  const complain = (what: string): undefined => {
    complaints.push(`merge_clauses.${key}: ${what}`);
    return undefined;
  };
  const by = String(clause['by'] ?? '').toLowerCase();
  if (key === 'when_matched' && by !== '') return complain('"by" is for when_not_matched');
  if (!['', 'source', 'target'].includes(by)) return complain(`"by" is one of source, target`);
  const action = readAction(key, clause);
  if (typeof action === 'string') return complain(action);
  const bare = key === 'when_matched' ? 'matched' : 'not matched';
  const when = by === '' ? bare : (`not matched by ${by as 'source' | 'target'}` as const);
  return { when, conditions: asTexts(clause['condition']), action };
}

/** The action, or what is wrong with it. */
function readAction(key: string, clause: Config): MergeAction | string {
  const action = String(clause['action'] ?? '');
  switch (action) {
    case 'update':
      return key === 'when_matched' ? readUpdate(clause) : readPlainSet(clause);
    case 'insert':
      return key === 'when_matched' ? 'a row that matches is not inserted' : readInsert(clause);
    case 'delete':
      return { kind: 'delete' };
    case 'do_nothing':
      return { kind: 'do nothing' };
    case 'error':
      return { kind: 'error', message: String(clause['error_message'] ?? '') };
    default:
      return `"action" is "${action}" (one of update, insert, delete, do_nothing, error)`;
  }
}

const modeOf = ({ mode }: Config) => mergeModes.find((one) => one === mode);
const noMode = `"mode" is missing (one of ${mergeModes.join(', ')})`;

function readUpdate(clause: Config): MergeAction | string {
  const mode = modeOf(clause);
  if (mode === undefined) return noMode;
  if (mode !== 'explicit') return { kind: 'update', mode };
  const update = asConfig(clause['update']);
  return {
    kind: 'update some',
    include: asTexts(update['include']),
    exclude: asTexts(update['exclude']),
    set: readSet(update['set_expressions']),
  };
}

function readPlainSet(clause: Config): MergeAction | string {
  const set = readSet(clause['set_expressions']);
  return set.length > 0 ? { kind: 'set', set } : 'an update needs set_expressions';
}

function readInsert(clause: Config): MergeAction | string {
  const mode = modeOf(clause);
  if (mode === undefined) return noMode;
  if (mode !== 'explicit') return { kind: 'insert', mode };
  const insert = asConfig(clause['insert']);
  const [columns, values] = [asTexts(insert['columns']), asTexts(insert['values'])];
  const isEven = columns.length > 0 && columns.length === values.length;
  return isEven
    ? { kind: 'insert values', columns, values }
    : 'an insert needs as many columns as values';
}
