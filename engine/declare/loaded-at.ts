type Entry = Readonly<Record<string, unknown>>;

/** How the time of a source's newest row is found: by a column, or by a select of one value. */
export interface LoadedAtEntry {
  readonly field: string | undefined;
  /** `loaded_at_query`, for the table's config. */
  readonly config: Entry;
}

/** What a table says goes before what its source says; each may say it in its config. */
export function readLoadedAt(source: Entry, table: Entry): LoadedAtEntry {
  const field = table['loaded_at_field'] ?? source['loaded_at_field'];
  const ownField = read(table, 'loaded_at_field');
  const inherited = ownField === undefined ? read(source, 'loaded_at_query') : undefined;
  const query = read(table, 'loaded_at_query') ?? inherited;
  return {
    field: typeof field === 'string' ? field : undefined,
    config: query === undefined ? {} : { loaded_at_query: query },
  };
}

function read(entry: Entry, key: string): unknown {
  const config = entry['config'];
  const inConfig = typeof config === 'object' ? (config as Entry | null)?.[key] : undefined;
  return entry[key] ?? inConfig ?? undefined;
}
