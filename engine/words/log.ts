/** Structured, without values from a CRM: ids, counts, durations with their unit in the name. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The same log, each of its events told with these fields as well. */
export function logAbout(log: Log, about: LogFields): Log {
  return {
    debug: (event, fields) => log.debug(event, { ...about, ...fields }),
    info: (event, fields) => log.info(event, { ...about, ...fields }),
    warn: (event, fields) => log.warn(event, { ...about, ...fields }),
    error: (event, fields) => log.error(event, { ...about, ...fields }),
  };
}
