import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import type { ColumnType } from '../words/stream.ts';

export interface SeedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether dbt makes 32 bits of it: whole numbers that fit, and a column without any value. */
  readonly isSmall: boolean;
}

/** From the narrowest to the widest; a column is the first that all its values are. */
const kinds: readonly { readonly type: ColumnType; readonly pattern: RegExp }[] = [
  { type: 'integer', pattern: /^[+-]?(0|[1-9]\d{0,17})$/ },
  { type: 'double', pattern: /^[+-]?((0|[1-9]\d{0,14})(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/ },
  { type: 'boolean', pattern: /^(true|false)$/i },
  { type: 'date', pattern: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/ },
  {
    type: 'timestamp',
    pattern: /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/,
  },
];

const integerMax = 2 ** 31 - 1;

/**
 * A seed's columns, read off all its rows: an empty cell is null and says nothing, a column without
 * any value is text. A number that starts with a zero is text, for it is a code; so is one with
 * more digits than a number can hold.
 * Throws the CSV reader's error, which names the line.
 */
export async function readSeedColumns(path: string): Promise<SeedColumn[]> {
  const reader = createReadStream(path).pipe(parse({ bom: true, trim: false }));
  let names: string[] | undefined;
  const possible: Set<ColumnType>[] = [];
  const hasValue: boolean[] = [];
  const isLarge: boolean[] = [];
  for await (const row of reader as AsyncIterable<string[]>) {
    if (names === undefined) {
      names = row.map((name) => name.trim());
      for (const _ of names) possible.push(new Set(kinds.map((kind) => kind.type)));
      continue;
    }
    for (const [index, value] of row.entries()) {
      const left = possible[index];
      if (left === undefined || value === '') continue;
      hasValue[index] = true;
      if (Math.abs(Number(value)) > integerMax) isLarge[index] = true;
      if (left.size === 0) continue;
      for (const { type, pattern } of kinds) {
        if (left.has(type) && !pattern.test(value)) left.delete(type);
      }
    }
  }
  return (names ?? []).map((name, index) => {
    const type = kinds.find((kind) => possible[index]?.has(kind.type))?.type;
    const isEmpty = hasValue[index] !== true;
    const isSmall = isEmpty || (type === 'integer' && isLarge[index] !== true);
    return { name, type: hasValue[index] && type !== undefined ? type : 'string', isSmall };
  });
}
