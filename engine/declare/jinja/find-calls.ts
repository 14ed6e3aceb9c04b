import type { CallNode, Expression, Template } from './ast.ts';
import type { SourcePosition } from './jinja-error.ts';
import { readLiteral } from './native-value.ts';
import { findPosition } from './source-text.ts';
import type { JinjaValue } from './values.ts';

/** A call as it is written. An argument that is no literal is `undefined`. */
export interface FoundCall {
  /** The callee with its dots: `ref`, `config.get`, `dbt_utils.star`. */
  readonly name: string;
  readonly args: readonly (JinjaValue | undefined)[];
  readonly kwargs: ReadonlyMap<string, JinjaValue | undefined>;
  /** Whether every argument is a literal, and none is spread: the call can be read unrendered. */
  readonly isLiteral: boolean;
  /** The macro around the call, if one is. */
  readonly macro: string | undefined;
  readonly position: SourcePosition;
  readonly node: CallNode;
}

/** The dotted name of a callee, or undefined where it is no plain name. */
export function nameOf(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name;
  if (node.kind !== 'attribute') return undefined;
  const owner = nameOf(node.target);
  return owner === undefined ? undefined : `${owner}.${node.name}`;
}

/**
 * Every call in a template whose callee is one of `names` (every named call without `names`), in
 * the order of the text, whether or not it would run: branches and macros included.
 */
export function findCalls(template: Template, names?: readonly string[]): FoundCall[] {
  const wanted = names === undefined ? undefined : new Set(names);
  const found: FoundCall[] = [];
  walk(template.body, undefined, (node, macro) => {
    const name = nameOf(node.callee);
    if (name === undefined || wanted?.has(name) === false) return;
    found.push(describeCall(template, node, name, macro));
  });
  return found.sort((a, b) => a.node.at - b.node.at);
}

function describeCall(
  template: Template,
  node: CallNode,
  name: string,
  macro: string | undefined,
): FoundCall {
  const args = node.args.positional.map(readLiteral);
  const kwargs = new Map(node.args.named.map((pair) => [pair.name, readLiteral(pair.value)]));
  const isSpread = node.args.spread !== null || node.args.spreadNamed !== null;
  const all = [...args, ...kwargs.values()];
  return {
    name,
    args,
    kwargs,
    isLiteral: !isSpread && all.every((value) => value !== undefined),
    macro,
    position: findPosition(template, startOf(node.callee)),
    node,
  };
}

/** Where the callee's text begins: a dotted callee is placed at its last name. */
function startOf(node: Expression): number {
  return node.kind === 'attribute' ? startOf(node.target) : node.at;
}

/** Visits every call below a value of the tree. The tree is JSON: what is an object is a node. */
function walk(
  value: unknown,
  macro: string | undefined,
  visit: (node: CallNode, macro: string | undefined) => void,
): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, macro, visit);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (isCall(value)) visit(value, macro);
  const inner = macroNameOf(value) ?? macro;
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) walk(part, inner, visit);
  }
}

function isCall(value: object): value is CallNode {
  return 'kind' in value && value.kind === 'call' && 'callee' in value;
}

function macroNameOf(value: object): string | undefined {
  const isMacro = 'kind' in value && value.kind === 'macro';
  return isMacro && 'macroName' in value ? String(value.macroName) : undefined;
}
