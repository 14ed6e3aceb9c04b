import type { Expression } from './ast.ts';
import { JinjaError, valueError } from './jinja-error.ts';
import { toNumber } from './number.ts';
import { applyOperator, applySign } from './operators.ts';
import { parseTemplate } from './parse-template.ts';
import { printValue } from './print.ts';
import { type JinjaValue, NativeMarker, PyDict, PyFloat, PyTuple } from './values.ts';

/** What a native rendering gives for the values it printed: dbt's rules. */
export function concatNative(values: readonly JinjaValue[]): JinjaValue {
  const [first] = values;
  if (first === undefined) return '';
  if (values.length > 1) return values.map(printValue).join('');
  if (!(first instanceof NativeMarker)) return first;
  if (first.kind === 'text') return first.text;
  const value = parseLiteral(first.text);
  const isFit =
    first.kind === 'native' ||
    (first.kind === 'bool' ? typeof value === 'boolean' : isPlainNumber(value));
  if (!isFit) {
    throw valueError(
      `Could not convert value '${first.text}' into type '${first.kind}'`,
      `the filter as_${first.kind} wants a Python literal of that type`,
    );
  }
  // A text stays as it was written: the quotes around it are not taken off.
  return value === undefined || typeof value === 'string' ? first.text : value;
}

function isPlainNumber(value: JinjaValue | undefined): boolean {
  if (value === undefined || typeof value === 'boolean') return false;
  return toNumber(value) !== undefined;
}

/** Python's `ast.literal_eval`, or undefined where the text is no literal. */
export function parseLiteral(text: string): JinjaValue | undefined {
  try {
    const { body } = parseTemplate(`{{ ${text} }}`, { file: 'literal' });
    const [only] = body;
    if (body.length !== 1 || only?.kind !== 'output') return undefined;
    return /\b(?:true|false|none)\b/.test(text) ? undefined : readLiteral(only.value);
  } catch (error) {
    if (error instanceof JinjaError) return undefined;
    throw error;
  }
}

/** The value of a tree made of literals alone, or undefined. */
export function readLiteral(node: Expression): JinjaValue | undefined {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'bigint':
      return BigInt(node.digits);
    case 'float':
      return new PyFloat(Number(node.digits));
    case 'list':
      return readLiterals(node.items);
    case 'tuple': {
      const items = readLiterals(node.items);
      return items && new PyTuple(items);
    }
    case 'dict':
      return readDict(node.pairs);
    case 'sign': {
      const value = readLiteral(node.target);
      return value !== undefined && isPlainNumber(value) ? applySign(node.sign, value) : undefined;
    }
    case 'concat': {
      const items = readLiterals(node.items);
      return items?.map(printValue).join('');
    }
    case 'binary': {
      const left = readLiteral(node.left);
      const right = readLiteral(node.right);
      const isText = typeof left === 'string' && typeof right === 'string';
      return isText && node.operator === '+' ? applyOperator('+', left, right) : undefined;
    }
    default:
      return undefined;
  }
}

function readLiterals(nodes: readonly Expression[]): JinjaValue[] | undefined {
  const values: JinjaValue[] = [];
  for (const node of nodes) {
    const value = readLiteral(node);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function readDict(pairs: readonly { key: Expression; value: Expression }[]): PyDict | undefined {
  const dict = new PyDict();
  for (const pair of pairs) {
    const key = readLiteral(pair.key);
    const value = readLiteral(pair.value);
    if (key === undefined || value === undefined) return undefined;
    dict.set(key, value);
  }
  return dict;
}
