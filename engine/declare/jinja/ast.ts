/** The tree of a template: plain JSON, so that a cache may store it. `at` is an offset into the
 * template's normalised text. */

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression }[];
  readonly spread: Expression | null;
  readonly spreadNamed: Expression | null;
}

interface Node<K extends string> {
  readonly kind: K;
  readonly at: number;
}

/** An int, str, bool or None. Ints beyond 2^53 are `bigint` nodes, floats `float` nodes. */
export interface LiteralNode extends Node<'literal'> {
  readonly value: null | boolean | number | string;
}
export interface BigintNode extends Node<'bigint'> {
  readonly digits: string;
}
export interface FloatNode extends Node<'float'> {
  readonly digits: string;
}
export interface NameNode extends Node<'name'> {
  readonly name: string;
}
export interface SequenceNode extends Node<'tuple' | 'list'> {
  readonly items: readonly Expression[];
}
export interface DictNode extends Node<'dict'> {
  readonly pairs: readonly { readonly key: Expression; readonly value: Expression }[];
}
export interface AttributeNode extends Node<'attribute'> {
  readonly target: Expression;
  readonly name: string;
}
export interface ItemNode extends Node<'item'> {
  readonly target: Expression;
  readonly key: Expression;
}
export interface SliceNode extends Node<'slice'> {
  readonly target: Expression;
  readonly start: Expression | null;
  readonly stop: Expression | null;
  readonly step: Expression | null;
}
export interface CallNode extends Node<'call'> {
  readonly callee: Expression;
  readonly args: Arguments;
}
/** `target` is null only in filter blocks and block sets, where the body takes its place. */
export interface FilterNode extends Node<'filter'> {
  readonly target: Expression | null;
  readonly name: string;
  readonly args: Arguments;
}
export interface TestNode extends Node<'test'> {
  readonly target: Expression;
  readonly name: string;
  readonly args: Arguments;
}
export interface NotNode extends Node<'not'> {
  readonly target: Expression;
}
export interface SignNode extends Node<'sign'> {
  readonly sign: '-' | '+';
  readonly target: Expression;
}
export interface BinaryNode extends Node<'binary'> {
  readonly operator: '+' | '-' | '*' | '/' | '//' | '%' | '**';
  readonly left: Expression;
  readonly right: Expression;
}
export interface LogicNode extends Node<'and' | 'or'> {
  readonly left: Expression;
  readonly right: Expression;
}
export interface ConcatNode extends Node<'concat'> {
  readonly items: readonly Expression[];
}
export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';
export interface CompareNode extends Node<'compare'> {
  readonly first: Expression;
  readonly rest: readonly { readonly operator: CompareOperator; readonly right: Expression }[];
}
export interface ConditionNode extends Node<'condition'> {
  readonly test: Expression;
  readonly value: Expression;
  readonly otherwise: Expression | null;
}

export type Expression =
  | LiteralNode
  | BigintNode
  | FloatNode
  | NameNode
  | SequenceNode
  | DictNode
  | AttributeNode
  | ItemNode
  | SliceNode
  | CallNode
  | FilterNode
  | TestNode
  | NotNode
  | SignNode
  | BinaryNode
  | LogicNode
  | ConcatNode
  | CompareNode
  | ConditionNode;

export type Target =
  | NameNode
  | (Node<'targets'> & { readonly items: readonly Target[] })
  | (Node<'namespace'> & { readonly name: string; readonly attribute: string });

export type Body = readonly Statement[];

export interface TextNode extends Node<'text'> {
  readonly text: string;
}
export interface OutputNode extends Node<'output'> {
  readonly value: Expression;
}
export interface SetNode extends Node<'set'> {
  readonly target: Target;
  readonly value: Expression;
}
export interface SetBlockNode extends Node<'set_block'> {
  readonly target: Target;
  readonly filter: FilterNode | null;
  readonly body: Body;
}
export interface IfNode extends Node<'if'> {
  readonly branches: readonly { readonly test: Expression; readonly body: Body }[];
  readonly otherwise: Body;
}
export interface ForNode extends Node<'for'> {
  readonly target: Target;
  readonly iterable: Expression;
  readonly test: Expression | null;
  readonly isRecursive: boolean;
  readonly body: Body;
  readonly otherwise: Body;
}
export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | null;
}
/** What a macro and the body of a call block have in common. */
export interface Routine {
  readonly parameters: readonly Parameter[];
  readonly body: Body;
  readonly usesVarargs: boolean;
  readonly usesKwargs: boolean;
  readonly usesCaller: boolean;
}
export type MacroKind = 'macro' | 'test' | 'materialization';
/** `name` is the one written; `macroName` the one dbt files it under (`test_unique`). */
export interface MacroNode extends Node<'macro'>, Routine {
  readonly macroKind: MacroKind;
  readonly name: string;
  readonly macroName: string;
  /** Of a materialization: the adapter it is for (`default` if none), and its languages. */
  readonly adapter: string | null;
  readonly languages: readonly string[] | null;
  /** Bounds of the text between the tags, in the template's normalised text. */
  readonly bodyStart: number;
  readonly bodyEnd: number;
}
export interface CallBlockNode extends Node<'call_block'>, Routine {
  readonly call: CallNode;
}
export interface FilterBlockNode extends Node<'filter_block'> {
  readonly filter: FilterNode;
  readonly body: Body;
}
export interface WithNode extends Node<'with'> {
  readonly bindings: readonly { readonly target: Target; readonly value: Expression }[];
  readonly body: Body;
}
export interface DoNode extends Node<'do'> {
  readonly value: Expression;
}
export interface IncludeNode extends Node<'include'> {
  readonly template: Expression;
  readonly isOptional: boolean;
  readonly hasContext: boolean;
}
export interface ImportNode extends Node<'import'> {
  readonly template: Expression;
  readonly name: string;
  readonly hasContext: boolean;
}
export interface FromImportNode extends Node<'from_import'> {
  readonly template: Expression;
  readonly names: readonly { readonly name: string; readonly alias: string }[];
  readonly hasContext: boolean;
}
export interface BlockNode extends Node<'snapshot' | 'docs'> {
  readonly name: string;
  readonly body: Body;
  readonly bodyStart: number;
  readonly bodyEnd: number;
}
/** A block of a template that nobody extends: it stands where it is written. */
export interface InheritedBlockNode extends Node<'block'> {
  readonly name: string;
  /** It sees the variables around it, not those of the whole template alone. */
  readonly isScoped: boolean;
  readonly body: Body;
}
export type JumpNode = Node<'break' | 'continue'>;

export type Statement =
  | TextNode
  | OutputNode
  | SetNode
  | SetBlockNode
  | IfNode
  | ForNode
  | MacroNode
  | CallBlockNode
  | FilterBlockNode
  | WithNode
  | DoNode
  | IncludeNode
  | ImportNode
  | FromImportNode
  | BlockNode
  | InheritedBlockNode
  | JumpNode;

/**
 * A parsed template. Pure data: the same text and options always give the same template, so it
 * may be cached under a hash of the text, in memory or as JSON on disk.
 */
export interface Template {
  readonly file: string;
  readonly text: string;
  readonly lineStarts: readonly number[];
  readonly body: Body;
}
