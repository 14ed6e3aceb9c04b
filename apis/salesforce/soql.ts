/** A text as a SOQL literal. */
export function quoteText(text: string): string {
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replace(/'/g, "\\'")
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t');
  return `'${escaped}'`;
}

/** An instant as a SOQL literal, UTC; literals of dates and times stand without quotes. */
export function formatInstant(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Salesforce refuses request lines beyond 16,384 bytes; headers count too. */
export const queryPathBytesMax = 14_000;

/** The path of a query; `queryAll` also finds what is in the recycle bin. */
export function formatQueryPath(soql: string, scope: 'query' | 'queryAll'): string {
  return `/${scope}?q=${encodeURIComponent(soql)}`;
}
