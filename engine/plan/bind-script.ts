import type { Place } from '../declare/model-fault.ts';
import type { ModelNode } from '../declare/model-node.ts';
import { formatColumnType, type ScriptColumn } from '../declare/typescript/column-spec.ts';
import type { ScriptInput } from '../declare/typescript/script-definition.ts';
import { lineAndColumn } from '../declare/typescript/script-fault.ts';
import { TerminalError } from '../words/errors.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Column } from '../words/table.ts';

/** What a TypeScript model declares of its inputs is not what they are. */
export class ScriptMismatch extends TerminalError {
  readonly place: Place;
  constructor(message: string, place: Place, hint: string | undefined) {
    super(message, { code: 'script-inputs', ...(hint === undefined ? {} : { hint }) });
    this.place = place;
  }
}

/** Every declared column is there and of a type that loses nothing; all that are not, at once. */
export async function checkScriptInputs(
  node: ModelNode,
  describe: (input: ScriptInput) => Promise<readonly Column[]>,
): Promise<void> {
  const complaints: string[] = [];
  let first: { readonly input: ScriptInput; readonly column: ScriptColumn } | undefined;
  let hint: string | undefined;
  for (const input of node.script?.definition.inputs ?? []) {
    const found = await describe(input);
    for (const column of input.columns) {
      const actual = found.find(({ name }) => name.toLowerCase() === column.name.toLowerCase());
      if (actual && isLossless(column, actual)) continue;
      first ??= { input, column };
      const of = `the input "${input.name}" (${input.path.join('.')})`;
      if (actual) {
        const declared = formatColumnType(column);
        complaints.push(`"${column.name}" of ${of} is ${actual.typeName}, declared ${declared}`);
        hint ??= hintFor(column, actual);
      } else {
        const names = found.map(({ name }) => name);
        complaints.push(`${of} has no column "${column.name}"${didYouMean(column.name, names)}`);
        hint ??= `its columns: ${names.join(', ')}`;
      }
    }
  }
  if (first === undefined) return;
  const place = placeOfColumn(node, first.input, first.column);
  throw new ScriptMismatch(`does not bind: ${complaints.join('; ')}`, place, hint);
}

/** After the input's name, where the column's name stands first. */
function placeOfColumn(node: ModelNode, input: ScriptInput, column: ScriptColumn): Place {
  const { file, text } = node;
  const find = (name: string, from: number): number => {
    const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const rest = text.slice(from);
    const at = new RegExp(`(?<![\\w$])['"]?${word}['"]?\\s*:`).exec(rest)?.index;
    return at === undefined ? -1 : from + at;
  };
  const start = find(input.name, Math.max(0, text.indexOf('inputs')));
  const at = find(column.name, Math.max(0, start));
  if (at !== -1) return { file, ...lineAndColumn(text, at) };
  return { file, ...lineAndColumn(text, Math.max(0, start)) };
}

const smallIntegers = new Set([
  'TINYINT',
  'SMALLINT',
  'INTEGER',
  'INT',
  'INT2',
  'INT4',
  'UTINYINT',
  'USMALLINT',
]);
/** Digits of the widest 32-bit and 64-bit integer. */
const smallDigits = 10;
const integerDigits = 19;
/** A decimal without a scale up to here is within 64 bits. */
const bigintDigits = 18;

function isLossless(column: ScriptColumn, actual: Column): boolean {
  const isSmall = smallIntegers.has(actual.typeName.toUpperCase());
  const decimal = /^decimal\((\d+),(\d+)\)$/.exec(actual.type);
  const [precision, scale] = [Number(decimal?.[1]), Number(decimal?.[2])];
  switch (column.type) {
    case 'integer':
      return isSmall;
    case 'bigint':
      return actual.type === 'integer' || (scale === 0 && precision <= bigintDigits);
    case 'double':
      return actual.type === 'double' || isSmall;
    case 'decimal': {
      const whole = column.precision - column.scale;
      if (decimal) return scale <= column.scale && precision - scale <= whole;
      return actual.type === 'integer' && whole >= (isSmall ? smallDigits : integerDigits);
    }
    case 'varchar':
      return actual.type === 'string';
    case 'timestamp':
      return actual.type === 'timestamp' && !/_NS$/i.test(actual.typeName);
    default:
      return actual.type === column.type;
  }
}

const specs: Readonly<Record<string, string>> = { string: 'varchar', integer: 'bigint' };

function hintFor(column: ScriptColumn, actual: Column): string {
  const spec = specs[actual.type] ?? actual.type;
  return `declare ${column.name}: '${spec}', or cast it in a model in SQL before this one`;
}
