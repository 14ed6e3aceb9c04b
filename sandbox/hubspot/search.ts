import type { ObjectDefinition } from './catalog.ts';
import { refuseInput } from './error-reply.ts';
import { type Condition, compileFilter, readProperty, type SearchFilter } from './search-filter.ts';
import type { SqlValue, Store, StoredRecord } from './store.ts';
import { columnOf } from './table-shape.ts';

export const searchLimits = {
  pageRows: 200,
  groups: 5,
  filtersPerGroup: 6,
  filters: 18,
  bodyCharacters: 3_000,
} as const;

export interface SearchBody {
  query?: unknown;
  filterGroups?: unknown;
  filters?: unknown;
  sorts?: unknown;
  properties?: unknown;
  limit?: unknown;
  after?: unknown;
}

export interface SearchAnswer {
  total: number;
  records: StoredRecord[];
  properties: readonly string[];
  /** The offset of the next page, when there is one. */
  next?: string;
}

export interface Search {
  run(object: ObjectDefinition, body: SearchBody): SearchAnswer;
}

const countsMax = 500;

/**
 * Search as the real one: offset paging up to a cap, live records only, through a lagging index.
 */
export function createSearch(store: Store, resultsMax: number): Search {
  // A page needs the total, and a million index entries are too many to count for every page.
  const counts = new Map<string, number>();

  const countMatches = (
    object: ObjectDefinition,
    source: string,
    condition: Condition,
    isIndexed: boolean,
  ): number => {
    const { sql, values } = condition;
    const key = JSON.stringify([object.name, store.index.version(object), isIndexed, sql, values]);
    const known = counts.get(key);
    if (known !== undefined) return known;
    const row = store
      .prepare(`select count(*) as n from ${source} where ${sql}`)
      .get(...values) as { n: number };
    if (counts.size >= countsMax) counts.clear();
    counts.set(key, row.n);
    return row.n;
  };

  return {
    run(object, body) {
      const { column, direction } = readSort(object, body.sorts);
      const condition = compileGroups(object, body, column);
      const limit = readLimit(body.limit);
      const offset = readAfter(body.after);
      if (offset + limit > resultsMax) {
        throw refuseInput(
          `The maximum number of search results is ${resultsMax}; after ${offset} and limit ${limit} go beyond it`,
        );
      }
      const properties = readNames(body.properties) ?? object.defaultProperties;
      const known = properties.filter((name) => object.properties.has(name));
      const source = store.index.source(object);
      const isIndexed = source.startsWith('"');
      const total = countMatches(object, source, condition, isIndexed);
      const order = column === 'id' ? `id ${direction}` : `${column} ${direction}, id`;
      const tail = `where ${condition.sql} order by ${order} limit ? offset ?`;
      const values: SqlValue[] = [...condition.values, limit, offset];
      const records = limit === 0 ? [] : store.select(object, known, tail, values, source);
      const reached = offset + records.length;
      return {
        total,
        records,
        properties: known,
        ...(reached < total && records.length > 0 ? { next: String(reached) } : {}),
      };
    },
  };
}

function compileGroups(object: ObjectDefinition, body: SearchBody, sortColumn: string): Condition {
  const groups = readGroups(body);
  const values: SqlValue[] = [];
  const parts = groups.map((filters) => {
    const conditions = filters.map((filter) => compileFilter(object, filter));
    for (const condition of conditions) values.push(...condition.values);
    return conditions.length === 0
      ? 'true'
      : conditions.map((condition) => condition.sql).join(' and ');
  });
  const words = typeof body.query === 'string' ? body.query.trim().split(/\s+/) : [];
  const either =
    parts.length === 0 ? '' : ` and (${parts.map((part) => `(${part})`).join(' or ')})`;
  // One group stays a plain conjunction, so that the index on the stamp is used.
  const only = parts.length === 1 ? ` and ${parts[0]}` : either;
  // The partial indexes help a search by stamp or e-mail; a scan through one of them is slower
  // than a plain scan, so every other search is kept off them.
  const isIndexable = /modified_ms|"p_email" =/.test(`${only} ${sortColumn}`);
  let sql = `${isIndexable ? '' : '+'}archived_ms is null${only}`;
  for (const word of words.filter((word) => word !== '')) {
    const columns = object.searchableProperties.map((name) => columnOf(object, name));
    const holds = columns.map((column) => `instr(lower(coalesce(${column}, '')), lower(?)) > 0`);
    sql += ` and (${holds.join(' or ')})`;
    values.push(...columns.map(() => word));
  }
  return { sql, values };
}

function readGroups(body: SearchBody): SearchFilter[][] {
  const raw = body.filterGroups ?? (body.filters === undefined ? [] : [{ filters: body.filters }]);
  if (!Array.isArray(raw)) throw refuseInput('Invalid input JSON: filterGroups must be a list');
  if (raw.length > searchLimits.groups) {
    throw refuseInput(
      `The number of filter groups is ${raw.length}, maximum ${searchLimits.groups}`,
    );
  }
  let filterCount = 0;
  const groups = raw.map((group: { filters?: unknown } | null) => {
    const filters = group?.filters ?? [];
    if (!Array.isArray(filters)) throw refuseInput('Invalid input JSON: filters must be a list');
    if (filters.length > searchLimits.filtersPerGroup) {
      throw refuseInput(
        `A filter group has ${filters.length} filters, maximum ${searchLimits.filtersPerGroup}`,
      );
    }
    filterCount += filters.length;
    return filters as SearchFilter[];
  });
  if (filterCount > searchLimits.filters) {
    throw refuseInput(`The request has ${filterCount} filters, maximum ${searchLimits.filters}`);
  }
  return groups;
}

function readSort(object: ObjectDefinition, raw: unknown) {
  const sorts = raw ?? [];
  if (!Array.isArray(sorts)) throw refuseInput('Invalid input JSON: sorts must be a list');
  if (sorts.length > 1) throw refuseInput(`Only one sort is allowed, found ${sorts.length}`);
  const sort = sorts[0] as string | { propertyName?: unknown; direction?: unknown } | undefined;
  if (sort === undefined) return { column: 'id', direction: 'asc' };
  const isBare = typeof sort === 'string';
  const isDescending = isBare ? sort.startsWith('-') : sort.direction === 'DESCENDING';
  const propertyName = isBare ? sort.replace(/^-/, '') : sort.propertyName;
  const property = readProperty(object, { propertyName });
  const column = columnOf(object, property.name);
  const isNumber = property.type === 'number' && column !== 'id';
  return {
    column: isNumber ? `cast(${column} as real)` : column,
    direction: isDescending ? 'desc' : 'asc',
  };
}

const pageRowsDefault = 10;

function readLimit(raw: unknown): number {
  const limit = raw === undefined || raw === null ? pageRowsDefault : Number(raw);
  if (Number.isInteger(limit) && limit >= 0 && limit <= searchLimits.pageRows) return limit;
  throw refuseInput(`Invalid limit ${String(raw)}; use 0 to ${searchLimits.pageRows}`);
}

function readAfter(raw: unknown): number {
  const text = raw === undefined || raw === null || raw === '' ? '0' : String(raw);
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw refuseInput(`Invalid after ${JSON.stringify(raw)}; it is the offset of the next page`);
}

function readNames(raw: unknown): string[] | undefined {
  if (raw === undefined || raw === null) return undefined;
  if (!Array.isArray(raw)) throw refuseInput('Invalid input JSON: properties must be a list');
  return raw.length === 0 ? undefined : raw.map(String);
}
