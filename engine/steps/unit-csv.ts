import { loadLibrary } from '../words/load-library.ts';

/** Column → cell. */
export type UnitCsvRow = Readonly<Record<string, string | null>>;

/** CSV with a header line; an empty cell is null. Empty lines are passed by, as Python does. */
export function parseUnitCsv(
  text: string,
  delimiter = ',',
): { readonly rows: readonly UnitCsvRow[] } {
  const { parse } = loadLibrary('csv-parse/sync') as typeof import('csv-parse/sync');
  const options = {
    columns: true,
    trim: true,
    skip_empty_lines: true,
    bom: true,
    delimiter,
  } as const;
  const records: Record<string, string>[] = parse(text, options);
  const rows = records.map((record) =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [key, value === '' ? null : value]),
    ),
  );
  return { rows };
}
