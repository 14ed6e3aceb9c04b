import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';

export type FileRow = Record<string, unknown>;

const batchRows = 5000;
const kinds = ['.csv', '.json', '.ndjson'];

/** The data files of a folder, `schema.json` left out: `Account.csv` is `['Account', path]`. */
export async function listDataFiles(folder: string): Promise<[name: string, file: string][]> {
  const files: [string, string][] = [];
  for (const entry of (await readdir(folder)).toSorted()) {
    const kind = extname(entry);
    if (entry === 'schema.json' || !kinds.includes(kind)) continue;
    files.push([basename(entry, kind), join(folder, entry)]);
  }
  return files;
}

/** The parsed `schema.json` of a folder; undefined when there is none. */
export async function readSchemaFile(folder: string): Promise<unknown> {
  const file = join(folder, 'schema.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  return parseText(file, text);
}

/**
 * Rows of a CSV, JSON (one array) or NDJSON file, some thousand at a time. Throws an Error with the
 * file, the line, what is wrong and what to do. CSV cells are text; empty ones are left out.
 */
export async function* readDataFile(file: string): AsyncIterable<FileRow[]> {
  switch (extname(file)) {
    case '.csv':
      yield* inBatches(readCsv(file));
      return;
    case '.ndjson':
      yield* inBatches(readLines(file));
      return;
    default: {
      const rows = parseText(file, await readFile(file, 'utf8'));
      if (!Array.isArray(rows)) throw new Error(`${file}: not a JSON array of rows; make it one`);
      yield rows as FileRow[];
    }
  }
}

async function* inBatches(rows: AsyncIterable<FileRow>): AsyncIterable<FileRow[]> {
  let batch: FileRow[] = [];
  for await (const row of rows) {
    batch.push(row);
    if (batch.length < batchRows) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function* readCsv(file: string): AsyncIterable<FileRow> {
  const parser = createReadStream(file).pipe(
    parse({ columns: true, bom: true, skip_empty_lines: true }),
  );
  try {
    for await (const cells of parser as AsyncIterable<Record<string, string>>) {
      const row: FileRow = {};
      for (const name in cells) if (cells[name] !== '') row[name] = cells[name];
      yield row;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: not a CSV file with a header: ${reason}; correct that line`);
  }
}

async function* readLines(file: string): AsyncIterable<FileRow> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    number += 1;
    if (line.trim() === '') continue;
    let row: FileRow;
    try {
      row = JSON.parse(line) as FileRow;
    } catch {
      throw new Error(`${file}:${number}: not a JSON object; write one object a line`);
    }
    yield row;
  }
}

function parseText(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${file}: not JSON: ${reason}; correct it`);
  }
}
