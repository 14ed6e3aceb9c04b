import { realpath, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sql } from 'kysely';
import { messageOf, TerminalError } from '../../engine/words/errors.ts';
import { changeRows, readRows } from './connection.ts';
import { compileStatement } from './statement.ts';

export interface DuckDbOptions {
  /** The warehouse file; its folder must exist. */
  readonly path: string;
  /** Where queries larger than memory spill; default beside the file. */
  readonly spillFolder?: string;
  /** DuckDB's own spelling, e.g. `2GB`; default 80 % of the machine's memory. */
  readonly memoryLimit?: string;
  readonly threads?: number;
  /** Where files that statements name by a relative path are looked for, before the current one. */
  readonly filesFolder?: string;
  readonly readOnly?: boolean;
  /** Free bytes on the disk below which nothing is written any more. */
  readonly freeBytesMin?: number;
}

export interface AttachedInstance {
  readonly instance: DuckDBInstance;
  /** The catalog's name: the one DuckDB gives the file when a person opens it directly. */
  readonly alias: string;
  readonly path: string;
  connect(): Promise<DuckDBConnection>;
  close(): void;
}

/** Two instances on one file corrupt it silently: one per file and process. */
const openPaths = new Set<string>();

/** A file of one of these names would collide with a catalog or make `tidemill.x` ambiguous. */
const reservedNames = new Set(['tidemill', 'memory', 'main', 'temp', 'system']);

const config = {
  preserve_insertion_order: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

async function createInstance(options: Omit<DuckDbOptions, 'path'>): Promise<DuckDBInstance> {
  return DuckDBInstance.create(':memory:', {
    ...config,
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    ...(options.filesFolder === undefined ? {} : { file_search_path: options.filesFolder }),
    ...(options.spillFolder === undefined ? {} : { temp_directory: options.spillFolder }),
  });
}

async function connectTo(instance: DuckDBInstance, alias: string): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await changeRows(connection, compileStatement(sql`use ${sql.id(alias)}`));
  await changeRows(connection, compileStatement(sql`set TimeZone = 'UTC'`));
  return connection;
}

/** The file as DuckDB sees it, links resolved, without opening it. */
async function resolveFile(path: string): Promise<string> {
  const full = resolve(path);
  const folder = await realpath(dirname(full)).catch((error: unknown) => {
    throw new TerminalError(`cannot open the warehouse ${path}: its folder does not exist`, {
      code: 'warehouse-folder-missing',
      hint: `Create the folder ${dirname(full)}.`,
      cause: error,
    });
  });
  return realpath(full).catch(() => join(folder, basename(full)));
}

/** The driver's refusal to attach, for people: who holds the file, or why it cannot be read. */
function translateAttach(error: unknown, path: string): TerminalError {
  const message = messageOf(error instanceof TerminalError ? error : new Error(messageOf(error)));
  const holder = /\(PID (\d+)\)/.exec(message)?.[1];
  if (/lock/i.test(message) && /conflicting|could not set/i.test(message)) {
    const who = holder === undefined ? 'another process' : `process ${holder}`;
    return new TerminalError(`cannot open the warehouse ${path}: ${who} has it open`, {
      code: 'warehouse-locked',
      hint: 'Wait until it ends, or close the program that has the file open.',
      cause: error,
    });
  }
  if (/not a valid DuckDB database|version number/i.test(message)) {
    return new TerminalError(`cannot open the warehouse ${path}: it is not a DuckDB 1.x file`, {
      code: 'warehouse-unreadable',
      hint: 'Name another file, or export the data with the version of DuckDB that wrote it.',
      cause: error,
    });
  }
  if (/replay|WAL/i.test(message)) {
    return new TerminalError(`cannot open the warehouse ${path}: its log cannot be replayed`, {
      code: 'warehouse-log-broken',
      hint: 'Delete nothing. `tidemill recover` says what of the log can be kept, and does it with --yes.',
      cause: error,
    });
  }
  return new TerminalError(`cannot open the warehouse ${path}: ${message}`, {
    code: 'warehouse-not-opened',
    hint: 'Check the path and its permissions.',
    cause: error,
  });
}

async function attachFile(instance: DuckDBInstance, path: string, readOnly: boolean) {
  const connection = await instance.connect();
  try {
    const listDatabases = compileStatement(sql`
      select database_name as name from duckdb_databases() where not internal`);
    const before = await readRows<{ name: string }>(connection, listDatabases);
    const mode = readOnly ? sql`(read_only)` : sql``;
    // Attached rather than opened as the main database: 1.5 can refuse to reopen a main database
    // after a crash whose log holds certain ALTERs.
    await changeRows(connection, compileStatement(sql`attach ${sql.lit(path)} ${mode}`));
    const after = await readRows<{ name: string }>(connection, listDatabases);
    const known = new Set(before.map(({ name }) => name));
    const added = after.find(({ name }) => !known.has(name));
    if (!added) throw new Error(`${path} was attached under no name`);
    return added.name;
  } catch (error) {
    throw translateAttach(error, path);
  } finally {
    connection.closeSync();
  }
}

export async function openInstance(options: DuckDbOptions): Promise<AttachedInstance> {
  const path = await resolveFile(options.path);
  const stem = basename(path).split('.')[0] ?? '';
  if (reservedNames.has(stem.toLowerCase())) {
    throw new TerminalError(`the warehouse file cannot be named "${stem}": the name is taken`, {
      code: 'warehouse-name-reserved',
      hint: 'Name it warehouse.duckdb, for example.',
    });
  }
  if (openPaths.has(path)) {
    throw new TerminalError(`the warehouse ${path} is already open in this process`, {
      code: 'warehouse-open-twice',
      hint: 'Share the opened warehouse.',
    });
  }
  openPaths.add(path);
  let instance: DuckDBInstance | undefined;
  try {
    const spillFolder = options.spillFolder ?? `${path}.tmp`;
    instance = await createInstance({ ...options, spillFolder });
    const alias = await attachFile(instance, path, options.readOnly ?? false);
    return attached(instance, alias, path);
  } catch (error) {
    instance?.closeSync();
    openPaths.delete(path);
    throw error;
  }
}

function attached(instance: DuckDBInstance, alias: string, path: string): AttachedInstance {
  return {
    instance,
    alias,
    path,
    connect: () => connectTo(instance, alias),
    close() {
      instance.closeSync();
      openPaths.delete(path);
    },
  };
}

/** An empty catalog of the same name in memory. */
export async function openShadowInstance(
  alias: string,
  { filesFolder }: Pick<DuckDbOptions, 'filesFolder'> = {},
): Promise<AttachedInstance> {
  const instance = await createInstance(filesFolder === undefined ? {} : { filesFolder });
  const connection = await instance.connect();
  await changeRows(connection, compileStatement(sql`attach ':memory:' as ${sql.id(alias)}`));
  connection.closeSync();
  return attached(instance, alias, ':memory:');
}

/** A full disk in the middle of a commit costs more than one found before it. */
export async function guardFreeSpace(path: string, freeBytesMin: number): Promise<void> {
  const disk = await statfs(dirname(path));
  const freeBytes = disk.bavail * disk.bsize;
  if (freeBytes >= freeBytesMin) return;
  const freeMb = Math.floor(freeBytes / 1_048_576);
  throw new TerminalError(`only ${freeMb} MB are free on the disk of ${path}: nothing is written`, {
    code: 'disk-full',
    hint: `Free at least ${Math.ceil(freeBytesMin / 1_048_576)} MB, then run again.`,
  });
}
