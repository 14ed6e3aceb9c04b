import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ChosenStream } from '../plan/choose-streams.ts';
import { type LandProgress, landStream } from '../steps/land.ts';
import { readCursor } from '../steps/land-cursor.ts';
import type { Log } from '../words/log.ts';
import { plural } from '../words/plural.ts';
import type { Extractor } from '../words/stream.ts';
import type { Warehouse } from '../words/warehouse.ts';
import type { StepOutcome } from './run-steps.ts';

export interface ExtractRequest {
  readonly warehouse: Warehouse;
  readonly extractor: Extractor;
  readonly chosen: ChosenStream;
  readonly runId: string;
  readonly boundaryMs: number;
  readonly fullRefresh: boolean;
  readonly stateFolder: string;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly onProgress: (progress: LandProgress) => void;
}

/** Reads one stream from its cursor and lands it. */
export async function extractStream(request: ExtractRequest): Promise<StepOutcome> {
  const { warehouse, chosen, boundaryMs, signal } = request;
  const { connection, stream, settings } = chosen;
  const key = { connection, stream: stream.name };
  const cursor = request.fullRefresh ? undefined : await readCursor(warehouse, key);
  const pages = request.extractor.read({ stream, settings, cursor, boundaryMs, signal });
  const landed = await landStream(warehouse, pages, {
    ...key,
    stream,
    settings,
    runId: request.runId,
    boundaryMs,
    spoolFolder: join(request.stateFolder, 'spool', connection, encodeURIComponent(stream.name)),
    signal,
    log: request.log,
    onProgress: request.onProgress,
    mintBatchId: randomUUID,
  });
  const parts = [
    plural(landed.records, 'record'),
    `${plural(landed.inserted, 'new version')}`,
    ...(landed.deletedByAbsence > 0 ? [`${plural(landed.deletedByAbsence, 'record')} gone`] : []),
    ...(landed.columnsAdded.length > 0
      ? [`${plural(landed.columnsAdded.length, 'column')} added`]
      : []),
    ...landed.warnings,
  ];
  return {
    status: landed.warnings.length > 0 ? 'warn' : 'success',
    message: parts.join(', '),
    counts: { records: landed.records, inserted: landed.inserted, bytes: landed.bytes },
  };
}
