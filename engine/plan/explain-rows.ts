import type { PlannedRow } from '../words/step.ts';

/** Characters of a value on one line; the JSON has all of them. */
const valueCharactersMax = 40;

function show(value: string | null): string {
  if (value === null || value === '') return '(empty)';
  const line = value.replaceAll(/\s+/g, ' ');
  return line.length > valueCharactersMax ? `${line.slice(0, valueCharactersMax - 1)}…` : line;
}

function cellsOf({ key, action, field, before, after, reason }: PlannedRow): string[] {
  if (field === null) return [key, '', '', [action, reason].filter(Boolean).join(': ')];
  return [key, field, `${show(before)} → ${show(after)}`, action];
}

/** What a sync would change, a line a field: key, field, before and after, and what is done. */
export function explainRows(rows: readonly PlannedRow[]): string[] {
  const cells = rows.map(cellsOf);
  const widthOf = (at: number): number => Math.max(...cells.map((row) => row[at]?.length ?? 0));
  const widths = [0, 1, 2].map(widthOf);
  return cells.map((row) =>
    `      ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd(),
  );
}
