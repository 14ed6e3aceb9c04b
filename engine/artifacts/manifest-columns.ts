import { asConfig, asTexts, type Config } from '../declare/config.ts';
import type { ColumnPatch } from '../declare/properties.ts';
import { constraintsOf } from './constraints.ts';

/** Columns by name, as dbt's manifest has those that YAML describes. */
export function manifestColumns(columns: readonly ColumnPatch[]): Record<string, Config> {
  return Object.fromEntries(columns.map((column) => [column.name, manifestColumn(column)]));
}

function manifestColumn(column: ColumnPatch): Config {
  const meta = asConfig(column.config['meta']);
  const tags = [...new Set([...column.tags, ...asTexts(column.config['tags'])])];
  return {
    name: column.name,
    description: column.description,
    meta,
    data_type: column.dataType ?? null,
    constraints: constraintsOf(column.constraints, 'column'),
    quote: column.quote ? true : null,
    config: { ...column.config, meta, tags },
    tags,
    granularity: column.granularity ?? null,
    doc_blocks: column.docBlocks ?? [],
  };
}
