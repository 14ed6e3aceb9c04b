/** Columns of text under headings, numbers to the right; no trailing blanks. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly unknown[])[],
  cellWidthMax = 60,
): string {
  const texts = rows.map((row) => row.map((cell) => clip(formatCell(cell), cellWidthMax)));
  const widths = headings.map((heading, index) =>
    Math.max(heading.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const rightAligned = headings.map(
    (_, index) => rows.length > 0 && rows.every((row) => isNumeric(row[index])),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const width = widths[index] ?? 0;
        return rightAligned[index] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(headings), line(widths.map((width) => '-'.repeat(width))), ...texts.map(line)].join(
    '\n',
  );
}

function isNumeric(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === 'number' || typeof value === 'bigint') return true;
  return typeof value === 'string' && /^-?[0-9][0-9,]*(\.[0-9]+)?%?$/.test(value);
}

export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

function clip(text: string, width: number): string {
  const line = text.replaceAll(/[\r\n\t]+/g, ' ');
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}
