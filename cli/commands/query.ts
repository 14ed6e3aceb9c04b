import { Option } from 'commander';
import { type RawBuilder, sql } from 'kysely';
import { TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import type { Row, Session } from '../../engine/words/warehouse.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import { lockForCommand } from '../lock-project.ts';
import { formatCell, formatTable } from '../text-table.ts';

const formats = ['table', 'csv', 'json'] as const;
type Format = (typeof formats)[number];

/** Rows a table on the screen shows; the other formats have no end. */
const tableRowsMax = 500;
const waitMaxMs = 60 * 60 * 1_000;

function csvCell(value: unknown): string {
  const text = formatCell(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const toJson = (row: Row): string =>
  JSON.stringify(row, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );

/**
 * Names of the answer's columns, also of one without rows. Undefined where only the answer tells
 * them (`show tables`, `describe t`), or where the statement is wrong: running it says how.
 */
async function describeAnswer(
  warehouse: Session,
  statement: RawBuilder<unknown>,
): Promise<readonly string[] | undefined> {
  try {
    return (await warehouse.describeQuery(statement)).map(({ name }) => name);
  } catch (error) {
    if (error instanceof TerminalError) return undefined;
    throw error;
  }
}

/** `query`: one statement against the warehouse, for people and for pipes. */
export const registerQuery: RegisterCommand = (program, host) => {
  program
    .command('query <sql>')
    .description('ask the warehouse; waits while a run has it open')
    .addOption(
      new Option('--format <format>', 'how rows are printed').choices(formats).default('table'),
    )
    .option('--json', 'the same as --format json')
    .addHelpText(
      'after',
      '\nExample:\n  tidemill query "select * from operational.pipeline_by_stage"',
    )
    .action(
      host.action(async (context, text: string, options: { format: Format; json?: true }) => {
        const { terminal } = context;
        const format = options.json ? 'json' : options.format;
        const opened = await context.openProject({ needsConnections: false });
        if (!opened.hasWarehouse()) {
          throw new TerminalError('there is no warehouse yet', {
            code: 'no-warehouse',
            hint: 'run `tidemill run` first',
          });
        }
        using _lock = await lockForCommand(context, opened, {
          command: 'tidemill query',
          waitMaxMs,
        });
        await using warehouse = await opened.openWarehouse({ readOnly: true });
        const statement = sql.raw(text);
        let names = await describeAnswer(warehouse, statement);
        const kept: Row[] = [];
        let rows = 0;
        const toLine = (row: Row): string =>
          format === 'json'
            ? toJson(row)
            : (names ?? []).map((name) => csvCell(row[name])).join(',');
        if (format === 'csv' && names) terminal.out(names.map(csvCell).join(','));
        for await (const chunk of warehouse.stream(statement)) {
          if (!names) {
            names = Object.keys(chunk[0] ?? {});
            if (format === 'csv') terminal.out(names.map(csvCell).join(','));
          }
          rows += chunk.length;
          if (format === 'table') kept.push(...chunk.slice(0, tableRowsMax - kept.length));
          else terminal.out(chunk.map(toLine).join('\n'));
        }
        if (format === 'table') {
          const columns = names ?? [];
          terminal.out(
            formatTable(
              columns,
              kept.map((row) => columns.map((name) => row[name])),
            ),
          );
          const shown = rows > kept.length ? `, the first ${kept.length} shown` : '';
          terminal.note(`${plural(rows, 'row')}${shown}`);
        }
        return exitCodes.success;
      }),
    );
};
