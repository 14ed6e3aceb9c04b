import { formatFloat } from './float-format.ts';
import { jinjaError } from './jinja-error.ts';
import {
  HostFunction,
  HostObject,
  type JinjaValue,
  Namespace,
  NativeMarker,
  PyDict,
  PyFloat,
  PyIterator,
  PyRange,
  PySet,
  PyTuple,
  PyView,
  Undefined,
} from './values.ts';

/** Containers nested deeper than this are refused: printing recurses. */
const nestingMax = 500;

/** `str(value)`: what `{{ value }}` prints. */
export function printValue(value: JinjaValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  if (value instanceof NativeMarker) return value.text;
  if (value instanceof Undefined) {
    if (value.mode === 'strict') throw jinjaError('jinja-undefined', value.complaint);
    return '';
  }
  if (value instanceof HostObject) return value.behavior.text();
  return reprValue(value);
}

/** `repr(value)`: how a value appears inside a printed container. */
export function reprValue(value: JinjaValue, outer: readonly object[] = []): string {
  if (value === null) return 'None';
  switch (typeof value) {
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
    case 'bigint':
      return String(value);
    case 'string':
      return quoteText(value);
    default:
      return reprObject(value, outer);
  }
}

function reprObject(value: Exclude<JinjaValue, null>, outer: readonly object[]): string {
  if (value instanceof PyFloat) return formatFloat(value.value);
  if (typeof value !== 'object') return '';
  if (outer.length > nestingMax) {
    throw jinjaError('jinja-depth', `a value nested more than ${nestingMax} deep was printed`);
  }
  const isCircular = outer.includes(value);
  const inner = [...outer, value];
  const list = (items: readonly JinjaValue[]) =>
    items.map((item) => reprValue(item, inner)).join(', ');
  if (Array.isArray(value)) return isCircular ? '[...]' : `[${list(value)}]`;
  if (value instanceof PyTuple) {
    return value.items.length === 1 ? `(${list(value.items)},)` : `(${list(value.items)})`;
  }
  if (value instanceof PyDict) return isCircular ? '{...}' : reprDict(value, inner);
  if (value instanceof PySet) return value.size === 0 ? 'set()' : `{${list(value.values())}}`;
  if (value instanceof PyView) return `${value.kind}([${list(value.items())}])`;
  return reprOpaque(value);
}

function reprDict(dict: PyDict, outer: readonly object[]): string {
  const pairs = dict
    .entries()
    .map(([key, item]) => `${reprValue(key, outer)}: ${reprValue(item, outer)}`);
  return `{${pairs.join(', ')}}`;
}

function reprOpaque(value: object): string {
  if (value instanceof PyRange) {
    const step = value.step === 1 ? '' : `, ${value.step}`;
    return `range(${value.start}, ${value.stop}${step})`;
  }
  if (value instanceof PyIterator) return `<${value.name} object>`;
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Namespace) return `<Namespace ${reprValue(value.attributes)}>`;
  if (value instanceof NativeMarker) return quoteText(value.text);
  if (value instanceof HostFunction) {
    const isMacro = value.attributes?.has('catch_kwargs') === true;
    return isMacro ? `<Macro '${value.name}'>` : `<function ${value.name}>`;
  }
  if (value instanceof HostObject) {
    return value.behavior.repr?.() ?? `<${value.behavior.typeName ?? 'object'}>`;
  }
  return '<object>';
}

const plainText = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/;
const unprintable = /[\p{C}\p{Z}]/u;

/** A string as Python quotes it: single quotes unless only double ones avoid an escape. */
export function quoteText(text: string): string {
  if (plainText.test(text)) return `'${text}'`;
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = '';
  for (const char of text) out += char === quote ? `\\${char}` : escapeChar(char);
  return quote + out + quote;
}

function escapeChar(char: string): string {
  switch (char) {
    case '\\':
      return '\\\\';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    case ' ':
      return ' ';
    default:
      break;
  }
  if (!unprintable.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}
