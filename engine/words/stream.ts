import type { JsonObject } from './json.ts';

/**
 * The engine's column types, each with one name per warehouse dialect. Timestamps are UTC.
 * `decimal(p,s)` keeps money exact; `json` is text that is valid JSON.
 */
export type ColumnType =
  | 'string'
  | 'boolean'
  | 'integer'
  | 'double'
  | `decimal(${number},${number})`
  | 'date'
  | 'time'
  | 'timestamp'
  | 'json';

export interface StreamColumn {
  /** The source's own name; also the column's name in the raw table. */
  readonly name: string;
  readonly type: ColumnType;
  /** Where the value is in an NDJSON record; default `[name]`. Ignored for CSV pages. */
  readonly path?: readonly string[];
  /** Computed by the source at read time: changes without moving the modified stamp. */
  readonly computed?: boolean;
  readonly label?: string;
}

/** One collection of records at a source, landing in one raw table. */
export interface Stream {
  readonly name: string;
  readonly columns: readonly StreamColumn[];
  /** Columns whose values identify a record; several are joined with `|` into `_record_id`. */
  readonly primaryKey: readonly string[];
  /** The column that only grows; absent: every read is a full one. */
  readonly cursorField?: string;
  /** The column with the source's modified stamp (type timestamp), for `_modified_at`. */
  readonly modifiedField?: string;
  /** The boolean column that says the record is deleted or archived, for `_deleted`. */
  readonly deletedField?: string;
  /** The column that names the surviving record when this one was merged away. */
  readonly mergedIntoField?: string;
  /** Path of an object whose undeclared keys are kept in `_extra`; absent: no `_extra` column. */
  readonly extraPath?: readonly string[];
  /** About how many records there are, where the source says so cheaply; for the plan's prices. */
  readonly estimatedRecords?: number;
}

/** A saved place to resume from: the extractor's own, opaque to the engine. */
export type Cursor = JsonObject;

/**
 * Bytes as the source sent them, cut but not parsed: one JSON record a line, or CSV with a header
 * row whose names are column names. `tombstones` pages carry only the primary key columns and,
 * where the source says it, the modified stamp: each line says that a record is gone.
 */
export interface Page {
  readonly format: 'ndjson' | 'csv';
  readonly kind?: 'records' | 'tombstones';
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** How many records the source says are in the page; landing asserts it. */
  readonly records?: number;
  /**
   * The page belongs to a scan of the whole stream. `id` stays the same when the scan is resumed in
   * a later process; `complete` on the last page says that every live record was in the scan, so
   * that absence means deletion (under the guard ratio).
   */
  readonly scan?: { readonly id: string; readonly complete?: boolean };
  /** A cursor offered with the page: durable once the page's rows are committed. */
  readonly checkpoint?: Cursor;
}

/** What `pipelines.yaml` says about one stream, defaults filled in. */
export interface StreamSettings {
  readonly lookbackMs?: number;
  /**
   * Fields that change without moving the stamp, and how often the whole stream is read for them.
   */
  readonly volatile?: { readonly fields: readonly string[]; readonly everyMs: number };
  readonly fields?: readonly string[];
  readonly exclude?: readonly string[];
  /** How often a stream without reliable increments (archived rows, associations) is read whole. */
  readonly fullEveryMs?: number;
  /** Keys only this connector understands, already validated by its schema. */
  readonly options?: JsonObject;
}

export interface ReadRequest {
  readonly stream: Stream;
  readonly settings: StreamSettings;
  /** Absent: nothing was read before, or a full refresh was asked for. */
  readonly cursor: Cursor | undefined;
  /** The run's boundary, milliseconds since the epoch, our clock. */
  readonly boundaryMs: number;
  readonly signal: AbortSignal;
}

/** What a read will cost, for the plan: computed without any call. */
export interface ReadEstimate {
  readonly mode: 'full_refresh' | 'incremental';
  /** ISO time since which changes are read. */
  readonly since?: string;
  readonly calls: number;
  /** No fewer than `calls`: only the first of them tells how many records there are. */
  readonly isLeast?: boolean;
  readonly reason: string;
  /** A whole read that every run makes (owners, pipelines): no work left over from before. */
  readonly isRoutine?: boolean;
}

/** Which streams to discover: by name where all are known, else a test of every name there is. */
export type WantedStreams = readonly string[] | ((streamName: string) => boolean);

/** Reads one account of one source. Keeps no state between calls; any read may be repeated. */
export interface Extractor {
  /** Proves the credentials and nothing else; throws TerminalError with what to do. */
  check(signal: AbortSignal): Promise<void>;
  /**
   * The streams the account may read, of those that are wanted; called once per run. Names: exactly
   * these (one that is not there is left out of the answer, so that its absence can be told).
   * A function: asked for every name the account has. Absent: all. Only wanted streams are
   * described.
   */
  discover(signal: AbortSignal, wanted?: WantedStreams): Promise<readonly Stream[]>;
  read(request: ReadRequest): AsyncIterable<Page>;
  estimate(request: Omit<ReadRequest, 'signal'>): ReadEstimate;
}
