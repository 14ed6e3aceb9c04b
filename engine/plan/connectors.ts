import type { Destination } from '../words/destination.ts';
import type { Extractor } from '../words/stream.ts';
import type { StreamGroups } from './choose-streams.ts';

/** How the engine reaches the connectors: handed in by the composition root. */
export interface Connectors {
  extractor(connection: string): Extractor;
  streamGroups(connection: string): StreamGroups;
  destination(connection: string, object: string): Destination;
  /** The stream whose records are this object's. */
  streamOf(connection: string, object: string): string;
}
