import { sql } from 'kysely';
import { asConfig, asList, asTexts } from '../declare/config.ts';
import type { ModelNode } from '../declare/model-node.ts';
import { TerminalError } from '../words/errors.ts';
import type { Check } from '../words/node.ts';
import { quoteIdentifier } from '../words/sql-name.ts';
import type { Column } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';

/** `contract: {enforced: true}`. */
export function hasContract({ nodeConfig }: ModelNode): boolean {
  return asConfig(nodeConfig.raw['contract'])['enforced'] === true;
}

/** Where the contract decides the table, not the select alone: order, types and constraints. */
export function isHeld(node: ModelNode): boolean {
  const { materialization, incrementalStrategy } = node.nodeConfig;
  if (!hasContract(node) || node.script || node.columns.length === 0) return false;
  if (materialization === 'incremental') return incrementalStrategy !== 'microbatch';
  return materialization === 'table';
}

/** What of the contract decides rows; absent where none does. */
export function contractPart(node: ModelNode): readonly unknown[] {
  if (!isHeld(node)) return [];
  const columns = node.columns.map((one) => [one.name, one.dataType, one.constraints ?? []]);
  return [[columns, node.constraints ?? []]];
}

/**
 * Holds the columns of the select to those that YAML promises, types by what they mean: `int` is
 * `INTEGER`.
 */
export async function checkContract(
  node: ModelNode,
  columns: readonly Column[],
  session: Session,
): Promise<void> {
  const found = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const promisedTypes = await typesOf(node, session);
  const faults: string[] = [];
  for (const { name, dataType } of node.columns) {
    const column = found.get(name.toLowerCase());
    found.delete(name.toLowerCase());
    const promised = promisedTypes.get(name);
    if (column === undefined) faults.push(`"${name}" is missing`);
    else if (dataType === undefined) faults.push(`"${name}" has no data_type in YAML`);
    else if (promised !== undefined && promised !== column.typeName) {
      faults.push(`"${name}" is ${column.typeName}, promised was ${dataType}`);
    }
  }
  for (const column of found.values()) faults.push(`"${column.name}" was not promised`);
  if (faults.length === 0) return;
  throw new TerminalError(`the contract is broken: ${faults.join('; ')}`, {
    code: 'contract-broken',
    hint:
      node.columns.length === 0
        ? 'say its columns and their data_type in YAML'
        : 'change the select, or the columns in YAML',
    model: node.id,
  });
}

/** The warehouse's own spelling of each promised type. */
async function typesOf(node: ModelNode, session: Session): Promise<ReadonlyMap<string, string>> {
  const typed = node.columns.filter(({ dataType }) => dataType !== undefined);
  if (typed.length === 0) return new Map();
  const nulls = typed.map(({ dataType = '' }, at) => {
    return sql`cast(null as ${sql.raw(dataType)}) as ${sql.id(`c${at}`)}`;
  });
  const told = await session.describeQuery(sql`select ${sql.join(nulls)}`);
  return new Map(typed.map(({ name }, at) => [name, told[at]?.typeName ?? '']));
}

/** The select with the columns of the contract: in its order, of its types. */
export function selectByContract(node: ModelNode, select: string): string {
  if (!isHeld(node)) return select;
  const columns = node.columns.map(({ name, dataType }) => {
    const column = quoteIdentifier(name);
    return dataType === undefined ? column : `cast(${column} as ${dataType}) as ${column}`;
  });
  const text = select.replace(/[\s;]+$/, '');
  return `select\n  ${columns.join(',\n  ')}\nfrom (\n${text}\n) as promised`;
}

/**
 * Constraints of a contract as gates: rows that break one are not published. Of foreign keys and
 * custom ones nothing is held.
 */
export function constraintChecks(node: ModelNode): Check[] {
  if (!isHeld(node)) return [];
  const ofColumns = node.columns.flatMap(({ name, constraints }) =>
    asList(constraints).map((one) => ({ ...asConfig(one), columns: [name] })),
  );
  const ofModel = asList(node.constraints).map(asConfig);
  return [...ofColumns, ...ofModel].flatMap((constraint: Record<string, unknown>) => {
    const columns = asTexts(constraint['columns']);
    const type = String(constraint['type']);
    const broken = conditionOf(type, columns, constraint['expression']);
    if (broken === undefined) return [];
    const what = columns.length > 0 ? ` of ${columns.join(', ')}` : '';
    const name = `${String(constraint['name'] ?? `the constraint ${type}`)}${what}`;
    return [
      {
        id: `constraint.${node.id}.${type}.${columns.join('.')}`,
        name,
        severity: 'error' as const,
        isConstraint: true as const,
        sql: async (relationName) => `select * from ${relationName(node.id)} ${broken}`,
        reads: [node.id],
        file: node.file,
      },
    ];
  });
}

/** What follows the relation in a select of the rows that break the constraint. */
function conditionOf(
  type: string,
  columns: readonly string[],
  expression: unknown,
): string | undefined {
  const keys = columns.map(quoteIdentifier);
  const repeated = `count(*) over (partition by ${keys.join(', ')}) > 1`;
  const isNull = keys.map((key) => `${key} is null`).join(' or ');
  if (type === 'check' && typeof expression === 'string') return `where not (${expression})`;
  if (columns.length === 0) return undefined;
  if (type === 'not_null') return `where ${isNull}`;
  if (type === 'unique') return `where not (${isNull}) qualify ${repeated}`;
  if (type === 'primary_key') return `qualify ${isNull} or ${repeated}`;
  return undefined;
}
