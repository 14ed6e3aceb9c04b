import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProject } from '../../cli/open-project.ts';
import { gatherProject } from '../../cli/work.ts';
import type { ColumnGraph } from '../../engine/lineage/column-graph.ts';
import { type LineageCache, transientLineageCache } from '../../engine/lineage/lineage-cache.ts';
import { traceProject } from '../../engine/plan/project-lineage.ts';
import type { Work } from '../../engine/plan/work.ts';
import { silentLog } from '../../engine/words/log.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

export interface Traced {
  readonly work: Work;
  readonly graph: ColumnGraph;
}

/** A project's lineage from its files alone: nothing has landed, no CRM is asked. */
export async function traceFolder(
  folder: string,
  cache: LineageCache = transientLineageCache(),
): Promise<Traced> {
  const place = mkdtempSync(join(tmpdir(), 'traced-'));
  try {
    using opened = openProject({ folder, env: {}, needsConnections: false });
    const path = join(place, 'w.duckdb');
    await using warehouse = await openDuckDb({ path, log: silentLog });
    const work = await gatherProject(opened, warehouse, {
      kinds: new Set(['materialize', 'sync']),
    });
    return { work, graph: await traceProject(work, cache) };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
