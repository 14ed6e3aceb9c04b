import type { SalesforceAccount } from '../../apis/salesforce/account.ts';
import { numberTypes, type SalesforceObject } from '../../apis/salesforce/describe.ts';
import { readQueryPage } from '../../apis/salesforce/query.ts';
import { formatQueryPath, queryPathBytesMax, quoteText } from '../../apis/salesforce/soql.ts';
import type { FoundRecord } from '../../engine/words/destination.ts';
import type { JsonObject } from '../../engine/words/json.ts';

/** Values of one query: the request line, not SOQL, is the limit for most. */
const valuesMax = 500;
/** Pages of one query; values are meant to name one record each. */
export const pagesMax = 1000;

/** Live records whose field has one of the values. */
export async function findRecords(
  account: SalesforceAccount,
  object: SalesforceObject,
  request: { field: string; values: readonly string[]; fields: readonly string[] },
  signal: AbortSignal,
): Promise<readonly FoundRecord[]> {
  const field = request.field.toLowerCase() === 'id' ? 'Id' : request.field;
  const type = object.fields.find((known) => known.name === field)?.type ?? 'string';
  const isBare = numberTypes.has(type) || ['boolean', 'date', 'datetime'].includes(type);
  const literals = [...new Set(request.values)]
    .filter((value) => !isBare || /^[\w.:+-]+$/.test(value))
    .map((value) => (isBare ? value : quoteText(value)));
  const names = [...new Set(['Id', ...request.fields.map((n) => (n === 'id' ? 'Id' : n))])];
  const format = (chunk: readonly string[]): string =>
    formatQueryPath(
      `SELECT ${names.join(', ')} FROM ${object.name} WHERE ${field} IN (${chunk.join(', ')})`,
      'query',
    );
  const found: FoundRecord[] = [];
  for (const chunk of chunkByPath(literals, format)) {
    let path: string | undefined = format(chunk);
    for (let pages = 0; path !== undefined && pages < pagesMax; pages += 1) {
      const page = await readQueryPage(account, path, signal);
      for (const line of page.lines.toString('utf8').split('\n')) {
        if (line.trim() !== '') found.push(toFound(JSON.parse(line) as JsonObject));
      }
      path = page.isDone ? undefined : page.nextPath;
    }
  }
  return found;
}

function toFound(record: JsonObject): FoundRecord {
  const { attributes: _, Id: id, ...fields } = record;
  return { id: String(id), fields: { ...fields, id: String(id) } };
}

/** Halves until the request line is short enough. */
function* chunkByPath(
  literals: readonly string[],
  format: (chunk: readonly string[]) => string,
): Iterable<readonly string[]> {
  if (literals.length === 0) return;
  const isShort = literals.length <= valuesMax && format(literals).length <= queryPathBytesMax;
  if (isShort || literals.length === 1) {
    yield literals;
    return;
  }
  const middle = Math.ceil(literals.length / 2);
  yield* chunkByPath(literals.slice(0, middle), format);
  yield* chunkByPath(literals.slice(middle), format);
}
