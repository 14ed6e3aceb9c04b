import { userInfo } from 'node:os';
import { relative } from 'node:path';
import { type Command, Option } from 'commander';
import { sql } from 'kysely';
import { findDecisions } from '../../engine/declare/find-decisions.ts';
import type { ModelNode } from '../../engine/declare/model-node.ts';
import type { ModelProject } from '../../engine/declare/model-project.ts';
import {
  complainOfDecisions,
  type DecisionsRelation,
  selectStrays,
  selectWaiting,
} from '../../engine/steps/identity-decisions.ts';
import { tablesOf } from '../../engine/steps/identity-shape.ts';
import { countRows, tableOf } from '../../engine/steps/relation-statements.ts';
import { assertThat, TerminalError } from '../../engine/words/errors.ts';
import { plural } from '../../engine/words/plural.ts';
import { didYouMean } from '../../engine/words/suggest.ts';
import { formatRelation, type Relation } from '../../engine/words/table.ts';
import type { Row, Warehouse } from '../../engine/words/warehouse.ts';
import { type CommandContext, exitCodes, type Host, type RegisterCommand } from '../host.ts';
import { type Decided, findIdentities, recordDecision } from '../identity-decisions.ts';
import type { OpenedProject } from '../open-project.ts';
import { readOutline, withReadableWarehouse } from '../outline.ts';
import { formatTable } from '../text-table.ts';
import { wholeNumber } from './flags.ts';

interface ReviewFlags {
  readonly model?: string;
  readonly limit: number;
  readonly json?: boolean;
}

interface DecideFlags {
  readonly model?: string;
  readonly why: string;
}

const limitDefault = 20;
const reviewColumns = ['reason', 'score', 'rule', 'left_record', 'right_record', 'evidence'];

async function open(context: CommandContext, name: string | undefined) {
  const opened = await context.openProject({ needsConnections: false });
  const { models } = await readOutline(opened);
  const identities = findIdentities(models, name);
  assertThat(models, 'an identity is a model of the project');
  return { opened, models, identities };
}

async function stands(warehouse: Warehouse, relation: Relation): Promise<boolean> {
  return (await warehouse.describe(relation)) !== undefined;
}

/** The first rows of a list, and how many it has. */
interface Listed {
  readonly rows: readonly Row[];
  readonly total: number;
}

/** Pairs to look at, the most doubtful last: those cut, then those most alike. */
async function readReview(warehouse: Warehouse, node: ModelNode, limit: number): Promise<Listed> {
  const review = tableOf(tablesOf(node.relation).review);
  const rows = await warehouse.query(sql`
    select reason, round(score, 3) as score, rule, left_record, right_record, evidence
    from ${review}
    order by reason, score desc, left_record, right_record
    limit ${sql.lit(limit)}`);
  return { rows, total: await countRows(warehouse, review) };
}

/** The identity's decisions as they stand in the warehouse; undefined where there are none. */
async function findDecided(
  warehouse: Warehouse,
  models: ModelProject,
  node: ModelNode,
): Promise<DecisionsRelation | undefined> {
  const relation = findDecisions(models, node)?.relation;
  const columns = relation && (await warehouse.describe(relation));
  const isFit = relation && columns && complainOfDecisions(relation, columns) === undefined;
  return isFit ? { relation, columns } : undefined;
}

/** Decisions that nobody follows yet, since a record they name is not there. */
async function readWaiting(
  warehouse: Warehouse,
  node: ModelNode,
  decided: DecisionsRelation | undefined,
  limit: number,
): Promise<Listed> {
  if (!decided) return { rows: [], total: 0 };
  const waiting = selectWaiting(node, decided, warehouse.dialect, node.relation);
  const rows = await warehouse.query(sql`
    ${waiting}
    order by left_record, right_record
    limit ${sql.lit(limit)}`);
  return { rows, total: await countRows(warehouse, sql`(${waiting}) as waiting`) };
}

/** What the list holds, and that it is cut where it is. */
function sayReview(name: string, pairs: Listed, waiting: Listed): string {
  const unmet = plural(waiting.total, 'decision');
  const isCut = [pairs, waiting].some(({ rows, total }) => rows.length < total);
  return [
    `${name}: ${plural(pairs.total, 'pair')} to look at`,
    ...(waiting.total > 0 ? [`${unmet} on records that are not there`] : []),
    ...(isCut ? ['the first of them (--limit says how many):'] : []),
  ].join(', ');
}

/** Decisions on a name that is no identity of the project: one of them is misspelt, most often. */
async function findStrays(
  warehouse: Warehouse,
  decided: DecisionsRelation | undefined,
  names: readonly string[],
): Promise<string[]> {
  const select = decided && selectStrays(decided, warehouse.dialect, names);
  if (!decided || !select) return [];
  const rows = await warehouse.query<{ name: string; decisions: unknown }>(select);
  return rows.map(({ name, decisions }) => {
    const found = plural(Number(decisions), 'decision');
    const where = formatRelation(decided.relation);
    return `${where} has ${found} on the model "${name}", which is no identity${didYouMean(name, names)}`;
  });
}

function registerReview(command: Command, host: Host): void {
  command
    .command('review')
    .description('pairs of records that a person should decide about')
    .option('--model <name>', 'one identity; else all of them')
    .option('--limit <number>', 'how many of each', wholeNumber(1, 100_000), limitDefault)
    .option('--json', 'print one JSON object a pair')
    .addHelpText('after', '\nExample:\n  tidemill identity review --model identity_contacts')
    .action(
      host.action(async (context, flags: ReviewFlags) => {
        const { terminal } = context;
        const { opened, models, identities } = await open(context, flags.model);
        const names = findIdentities(models).map(({ name }) => name);
        await withReadableWarehouse(context, opened, async (warehouse) => {
          const strays = new Set<string>();
          for (const node of identities) {
            if (!(await stands(warehouse, tablesOf(node.relation).review))) {
              terminal.note(`${node.name} is not built yet: tidemill build --select ${node.name}`);
              continue;
            }
            const decided = await findDecided(warehouse, models, node);
            const pairs = await readReview(warehouse, node, flags.limit);
            const waiting = await readWaiting(warehouse, node, decided, flags.limit);
            for (const one of await findStrays(warehouse, decided, names)) strays.add(one);
            const rows = [...pairs.rows, ...waiting.rows];
            if (flags.json) {
              for (const row of rows) terminal.out(JSON.stringify({ model: node.name, ...row }));
              continue;
            }
            terminal.out(sayReview(node.name, pairs, waiting));
            const cells = rows.map((row) => reviewColumns.map((name) => row[name]));
            if (rows.length > 0) terminal.out(formatTable(reviewColumns, cells));
          }
          for (const one of strays) terminal.note(`warning: ${one}`);
        });
        return exitCodes.success;
      }),
    );
}

/** The identity that both records are in, so that nobody decides about a name that was mistyped. */
async function findIdentityOf(
  context: CommandContext,
  opened: OpenedProject,
  identities: readonly ModelNode[],
  records: readonly [string, string],
): Promise<ModelNode> {
  const found = await withReadableWarehouse(context, opened, async (warehouse) => {
    const holding: ModelNode[] = [];
    for (const node of identities) {
      if (!(await stands(warehouse, node.relation))) continue;
      const [row] = await warehouse.query<{ records: unknown }>(sql`
        select count(*) as records
        from ${tableOf(node.relation)}
        where record in (${sql.join([...records])})`);
      if (Number(row?.records) === 2) holding.push(node);
    }
    return holding;
  });
  const [node, ...others] = found;
  if (node && others.length === 0) return node;
  const names = (node ? found : identities).map(({ name }) => name).join(', ');
  throw new TerminalError(
    node
      ? `both records are in more than one identity: ${names}`
      : `no identity holds both ${records.join(' and ')} (looked in ${names})`,
    {
      code: 'identity-records-unknown',
      hint: node
        ? 'say which with --model'
        : 'records are named system:id, as in the column `record`; build the model first',
    },
  );
}

function registerDecide(command: Command, host: Host): void {
  command
    .command('decide <left> <right> <decision>')
    .description('write down that two records are the same, or different, in the project’s seed')
    .option('--model <name>', 'the identity, where several hold these records')
    .addOption(new Option('--why <text>', 'the reason, kept as evidence').default('', 'none'))
    .addHelpText(
      'after',
      '\nExample:\n  tidemill identity decide salesforce:003xx1 hubspot:51 same --why "called her"',
    )
    .action(
      host.action(
        async (context, left: string, right: string, said: string, flags: DecideFlags) => {
          const decision = said.toLowerCase();
          if ((decision !== 'same' && decision !== 'different') || left === right) {
            throw new TerminalError(
              left === right
                ? 'a record is itself'
                : `a decision is same or different, not ${said}`,
              { code: 'identity-decision', hint: 'tidemill identity decide LEFT RIGHT same' },
            );
          }
          const { opened, models, identities } = await open(context, flags.model);
          const node = await findIdentityOf(context, opened, identities, [left, right]);
          const decided: Decided = {
            left,
            right,
            decision,
            why: flags.why,
            by: userInfo().username,
            atMs: opened.clock.now(),
          };
          const path = relative(process.cwd(), recordDecision(models, node, decided));
          context.terminal.out(`${left} and ${right}: ${decision}, written to ${path}`);
          context.terminal.out(`the next build of ${node.name} follows it`);
          return exitCodes.success;
        },
      ),
    );
}

function registerResolve(command: Command, host: Host): void {
  command
    .command('resolve <id>')
    .description('the id that a canonical id of any age resolves to now, and its records')
    .addHelpText('after', '\nExample:\n  tidemill identity resolve con_0123456789abcdef')
    .action(
      host.action(async (context, id: string) => {
        const { opened, identities } = await open(context, undefined);
        return withReadableWarehouse(context, opened, async (warehouse) => {
          for (const node of identities) {
            const { ids, identity } = tablesOf(node.relation);
            if (!(await stands(warehouse, ids))) continue;
            const [known] = await warehouse.query<{ current_id: string | null }>(sql`
              select current_id from ${tableOf(ids)} where canonical_id = ${id}`);
            if (!known) continue;
            const name = sql.id(node.nodeConfig.identity?.canonicalId ?? '');
            const rows = await warehouse.query<{ record: string }>(sql`
              select record from ${tableOf(identity)} where ${name} = ${known.current_id}
              order by record`);
            const records = rows.map(({ record }) => record).join(', ');
            context.terminal.out(
              known.current_id === null
                ? `${id}: all of its records are gone from ${node.name}`
                : `${known.current_id} of ${node.name}: ${records}`,
            );
            return exitCodes.success;
          }
          throw new TerminalError(`no identity ever gave the id ${id}`, { code: 'identity-id' });
        });
      }),
    );
}

/** `identity`: what is doubtful, what people decide, and where an old id leads. */
export const registerIdentity: RegisterCommand = (program, host) => {
  const command = program
    .command('identity')
    .description('which records are the same: review, decide, resolve')
    .addHelpText('after', '\nExample:\n  tidemill identity review');
  registerReview(command, host);
  registerDecide(command, host);
  registerResolve(command, host);
};
