import { currentView, rawTable } from '../steps/land-tables.ts';
import { mapSync, type SyncMapping } from '../steps/sync-mapping.ts';
import type { Destination } from '../words/destination.ts';
import { TerminalError } from '../words/errors.ts';
import type { SyncNode } from './sync-nodes.ts';
import type { WorkRequest } from './work.ts';

export interface PreparedSync {
  readonly mapping: SyncMapping;
  readonly destination: Destination;
}

/**
 * Fits a sync to its model, its object and what is extracted of it. Undefined where the model or
 * the stream is not in the warehouse yet: an earlier step of the same run will put it there.
 *
 * @throws TerminalError `sync-invalid` with every fault of the declaration.
 */
export async function prepareSync(
  request: Pick<WorkRequest, 'connectors' | 'warehouse' | 'signal'>,
  node: SyncNode,
): Promise<PreparedSync | undefined> {
  const { connectors, warehouse, signal } = request;
  const { spec } = node;
  if (!spec) return undefined;
  const stream = connectors.streamOf(spec.connection, spec.object);
  const current = currentView(spec.connection, stream);
  const stands = await Promise.all([warehouse.describe(spec.from), warehouse.describe(current)]);
  if (stands.includes(undefined)) return undefined;
  const destination = connectors.destination(spec.connection, spec.object);
  const { mapping, faults } = await mapSync(warehouse, spec, {
    current,
    log: rawTable(spec.connection, stream),
    fields: await destination.describe(signal),
  });
  if (mapping) return { mapping, destination };
  const lines = faults.map((fault) =>
    fault.hint ? `${fault.message}\n    ${fault.hint}` : fault.message,
  );
  throw new TerminalError(lines.join('\n'), { code: 'sync-invalid', sync: spec.name });
}
