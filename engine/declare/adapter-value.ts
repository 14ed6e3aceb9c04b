import { sql } from 'kysely';
import { TerminalError } from '../words/errors.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { Config } from './config.ts';
import { functionBag } from './host-bag.ts';
import { typeError } from './jinja/jinja-error.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  PyDict,
} from './jinja/values.ts';
import { queryForTemplate } from './query-value.ts';
import { createRelation, partsOf, relationValue } from './relation-value.ts';
import { type TemplateWriter, writingFunctions, writingQueries } from './write-functions.ts';

/** What rendering may ask of the warehouse: shapes, and rows by a query. It never writes. */
export interface TemplateWarehouse {
  /** While models are bound this is the shadow, which knows tables that were never built. */
  describe(relation: Relation): Promise<readonly Pick<Column, 'name' | 'typeName'>[] | undefined>;
  readonly session?: Session;
  /** See `AskedSession`. */
  rename?(statement: string): string;
  /** Given to a project's own materialization alone: everything else only reads. */
  readonly writer?: TemplateWriter;
}

export interface AdapterScope {
  readonly type: string;
  readonly isExecuting: boolean;
  readonly warehouse: TemplateWarehouse | undefined;
  /** The node's. */
  readonly config?: Config;
  /** Finds the macro of a dispatched name, by dbt's search order. */
  dispatch(name: string, namespace: string | undefined): JinjaValue;
  /** What the project has in place of a macro that dbt's adapter asks. */
  override?(name: string): JinjaValue | undefined;
  onQuery(): void;
  onDescribe(): void;
}

const stringTypes = /^(text|varchar|character|character varying)(\(\d+\))?$/;
const floatTypes = new Set(['real', 'float', 'float4', 'float8', 'double', 'double precision']);
const integerTypes = new Set(
  [
    'tinyint utinyint smallint usmallint integer uinteger int bigint ubigint hugeint uhugeint',
    'int1 int2 int4 int8 int16 int32 int64 int128 long short signed',
    'smallserial serial bigserial serial2 serial4 serial8',
  ].flatMap((names) => names.split(' ')),
);

/** The column of a relation as macros know it. */
export function columnValue(name: string, type: string): HostObject {
  const kind = type.toLowerCase();
  const [isInteger, isFloat] = [integerTypes.has(kind), floatTypes.has(kind)];
  // As in dbt, a type that says its precision is none of these.
  const isNumeric = kind === 'numeric' || kind === 'decimal';
  const isString = stringTypes.test(kind);
  const size = Number(/\((\d+)/.exec(kind)?.[1] ?? 256);
  const claims: Record<string, HostCallback> = {
    is_string: () => isString,
    is_number: () => isInteger || isFloat || isNumeric,
    is_integer: () => isInteger,
    is_float: () => isFloat,
    is_numeric: () => isNumeric,
    string_size: () => size,
    literal: (args) => `${String(args[0])}::${type}`,
  };
  const fields: Record<string, JinjaValue> = {
    name,
    column: name,
    quoted: quoteIdentifier(name),
    data_type: isString ? `character varying(${size})` : type,
    dtype: type,
    char_size: isString ? size : null,
  };
  return new HostObject({
    typeName: 'Column',
    target: { name, type },
    text: () => `<Column ${name} (${type})>`,
    attribute: (attribute) => {
      const claim = claims[attribute];
      return claim ? new HostFunction(attribute, claim) : fields[attribute];
    },
    equals: (other) =>
      other instanceof HostObject &&
      JSON.stringify(other.behavior.target) === JSON.stringify({ name, type }),
  });
}

/** What needs to know nothing of the node or the warehouse. */
const settled: Readonly<Record<string, HostCallback>> = {
  valid_incremental_strategies: () => ['append', 'delete+insert', 'merge', 'microbatch'],
  quote_seed_column: (args) =>
    args[1] === false ? String(args[0]) : quoteIdentifier(String(args[0])),
  // Text has no length in DuckDB that could be too small.
  expand_target_column_types: () => '',
  is_motherduck: () => false,
  is_ducklake: () => false,
  disable_transactions: () => false,
  check_schema_exists: () => true,
  quote: (args) => quoteIdentifier(String(args[0])),
  quote_as_configured: (args) => quoteIdentifier(String(args[0])),
};

/** `adapter`, as far as it reads. What would write is refused with the reason. */
export function adapterValue(scope: AdapterScope): HostObject {
  const describe = async (relation: Relation): ReturnType<TemplateWarehouse['describe']> => {
    if (!scope.isExecuting) return undefined;
    scope.onDescribe();
    if (scope.warehouse === undefined) return undefined;
    scope.onQuery();
    return await scope.warehouse.describe(relation);
  };
  const columnsIn = async (relation: Relation): Promise<JinjaValue> => {
    const columns = (await describe(relation)) ?? [];
    return columns.map((column) => columnValue(column.name, column.typeName));
  };
  const columnsOf: HostCallback = (args, kwargs, call) => {
    const own = scope.isExecuting ? scope.override?.('get_columns_in_relation') : undefined;
    const relation = kwargs.get('relation') ?? args[0] ?? null;
    return own === undefined ? columnsIn(relationOf(relation)) : call.invoke(own, [relation]);
  };
  const functions: Record<string, HostCallback> = {
    dispatch: (args, kwargs) => {
      const namespace = kwargs.get('macro_namespace') ?? args[1];
      return scope.dispatch(
        String(kwargs.get('macro_name') ?? args[0]),
        typeof namespace === 'string' ? namespace : undefined,
      );
    },
    get_relation: async (args, kwargs) => {
      const schema = String(kwargs.get('schema') ?? args[1]);
      const name = String(kwargs.get('identifier') ?? args[2]);
      const columns = await describe({ schema, name });
      return columns ? relationValue({ schema, identifier: name, kind: 'table' }) : null;
    },
    load_relation: async (args) => {
      const relation = relationOf(args[0]);
      return (await describe(relation)) ? (args[0] ?? null) : null;
    },
    get_columns_in_relation: columnsOf,
    get_missing_columns: async (args) => {
      const to = (await describe(relationOf(args[1]))) ?? [];
      const has = new Set(to.map((column) => column.name.toLowerCase()));
      const from = (await describe(relationOf(args[0]))) ?? [];
      return from
        .filter((column) => !has.has(column.name.toLowerCase()))
        .map((column) => columnValue(column.name, column.typeName));
    },
    get_columns_in_table: (args) => columnsIn({ schema: String(args[0]), name: String(args[1]) }),
    get_column_schema_from_query: async (args) => {
      const session = scope.isExecuting ? scope.warehouse?.session : undefined;
      if (session === undefined) return [];
      scope.onQuery();
      const columns = await session.describeQuery(sql.raw(String(args[0])));
      return columns.map((column) => columnValue(column.name, column.typeName));
    },
    already_exists: async (args) =>
      (await describe({ schema: String(args[0]), name: String(args[1]) })) !== undefined,
    get_incremental_strategy_macro: (args) =>
      scope.dispatch(`get_incremental_${String(args[1]).replaceAll('+', '_')}_sql`, undefined),
    ...settled,
    get_hard_deletes_behavior: () => hardDeletesOf(scope.config ?? {}),
    type: () => scope.type,
  };
  for (const name of [
    'create_schema',
    'drop_schema',
    'drop_relation',
    'rename_relation',
    'truncate_relation',
    'execute',
  ]) {
    functions[name] = () => {
      // While files are read nothing is done, here as in dbt: a hook is only looked at for its
      // calls.
      if (!scope.isExecuting) return '';
      throw typeError(
        `adapter.${name} would change the warehouse while a template is rendered`,
        'rendering only reads: let a model or a hook make the change',
      );
    };
  }
  const writer = scope.isExecuting ? scope.warehouse?.writer : undefined;
  return functionBag('adapter', {
    ...functions,
    ...(writer === undefined ? {} : writingFunctions(writer)),
  });
}

function relationOf(value: JinjaValue | undefined): Relation {
  const parts = partsOf(value);
  if (parts?.identifier === undefined) throw typeError('a relation was expected');
  return { schema: parts.schema ?? 'main', name: parts.identifier };
}

function hardDeletesOf(config: Config): string {
  const written = config['hard_deletes'];
  if (typeof written === 'string') return written;
  return config['invalidate_hard_deletes'] === true ? 'invalidate' : 'ignore';
}

/** `run_query`, `statement` and `load_result`. */
export function queryFunctions(scope: AdapterScope, model: string): Record<string, HostCallback> {
  const writer = scope.warehouse?.writer;
  if (writer !== undefined) return writingQueries(writer, scope.isExecuting);
  const results = new Map<string, JinjaValue>();
  const run = async (text: string): Promise<JinjaValue> => {
    const session = scope.warehouse?.session;
    if (session === undefined) {
      throw new TerminalError(`${model} asks the warehouse while it is rendered`, {
        code: 'model-needs-warehouse',
        hint: 'guard run_query with {% if execute %}, or compile with a warehouse at hand',
        model,
      });
    }
    scope.onQuery();
    return await queryForTemplate(session, scope.warehouse?.rename?.(text) ?? text);
  };
  return {
    run_query: (args) => (scope.isExecuting ? run(String(args[0])) : null),
    statement: async (args, kwargs, call) => {
      const caller = kwargs.get('caller');
      if (!scope.isExecuting || caller === undefined) return '';
      const table = await run(String(await call.invoke(caller)));
      const name = kwargs.get('name') ?? args[0];
      if (typeof name === 'string') results.set(name, table);
      return '';
    },
    load_result: (args) => {
      const table = results.get(String(args[0]));
      if (!(table instanceof HostObject)) return null;
      const rows = table.behavior.attribute?.('rows') as JinjaValue;
      return functionBag('result', {}, { table, data: rows, response: 'OK' });
    },
  };
}

/** Names of types that are another's in dbt; all others stay as they are written. */
const typeLabels: Readonly<Record<string, string>> = { STRING: 'TEXT' };

const makeColumn: HostCallback = (args, kwargs) =>
  columnValue(
    String(kwargs.get('column') ?? args[0]),
    String(kwargs.get('dtype') ?? args[1] ?? ''),
  );

const columnMakers: Readonly<Record<string, HostCallback>> = {
  create: makeColumn,
  from_description: makeColumn,
  translate_type: (args) => typeLabels[String(args[0]).toUpperCase()] ?? args[0] ?? null,
  string_type: (args) => `character varying(${String(args[0])})`,
  numeric_type: ([type, precision = null, scale = null]) =>
    precision === null || scale === null
      ? (type ?? null)
      : `${String(type)}(${String(precision)},${String(scale)})`,
};

/** `api`: the classes that macros make values of. */
export const apiValue: HostObject = functionBag(
  'api',
  {},
  {
    Relation: functionBag(
      'RelationType',
      {
        create: createRelation,
        scd_args: (args) => [...[args[0] ?? []].flat(), args[1] ?? null],
      },
      { Table: 'table', View: 'view', CTE: 'cte', External: 'external' },
    ),
    Column: new HostFunction(
      'Column',
      makeColumn,
      new Map<string, JinjaValue>([
        ...Object.entries(columnMakers).map(
          ([name, make]) => [name, new HostFunction(name, make)] as const,
        ),
        ['TYPE_LABELS', PyDict.from(Object.entries(typeLabels))],
      ]),
    ),
  },
);
