type Entry = Readonly<Record<string, unknown>>;

/** How the time of a source's newest row is found: by a column, or by a select of one value. */
export interface LoadedAtEntry {
  readonly field: string | undefined;
  /** For the table's config: null is no column, or no select, though the source has one. */
  readonly config: Entry;
}

/** What a table says goes before what its source says; each may say it in its config. */
export function readLoadedAt(source: Entry, table: Entry): LoadedAtEntry {
  const own = read(table, 'loaded_at_field');
  const isSaid = own !== undefined || 'loaded_at_field' in table;
  const field = own ?? (isSaid ? undefined : source['loaded_at_field']);
  const query = read(table, 'loaded_at_query') ?? (isSaid ? null : read(source, 'loaded_at_query'));
  return {
    field: typeof field === 'string' ? field : undefined,
    config: {
      ...(isSaid ? { loaded_at_field: own ?? null } : {}),
      ...(query === undefined ? {} : { loaded_at_query: query }),
    },
  };
}

function read(entry: Entry, key: string): unknown {
  const config = entry['config'];
  const inConfig = typeof config === 'object' ? (config as Entry | null)?.[key] : undefined;
  return entry[key] ?? inConfig ?? undefined;
}
