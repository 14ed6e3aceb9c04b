import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { plural } from '../words/plural.ts';
import type { ColumnType } from '../words/stream.ts';
import { describeUnreadable, readTextFile } from './text-file.ts';

export interface SeedColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Whether dbt makes 32 bits of it: whole numbers that fit, and a column without any value. */
  readonly isSmall: boolean;
}

interface SeedKind {
  readonly type: ColumnType;
  readonly pattern: Pick<RegExp, 'test'>;
}

/** From the narrowest to the widest; a column is the first that all its values are. */
const kinds: readonly SeedKind[] = [
  { type: 'integer', pattern: /^[+-]?(0|[1-9]\d{0,17})$/ },
  { type: 'double', pattern: /^[+-]?((0|[1-9]\d{0,14})(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/ },
  { type: 'boolean', pattern: /^(true|false)$/i },
  { type: 'date', pattern: /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/ },
  {
    type: 'timestamp',
    pattern: /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/,
  },
];

const number = /^\s*[+-]?(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?\s*$/;
const wholeDigitsMax = 18;

/** A number however it is written (`007`, `1.0`, `1e5`): digits before the point and after it. */
function measureNumber(text: string): { whole: number; places: number } | undefined {
  const found = number.exec(text.replaceAll('_', ''));
  if (!found) return undefined;
  const [, before = '', after = '', exponent = '0'] = found;
  const digits = `${before}${after}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return { whole: 0, places: 0 };
  const point = digits.length - after.length + Number(exponent);
  return { whole: Math.max(0, point), places: Math.max(0, kept.length - point) };
}

function isWhole(text: string): boolean {
  const measured = measureNumber(text);
  return measured?.places === 0 && measured.whole <= wholeDigitsMax;
}

/** More digits than a number can hold are kept as a text. */
function isNumber(text: string): boolean {
  const measured = measureNumber(text);
  return measured !== undefined && (measured.places > 0 || measured.whole <= wholeDigitsMax);
}

function isDay(text: string): boolean {
  const [, year, month, day] = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*$/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}

/**
 * What dbt makes of a seed: a code of digits is a number, a stamp with a space has whole seconds,
 * one with a `T` may have a fraction and an offset; a column does not hold both.
 */
const dbtKinds: readonly SeedKind[] = [
  { type: 'integer', pattern: { test: isWhole } },
  { type: 'double', pattern: { test: isNumber } },
  { type: 'date', pattern: { test: isDay } },
  { type: 'timestamp', pattern: /^\s*\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}\s*$/ },
  {
    type: 'timestamp',
    pattern: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:?\d{2})?)?$/,
  },
  { type: 'boolean', pattern: /^(true|false)$/i },
];

const smallest = -(2 ** 31);
const largest = 2 ** 31 - 1;

export interface SeedReading {
  /** Whether types are those that dbt reads off the same rows. */
  readonly isDbt: boolean;
  /** Between cells; default: a comma. */
  readonly delimiter?: string | undefined;
}

/**
 * A seed's columns, read off all its rows: an empty cell is null and says nothing, a column without
 * any value is text. A number that starts with a zero is text, for it is a code (but in a project
 * of dbt's, where it is what dbt makes of it); so is one with more digits than a number can hold.
 *
 * @throws SeedFault with the line.
 */
export async function readSeedColumns(path: string, reading: SeedReading): Promise<SeedColumn[]> {
  try {
    return await readColumns(path, reading);
  } catch (error) {
    throw new SeedFault(error);
  }
}

/** A seed that cannot be read, or is no CSV. */
export class SeedFault extends Error {
  readonly line: number;
  constructor(cause: unknown) {
    const isOfCsv = cause instanceof CsvError;
    const { message, hint, line } = describeUnreadable(cause);
    const why = hint === undefined ? message : `${message}; ${hint}`;
    super(isOfCsv ? describeCsv(cause) : cause instanceof HeaderFault ? cause.message : why, {
      cause,
    });
    this.line = isOfCsv && typeof cause['lines'] === 'number' ? cause['lines'] : line;
  }
}

/** The first line does not say what the columns are called. */
class HeaderFault extends Error {}

function describeCsv(cause: CsvError): string {
  const [, expected, got] = /expect (\d+), got (\d+)/.exec(cause.message) ?? [];
  if (got !== undefined)
    return `the line has ${plural(Number(got), 'cell')}, the first ${expected}`;
  return /^Quote Not Closed/.test(cause.message)
    ? 'a quote above is never closed; add the closing "'
    : cause.message;
}

/** @throws HeaderFault where a table cannot have these columns. */
function checkHeader(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (name === '') throw new HeaderFault(`column ${index + 1} has no name in the first line`);
    const key = name.toLowerCase();
    if (seen.has(key)) throw new HeaderFault(`the first line names the column "${name}" twice`);
    seen.add(key);
  }
}

async function readColumns(path: string, reading: SeedReading): Promise<SeedColumn[]> {
  const reader = parse({ bom: true, trim: false, delimiter: reading.delimiter ?? ',' });
  const file = createReadStream(path);
  file.on('error', (error) => reader.destroy(error));
  file.pipe(reader);
  const all = reading.isDbt ? dbtKinds : kinds;
  let names: string[] | undefined;
  const possible: Set<SeedKind>[] = [];
  const hasValue: boolean[] = [];
  const isLarge: boolean[] = [];
  for await (const row of reader as AsyncIterable<string[]>) {
    if (names === undefined) {
      names = row.map((name) => name.trim());
      checkHeader(names);
      for (const _ of names) possible.push(new Set(all));
      continue;
    }
    for (const [index, value] of row.entries()) {
      // What is no UTF-8 is read as this; the bytes say whether the file means it.
      if (value.includes('\uFFFD')) readTextFile(path);
      const left = possible[index];
      if (left === undefined || value === '') continue;
      hasValue[index] = true;
      if (Number(value) > largest || Number(value) < smallest) isLarge[index] = true;
      for (const kind of left) if (!kind.pattern.test(value)) left.delete(kind);
    }
  }
  if (names === undefined) {
    throw new HeaderFault('the file is empty: its first line names the columns');
  }
  return names.map((name, index) => {
    const type = all.find((kind) => possible[index]?.has(kind))?.type;
    const isEmpty = hasValue[index] !== true;
    const isSmall = isEmpty || (type === 'integer' && isLarge[index] !== true);
    return { name, type: hasValue[index] && type !== undefined ? type : 'string', isSmall };
  });
}
