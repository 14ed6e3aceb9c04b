import type { Clock } from './clock.ts';
import type { Destination } from './destination.ts';
import type { JsonObject } from './json.ts';
import type { Log } from './log.ts';
import type { Extractor } from './stream.ts';

/** Counts calls per account and day, durably, so that a budget spans processes. */
export interface CallMeter {
  /** Calls made today (UTC day) on this account, by any process. */
  usedToday(): number;
  add(calls: number): void;
}

/** What the composition root hands to a connector for one entry under `connections`. */
export interface ConnectionContext {
  readonly name: string;
  /** Validated against the connector's schema, `${env:…}` resolved. Holds secrets: never log it. */
  readonly config: JsonObject;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: CallMeter;
  /** One value per connection and process: the signed-in client and its limiter live here. */
  once<T>(key: string, open: () => T): T;
}

/**
 * JSON Schema (draft 2020-12) of a connection's keys beside `type`. `writeOnly: true` marks
 * secrets: their values are masked wherever text leaves the process.
 */
export type ConnectionSchema = JsonObject;

export interface ExtractorFactory {
  readonly schema: ConnectionSchema;
  /** Streams groups people may name instead of each stream, e.g. `associations`. */
  readonly groups?: Readonly<Record<string, (streamName: string) => boolean>>;
  create(context: ConnectionContext): Extractor;
}

export interface DestinationFactory {
  readonly schema: ConnectionSchema;
  create(context: ConnectionContext, object: string): Destination;
  /**
   * The extracted stream that holds this object's records, by which ids are resolved at no cost.
   */
  streamOf(object: string): string;
}
