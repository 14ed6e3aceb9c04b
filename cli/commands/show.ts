import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { deferOutline, readOutline, withReadableWarehouse } from '../outline.ts';
import { formatTable } from '../text-table.ts';
import { wholeNumber } from './flags.ts';
import { deferFlags } from './scope-flags.ts';

interface ShowFlags {
  readonly select: string[];
  readonly limit: number;
  readonly state?: string;
  readonly defer?: boolean;
  readonly favorState?: boolean;
  readonly json?: boolean;
}

const limitDefault = 5;

/** `show`: rows of one model's select, or the rows that break one test, without building it. */
export const registerShow: RegisterCommand = (program, host) => {
  const command = program
    .command('show')
    .description("rows of one model's select as its file is now, without building it")
    .requiredOption('-s, --select <selector...>', 'one model or one test')
    .option('--state <folder>', 'artifacts of an earlier run, for state: and --defer')
    .option('--limit <number>', 'how many rows', wholeNumber(1, 100_000), limitDefault)
    .option('--json', 'print one JSON object a row')
    .addHelpText('after', '\nExample:\n  tidemill show --select account_360 --limit 20');
  deferFlags(command).action(
    host.action(async (context, flags: ShowFlags) => {
      const { terminal } = context;
      const { compileProject } = await import('../../engine/plan/compile-project.ts');
      const opened = await context.openProject({ needsConnections: false });
      const { select, state } = flags;
      const choice = { select, indirectSelection: 'empty' } as const;
      const outline = await readOutline(opened, {
        ...choice,
        ...(state === undefined ? {} : { state }),
      });
      const { models, ids, warnings } = outline;
      const [id, ...others] = ids;
      if (!models || id === undefined || others.length > 0) {
        throw new TerminalError(`show takes one node; ${plural(ids.length, 'node')} selected`, {
          code: 'show-one',
          hint: warnings[0] ?? '`tidemill ls` with the same selector lists them',
        });
      }
      return withReadableWarehouse(context, opened, async (warehouse) => {
        const { compiled, faults } = await compileProject({
          project: models,
          ids: [id],
          deferred: await deferOutline(opened, warehouse, flags, outline),
          session: warehouse,
          boundaryMs: opened.clock.now(),
          invocationId: randomUUID(),
        });
        const [one] = compiled;
        if (!one) {
          const told = [...models.faults, ...faults].filter(({ nodeId }) => nodeId === id);
          throw new TerminalError(told.map(formatFault).join('\n') || `${id} has no select`, {
            code: 'show-broken',
            hint: 'a seed or a source is a table: ask it with `tidemill query`',
          });
        }
        if ('script' in one.node) {
          throw new TerminalError(`${id} is a function in TypeScript: it has no select`, {
            code: 'show-typescript',
            hint: 'build it and ask its table with `tidemill query`; a unit test shows its answers',
          });
        }
        const text = sql.raw(one.sql.replace(/[\s;]+$/, ''));
        const statement = sql`select * from (\n${text}\n) as shown limit ${sql.lit(flags.limit)}`;
        const names = (await warehouse.describeQuery(statement)).map(({ name }) => name);
        const rows = await warehouse.query(statement);
        if (flags.json) {
          const plain = (_key: string, value: unknown) =>
            typeof value === 'bigint' ? value.toString() : value;
          for (const row of rows) terminal.out(JSON.stringify(row, plain));
        } else {
          const cells = rows.map((row) => names.map((name) => row[name]));
          terminal.out(formatTable(names, cells));
        }
        return exitCodes.success;
      });
    }),
  );
};
