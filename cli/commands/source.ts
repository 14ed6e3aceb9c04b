import { Option } from 'commander';
import type { ArtifactMoment } from '../../engine/artifacts/metadata.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import type { SourceFreshness } from '../../engine/plan/source-freshness.ts';
import { formatDuration } from '../../engine/words/duration.ts';
import type { Warehouse } from '../../engine/words/warehouse.ts';
import { type CommandContext, exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import type { OpenedProject } from '../open-project.ts';
import { readOutline, withReadableWarehouse } from '../outline.ts';
import type { Terminal } from '../terminal.ts';
import { startMoment } from './artifact-moment.ts';
import { type ScopeFlags, selectFlags } from './scope-flags.ts';

interface FreshnessFlags extends ScopeFlags {
  readonly json?: boolean;
  readonly output?: string;
  readonly projectHooks: boolean;
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

/** Hooks may write: the warehouse is opened for that only where there are some. */
async function checkBetweenHooks(
  context: CommandContext,
  opened: OpenedProject,
  models: ModelProject,
  moment: () => ArtifactMoment,
  check: (warehouse: Warehouse) => Promise<SourceFreshness[]>,
): Promise<SourceFreshness[]> {
  const { operationsOf } = await import('../../engine/declare/operation.ts');
  const operations = [...operationsOf(models, 'start'), ...operationsOf(models, 'end')];
  if (operations.length === 0) return await withReadableWarehouse(context, opened, check);
  const { runHooks } = await import('../../engine/run/project-hooks.ts');
  const { buildFreshnessResults } = await import('../../engine/artifacts/freshness-results.ts');
  const { clock } = opened;
  const { startedAtMs: boundaryMs, invocationId } = moment();
  using _lock = await lockForCommand(context, opened);
  await using warehouse = await opened.openWarehouse();
  const what = { models, warehouse, boundaryMs, invocationId, schemas: [] };
  const around = { ...what, command: 'freshness' } as const;
  await runHooks(around, 'start', { clock });
  const found = await check(warehouse);
  const results = async () => buildFreshnessResults(found, moment()).results;
  await runHooks(around, 'end', { clock, results });
  await warehouse.checkpoint();
  return found;
}

/** `source freshness`: how old the newest row of each source is. */
export const registerSource: RegisterCommand = (program, host) => {
  const freshness = program
    .command('source')
    .description('about sources: freshness')
    .addHelpText('after', '\nExample:\n  tidemill source freshness')
    .command('freshness')
    .alias('snapshot-freshness')
    .description('how old the newest row of each source is; writes target/sources.json')
    .option('--json', 'print one JSON object a source')
    .addOption(new Option('-o, --output <file>', 'write there, not to target/sources.json'))
    .addOption(new Option('--project-hooks').default(true).hideHelp())
    .addHelpText('after', '\nExample:\n  tidemill source freshness --select "source:salesforce"');
  selectFlags(freshness).action(
    host.action(async (context, flags: FreshnessFlags) => {
      const { terminal } = context;
      const { buildFreshnessResults } = await import('../../engine/artifacts/freshness-results.ts');
      const { writeArtifact } = await import('../../engine/artifacts/write-artifact.ts');
      const { checkFreshness, freshSources } = await import(
        '../../engine/plan/source-freshness.ts'
      );
      const { tellSelected } = await import('../../engine/plan/selected-resources.ts');
      const opened = await context.openProject({ needsConnections: false });
      const { models, ids, warnings } = await readOutline(opened, flags);
      if (models) tellSelected(models, ids, 'freshness');
      for (const warning of warnings) terminal.note(`warning: ${warning}`);
      for (const fault of models?.faults ?? []) {
        if (fault.severity === 'error') terminal.note(`error: ${formatFault(fault)}`);
      }
      const moment = startMoment(opened);
      const nowMs = moment().startedAtMs;
      const nodes = ids.map((id) => models?.nodes.get(id));
      const sources = freshSources(nodes);
      const { folder: root, targetPath } = opened.project;
      const check = async (warehouse: Warehouse): Promise<SourceFreshness[]> => {
        const found = await checkFreshness(sources, warehouse, nowMs);
        const results = buildFreshnessResults(found, moment());
        await writeArtifact({ root, targetPath }, 'sources', results, flags.output);
        return found;
      };
      const hasHooks = flags.projectHooks && sources.length > 0 && models !== undefined;
      const all = hasHooks
        ? await checkBetweenHooks(context, opened, models, moment, check)
        : await withReadableWarehouse(context, opened, check);
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
