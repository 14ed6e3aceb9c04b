import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { landStream } from '../engine/steps/land.ts';
import { silentLog } from '../engine/words/log.ts';
import type { Page, Stream } from '../engine/words/stream.ts';
import { openDuckDb } from '../loaders/duckdb/duckdb.ts';
import { type DataFormat, hubspotStream, preparePages, salesforceStream } from './landing-data.ts';
import { type Bench, measure, round, type Sample } from './measure.ts';

const records = 1_000_000;
/** What one Bulk 2.0 result page holds when nobody asks for less. */
const recordsPerPage = 50_000;
const chunkBytes = 1_048_576;
const heapMbMax = 256;
const ratioMin = 0.5;
/** In turns, the faster counts: what else the machine does slows both. */
const rounds = 2;

function faster(one: Sample | undefined, other: Sample): Sample {
  return one === undefined || other.seconds < one.seconds ? other : one;
}

async function* readPages(paths: readonly string[], format: DataFormat): AsyncGenerator<Page> {
  for (const [index, path] of paths.entries()) {
    yield {
      format,
      body: createReadStream(path, { highWaterMark: chunkBytes }),
      checkpoint: { page: index },
    };
  }
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(import.meta.dirname, '.data', 'run-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLanding(
  paths: readonly string[],
  format: DataFormat,
  stream: Stream,
): Promise<{ sample: Sample; inserted: number }> {
  return inFolder(async (folder) => {
    const path = join(folder, 'warehouse.duckdb');
    await using warehouse = await openDuckDb({ path, log: silentLog });
    let inserted = 0;
    let batches = 0;
    const sample = await measure(async () => {
      const result = await landStream(warehouse, readPages(paths, format), {
        connection: 'crm',
        stream,
        settings: {},
        runId: 'bench',
        boundaryMs: Date.UTC(2026, 5, 1),
        spoolFolder: join(folder, 'spool'),
        signal: new AbortController().signal,
        log: silentLog,
        mintBatchId: () => {
          batches += 1;
          return `batch-${batches}`;
        },
      });
      inserted = result.inserted;
      await warehouse.checkpoint();
    });
    return { sample, inserted };
  });
}

/** DuckDB's own reader, types found by sniffing, into a table of a file, checkpoint included. */
async function measureReference(paths: readonly string[], format: DataFormat): Promise<Sample> {
  return inFolder(async (folder) => {
    const instance = await DuckDBInstance.create(':memory:', { preserve_insertion_order: 'false' });
    const connection = await instance.connect();
    const files = paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
    const reader =
      format === 'csv'
        ? `read_csv([${files}])`
        : `read_json([${files}], format = 'newline_delimited')`;
    await connection.run(`attach '${join(folder, 'plain.duckdb').replaceAll("'", "''")}' as plain`);
    await connection.run('use plain');
    const sample = await measure(async () => {
      await connection.run(`create table landed as select * from ${reader}`);
      await connection.run('checkpoint');
    });
    connection.closeSync();
    instance.closeSync();
    return sample;
  });
}

function landingBench(name: string, format: DataFormat, stream: Stream): Bench {
  return {
    name,
    async run(scale) {
      const rows = Math.round(records * scale);
      const paths = await preparePages(format, rows, recordsPerPage);
      let reference: Sample | undefined;
      let sample: Sample | undefined;
      for (let round = 0; round < rounds; round += 1) {
        reference = faster(reference, await measureReference(paths, format));
        const landing = await measureLanding(paths, format, stream);
        if (landing.inserted !== rows) {
          throw new Error(`landed ${landing.inserted} of ${rows} records`);
        }
        sample = faster(sample, landing.sample);
      }
      if (!reference || !sample) throw new Error('nothing was measured');
      const ratio = reference.seconds / sample.seconds;
      return {
        value: round(rows / sample.seconds),
        unit: 'records/s',
        reference: round(rows / reference.seconds),
        ratio: round(ratio),
        target: `>= ${ratioMin} of the reference, JavaScript memory < ${heapMbMax} MB`,
        met: ratio >= ratioMin && sample.heapMb < heapMbMax,
        rows,
        cpu_s: round(sample.cpuSeconds),
        rss_mb: sample.rssMb,
      };
    },
  };
}

export const landingBenches: readonly Bench[] = [
  landingBench('landing-salesforce-csv', 'csv', salesforceStream),
  landingBench('landing-hubspot-ndjson', 'ndjson', hubspotStream),
];
