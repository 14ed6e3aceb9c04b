import type { NodeConfig } from '../words/node.ts';
import type { Relation } from '../words/table.ts';
import type { Config } from './config.ts';
import type { GraphNode } from './graph.ts';
import type { Place } from './model-fault.ts';
import type { ColumnPatch, TestEntry } from './properties.ts';
import type { Script } from './typescript/read-scripts.ts';

/** One `ref(...)` as it was called. */
export interface RefCall {
  readonly packageName: string | undefined;
  readonly name: string;
  readonly version: string | undefined;
  readonly place: Place;
}

export interface SourceCall {
  readonly source: string;
  readonly table: string;
  readonly place: Place;
}

/** A node with a relation of its own that templates may `ref`. */
export interface ModelNode extends GraphNode {
  readonly resourceType: 'model' | 'seed' | 'snapshot';
  readonly relation: Relation;
  readonly nodeConfig: NodeConfig;
  /** The file as written; for a seed, its path is `file` and this is empty. */
  readonly text: string;
  readonly description: string;
  readonly columns: readonly ColumnPatch[];
  readonly refs: readonly RefCall[];
  readonly sources: readonly SourceCall[];
  /** Ids of the docs blocks in its description. */
  readonly docBlocks?: readonly string[];
  /** As written: what artifacts tell of them. */
  readonly constraints?: readonly unknown[];
  readonly timeSpine?: Config;
  /** A model in TypeScript: what it declares. Its template has its shape and no rows. */
  readonly script?: Script;
}

/** A select that is compiled and never built: its file is read as a model's is. */
export interface AnalysisNode
  extends Omit<ModelNode, 'resourceType' | 'relation' | 'constraints' | 'timeSpine' | 'script'> {
  readonly resourceType: 'analysis';
  /** What a model of its name would be: `this` of its template. */
  readonly wouldBe: Relation;
}

export interface SourceNode extends GraphNode {
  readonly resourceType: 'source';
  readonly relation: Relation;
  readonly sourceName: string;
  readonly description: string;
  readonly columns: readonly ColumnPatch[];
  /** The stream that lands in it, where the source is a connection's. */
  readonly streamId?: string;
  /** SQL that reads its files, where it is no table of the warehouse. */
  readonly external?: string;
  /** What is said of the source that the table is one of; absent where a connection has it. */
  readonly sourceDescription?: string;
  readonly sourceMeta?: Config;
  /** The schema as written. */
  readonly writtenSchema?: string;
  readonly docBlocks?: readonly string[];
}

export interface TestNode extends GraphNode {
  readonly resourceType: 'test';
  readonly testType: 'generic' | 'singular';
  readonly nodeConfig: Config;
  /** Generic: the entry it was written as. */
  readonly entry?: TestEntry;
  /** Generic: arguments of the macro as written, the tested relation among them. */
  readonly kwargs?: Config;
  readonly column?: string;
  /** Generic: the node it tests. */
  readonly testedId?: string;
  /** Singular: the file as written, and what YAML says of it. */
  readonly text: string;
  readonly description?: string;
  readonly place: Place;
  /** Switched off: what it calls, where others have edges. */
  readonly unlinked?: {
    readonly refs: readonly RefCall[];
    readonly sources: readonly SourceCall[];
  };
}

/** Rows as a unit test writes them: records, or a text of CSV or SQL, here or in a fixture. */
export interface UnitRows {
  readonly format: 'dict' | 'csv' | 'sql';
  readonly rows?: readonly Config[];
  readonly text?: string;
  readonly fixture?: string;
  /** The fixture's file; absent where there is none of its name. */
  readonly fixtureFile?: string;
  /** Between the cells of that file; default: a comma. */
  readonly delimiter?: string;
}

/** What a model answers to given rows, with no table in existence. */
export interface UnitTestNode extends GraphNode {
  readonly resourceType: 'unit_test';
  readonly description?: string;
  readonly modelId: string;
  /** `input` is a node's id, or `this`. */
  readonly given: readonly { readonly input: string; readonly rows: UnitRows }[];
  readonly expect: UnitRows;
  /** What is expected is the table once the model is built, not what its select answers. */
  readonly after?: 'merge';
  readonly isIncremental: boolean;
  /** What macros answer in the test, by name or `package.name`. */
  readonly macros: Config;
  readonly vars: Config;
  readonly env: Readonly<Record<string, string>>;
  readonly place: Place;
}

/** What is made of the models outside the warehouse: a dashboard, an application. */
export interface ExposureNode extends GraphNode {
  readonly resourceType: 'exposure';
  /** As written, its description rendered. */
  readonly entry: Config;
  readonly refs: readonly RefCall[];
  readonly sources: readonly SourceCall[];
  /** Names of the metrics it shows. */
  readonly metrics: readonly string[];
  readonly place: Place;
}

/** Who owns models together. No node of the graph: nothing reads it. */
export interface GroupNode {
  /** `group.<package>.<name>`. */
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly owner: Config;
  readonly entry: Config;
  readonly place: Place;
}

export type ProjectNode =
  | ModelNode
  | AnalysisNode
  | SourceNode
  | TestNode
  | UnitTestNode
  | ExposureNode
  | GraphNode;

/** A file with nothing in it is no model yet: as in dbt it is passed by. */
export function isEmptyModel({ resourceType, text, script }: ModelNode): boolean {
  return resourceType === 'model' && script === undefined && text.trim() === '';
}

/** Whether `is_incremental()` may ever be true in the node: then it has two texts. */
export function isAddedTo({ nodeConfig, text }: ModelNode): boolean {
  const { materialization } = nodeConfig;
  if (materialization === 'custom') return text.includes('is_incremental');
  return materialization === 'incremental';
}

export function isModelNode(node: ProjectNode | undefined): node is ModelNode {
  const type = node?.resourceType;
  return type === 'model' || type === 'seed' || type === 'snapshot';
}

export function isAnalysisNode(node: ProjectNode | undefined): node is AnalysisNode {
  return node?.resourceType === 'analysis';
}

/** A node that a file of SQL, or a block of one, is the template of. */
export function isFileNode(node: ProjectNode | undefined): node is ModelNode | AnalysisNode {
  return isModelNode(node) || isAnalysisNode(node);
}

/** What a node is written in. */
export function languageOf(node: ModelNode | AnalysisNode): 'sql' | 'typescript' {
  return node.file.endsWith('.ts') ? 'typescript' : 'sql';
}

export function isSourceNode(node: ProjectNode | undefined): node is SourceNode {
  return node?.resourceType === 'source';
}

export function isTestNode(node: ProjectNode | undefined): node is TestNode {
  return node?.resourceType === 'test';
}

export function isUnitTestNode(node: ProjectNode | undefined): node is UnitTestNode {
  return node?.resourceType === 'unit_test';
}

export function isExposureNode(node: ProjectNode | undefined): node is ExposureNode {
  return node?.resourceType === 'exposure';
}
