import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { SourceNode } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import { readSeedColumns } from '../../engine/declare/seed-columns.ts';
import { type BindRequest, type BindResult, bindModels } from '../../engine/plan/bind.ts';
import { silentLog } from '../../engine/words/log.ts';
import type { Shadow, Warehouse } from '../../engine/words/warehouse.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { openDuckDb } from '../../loaders/duckdb/duckdb.ts';

/** A warehouse of its own, closed and removed after the test. */
export async function openWarehouse(): Promise<Warehouse> {
  const folder = mkdtempSync(join(tmpdir(), 'warehouse-'));
  const warehouse = await openDuckDb({ path: join(folder, 'w.duckdb'), log: silentLog });
  onTestFinished(async () => {
    await warehouse[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });
  return warehouse;
}

/** Columns of sources by table, as `name type, …`. */
export type SourceColumns = Readonly<Record<string, string>>;

export async function bindProject(
  project: ModelProject,
  sources: SourceColumns = {},
  more: Partial<BindRequest> = {},
  watch: (shadow: Shadow) => Shadow = (shadow) => shadow,
): Promise<BindResult> {
  const warehouse = await openWarehouse();
  const shadow = await warehouse.openShadow('bind');
  try {
    return await bindModels({
      project,
      shadow: watch(shadow),
      sourceColumns: async (node: SourceNode) =>
        sources[node.name]?.split(', ').map((column) => {
          const [name = '', typeName = ''] = column.split(' ');
          return { name, typeName };
        }),
      seedColumns: async (node) => {
        const columns = await readSeedColumns(join(project.root, node.file), project);
        return columns.map(({ name, type }) => ({ name, typeName: duckdbDialect.typeName(type) }));
      },
      ...more,
    });
  } finally {
    await shadow[Symbol.asyncDispose]();
  }
}
