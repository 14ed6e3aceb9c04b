import { TransientError } from '../words/errors.ts';
import type { JsonObject, JsonValue } from '../words/json.ts';

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

export interface Cut {
  /** One record a line, the last line ended too; shares the page's memory. */
  readonly lines: Buffer;
  readonly count: number;
  /** The page without its records: next-page tokens and totals are read from here. */
  readonly rest: JsonObject;
}

export interface CutOptions {
  /** The page's top-level key that holds the array of records. */
  readonly key: string;
  /** How many records the page must hold, where its other keys say it. */
  readonly countOf?: (rest: JsonObject) => number | undefined;
  /** Named in errors: what was being read. */
  readonly where: string;
}

/**
 * Cuts the records out of a JSON page without parsing them. The page's memory is reused: commas
 * between records become newlines, newlines of pretty printing become spaces (JSON strings cannot
 * hold raw ones). Where the scan meets what it does not understand, or the count is not the one the
 * page promises, the page is parsed instead.
 * @throws TransientError `bad-page` where the page is no JSON or breaks its own promise: a body can
 * be cut short without the connection showing it.
 */
export function cutRecords(page: Buffer, options: CutOptions): Cut {
  const cut = cutByScan(page, options.key);
  if (cut !== undefined) {
    const promised = options.countOf?.(cut.rest);
    if (promised === undefined || promised === cut.count) return splitLines(page, cut);
  }
  return cutByParse(page, options);
}

interface Scan {
  readonly start: number;
  readonly end: number;
  readonly count: number;
  readonly separators: readonly number[];
  readonly isPretty: boolean;
  readonly rest: JsonObject;
}

function cutByScan(page: Buffer, key: string): Scan | undefined {
  const start = findArray(page, key);
  if (start === undefined) return undefined;
  const scan = scanArray(page, start);
  if (scan === undefined) return undefined;
  const rest = parseRest(page, start, scan.end);
  return rest === undefined ? undefined : { ...scan, start, rest };
}

/** Index of the first byte inside the array under the top-level key. */
function findArray(page: Buffer, key: string): number | undefined {
  const name = Buffer.from(JSON.stringify(key));
  let depth = 0;
  for (let at = 0; at < page.length; at += 1) {
    const byte = page[at];
    if (byte === quote) {
      const end = skipString(page, at);
      if (depth === 1 && end - at === name.length && name.compare(page, at, end) === 0) {
        const value = skipSpace(page, end);
        if (page[value] === 0x3a) {
          const open = skipSpace(page, value + 1);
          return page[open] === openBracket ? open + 1 : undefined;
        }
      }
      at = end - 1;
    } else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return undefined;
}

/**
 * Index after the closing quote of the string that starts at `at`; the length where it never
 * closes.
 */
function skipString(page: Buffer, at: number): number {
  const { length } = page;
  let index = at + 1;
  for (; index < length; index += 1) {
    const byte = page[index];
    if (byte === quote) return index + 1;
    if (byte === backslash) index += 1;
  }
  return length;
}

function skipSpace(page: Buffer, from: number): number {
  let at = from;
  while (at < page.length && isSpace(page[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === space || byte === newline || byte === carriageReturn || byte === 0x09;
}

/** The hot loop: every byte of every page passes here once, so it stays flat. */
function scanArray(page: Buffer, start: number): Omit<Scan, 'start' | 'rest'> | undefined {
  const { length } = page;
  const separators: number[] = [];
  let depth = 0;
  let isPretty = false;
  let at = start;
  for (; at < length; at += 1) {
    const byte = page[at] as number;
    if (byte === quote) {
      at += 1;
      for (; at < length; at += 1) {
        const inner = page[at] as number;
        if (inner === quote) break;
        if (inner === backslash) at += 1;
      }
    } else if (byte >= openBracket) {
      if (byte === openBrace || byte === openBracket) depth += 1;
      else if (byte === closeBrace || byte === closeBracket) {
        if (depth === 0) break;
        depth -= 1;
      }
    } else if (byte === comma) {
      if (depth === 0) separators.push(at);
    } else if (byte === newline || byte === carriageReturn) isPretty = true;
  }
  if (at >= length || page[at] !== closeBracket) return undefined;
  const isEmpty = separators.length === 0 && skipSpace(page, start) === at;
  return { end: at, count: isEmpty ? 0 : separators.length + 1, separators, isPretty };
}

function parseRest(page: Buffer, start: number, end: number): JsonObject | undefined {
  try {
    const text = page.toString('utf8', 0, start) + page.toString('utf8', end);
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}

function splitLines(page: Buffer, scan: Scan): Cut {
  const { start, end, separators } = scan;
  if (scan.count === 0) return { lines: page.subarray(start, start), count: 0, rest: scan.rest };
  if (scan.isPretty) {
    for (let at = start; at < end; at += 1) {
      const byte = page[at];
      if (byte === newline || byte === carriageReturn) page[at] = space;
    }
  }
  for (const at of separators) page[at] = newline;
  page[end] = newline;
  return { lines: page.subarray(start, end + 1), count: scan.count, rest: scan.rest };
}

function cutByParse(page: Buffer, options: CutOptions): Cut {
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(page.toString('utf8')) as JsonValue;
  } catch {
    throw badPage(options.where, 'is not valid JSON', page.length);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw badPage(options.where, 'is not a JSON object', page.length);
  }
  const { [options.key]: records, ...others } = parsed as { [key: string]: JsonValue };
  if (!Array.isArray(records)) {
    throw badPage(options.where, `has no array under "${options.key}"`, page.length);
  }
  const rest: JsonObject = { ...others, [options.key]: [] };
  const promised = options.countOf?.(rest);
  if (promised !== undefined && promised !== records.length) {
    const found = `holds ${records.length} records where it says ${promised}`;
    throw badPage(options.where, found, page.length);
  }
  const lines = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return { lines, count: records.length, rest };
}

function badPage(where: string, found: string, bytes: number): TransientError {
  return new TransientError(`${where}: the page ${found} (${bytes} bytes)`, {
    code: 'bad-page',
    hint: 'Run again; if it recurs, look for a proxy on the way that changes what the CRM answers.',
  });
}

/** The token at a path of a page's rest, as in `['paging', 'next', 'after']`. */
export function readToken(rest: JsonObject, path: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = rest;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || Array.isArray(at)) return undefined;
    at = (at as JsonObject)[key];
  }
  return at;
}

/** The last record of cut lines, parsed: where a keyset read goes on from. */
export function parseLastRecord(lines: Buffer): JsonObject | undefined {
  let end = lines.length;
  while (end > 0 && isSpace(lines[end - 1])) end -= 1;
  if (end === 0) return undefined;
  const start = lines.lastIndexOf(newline, end - 1) + 1;
  return JSON.parse(lines.toString('utf8', start, end)) as JsonObject;
}
