import { quoteIdentifier } from '../words/sql-name.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  PyDict,
} from './jinja/values.ts';

/** A relation as templates hold it: prints as quoted SQL, or as given text for a CTE. */
export interface RelationParts {
  readonly database?: string | undefined;
  readonly schema?: string | undefined;
  readonly identifier?: string | undefined;
  readonly kind?: 'table' | 'view' | 'cte' | 'external' | undefined;
  /** Printed instead of the parts: an ephemeral model's CTE, a test's subquery. */
  readonly rendered?: string | undefined;
  /** A condition on the rows that are read where it is printed; `render()` leaves it out. */
  readonly where?: string | undefined;
  /** Whether the database is printed; left out by default, as one warehouse is one catalog. */
  readonly withDatabase?: boolean;
  readonly withSchema?: boolean;
  readonly withIdentifier?: boolean;
}

function renderParts(parts: RelationParts): string {
  if (parts.rendered !== undefined) return parts.rendered;
  const { withDatabase = false, withSchema = true, withIdentifier = true } = parts;
  const shown = [
    withDatabase ? parts.database : undefined,
    withSchema ? parts.schema : undefined,
    withIdentifier ? parts.identifier : undefined,
  ];
  return shown
    .filter((part) => part !== undefined)
    .map(quoteIdentifier)
    .join('.');
}

/** As it stands in a statement: narrowed to the rows that are to be seen. */
function printParts(parts: RelationParts): string {
  const rendered = renderParts(parts);
  return parts.where === undefined ? rendered : `(select * from ${rendered} where ${parts.where})`;
}

const policy = (database: boolean, schema: boolean, identifier: boolean): PyDict =>
  PyDict.from([
    ['database', database],
    ['schema', schema],
    ['identifier', identifier],
  ]);

/** What is the same of every relation: names of kinds among it. */
const sharedAttributes: Record<string, JinjaValue> = {
  is_materialized_view: false,
  is_function: false,
  is_pointer: false,
  quote_policy: policy(true, true, true),
  quote_character: '"',
  require_alias: true,
  dbt_created: false,
  limit: null,
  event_time_filter: null,
  catalog: null,
  ...{ Table: 'table', View: 'view', CTE: 'cte', External: 'external' },
};

export function relationValue(parts: RelationParts): HostObject {
  const { withDatabase = false, withSchema = true, withIdentifier = true } = parts;
  const methods: Record<string, HostCallback> = {
    render: () => renderParts(parts),
    include: (_args, kwargs) => relationValue({ ...parts, ...inclusions(kwargs) }),
    quote: () => relationValue(parts),
    without_identifier: () => relationValue({ ...parts, withIdentifier: false }),
    incorporate: (_args, kwargs) => relationValue(withPath(parts, kwargs)),
    replace_path: (_args, kwargs) => relationValue(withPath(parts, kwargs)),
    information_schema: () => 'information_schema',
    quoted: (args) => quoteIdentifier(String(args[0])),
    render_limited: () => printParts(parts),
    matches: (args, kwargs) => {
      const asked = ['database', 'schema', 'identifier'] as const;
      return asked.every((key, index) => {
        const wanted = kwargs.get(key) ?? args[index] ?? null;
        return wanted === null || String(wanted).toLowerCase() === parts[key]?.toLowerCase();
      });
    },
    create: createRelation,
    // Macros of packages know a relation by being a mapping that says so.
    get: (args) => attributes[String(args[0])] ?? args[1] ?? null,
  };
  const attributes: Record<string, JinjaValue> = {
    database: parts.database ?? null,
    schema: parts.schema ?? null,
    identifier: parts.identifier ?? null,
    name: parts.identifier ?? null,
    table: parts.identifier ?? null,
    alias: parts.identifier ?? null,
    type: parts.kind ?? null,
    is_table: parts.kind === 'table',
    is_view: parts.kind === 'view',
    is_cte: parts.kind === 'cte',
    can_be_renamed: true,
    can_be_replaced: true,
    ...sharedAttributes,
    include_policy: policy(withDatabase, withSchema, withIdentifier),
    metadata: PyDict.from([['type', 'WarehouseRelation']]),
    path: PyDict.from([
      ['database', parts.database ?? null],
      ['schema', parts.schema ?? null],
      ['identifier', parts.identifier ?? null],
    ]),
  };
  const value = new HostObject({
    typeName: 'Relation',
    target: parts,
    text: () => printParts(parts),
    repr: () => `<Relation ${renderParts(parts)}>`,
    attribute: (name) => {
      const method = methods[name];
      return method ? new HostFunction(name, method) : attributes[name];
    },
    item: (key) => attributes[String(key)],
    equals: (other) => renderParts(partsOf(other) ?? {}) === renderParts(parts),
  });
  return value;
}

/** The parts of a relation a template hands back, or undefined for anything else. */
export function partsOf(value: JinjaValue | undefined): RelationParts | undefined {
  if (!(value instanceof HostObject) || value.behavior.typeName !== 'Relation') return undefined;
  return value.behavior.target as RelationParts;
}

function inclusions(kwargs: ReadonlyMap<string, JinjaValue>): Partial<RelationParts> {
  const flag = (name: string): boolean | undefined => {
    const value = kwargs.get(name);
    return typeof value === 'boolean' ? value : undefined;
  };
  const [database, schema, identifier] = [flag('database'), flag('schema'), flag('identifier')];
  return {
    ...(database === undefined ? {} : { withDatabase: database }),
    ...(schema === undefined ? {} : { withSchema: schema }),
    ...(identifier === undefined ? {} : { withIdentifier: identifier }),
  };
}

/** Of another path, it is no longer what it was printed as. */
function withPath(parts: RelationParts, kwargs: ReadonlyMap<string, JinjaValue>): RelationParts {
  const changed = { ...parts, ...pathParts(kwargs) };
  const isMoved =
    changed.database !== parts.database ||
    changed.schema !== parts.schema ||
    changed.identifier !== parts.identifier;
  return isMoved ? { ...changed, rendered: undefined } : changed;
}

function pathParts(kwargs: ReadonlyMap<string, JinjaValue>): Partial<RelationParts> {
  const path = kwargs.get('path');
  const parts: Record<string, string | undefined> = {};
  for (const key of ['database', 'schema', 'identifier']) {
    const value = kwargs.get(key) ?? (path instanceof PyDict ? path.get(key) : undefined);
    if (typeof value === 'string') parts[key] = value;
    // A temporary table stands in no schema.
    else if (value === null) parts[key] = undefined;
  }
  const kind = kwargs.get('type');
  return isKind(kind) ? { ...parts, kind } : parts;
}

function isKind(value: unknown): value is NonNullable<RelationParts['kind']> {
  return value === 'table' || value === 'view' || value === 'cte' || value === 'external';
}

/** `api.Relation.create(…)`. */
export const createRelation: HostCallback = (_args, kwargs) => {
  const read = (key: string): string | undefined => {
    const value = kwargs.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const kind = read('type');
  return relationValue({
    database: read('database'),
    schema: read('schema'),
    identifier: read('identifier'),
    kind: isKind(kind) ? kind : undefined,
  });
};
