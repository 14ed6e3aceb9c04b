import { ApiError } from './api-error.ts';
import { seeField, visibleFields } from './catalog.ts';
import { isSortable } from './describe.ts';
import type { Org } from './org.ts';
import type { SandboxObject } from './schema.ts';
import { parseSoql } from './soql-parser.ts';
import { type Column, createScope, isText, type Scope } from './soql-scope.ts';
import { malformed, type OrderItem, type SelectItem, type SoqlQuery } from './soql-tree.ts';
import { type Clause, compileTree } from './soql-where.ts';
import type { Stored } from './value.ts';

/** `FIELDS(ALL)` and `FIELDS(CUSTOM)` are bounded by a limit of at most this. */
const fieldsLimitMax = 200;
const offsetMax = 2000;
const innerLevelMax = 2;

/** A SOQL query as pieces of one SQLite statement over `q0_0` and its parents. */
export interface CompiledQuery {
  object: SandboxObject;
  isCount: boolean;
  columns: readonly Column[];
  from: string;
  where: string;
  params: readonly Stored[];
  /** Empty or ` order by …`. */
  orderBy: string;
  /** Empty or ` limit … offset …`. */
  range: string;
}

export interface CompileOptions {
  /** Deleted rows too. */
  all: boolean;
  /** Bulk queries refuse what cannot be a CSV cell. */
  bulk: boolean;
}

/** Translates SOQL. Throws ApiError in Salesforce's words for what is wrong with it. */
export function compileSoql(org: Org, soql: string, options: CompileOptions): CompiledQuery {
  return compile(org, soql, parseSoql(soql), options, 0);
}

function compile(
  org: Org,
  soql: string,
  query: SoqlQuery,
  options: CompileOptions,
  level: number,
): CompiledQuery {
  const object = org.catalog.see(query.object, 'query');
  const scope = createScope(org, object, query.alias, soql, level);
  refuseUnsupported(query, options);
  const isCount = isPlainCount(query);
  const columns = isCount ? [] : readColumns(scope, query, options);
  const filter: Clause = { sql: `q${level}_0."IsDeleted" = 0`, params: [] };
  const clauses: Clause[] = options.all ? [] : [filter];
  if (query.where !== undefined) {
    const context = {
      scope,
      nowMs: org.clock.now(),
      compileInner: (inner: SoqlQuery) => compileInner(org, soql, inner, options, level + 1),
    };
    clauses.push(compileTree(query.where, context));
  }
  const orderBy = compileOrderBy(scope, query.orderBy);
  return {
    object,
    isCount,
    columns,
    from: scope.from(),
    where: clauses.map((clause) => clause.sql).join(' and ') || '1',
    params: clauses.flatMap((clause) => clause.params),
    orderBy,
    range: compileRange(query),
  };
}

function refuseUnsupported(query: SoqlQuery, options: CompileOptions): void {
  if (options.bulk && (query.offset !== undefined || isPlainCount(query))) {
    const what = query.offset === undefined ? 'Aggregate functions' : 'OFFSET';
    throw new ApiError(400, 'API_ERROR', `${what} not supported in Bulk Query`);
  }
}

function isPlainCount(query: SoqlQuery): boolean {
  const [item, more] = query.select;
  const isCount = item?.kind === 'function' && item.name === 'COUNT' && item.parameter === '';
  return isCount && more === undefined;
}

function readColumns(scope: Scope, query: SoqlQuery, options: CompileOptions): Column[] {
  const columns: Column[] = [];
  const seen = new Set<string>();
  for (const item of query.select) {
    for (const path of readPaths(scope, item, query, options)) {
      const column = scope.resolve(path);
      const key = column.path.join('.');
      if (seen.has(key)) {
        throw new ApiError(400, 'INVALID_FIELD', `duplicate field selected: ${key}`);
      }
      seen.add(key);
      if (options.bulk && column.field.type === 'address') {
        throw new ApiError(
          400,
          'FUNCTIONALITY_NOT_ENABLED',
          'Selecting compound data not supported in Bulk Query',
        );
      }
      columns.push(column);
    }
  }
  return columns;
}

function readPaths(
  scope: Scope,
  item: SelectItem,
  query: SoqlQuery,
  options: CompileOptions,
): string[] {
  switch (item.kind) {
    case 'field':
      return [item.path];
    case 'function':
      if (item.name === 'FIELDS') return expandFields(scope.object, item.parameter, query, options);
      throw malformed(`${item.name}() is not supported by this sandbox`);
    case 'children':
      throw options.bulk
        ? new ApiError(400, 'API_ERROR', 'Nested queries not supported in Bulk Query')
        : malformed('queries of children are not supported by this sandbox');
  }
}

function expandFields(
  object: SandboxObject,
  which: string,
  query: SoqlQuery,
  options: CompileOptions,
): string[] {
  const set = which.toUpperCase();
  if (set !== 'STANDARD') {
    if (set !== 'ALL' && set !== 'CUSTOM') throw malformed(`unexpected token: '${which}'`);
    if (options.bulk || query.limit === undefined || query.limit > fieldsLimitMax) {
      throw malformed(`The SOQL FIELDS function must have a LIMIT of at most ${fieldsLimitMax}`);
    }
  }
  return visibleFields(object)
    .filter((field) => set === 'ALL' || field.custom === (set === 'CUSTOM'))
    .filter((field) => !(options.bulk && field.type === 'address'))
    .map((field) => field.name);
}

function compileInner(
  org: Org,
  soql: string,
  query: SoqlQuery,
  options: CompileOptions,
  level: number,
): Clause {
  if (level > innerLevelMax) throw malformed('too many levels of queries');
  const inner = compile(org, soql, query, options, level);
  const [column, more] = inner.columns;
  if (column === undefined || more !== undefined) {
    throw malformed('Semi join sub-selects must have exactly one field');
  }
  const sql = `select ${column.sql} from ${inner.from} where ${inner.where} and ${column.sql} is not null`;
  return { sql, params: [...inner.params] };
}

function compileOrderBy(scope: Scope, items: readonly OrderItem[]): string {
  const parts = items.map((item) => {
    const column = scope.resolve(item.path);
    if (!isSortable(column.field)) {
      throw malformed(`field '${column.field.name}' can not be sorted in a query call`);
    }
    const sql = isText(column.field) ? column.comparable : column.sql;
    const direction = item.isDescending ? 'desc' : 'asc';
    // Nulls come first in SOQL unless said otherwise, also in descending order.
    const nulls = item.nullsLast ? 'last' : 'first';
    const isFilled = column.parents.length === 0 && notNull.has(column.field.name);
    return isFilled ? `${sql} ${direction}` : `${sql} ${direction} nulls ${nulls}`;
  });
  return parts.length === 0 ? '' : ` order by ${parts.join(', ')}`;
}

/** Without "nulls first" SQLite can walk the index of these. */
const notNull = new Set(['Id', 'SystemModstamp']);

function compileRange(query: SoqlQuery): string {
  if ((query.offset ?? 0) > offsetMax) {
    throw new ApiError(
      400,
      'NUMBER_OUTSIDE_VALID_RANGE',
      `Maximum SOQL offset allowed is ${offsetMax}`,
    );
  }
  if (query.limit === undefined && query.offset === undefined) return '';
  return ` limit ${query.limit ?? -1} offset ${query.offset ?? 0}`;
}

/** What `address` fields are made of, by the key they have in answers. */
export function addressParts(object: SandboxObject, name: string): ReadonlyMap<string, string> {
  const prefix = name.slice(0, -'Address'.length);
  const parts = new Map<string, string>();
  for (const part of ['city', 'country', 'postalCode', 'state', 'street']) {
    const field = seeField(object, `${prefix}${part}`);
    if (field !== undefined) parts.set(part, field.name);
  }
  return parts;
}
