import type { DuckDBConnection } from '@duckdb/node-api';

/** Reading connections beside the writer: a long stream never blocks a short query for good. */
export interface Pool {
  acquire(): Promise<DuckDBConnection>;
  release(connection: DuckDBConnection): void;
  /** Closes a connection that may hold an unfinished result, and makes room for another. */
  discard(connection: DuckDBConnection): void;
  /** Those in use: a statement may be under way on them. */
  readonly busy: ReadonlySet<DuckDBConnection>;
  /** Runs `work` on a connection of its own. */
  use<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  close(): void;
}

export function createPool(connect: () => Promise<DuckDBConnection>, sizeMax: number): Pool {
  const idle: DuckDBConnection[] = [];
  const busy = new Set<DuckDBConnection>();
  const waiting: PromiseWithResolvers<DuckDBConnection>[] = [];
  let opened = 0;
  let isClosed = false;

  const take = async (): Promise<DuckDBConnection> => {
    const free = idle.pop();
    if (free) return free;
    if (opened < sizeMax) {
      opened += 1;
      return connect().catch((error: unknown) => {
        opened -= 1;
        throw error;
      });
    }
    const turn = Promise.withResolvers<DuckDBConnection>();
    waiting.push(turn);
    return turn.promise;
  };
  const acquire = async (): Promise<DuckDBConnection> => {
    const connection = await take();
    busy.add(connection);
    return connection;
  };
  const release = (connection: DuckDBConnection): void => {
    busy.delete(connection);
    if (isClosed) {
      connection.closeSync();
      return;
    }
    const next = waiting.shift();
    if (next) next.resolve(connection);
    else idle.push(connection);
  };
  return {
    acquire,
    release,
    busy,
    discard(connection) {
      busy.delete(connection);
      connection.closeSync();
      opened -= 1;
      const next = waiting.shift();
      if (next) take().then(next.resolve, next.reject);
    },
    async use(work) {
      const connection = await acquire();
      try {
        return await work(connection);
      } finally {
        release(connection);
      }
    },
    close() {
      isClosed = true;
      for (const connection of idle.splice(0)) connection.closeSync();
    },
  };
}
