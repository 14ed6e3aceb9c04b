import { quoteIdentifier } from '../../words/sql-name.ts';
import type { RefCall, SourceCall } from '../model-node.ts';
import { formatColumnType, type ScriptColumn } from './column-spec.ts';
import type { Script } from './read-scripts.ts';
import type { ScriptInput } from './script-definition.ts';
import { lineAndColumn } from './script-fault.ts';

/**
 * A template that reads what the function reads and has the columns it answers, but no rows: so the
 * model takes part in the graph, in fingerprints and in binding like one written in SQL.
 */
export function shapeTemplate({ definition }: Script): string {
  const tables = definition.inputs.map(
    (input) => `${quoteIdentifier(input.name)} as (\n  ${inputTemplate(input)}\n)`,
  );
  const columns = definition.columns.map(
    (column) => `  cast(null as ${typeOf(column)}) as ${quoteIdentifier(column.name)}`,
  );
  const from = definition.inputs.map(({ name }) => quoteIdentifier(name)).join(' cross join ');
  return `with ${tables.join(', ')}\nselect\n${columns.join(',\n')}\nfrom ${from}\nwhere false`;
}

/** The select that answers an input's rows, each column of exactly the declared type. */
export function inputTemplate(input: ScriptInput): string {
  const columns = input.columns.map((column) => {
    const name = quoteIdentifier(column.name);
    // JSON comes as its text: a parsed number would be a float.
    const value = column.type === 'json' ? `cast(${name} as json)` : name;
    const type = column.type === 'json' ? 'varchar' : typeOf(column);
    return `cast(${value} as ${type}) as ${name}`;
  });
  return `select ${columns.join(', ')} from ${relationTemplate(input)}`;
}

/** `{{ ref(…) }}`, or `{{ source(…) }}`. */
export function relationTemplate({ from, path, version }: ScriptInput): string {
  const values = path.map((part) => JSON.stringify(part));
  if (version !== undefined) values.push(`version=${JSON.stringify(version)}`);
  return `{{ ${from}(${values.join(', ')}) }}`;
}

function typeOf(column: ScriptColumn): string {
  return formatColumnType(column);
}

/** The calls as the file makes them, for faults that are told at their place. */
export function placeCalls<C extends RefCall | SourceCall>(
  calls: readonly C[],
  file: string,
  text: string,
): C[] {
  return calls.map((call) => {
    const names = 'table' in call ? [call.source, call.table] : [call.name];
    const spelled = names.map((name) => `['"]${escapePattern(name)}['"]`).join('\\s*,\\s*');
    const callee = 'table' in call ? 'source' : 'ref';
    const at = new RegExp(`\\b${callee}\\(\\s*${spelled}`).exec(text)?.index;
    return at === undefined
      ? { ...call, place: { file, line: 1, column: 1 } }
      : { ...call, place: { file, ...lineAndColumn(text, at) } };
  });
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
