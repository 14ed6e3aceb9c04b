import { parse } from 'csv-parse/sync';
import { expect } from 'vitest';
import type { Cursor, Page, Stream } from '../../engine/words/stream.ts';

export type Record = Readonly<{ [column: string]: unknown }>;

interface Version {
  readonly modified: string;
  readonly content: string;
  readonly record: Record;
  readonly isDeleted: boolean;
}

/**
 * What landing does with pages, in memory: a log of versions, replayed pages harmless, the cursor
 * moved together with the rows. A read that is broken off leaves what was committed.
 */
export interface Landing {
  cursor: Cursor | undefined;
  /** Versions that were not there before, over all pages so far. */
  readonly added: number;
  readonly pages: number;
  /** Commits a page: rows and checkpoint at once. */
  commit(page: Page): Promise<void>;
  /** The newest version of every record that is not deleted. */
  live(): ReadonlyMap<string, Record>;
  /** All versions of a record, oldest first. */
  versions(id: string): readonly Record[];
}

export function createLanding(stream: Stream): Landing {
  const log = new Map<string, Version[]>();
  const absent = new Set<string>();
  const scans = new Map<string, Set<string>>();
  const landing = {
    cursor: undefined as Cursor | undefined,
    added: 0,
    pages: 0,
    async commit(page: Page): Promise<void> {
      const records = parsePage(await readBody(page.body), page.format, stream);
      if (page.records !== undefined) expect(records).toHaveLength(page.records);
      const scan = page.scan === undefined ? undefined : openScan(scans, page.scan.id);
      for (const record of records) {
        const id = stream.primaryKey.map((name) => String(record[name])).join('|');
        scan?.add(id);
        if (land(log, id, toVersion(stream, record, page.kind === 'tombstones')))
          landing.added += 1;
        absent.delete(id);
      }
      if (page.scan?.complete === true) {
        for (const id of log.keys()) if (scan?.has(id) !== true) absent.add(id);
      }
      if (page.checkpoint !== undefined) {
        // A cursor is stored as JSON: what does not survive that is no cursor.
        landing.cursor = JSON.parse(JSON.stringify(page.checkpoint)) as Cursor;
      }
      landing.pages += 1;
    },
    live(): ReadonlyMap<string, Record> {
      const live = new Map<string, Record>();
      for (const [id, versions] of log) {
        const newest = pickNewest(versions);
        if (!newest.isDeleted && !absent.has(id)) live.set(id, newest.record);
      }
      return live;
    },
    versions: (id: string) =>
      [...(log.get(id) ?? [])].sort(byModified).map((version) => version.record),
  };
  return landing;
}

function openScan(scans: Map<string, Set<string>>, id: string): Set<string> {
  const scan = scans.get(id) ?? new Set();
  scans.set(id, scan);
  return scan;
}

function toVersion(stream: Stream, record: Record, isTombstone: boolean): Version {
  const modified = stream.modifiedField === undefined ? '' : String(record[stream.modifiedField]);
  const isDeleted =
    isTombstone || (stream.deletedField !== undefined && record[stream.deletedField] === true);
  return { modified, content: JSON.stringify(record), record, isDeleted };
}

function land(log: Map<string, Version[]>, id: string, version: Version): boolean {
  const versions = log.get(id) ?? [];
  log.set(id, versions);
  const isKnown = versions.some(
    (known) => known.modified === version.modified && known.content === version.content,
  );
  if (!isKnown) versions.push(version);
  return !isKnown;
}

function byModified(a: Version, b: Version): number {
  return a.modified < b.modified ? -1 : a.modified > b.modified ? 1 : 0;
}

/** By the source's stamp; of equal stamps the one that was seen last. */
function pickNewest(versions: readonly Version[]): Version {
  const newest = [...versions].sort(byModified).at(-1);
  if (newest === undefined) throw new Error('a record without versions');
  return newest;
}

async function readBody(body: Page['body']): Promise<Buffer> {
  if (body instanceof Uint8Array) return Buffer.from(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function parsePage(body: Buffer, format: Page['format'], stream: Stream): readonly Record[] {
  const rows =
    format === 'csv'
      ? (parse(body, { columns: true, skip_empty_lines: true }) as Record[])
      : body
          .toString('utf8')
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as Record);
  return rows.map((row) =>
    Object.fromEntries(
      stream.columns.map((column) => {
        const path = format === 'csv' ? [column.name] : (column.path ?? [column.name]);
        return [column.name, normalize(column.type, readPath(row, path))];
      }),
    ),
  );
}

function readPath(row: Record, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? (at as Record)[key] : undefined),
    row,
  );
}

/** One form for what JSON and CSV write differently. */
function normalize(type: string, value: unknown): unknown {
  if (value === null || value === undefined || value === '') return null;
  if (type === 'timestamp') return new Date(String(value)).toISOString();
  if (type === 'boolean') return String(value) === 'true';
  if (type === 'integer' || type === 'double' || type.startsWith('decimal')) return Number(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
