import { compareText } from './compare.ts';
import { reprValue } from './print.ts';
import { type JinjaValue, PyDict, PyTuple } from './values.ts';

const widthMax = 80;

/** Python's `pprint.pformat`: one line where it fits, else one item a line, dicts by key. */
export function prettyPrint(value: JinjaValue, indent = 0, allowance = 0): string {
  const sorted = sortKeys(value);
  const flat = reprValue(sorted);
  if (flat.length <= widthMax - indent - allowance) return flat;
  if (sorted instanceof PyDict) {
    const pairs = sorted.entries();
    const lines = pairs.map(([key, item], i) => {
      const head = `${reprValue(key)}: `;
      const rest = i === pairs.length - 1 ? allowance + 1 : 1;
      return head + prettyPrint(item, indent + 1 + head.length, rest);
    });
    return `{${lines.join(`,\n${' '.repeat(indent + 1)}`)}}`;
  }
  const items = Array.isArray(sorted) ? sorted : sorted instanceof PyTuple ? sorted.items : null;
  if (items === null) return flat;
  const lines = items.map((item, i) =>
    prettyPrint(item, indent + 1, i === items.length - 1 ? allowance + 1 : 1),
  );
  const body = lines.join(`,\n${' '.repeat(indent + 1)}`);
  return Array.isArray(sorted) ? `[${body}]` : `(${body}${items.length === 1 ? ',' : ''})`;
}

function sortKeys(value: JinjaValue): JinjaValue {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value instanceof PyTuple) return new PyTuple(value.items.map(sortKeys));
  if (!(value instanceof PyDict)) return value;
  const entries = value.entries();
  entries.sort(([a], [b]) => compareText(String(a), String(b)));
  return PyDict.from(entries.map(([key, item]) => [key, sortKeys(item)]));
}
