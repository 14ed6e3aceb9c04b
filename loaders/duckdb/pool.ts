import type { DuckDBConnection } from '@duckdb/node-api';

/** Reading connections beside the writer: a long stream never blocks a short query for good. */
export interface Pool {
  acquire(): Promise<DuckDBConnection>;
  release(connection: DuckDBConnection): void;
  /** A connection beside the pool's: streams that wait for each other would use it up for good. */
  openAside(): Promise<DuckDBConnection>;
  /** Closes it, with the result it may hold unfinished. */
  closeAside(connection: DuckDBConnection): void;
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
    async openAside() {
      const connection = await connect();
      busy.add(connection);
      return connection;
    },
    closeAside(connection) {
      busy.delete(connection);
      connection.closeSync();
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
