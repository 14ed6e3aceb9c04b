import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { ColumnType, Stream, StreamColumn } from '../engine/words/stream.ts';

type Cell = (row: number) => string;

interface Field {
  readonly name: string;
  readonly type: ColumnType;
  readonly cell: Cell;
}

const words = ['north', 'tide', 'mill', 'harbour', 'copper', 'linen', 'quarry', 'meadow', 'ferry'];
const epochMs = Date.UTC(2026, 0, 1);

/** A number that looks random and is the same in every run. */
function mix(row: number, salt: number): number {
  let state = Math.imul(row + 1, 2_654_435_761) ^ Math.imul(salt + 7, 40_503);
  state = Math.imul(state ^ (state >>> 15), 2_246_822_519);
  return (state ^ (state >>> 13)) >>> 0;
}

function word(row: number, salt: number): string {
  return words[mix(row, salt) % words.length] ?? '';
}

/** Empty in `share` of 100 rows. */
function sparse(share: number, salt: number, cell: Cell): Cell {
  return (row) => (mix(row, salt) % 100 < share ? '' : cell(row));
}

function stamp(row: number): string {
  return new Date(epochMs + row * 1_000).toISOString();
}

function salesforceId(prefix: string, row: number): string {
  return `${prefix}${row.toString(36).toUpperCase().padStart(12, '0')}AAA`;
}

/** Forty fields in the mix a Contact of a grown org has: texts, picklists, money, dates, flags. */
export const fields: readonly Field[] = [
  { name: 'Id', type: 'string', cell: (row) => salesforceId('003', row) },
  { name: 'IsDeleted', type: 'boolean', cell: () => 'false' },
  { name: 'SystemModstamp', type: 'timestamp', cell: stamp },
  { name: 'LastModifiedDate', type: 'timestamp', cell: stamp },
  { name: 'CreatedDate', type: 'timestamp', cell: (row) => stamp(row - (mix(row, 1) % 9_000_000)) },
  { name: 'AccountId', type: 'string', cell: (row) => salesforceId('001', mix(row, 2) % 200_000) },
  { name: 'OwnerId', type: 'string', cell: (row) => salesforceId('005', mix(row, 3) % 300) },
  { name: 'FirstName', type: 'string', cell: (row) => word(row, 4) },
  { name: 'LastName', type: 'string', cell: (row) => `${word(row, 5)} ${word(row, 6)}` },
  {
    name: 'Email',
    type: 'string',
    cell: (row) => `${word(row, 4)}.${row}@${word(row, 5)}.example`,
  },
  { name: 'Phone', type: 'string', cell: sparse(30, 7, (row) => `+49 30 ${mix(row, 8)}`) },
  { name: 'Title', type: 'string', cell: sparse(20, 9, (row) => `Head of ${word(row, 10)}`) },
  {
    name: 'Description',
    type: 'string',
    cell: sparse(60, 11, (row) =>
      `${word(row, 12)} said "${word(row, 13)}",\nthen ${word(row, 14)} `.repeat(3),
    ),
  },
  ...Array.from(
    { length: 5 },
    (_, index): Field => ({
      name: `Address_${index}__c`,
      type: 'string',
      cell: sparse(40, 20 + index, (row) => `${word(row, index)} street ${mix(row, index) % 200}`),
    }),
  ),
  ...Array.from(
    { length: 6 },
    (_, index): Field => ({
      name: `Picklist_${index}__c`,
      type: 'string',
      cell: sparse(25, 30 + index, (row) => word(row, 40 + index)),
    }),
  ),
  ...Array.from(
    { length: 5 },
    (_, index): Field => ({
      name: `Amount_${index}__c`,
      type: 'decimal(18,2)',
      cell: sparse(50, 50 + index, (row) => (mix(row, 60 + index) / 100).toFixed(2)),
    }),
  ),
  ...Array.from(
    { length: 4 },
    (_, index): Field => ({
      name: `Score_${index}__c`,
      type: 'double',
      cell: sparse(30, 70 + index, (row) => ((mix(row, 80 + index) % 10_000) / 100).toString()),
    }),
  ),
  ...Array.from(
    { length: 4 },
    (_, index): Field => ({
      name: `Day_${index}__c`,
      type: 'date',
      cell: sparse(50, 90 + index, (row) => stamp(row * 7).slice(0, 10)),
    }),
  ),
  ...Array.from(
    { length: 3 },
    (_, index): Field => ({
      name: `Flag_${index}__c`,
      type: 'boolean',
      cell: (row) => (mix(row, 95 + index) % 2 === 0 ? 'true' : 'false'),
    }),
  ),
];

const baseColumns: readonly StreamColumn[] = fields.map(({ name, type }) => ({ name, type }));

export const salesforceStream: Stream = {
  name: 'Contact',
  columns: baseColumns,
  primaryKey: ['Id'],
  cursorField: 'SystemModstamp',
  modifiedField: 'SystemModstamp',
  deletedField: 'IsDeleted',
};

/** HubSpot nests a record's fields under `properties`, every value a string or null. */
export const hubspotStream: Stream = {
  name: 'contacts',
  columns: [
    { name: 'id', type: 'string' },
    { name: 'archived', type: 'boolean' },
    { name: 'updatedAt', type: 'timestamp' },
    ...fields.slice(3).map(({ name, type }) => ({
      name: name.toLowerCase(),
      type,
      path: ['properties', name.toLowerCase()],
    })),
  ],
  primaryKey: ['id'],
  modifiedField: 'updatedAt',
  deletedField: 'archived',
  extraPath: ['properties'],
};

function csvRow(row: number): string {
  return `${fields.map(({ cell }) => `"${cell(row).replaceAll('"', '""')}"`).join(',')}\n`;
}

function ndjsonRow(row: number): string {
  const properties = fields
    .slice(3)
    .map(({ name, cell }) => [name.toLowerCase(), cell(row) || null] as const);
  return `${JSON.stringify({
    id: String(row),
    properties: Object.fromEntries(properties),
    createdAt: stamp(row),
    updatedAt: stamp(row),
    archived: false,
  })}\n`;
}

export type DataFormat = 'csv' | 'ndjson';

async function writePage(path: string, format: DataFormat, from: number, to: number) {
  const partial = `${path}.partial`;
  const file = createWriteStream(partial);
  if (format === 'csv') file.write(`${fields.map(({ name }) => `"${name}"`).join(',')}\n`);
  const linesPerWrite = 1_000;
  for (let start = from; start < to; start += linesPerWrite) {
    let text = '';
    for (let row = start; row < Math.min(to, start + linesPerWrite); row += 1) {
      text += format === 'csv' ? csvRow(row) : ndjsonRow(row);
    }
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
  await rename(partial, path);
}

/** Page files of `records` records in all, made once and kept: same bytes in every run. */
export async function preparePages(
  format: DataFormat,
  records: number,
  recordsPerPage: number,
): Promise<readonly string[]> {
  const folder = join(import.meta.dirname, '.data', `${format}-${recordsPerPage}`);
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (let from = 0; from < records; from += recordsPerPage) {
    const to = Math.min(records, from + recordsPerPage);
    const path = join(folder, `${from}-${to}.${format}`);
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (!isThere) await writePage(path, format, from, to);
    paths.push(path);
  }
  return paths;
}
