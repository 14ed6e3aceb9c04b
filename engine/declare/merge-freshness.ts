type Entry = Readonly<Record<string, unknown>>;

/**
 * What a table's `freshness` comes to, each word of it from the nearest place that says it: the
 * source, its config, the table, its config, as in dbt. `null` puts an end to what was said
 * farther away, of all of it or of one limit. Undefined: nobody says how fresh it must be.
 */
export function mergeFreshness(source: Entry, table: Entry): Entry | null | undefined {
  const places = [source, configOf(source), table, configOf(table)];
  let merged: Entry | null = {};
  for (const { freshness = {} } of places) {
    const nearer = toEntry(freshness);
    if (merged === null) merged = nearer && isSaid(nearer) ? nearer : null;
    else merged = nearer && join(merged, nearer);
  }
  return merged === null || isSaid(merged) ? merged : undefined;
}

function join(farther: Entry, nearer: Entry): Entry {
  const limits = ['warn_after', 'error_after'].map((key) => {
    const limit = isLimit(nearer[key]) || nearer[key] === null ? nearer[key] : farther[key];
    return [key, limit] as const;
  });
  const filter = nearer['filter'] ?? farther['filter'];
  const all = { ...farther, ...nearer, filter, ...Object.fromEntries(limits) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function isSaid(freshness: Entry): boolean {
  return isLimit(freshness['warn_after']) || isLimit(freshness['error_after']);
}

function isLimit(value: unknown): boolean {
  const { count, period } = toEntry(value) ?? {};
  return (count ?? null) !== null && (period ?? null) !== null;
}

function configOf({ config }: Entry): Entry {
  return toEntry(config) ?? {};
}

function toEntry(value: unknown): Entry | null {
  return typeof value === 'object' ? (value as Entry | null) : {};
}
