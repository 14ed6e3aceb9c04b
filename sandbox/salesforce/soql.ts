import type { FieldType, OrderByClause, Query } from '@jetstreamapp/soql-parser-js';
import { ApiError } from './api-error.ts';
import { seeField, visibleFields } from './catalog.ts';
import { isSortable } from './describe.ts';
import type { Org } from './org.ts';
import type { SandboxObject } from './schema.ts';
import { type Column, createScope, isText, type Scope } from './soql-scope.ts';
import { buildTree, malformed, parseSoql } from './soql-tree.ts';
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
  query: Query & { sObject: string },
  options: CompileOptions,
  level: number,
): CompiledQuery {
  const object = org.catalog.see(query.sObject, 'query');
  const scope = createScope(org, object, query.sObjectAlias, soql, level);
  refuseUnsupported(query, options);
  const isCount = isPlainCount(query);
  const columns = isCount ? [] : readColumns(scope, query, options);
  const filter: Clause = { sql: `q${level}_0."IsDeleted" = 0`, params: [] };
  const clauses: Clause[] = options.all ? [] : [filter];
  if (query.where !== undefined) {
    const context = {
      scope,
      nowMs: org.clock.now(),
      compileInner: (inner: Query) => compileInner(org, soql, inner, options, level + 1),
    };
    clauses.push(compileTree(buildTree(query.where), context));
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

function refuseUnsupported(query: Query, options: CompileOptions): void {
  if (query.groupBy !== undefined || query.having !== undefined) {
    throw malformed('GROUP BY is not supported by this sandbox');
  }
  if (query.usingScope !== undefined && query.usingScope.toLowerCase() !== 'everything') {
    throw malformed('USING SCOPE is not supported by this sandbox');
  }
  if (options.bulk && (query.offset !== undefined || isPlainCount(query))) {
    const what = query.offset === undefined ? 'Aggregate functions' : 'OFFSET';
    throw new ApiError(400, 'API_ERROR', `${what} not supported in Bulk Query`);
  }
}

function isPlainCount(query: Query): boolean {
  const [field, more] = query.fields ?? [];
  return (
    more === undefined &&
    field?.type === 'FieldFunctionExpression' &&
    field.functionName.toUpperCase() === 'COUNT' &&
    field.parameters.length === 0
  );
}

function readColumns(scope: Scope, query: Query, options: CompileOptions): Column[] {
  const columns: Column[] = [];
  const seen = new Set<string>();
  for (const field of query.fields ?? []) {
    for (const path of readPaths(scope, field, query, options)) {
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
  field: FieldType,
  query: Query,
  options: CompileOptions,
): string[] {
  switch (field.type) {
    case 'Field':
      return ['objectPrefix' in field ? `${field.objectPrefix}.${field.field}` : field.field];
    case 'FieldRelationship': {
      const prefix = 'objectPrefix' in field ? [field.objectPrefix] : [];
      return [[...prefix, ...field.relationships, field.field].join('.')];
    }
    case 'FieldFunctionExpression':
      if (field.functionName.toUpperCase() === 'FIELDS') {
        return expandFields(scope.object, String(field.parameters[0]), query, options);
      }
      throw malformed(`${field.functionName}() is not supported by this sandbox`);
    case 'FieldSubquery':
      throw options.bulk
        ? new ApiError(400, 'API_ERROR', 'Nested queries not supported in Bulk Query')
        : malformed('queries of children are not supported by this sandbox');
    case 'FieldTypeof':
      throw malformed('TYPEOF is not supported by this sandbox');
  }
}

function expandFields(
  object: SandboxObject,
  which: string,
  query: Query,
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
  query: Query,
  options: CompileOptions,
  level: number,
): Clause {
  if (level > innerLevelMax || query.sObject === undefined) {
    throw malformed('too many levels of queries');
  }
  const inner = compile(org, soql, { ...query, sObject: query.sObject }, options, level);
  const [column, more] = inner.columns;
  if (column === undefined || more !== undefined) {
    throw malformed('Semi join sub-selects must have exactly one field');
  }
  const sql = `select ${column.sql} from ${inner.from} where ${inner.where} and ${column.sql} is not null`;
  return { sql, params: [...inner.params] };
}

function compileOrderBy(scope: Scope, clause: OrderByClause | OrderByClause[] | undefined): string {
  if (clause === undefined) return '';
  const parts = [clause].flat().map((order) => {
    if (!('field' in order)) throw malformed('functions cannot be used in ORDER BY here');
    const column = scope.resolve(order.field);
    if (!isSortable(column.field)) {
      throw malformed(`field '${column.field.name}' can not be sorted in a query call`);
    }
    const sql = isText(column.field) ? column.comparable : column.sql;
    const direction = order.order === 'DESC' ? 'desc' : 'asc';
    // Nulls come first in SOQL unless said otherwise, also in descending order.
    const nulls = order.nulls === 'LAST' ? 'last' : 'first';
    const isFilled = column.parents.length === 0 && notNull.has(column.field.name);
    return isFilled ? `${sql} ${direction}` : `${sql} ${direction} nulls ${nulls}`;
  });
  return ` order by ${parts.join(', ')}`;
}

/** Without "nulls first" SQLite can walk the index of these. */
const notNull = new Set(['Id', 'SystemModstamp']);

function compileRange(query: Query): string {
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
