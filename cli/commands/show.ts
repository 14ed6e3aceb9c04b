import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import { sql } from 'kysely';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { isUnitTestNode, type ProjectNode } from '../../engine/declare/model-node.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import type { Session } from '../../engine/words/warehouse.ts';
import { exitCodes, type RegisterCommand } from '../host.ts';
import {
  deferOutline,
  type Outline,
  readOutline,
  requireModels,
  withReadableWarehouse,
} from '../outline.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable } from '../text-table.ts';
import { wholeNumber } from './flags.ts';
import { deferFlags } from './scope-flags.ts';

interface ShowFlags {
  readonly select?: string[];
  readonly inline?: string;
  readonly inlineDirect?: string;
  readonly limit: number;
  readonly state?: string;
  readonly defer?: boolean;
  readonly favorState?: boolean;
  readonly output?: 'text' | 'json';
  readonly json?: boolean;
}

const limitDefault = 5;
const limitMax = 100_000;

/** `show`: rows of one model's select, or the rows that break one test, without building it. */
export const registerShow: RegisterCommand = (program, host) => {
  const command = program
    .command('show')
    .description("rows of one model's select as its file is now, without building it")
    .option('-s, --select <selector...>', 'one model or one test')
    .option('--inline <select>', 'a select of your own, with ref and macros')
    .option('--inline-direct <select>', 'a select as it is: no template, and no project is read')
    .option('--state <folder>', 'artifacts of an earlier run, for state: and --defer')
    .option(
      '--limit <number>',
      `how many rows; -1: ${limitMax}, the most`,
      wholeNumber(-1, limitMax),
      limitDefault,
    )
    .option('--json', 'print one JSON object a row')
    .addOption(
      new Option('--output <format>', 'json: all rows as one object').choices(['json', 'text']),
    )
    .addHelpText(
      'after',
      '\nExample:\n  tidemill show --select account_360 --limit 20\n' +
        `  tidemill show --inline "select count(*) from {{ ref('account_360') }}"`,
    );
  deferFlags(command).action(
    host.action(async (context, flags: ShowFlags) => {
      const opened = await context.openProject({ needsConnections: false });
      const { select = [], state, inlineDirect } = flags;
      if (inlineDirect) {
        return withReadableWarehouse(context, opened, async (warehouse) => {
          await showRows(context.terminal, warehouse, { ...flags, text: inlineDirect });
          return exitCodes.success;
        });
      }
      const choice = { select, indirectSelection: 'empty' } as const;
      const outline = await readOutline(opened, {
        ...choice,
        ...(state === undefined ? {} : { state }),
      });
      return withReadableWarehouse(context, opened, async (warehouse) => {
        const deferred = await deferOutline(opened, warehouse, flags, outline);
        const moment = { boundaryMs: opened.clock.now(), invocationId: randomUUID() };
        const about = { outline, session: warehouse, deferred, ...moment };
        const shown =
          flags.inline === undefined
            ? await compileChosen(about)
            : await compileText(about, flags.inline);
        await showRows(context.terminal, warehouse, { ...flags, ...shown });
        return exitCodes.success;
      });
    }),
  );
};

interface Shown {
  readonly outline: Outline;
  readonly session: Session;
  readonly deferred: ReadonlyMap<string, string>;
  readonly boundaryMs: number;
  readonly invocationId: string;
}

interface ShownSelect {
  readonly name?: string;
  readonly text: string;
}

async function compileText(about: Shown, text: string): Promise<ShownSelect> {
  const { compileInline } = await import('../../engine/plan/compile-inline.ts');
  const { outline, session, deferred, boundaryMs, invocationId } = about;
  const compiled = await compileInline(requireModels(outline), text, {
    relationName: (id) => deferred.get(id),
    moment: { boundaryMs, invocationId, isFullRefresh: false, command: 'compile' },
    warehouse: { describe: (relation) => session.describe(relation), session },
  });
  return { text: compiled };
}

async function compileChosen({ outline, ...about }: Shown): Promise<ShownSelect> {
  const { compileProject } = await import('../../engine/plan/compile-project.ts');
  const { models, ids, warnings } = outline;
  const [id, ...others] = meantOf(outline);
  if (!models || id === undefined || others.length > 0) {
    throw new TerminalError(`show takes one node; ${plural(ids.length, 'node')} selected`, {
      code: 'show-one',
      hint: warnings[0] ?? 'name one with --select; `tidemill ls` lists what a selector chooses',
    });
  }
  const { compiled, faults } = await compileProject({ project: models, ids: [id], ...about });
  const [one] = compiled;
  if (!one) {
    const told = [...models.faults, ...faults].filter(({ nodeId }) => nodeId === id);
    throw new TerminalError(told.map(formatFault).join('\n') || `${id} has no select`, {
      code: 'show-broken',
      ...(told.length > 0 ? {} : { hint: hintOf(models.nodes.get(id)) }),
    });
  }
  if ('script' in one.node) {
    throw new TerminalError(`${id} is a function in TypeScript: it has no select`, {
      code: 'show-typescript',
      hint: 'build it and ask its table with `tidemill query`; a unit test shows its answers',
    });
  }
  return { name: one.node.name, text: one.sql };
}

/** An analysis may have the name of a model: that one is meant then. */
function meantOf({ ids, graph }: Outline): readonly string[] {
  const others = ids.filter((id) => graph.nodes.get(id)?.resourceType !== 'analysis');
  return others.length === 0 ? ids : others;
}

async function showRows(
  terminal: Terminal,
  warehouse: Session,
  { limit, json, output, name, text }: Omit<ShowFlags, 'select'> & ShownSelect,
): Promise<void> {
  const select = sql.raw(text.replace(/[\s;]+$/, ''));
  const most = limit < 0 ? limitMax : limit;
  const statement = sql`select * from (\n${select}\n) as shown limit ${sql.lit(most)}`;
  const names = (await warehouse.describeQuery(statement)).map((column) => column.name);
  const rows = await warehouse.query(statement);
  if (limit < 0 && rows.length === limitMax) {
    terminal.note(`the first ${limitMax} rows: \`tidemill query\` asks for all of a table`);
  }
  const plain = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value;
  if (output === 'json') {
    terminal.out(
      JSON.stringify({ ...(name === undefined ? {} : { node: name }), show: rows }, plain),
    );
  } else if (json) {
    for (const row of rows) terminal.out(JSON.stringify(row, plain));
  } else {
    const cells = rows.map((row) => names.map((column) => row[column]));
    terminal.out(formatTable(names, cells));
  }
}

/** How else the rows of a node are seen that is no select. */
function hintOf(node: ProjectNode | undefined): string {
  if (isUnitTestNode(node)) return `\`tidemill test --select ${node.name}\` runs it`;
  if (!node || !('relation' in node) || !node.relation) return 'name a model, or a test of rows';
  const { schema, name } = node.relation;
  return `it is a table: tidemill query "from ${schema}.${name} limit 5"`;
}
