import { loadLibrary } from '../words/load-library.ts';

/** Column → cell. */
export type UnitCsvRow = Readonly<Record<string, string | null>>;

/** CSV with a header line; an empty cell is null. */
export function parseUnitCsv(text: string): { readonly rows: readonly UnitCsvRow[] } {
  const { parse } = loadLibrary('csv-parse/sync') as typeof import('csv-parse/sync');
  const records: Record<string, string>[] = parse(text, { columns: true, trim: true });
  const rows = records.map((record) =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [key, value === '' ? null : value]),
    ),
  );
  return { rows };
}
