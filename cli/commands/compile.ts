import { join } from 'node:path';
import { Option } from 'commander';
import { formatFaults, type ModelFault } from '../../engine/declare/model-fault.ts';
import { plural } from '../../engine/words/plural.ts';
import { type CommandContext, type ExitCode, exitCodes, type RegisterCommand } from '../host.ts';
import { compileKept, type KeptWork } from '../kept-compile.ts';
import type { OpenedProject } from '../open-project.ts';
import { deferOutline, readOutline, requireModels, withWarehouseOnDemand } from '../outline.ts';
import type { Terminal } from '../terminal.ts';
import { startMoment } from './artifact-moment.ts';
import { deferFlags, type ScopeFlags, selectFlags } from './scope-flags.ts';

interface CompileFlags extends ScopeFlags {
  readonly inline?: string;
  readonly output?: string;
  readonly json?: boolean;
}

/** Only what a whole project comes to is kept, and only its files: what is shown is rendered. */
function isWhole(flags: CompileFlags): boolean {
  const { select, exclude, selector, state, defer, json } = flags;
  const chosen = [select, exclude, selector, state];
  return chosen.every((choice) => choice === undefined) && !defer && !json;
}

function tellFaults(terminal: Terminal, faults: readonly ModelFault[]): ExitCode {
  for (const line of formatFaults(faults)) terminal.note(line);
  const isBroken = faults.some(({ severity }) => severity === 'error');
  return isBroken ? exitCodes.failure : exitCodes.success;
}

function tellFiles(terminal: Terminal, targetPath: string, count: number): void {
  terminal.out(`wrote ${plural(count, 'file')} to ${join(targetPath, 'compiled')}`);
}

async function printInline(
  context: CommandContext,
  opened: OpenedProject,
  text: string,
  flags: CompileFlags,
): Promise<ExitCode> {
  const { compileInline } = await import('../../engine/plan/compile-inline.ts');
  const models = requireModels(await readOutline(opened));
  const moment = startMoment(opened)();
  const compiled = await withWarehouseOnDemand(context, opened, (session) =>
    compileInline(models, text, {
      moment: {
        boundaryMs: moment.startedAtMs,
        invocationId: moment.invocationId,
        isFullRefresh: flags.fullRefresh ?? false,
        command: 'compile',
      },
      warehouse: { describe: (relation) => session.describe(relation), session },
    }),
  );
  context.terminal.out(flags.json ? JSON.stringify({ compiled }) : compiled.trim());
  return exitCodes.success;
}

/** `compile`: templates to SQL, nothing built. */
export const registerCompile: RegisterCommand = (program, host) => {
  const command = program
    .command('compile')
    .description('render models and tests to SQL in target/compiled; prints a single one')
    .option('--inline <select>', 'render a select of your own and print it')
    .option('-f, --full-refresh', 'render incremental models as built from nothing')
    .option('--json', 'print one JSON object a node')
    .addOption(
      new Option('--output <format>', 'json: the same as --json').choices(['json', 'text']),
    )
    .addHelpText('after', '\nExample:\n  tidemill compile --select account_360');
  deferFlags(selectFlags(command)).action(
    host.action(async (context, given: CompileFlags) => {
      const { terminal } = context;
      const flags = given.output === 'json' ? { ...given, json: true } : given;
      const opened = await context.openProject({ needsConnections: false });
      const { targetPath } = opened.project;
      const moment = startMoment(opened);
      const isRefresh = flags.fullRefresh ?? false;
      if (flags.inline !== undefined) return printInline(context, opened, flags.inline, flags);
      const kept: KeptWork = isWhole(flags)
        ? await compileKept(context, opened, isRefresh, moment)
        : {};
      if (kept.answer) {
        for (const warning of kept.answer.warnings) terminal.note(`warning: ${warning}`);
        const code = tellFaults(terminal, kept.answer.faults);
        tellFiles(terminal, targetPath, kept.answer.count);
        return code;
      }
      const { compileProject } = await import('../../engine/plan/compile-project.ts');
      const { openOutputs } = await import('../../engine/artifacts/compile-outputs.ts');
      const outline = kept.outline ?? (await readOutline(opened, flags));
      for (const warning of outline.warnings) terminal.note(`warning: ${warning}`);
      const { models, ids } = outline;
      if (!models) return exitCodes.success;
      const keep = kept.keep ? { keep: kept.keep } : {};
      const outputs = openOutputs({ project: models, ...keep });
      const result = await withWarehouseOnDemand(context, opened, async (session) =>
        compileProject({
          deferred: await deferOutline(opened, session, flags, outline),
          project: models,
          ids,
          session,
          boundaryMs: moment().startedAtMs,
          invocationId: moment().invocationId,
          fullRefresh: isRefresh,
          onCompiled: outputs.add,
        }),
      );
      const { compiled } = result;
      await outputs.end(result, moment());
      const code = tellFaults(terminal, [...models.faults, ...result.faults]);
      const chosen = compiled.filter(({ node }) => node.resourceType !== 'test');
      const [only] = chosen;
      if (flags.json) {
        for (const { node, sql } of compiled) {
          terminal.out(JSON.stringify({ unique_id: node.id, name: node.name, compiled: sql }));
        }
      } else if (flags.select && only && chosen.length === 1) terminal.out(only.sql.trim());
      else tellFiles(terminal, targetPath, compiled.length);
      return code;
    }),
  );
};
