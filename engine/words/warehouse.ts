import type { RawBuilder } from 'kysely';
import type { ColumnType, Stream } from './stream.ts';
import type { Column, Relation } from './table.ts';

/**
 * Values as they come back: null, boolean, string, number, bigint (64-bit beyond 2^53 only).
 * Decimals are exact strings; dates `YYYY-MM-DD`; timestamps ISO 8601 with `Z`; JSON and nested
 * values are parsed JavaScript values.
 */
export type RowValue = unknown;
export type Row = Readonly<Record<string, RowValue>>;

/**
 * One connection to the warehouse. Statements are built with Kysely's `sql` tag: a hole is a value
 * (sent as a parameter), an identifier (quoted by the dialect), or another statement.
 * A driver's exceptions arrive translated into the engine's two families, with the statement's text
 * and parameter types, never its values.
 */
export interface Session {
  /**
   * All rows at once; one more than `rowsMax` is the error `too-many-rows`, and ends the reading.
   */
  query<R = Row>(statement: RawBuilder<unknown>, rowsMax?: number): Promise<R[]>;
  /** Runs one statement and answers how many rows it changed. */
  execute(statement: RawBuilder<unknown>): Promise<number>;
  /** Columns of a table or view; undefined where it does not exist. */
  describe(relation: Relation): Promise<readonly Column[] | undefined>;
  /** Columns of a query's result, bound but not run. */
  describeQuery(statement: RawBuilder<unknown>): Promise<readonly Column[]>;
}

/** A cell that is not of its column's type; never the value itself. */
export interface Misfit {
  readonly column: string;
  readonly recordId: string;
}

/** A spooled page file, ready for the warehouse's own reader. */
export interface PageFile {
  readonly path: string;
  readonly format: 'ndjson' | 'csv';
  /** CSV only: the header's names in order. */
  readonly header?: readonly string[];
  /** CSV only: what stands between cells; default: a comma. */
  readonly delimiter?: string;
  readonly records?: number;
}

export interface Warehouse extends Session, AsyncDisposable {
  readonly dialect: Dialect;
  /** The name the product gives the database: templates print it, statements leave it out. */
  readonly catalog: string;
  /**
   * Whether the select surely makes each of its rows of one row of `input`, a select of rows that
   * it reads, and of what else it reads: then it may be run over many of them as over few.
   */
  makesRowByRow(select: RawBuilder<unknown>, input: RawBuilder<unknown>): Promise<boolean>;
  /**
   * Serialised: one writer at a time. Committed when `work` resolves, rolled back when it rejects.
   * After a conflict with another writer `work` is called again. Data statements only; see `ddl`.
   * Temporary tables outlast it and are seen by the transactions that follow, not by `query`.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * Changes of shape: each call its own transaction, durable when it resolves. The last statements
   * may write the few rows that say what now stands. Other rows are written only after all of it
   * has been brought from the log into the file.
   */
  ddl(statements: readonly RawBuilder<unknown>[]): Promise<void>;
  /** A reading connection for streaming large results in chunks of rows. */
  stream(statement: RawBuilder<unknown>): AsyncIterable<readonly Row[]>;
  /**
   * Pages as a table expression with the stream's columns typed and in order (CSV by header,
   * NDJSON by path), for use in one `from`. Valid until the session's transaction ends.
   */
  pages(session: Session, files: readonly PageFile[], stream: Stream): Promise<RawBuilder<unknown>>;
  /** Finds one cell whose text is not of its column's type: a slow pass, for messages. */
  findMisfit(files: readonly PageFile[], stream: Stream): Promise<Misfit | undefined>;
  /**
   * Empty twin in memory: same dialect, no data, never touches the file. `bind`: selects over it
   * are described and none is run, so none need be planned well.
   */
  openShadow(use?: 'bind' | 'run'): Promise<Shadow>;
  /** A quiet point: flush what is logged into the file. */
  checkpoint(): Promise<void>;
  /**
   * Statements under way end in a TerminalError `interrupted`, their transactions rolled back; a
   * statement that has not begun is not touched.
   */
  interrupt(): void;
}

export interface Shadow extends Session, AsyncDisposable {
  ddl(statements: readonly RawBuilder<unknown>[]): Promise<void>;
  /**
   * Makes empty tables, with their schemas, each in place of a table that bears its name. After an
   * error some of them may be there.
   */
  makeTables(tables: readonly EmptyTable[]): Promise<void>;
  /**
   * Names of tables as a select spells them, in parts: `s.t` is `['s', 't']`. Its own common table
   * expressions and functions are left out; none are told of what cannot be parsed. With `mayBe`
   * the product need not be asked of a statement in which no word is such a name.
   */
  tablesIn(
    statement: RawBuilder<unknown>,
    mayBe?: (name: string) => boolean,
  ): Promise<readonly (readonly string[])[]>;
}

export interface EmptyTable {
  readonly relation: Relation;
  /** `typeName` is the product's own. */
  readonly columns: readonly Pick<Column, 'name' | 'typeName'>[];
}

/** Where database products differ. Few documented members; everything else is shared SQL. */
export interface Dialect {
  readonly name: string;
  /** The product's name for a column type. */
  typeName(type: ColumnType): string;
  /**
   * The engine's type for a product's type name; `json` for nested types, `string` when unknown.
   */
  columnType(typeName: string): ColumnType;
  /** A digest (32 hex digits, md5) of the texts that are not null, in the order given. */
  digest(texts: readonly RawBuilder<unknown>[]): RawBuilder<unknown>;
  /**
   * A number that equal rows share and different ones almost never do, for telling rows apart
   * quickly: what it says is equal must be compared. Of one session; never stored.
   */
  rowHash(columns: readonly RawBuilder<unknown>[]): RawBuilder<unknown>;
  /** An aggregate: a text for the rows of a group, repeated ones counted, in whatever order. */
  bagDigest(columns: readonly Column[]): RawBuilder<unknown>;
  /** A text that is equal exactly when two values of one CRM type mean the same (see diff). */
  canonical(kind: CanonicalKind, value: RawBuilder<unknown>): RawBuilder<unknown>;
  /** How alike two texts are, letter by letter, Jaro–Winkler: from 0 to 1, which is equal. */
  similarity(left: RawBuilder<unknown>, right: RawBuilder<unknown>): RawBuilder<unknown>;
  /**
   * A table expression of rows at hand, cells in the order of the columns: one parameter, however
   * many they are. Cells are null, texts, numbers or booleans that cast to the column's type.
   */
  rowsOf(
    columns: readonly Pick<Column, 'name' | 'typeName'>[],
    rows: readonly (readonly unknown[])[],
  ): RawBuilder<unknown>;
  /** Whether nothing of a text is seen: spaces of any kind, line ends, signs of no width. */
  isBlank(text: RawBuilder<unknown>): RawBuilder<unknown>;
  /** In a select list: one row for each part of a text. */
  splitText(value: RawBuilder<unknown>, separator: string): RawBuilder<unknown>;
  /** Where descriptions are kept beside relations and columns; absent: the product has no place. */
  readonly comments?: CommentDialect;
}

export interface CommentDialect {
  /** Answers `schema`, `name`, `column` (null: of the relation itself) and `comment`. */
  readonly read: RawBuilder<unknown>;
  /** Statements about the shape of a relation: see `Warehouse.ddl`. An empty text removes it. */
  onRelation(relation: Relation, kind: 'table' | 'view', text: string): RawBuilder<unknown>;
  onColumn(relation: Relation, column: string, text: string): RawBuilder<unknown>;
}

/** How a CRM compares values of a field. */
export const canonicalKinds = [
  'text',
  'email',
  'record_id',
  'number',
  'boolean',
  'date',
  'datetime',
  'multi_select',
  'json',
] as const;
export type CanonicalKind = (typeof canonicalKinds)[number];
