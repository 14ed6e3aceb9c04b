import { quoteIdentifier } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';
import type { Row } from '../words/warehouse.ts';
import { functionBag } from './host-bag.ts';
import { jinjaError, typeError } from './jinja/jinja-error.ts';
import type { CallSite } from './jinja/values.ts';
import { type HostCallback, HostObject, type JinjaValue, PyTuple } from './jinja/values.ts';
import { tableValue } from './query-value.ts';
import { partsOf, type RelationParts, relationValue } from './relation-value.ts';
import { firstWord, splitStatements } from './split-statements.ts';

/** Where a project's own materialization, or a hook, writes. Statements come one by one. */
export interface TemplateWriter {
  /** False: each statement is a transaction of its own, and may be about them. */
  readonly isTransaction: boolean;
  execute(statement: string): Promise<number>;
  query(statement: string): Promise<{ names: readonly string[]; rows: readonly Row[] }>;
  findKind(relation: Relation): Promise<'table' | 'view' | undefined>;
}

/** Statements about the transaction itself, which is not the macro's to end. */
const refused: ReadonlySet<string> = new Set([
  'abort',
  'attach',
  'begin',
  'checkpoint',
  'commit',
  'detach',
  'end',
  'rollback',
  'start',
  'use',
]);

function readStatements(text: string, isTransaction: boolean): string[] {
  const statements = splitStatements(text);
  if (!isTransaction) return statements;
  const found = statements.map(firstWord).find((word) => refused.has(word));
  if (found === undefined) return statements;
  throw jinjaError(
    'jinja-value',
    `a materialization runs in one transaction, so "${found}" is refused`,
    'it commits once the macro has returned and the tests of the node hold',
  );
}

/** Runs a text of statements; the rows are those of the last, where they are wanted. */
async function runStatements(
  writer: TemplateWriter,
  text: string,
  wantsRows: boolean,
): Promise<{ table: JinjaValue; changed: number }> {
  const statements = readStatements(text, writer.isTransaction);
  const last = wantsRows ? statements.pop() : undefined;
  let changed = 0;
  for (const statement of statements) changed = await writer.execute(statement);
  if (last === undefined) return { table: tableValue([], []), changed };
  const { names, rows } = await writer.query(last);
  return { table: tableValue(names, rows), changed: rows.length };
}

function nameOf(value: JinjaValue | undefined): RelationParts & { readonly identifier: string } {
  const parts = partsOf(value);
  if (parts?.identifier === undefined) throw typeError('a relation was expected');
  return { ...parts, identifier: parts.identifier };
}

/** `create_schema(relation)`, or `create_schema(database, schema)`. */
function schemaOf(args: readonly JinjaValue[]): string {
  return partsOf(args[0])?.schema ?? String(args[1] ?? args[0]);
}

/** A relation without a schema is a temporary table. */
function textOf({ schema, identifier }: RelationParts): string {
  return [schema, identifier]
    .filter((part) => part !== undefined)
    .map(quoteIdentifier)
    .join('.');
}

/** The part of `adapter` that writes: only a materialization has it. */
export function writingFunctions(writer: TemplateWriter): Record<string, HostCallback> {
  const kindOf = async (parts: RelationParts & { readonly identifier: string }) =>
    parts.schema === undefined
      ? 'table'
      : await writer.findKind({ schema: parts.schema, name: parts.identifier });
  const find = async (schema: string, identifier: string): Promise<JinjaValue> => {
    const kind = await writer.findKind({ schema, name: identifier });
    return kind === undefined ? null : relationValue({ schema, identifier, kind });
  };
  const run: HostCallback = async (args, kwargs) => {
    const wantsRows = (kwargs.get('fetch') ?? args[2]) === true;
    const { table, changed } = await runStatements(writer, String(args[0]), wantsRows);
    return new PyTuple([responseValue(changed), table]);
  };
  return {
    execute: run,
    add_query: run,
    commit: () => '',
    is_motherduck: () => false,
    disable_transactions: () => false,
    expand_target_column_types: () => '',
    create_schema: async (args) => {
      await writer.execute(`create schema if not exists ${quoteIdentifier(schemaOf(args))}`);
      return '';
    },
    drop_schema: async (args) => {
      await writer.execute(`drop schema if exists ${quoteIdentifier(schemaOf(args))} cascade`);
      return '';
    },
    drop_relation: async (args) => {
      const parts = nameOf(args[0]);
      const kind = await kindOf(parts);
      if (kind !== undefined) await writer.execute(`drop ${kind} if exists ${textOf(parts)}`);
      return '';
    },
    truncate_relation: async (args) => {
      await writer.execute(`delete from ${textOf(nameOf(args[0]))}`);
      return '';
    },
    rename_relation: async (args) => {
      const [from, to] = [nameOf(args[0]), nameOf(args[1])];
      const kind = await kindOf(from);
      if (kind === undefined) throw typeError(`${textOf(from)} is not there to be renamed`);
      const name = quoteIdentifier(to.identifier);
      await writer.execute(`alter ${kind} ${textOf(from)} rename to ${name}`);
      return '';
    },
    get_relation: (args, kwargs) =>
      find(String(kwargs.get('schema') ?? args[1]), String(kwargs.get('identifier') ?? args[2])),
    load_relation: async (args) => {
      const { schema, identifier } = nameOf(args[0]);
      return schema === undefined ? null : await find(schema, identifier);
    },
  };
}

function responseValue(changed: number): HostObject {
  return functionBag('response', {}, { rows_affected: changed, code: 'OK', _message: 'OK' });
}

/** `statement`, `run_query` and `load_result` of a materialization. */
export function writingQueries(
  writer: TemplateWriter,
  isExecuting: boolean,
): Record<string, HostCallback> {
  const results = new Map<string, JinjaValue>();
  const keep = (name: JinjaValue | undefined, table: JinjaValue, response: JinjaValue): void => {
    if (typeof name !== 'string') return;
    const rows = table instanceof HostObject ? table.behavior.attribute?.('rows') : undefined;
    const data = rows === undefined || rows instanceof Promise ? [] : rows;
    results.set(name, functionBag('result', {}, { table, data, response }));
  };
  const invoke = async (caller: JinjaValue, call: CallSite): Promise<string> =>
    String(await call.invoke(caller));
  return {
    run_query: async (args) =>
      isExecuting ? (await runStatements(writer, String(args[0]), true)).table : null,
    statement: async (args, kwargs, call) => {
      const caller = kwargs.get('caller');
      if (!isExecuting || caller === undefined) return '';
      const wantsRows = (kwargs.get('fetch_result') ?? args[1]) === true;
      const text = await invoke(caller, call);
      const { table, changed } = await runStatements(writer, text, wantsRows);
      keep(kwargs.get('name') ?? args[0], table, responseValue(changed));
      return '';
    },
    store_result: (args, kwargs) => {
      const table = kwargs.get('agate_table') ?? args[2] ?? null;
      keep(kwargs.get('name') ?? args[0], table, kwargs.get('response') ?? args[1] ?? null);
      return '';
    },
    load_result: (args) => results.get(String(args[0])) ?? null,
  };
}
