import type { HubSpotAccount } from '../../apis/hubspot/account.ts';
import { readPage } from '../../apis/hubspot/record-page.ts';
import { readJson } from '../../apis/hubspot/reply.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import type { Log } from '../../engine/words/log.ts';
import type { Page, ReadRequest } from '../../engine/words/stream.ts';
import { toIso } from './cursor.ts';

const ownersMax = 100;
/** Pages of owners; at 100 each far beyond any account. */
const ownerPagesMax = 10_000;
/** Objects whose records move through stages. */
export const stagedObjects = ['deals', 'tickets'] as const;

/** All owners, live and archived ones, whole each time: HubSpot has no other way. */
export async function* readOwners(
  account: HubSpotAccount,
  request: ReadRequest,
): AsyncGenerator<Page> {
  const scan = { id: `owners-${toIso(request.boundaryMs)}` };
  for (const isArchived of [false, true]) {
    let after: string | undefined;
    for (let pages = 0; pages < ownerPagesMax; pages += 1) {
      const query = new URLSearchParams({
        limit: String(ownersMax),
        archived: String(isArchived),
        ...(after === undefined ? {} : { after }),
      });
      const page = await readPage(account, {
        method: 'GET',
        // Without the slash before it HubSpot redirects.
        path: `/crm/v3/owners/?${query}`,
        signal: request.signal,
      });
      after = page.after;
      const isLast = isArchived && after === undefined;
      yield {
        format: 'ndjson',
        body: page.lines,
        records: page.records,
        scan: isLast ? { ...scan, complete: true } : scan,
        ...(isLast ? { checkpoint: { version: 1, records: 0 } } : {}),
      };
      if (after === undefined) break;
    }
  }
}

/**
 * One row per stage of every pipeline, whole each time. Where the app may not see one of the
 * objects, the others are read and nothing is concluded from absence.
 */
export async function* readStages(
  account: HubSpotAccount,
  log: Log,
  request: ReadRequest,
): AsyncGenerator<Page> {
  const rows: JsonObject[] = [];
  let refusal: TerminalError | undefined;
  for (const object of stagedObjects) {
    try {
      const path = `/crm/v3/pipelines/${object}`;
      const { results } = await readJson(account, { method: 'GET', path, signal: request.signal });
      const pipelines = Array.isArray(results) ? (results as JsonObject[]) : [];
      rows.push(...pipelines.flatMap((pipeline) => toRows(object, pipeline)));
    } catch (error) {
      if (!(error instanceof TerminalError) || error.code !== 'permission-missing') throw error;
      if (refusal !== undefined) throw error;
      refusal = error;
      log.warn('pipelines left out', { object, code: error.code });
    }
  }
  const id = `pipeline_stages-${toIso(request.boundaryMs)}`;
  yield {
    format: 'ndjson',
    body: Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')),
    records: rows.length,
    scan: { id, ...(refusal === undefined ? { complete: true } : {}) },
    checkpoint: { version: 1, records: rows.length },
  };
}

function toRows(object: string, pipeline: JsonObject): readonly JsonObject[] {
  const stages = Array.isArray(pipeline['stages']) ? (pipeline['stages'] as JsonObject[]) : [];
  return stages.map((stage) => {
    const metadata = (stage['metadata'] ?? {}) as JsonObject;
    const isClosed =
      metadata['isClosed'] === undefined
        ? metadata['ticketState'] === 'CLOSED'
        : String(metadata['isClosed']) === 'true';
    return {
      object_type: object,
      pipeline_id: String(pipeline['id']),
      pipeline_label: pipeline['label'] ?? null,
      stage_id: String(stage['id']),
      label: stage['label'] ?? null,
      display_order: stage['displayOrder'] ?? null,
      probability: metadata['probability'] ?? null,
      is_closed: isClosed,
      archived: pipeline['archived'] === true || stage['archived'] === true,
    };
  });
}
