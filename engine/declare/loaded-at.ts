type Entry = Readonly<Record<string, unknown>>;

/**
 * How the time of a source's newest row is found, for its config: by a column, or by a select of
 * one value. What a table says goes before what its source says; each may say it in its config.
 * Null is no column, or no select, though the source has one.
 */
export function readLoadedAt(source: Entry, table: Entry): Entry {
  const own = read(table, 'loaded_at_field');
  const isSaid = own !== undefined || 'loaded_at_field' in table;
  const field = isSaid ? (own ?? null) : read(source, 'loaded_at_field');
  const query = read(table, 'loaded_at_query') ?? (isSaid ? null : read(source, 'loaded_at_query'));
  return {
    ...(field === undefined ? {} : { loaded_at_field: field }),
    ...(query === undefined ? {} : { loaded_at_query: query }),
  };
}

function read(entry: Entry, key: string): unknown {
  const config = entry['config'];
  const inConfig = typeof config === 'object' ? (config as Entry | null)?.[key] : undefined;
  return entry[key] ?? inConfig ?? undefined;
}
