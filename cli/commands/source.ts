import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { SourceFreshness } from '../../engine/plan/source-freshness.ts';
import { formatDuration } from '../../engine/words/duration.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { readOutline, withReadableWarehouse } from '../outline.ts';
import type { Terminal } from '../terminal.ts';
import { type ScopeFlags, selectFlags } from './scope-flags.ts';

interface FreshnessFlags extends ScopeFlags {
  readonly json?: boolean;
}

const styles = { pass: 'green', warn: 'yellow', error: 'red', 'runtime error': 'red' } as const;
const nameWidth = 14;

function explain(terminal: Terminal, { node, result }: SourceFreshness): string {
  const word = terminal.style(styles[result.status], result.status.padEnd(nameWidth));
  const name = `${node.sourceName}.${node.name}`;
  if ('message' in result) return `${word}${name}: ${result.message}`;
  if (result.ageMs === undefined) return `${word}${name}: it holds no rows`;
  return `${word}${name}: newest row ${formatDuration(result.ageMs)} old (${result.loadedAt})`;
}

/** dbt's `sources.json`, version 3. */
function toArtifact(all: readonly SourceFreshness[], nowMs: number): unknown {
  const now = new Date(nowMs).toISOString();
  return {
    metadata: {
      dbt_schema_version: 'https://schemas.getdbt.com/dbt/sources/v3.json',
      dbt_version: '1.10.0',
      generated_at: now,
      invocation_id: randomUUID(),
      env: {},
    },
    results: all.map(({ node, criteria, result }) =>
      'message' in result
        ? { unique_id: node.id, error: result.message, status: 'runtime error' }
        : {
            unique_id: node.id,
            max_loaded_at: result.loadedAt ?? '1970-01-01T00:00:00Z',
            snapshotted_at: now,
            max_loaded_at_time_ago_in_s: (result.ageMs ?? nowMs) / 1_000,
            status: result.status,
            criteria: {
              warn_after: criteria['warn_after'] ?? null,
              error_after: criteria['error_after'] ?? null,
              filter: criteria['filter'] ?? null,
            },
            adapter_response: {},
            timing: [],
            thread_id: 'main',
            execution_time: 0,
          },
    ),
    elapsed_time: 0,
  };
}

/** `source freshness`: how old the newest row of each source is. */
export const registerSource: RegisterCommand = (program, host) => {
  const freshness = program
    .command('source')
    .description('about sources: freshness')
    .addHelpText('after', '\nExample:\n  tidemill source freshness')
    .command('freshness')
    .description('how old the newest row of each source is; writes target/sources.json')
    .option('--json', 'print one JSON object a source')
    .addHelpText('after', '\nExample:\n  tidemill source freshness --select "source:salesforce"');
  selectFlags(freshness).action(
    host.action(async (context, flags: FreshnessFlags) => {
      const { terminal } = context;
      const { checkFreshness } = await import('../../engine/plan/source-freshness.ts');
      const opened = await context.openProject({ needsConnections: false });
      const { models, graph, ids, warnings } = await readOutline(opened, flags);
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      for (const fault of models?.faults ?? []) {
        if (fault.severity === 'error') terminal.note(`error: ${formatFault(fault)}`);
      }
      const nowMs = opened.clock.now();
      const nodes = ids.map((id) => graph.nodes.get(id));
      const all = await withReadableWarehouse(context, opened, (warehouse) =>
        checkFreshness(nodes, warehouse, nowMs),
      );
      const path = join(opened.project.folder, 'target', 'sources.json');
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, JSON.stringify(toArtifact(all, nowMs)));
      for (const one of all) {
        const { node, result } = one;
        const line = { unique_id: node.id, ...result };
        terminal.out(flags.json ? JSON.stringify(line) : explain(terminal, one));
      }
      if (all.length === 0) terminal.note('no selected source says how fresh it must be');
      const isStale = all.some(({ result }) => !['pass', 'warn'].includes(result.status));
      return isStale ? exitCodes.failure : exitCodes.success;
    }),
  );
};
