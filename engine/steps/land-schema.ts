import { type RawBuilder, sql } from 'kysely';
import type { ColumnType, Stream, StreamColumn, StreamSettings } from '../words/stream.ts';
import { type Column, type Relation, rawColumns } from '../words/table.ts';
import type { Dialect } from '../words/warehouse.ts';
import { named } from './land-tables.ts';

/** Where one column of the stream goes in the raw table. */
export interface Target {
  readonly source: StreamColumn;
  /** The raw table's column; the source's own name but for siblings. */
  readonly name: string;
  readonly type: ColumnType;
}

export interface SchemaPlan {
  readonly targets: readonly Target[];
  /** The source's columns of the raw table after the changes, in order, former fields included. */
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly added: readonly string[];
  readonly widened: readonly string[];
  readonly warnings: readonly string[];
}

const ownNames = new Set<string>([...rawColumns, '_extra']);

function digitsOf(type: ColumnType): { whole: number; scale: number } | undefined {
  if (type === 'integer') return { whole: 19, scale: 0 };
  const match = /^decimal\((\d+),(\d+)\)$/.exec(type);
  if (!match) return undefined;
  const scale = Number(match[2]);
  return { whole: Number(match[1]) - scale, scale };
}

/** The narrowest type that holds every value of both exactly; undefined where there is none. */
export function joinTypes(left: ColumnType, right: ColumnType): ColumnType | undefined {
  if (left === right) return left;
  if (left === 'string' || right === 'string') return 'string';
  const pair = new Set([left, right]);
  if (pair.has('date') && pair.has('timestamp')) return 'timestamp';
  const [one, other] = [digitsOf(left), digitsOf(right)];
  if (!one || !other) return undefined;
  const scale = Math.max(one.scale, other.scale);
  const digits = Math.max(one.whole, other.whole) + scale;
  return digits <= 38 ? `decimal(${digits},${scale})` : undefined;
}

function typeWord(type: ColumnType): string {
  return type.replace(/\(.*/, '');
}

/** Columns the engine itself needs, whatever `fields` and `exclude` say. */
function neededNames(stream: Stream): ReadonlySet<string | undefined> {
  const { primaryKey, cursorField, modifiedField, deletedField, mergedIntoField } = stream;
  return new Set([...primaryKey, cursorField, modifiedField, deletedField, mergedIntoField]);
}

function chooseColumns(stream: Stream, settings: StreamSettings): readonly StreamColumn[] {
  const needed = neededNames(stream);
  return stream.columns.filter(
    ({ name }) =>
      needed.has(name) ||
      ((settings.fields === undefined || settings.fields.includes(name)) &&
        !settings.exclude?.includes(name)),
  );
}

/**
 * Fits a stream into its raw table without touching it: new fields are added, types widened where
 * no value can change, and everything else goes into a sibling column `name__type`. Names are
 * compared without case, as most warehouses do.
 */
export function planSchema(
  existing: readonly Column[] | undefined,
  stream: Stream,
  settings: StreamSettings,
): SchemaPlan {
  const columns = new Map<string, { name: string; type: ColumnType }>();
  for (const { name, type } of existing ?? []) {
    if (!ownNames.has(name.toLowerCase())) columns.set(name.toLowerCase(), { name, type });
  }
  const targets: Target[] = [];
  const [added, widened, warnings]: [string[], string[], string[]] = [[], [], []];
  const taken = new Set<string>();
  const used = new Set<string>();
  const use = (source: StreamColumn, name: string, type: ColumnType) => {
    used.add(name.toLowerCase());
    targets.push({ source, name, type });
  };

  for (const source of chooseColumns(stream, settings)) {
    if (taken.has(source.name.toLowerCase())) {
      warnings.push(
        `${stream.name}: two fields are named "${source.name}" but for case; one landed`,
      );
      continue;
    }
    taken.add(source.name.toLowerCase());
    let name = ownNames.has(source.name.toLowerCase()) ? `${source.name}__source` : source.name;
    for (;;) {
      if (used.has(name.toLowerCase())) name = `${name}_`;
      const column = columns.get(name.toLowerCase());
      if (column === undefined) {
        columns.set(name.toLowerCase(), { name, type: source.type });
        added.push(name);
        use(source, name, source.type);
        break;
      }
      const joined = joinTypes(column.type, source.type);
      if (joined !== undefined) {
        if (joined !== column.type) widened.push(column.name);
        column.type = joined;
        use(source, column.name, joined);
        break;
      }
      const sibling = `${name}__${typeWord(source.type)}`;
      warnings.push(
        `${stream.name}.${name} was ${column.type} and is now ${source.type}: ` +
          `its values go to "${sibling}"`,
      );
      name = sibling;
    }
  }
  return { targets, columns: [...columns.values()], added, widened, warnings };
}

/** The statements that make the raw table what the plan says. */
export function schemaStatements(
  table: Relation,
  plan: SchemaPlan,
  dialect: Dialect,
  now: { readonly exists: boolean; readonly hasExtra: boolean; readonly wantsExtra: boolean },
): readonly RawBuilder<unknown>[] {
  const typeOf = (type: ColumnType) => sql.raw(dialect.typeName(type));
  const own = sql`
    _record_id ${typeOf('string')},
    _modified_at ${typeOf('timestamp')},
    _deleted ${typeOf('boolean')},
    _observed_at ${typeOf('timestamp')},
    _batch_id ${typeOf('string')},
    _hash ${typeOf('string')}`;
  if (!now.exists) {
    const columns = plan.columns.map(({ name, type }) => sql`${sql.id(name)} ${typeOf(type)}`);
    if (now.wantsExtra) columns.push(sql`_extra ${typeOf('json')}`);
    return [
      sql`create schema if not exists ${sql.id(table.schema)}`,
      sql`create table ${named(table)} (
    ${sql.join([...columns, own], sql`,\n    `)}
  )`,
    ];
  }
  const typeByName = new Map(plan.columns.map(({ name, type }) => [name, type]));
  const statements = plan.added.map(
    (name) => sql`
      alter table ${named(table)}
      add column ${sql.id(name)} ${typeOf(typeByName.get(name) ?? 'string')}`,
  );
  for (const name of plan.widened) {
    statements.push(sql`
      alter table ${named(table)}
      alter column ${sql.id(name)} set data type ${typeOf(typeByName.get(name) ?? 'string')}`);
  }
  if (now.wantsExtra && !now.hasExtra) {
    statements.push(sql`alter table ${named(table)} add column _extra ${typeOf('json')}`);
  }
  return statements;
}
