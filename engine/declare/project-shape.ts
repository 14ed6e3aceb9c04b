import type { Log } from '../words/log.ts';
import type { WarningRules } from '../words/warning-rules.ts';
import type { DocsBlockNode } from './docs-blocks.ts';
import type { Graph, GraphNode } from './graph.ts';
import type { ReadGraph } from './graph-value.ts';
import type { Template } from './jinja/ast.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { MacroUse } from './macro-use.ts';
import type { Memory } from './memory/memory.ts';
import type { ProjectMemory } from './memory/project-memory.ts';
import type { ModelFault } from './model-fault.ts';
import type { GroupNode, ModelNode, ProjectNode } from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import type { Target } from './node-scope.ts';
import type { ProjectPackage } from './package-source.ts';
import type { PlacedEntry } from './properties.ts';
import type { Selectors } from './selectors.ts';
import type { ConnectionSource, SourceIndex } from './source-index.ts';
import type { Vars } from './vars.ts';

/** Where artifacts are written, from the project's folder. */
export const targetPathDefault = 'target';

export interface ModelProjectOptions {
  /** The project's folder; every path in nodes and faults is relative to it. */
  readonly root: string;
  /** The project's name, where no `dbt_project.yml` gives one. */
  readonly name: string;
  /** Where artifacts are written, from the root; default `target`. */
  readonly targetPath?: string;
  /** Our layout's folder of models; default `models`. */
  readonly modelsPath?: string;
  readonly target: Target;
  /** `vars` of pipelines.yaml or of the command line: they win over `dbt_project.yml`. */
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every connection is two sources, `<name>` and `raw_<name>`, without being declared. */
  readonly connections?: readonly ConnectionSource[];
  /** Nodes that are no models: `extract.<connection>.<stream>`, `sync.<name>`. */
  readonly foreign?: readonly GraphNode[];
  readonly log?: Log;
  /** For faults that depend on the day; absent: none of those is told. */
  readonly nowMs?: number;
  /** Which warnings are errors, and which are not told. */
  readonly warningRules?: WarningRules;
  /** What the last process read; absent: everything is read. */
  readonly memory?: ProjectMemory;
}

/** A project that differs from one that was read whole in a few nodes and macros. */
export interface ProjectChange {
  /** The stamp of the one that was read whole. */
  readonly stamp: string;
  /** Paths with digests of their texts; empty: it is gone. */
  readonly files: readonly (readonly [path: string, digest: string])[];
  readonly nodes: readonly NodeChange[];
  /** Ids of macros with digests of their texts. */
  readonly macros: readonly (readonly [id: string, digest: string])[];
}

/** A node that is not what it was in the project that was read whole. */
export interface NodeChange {
  readonly id: string;
  /** Of all of it; empty: it is gone. */
  readonly digest: string;
  /** Nodes that read it can see a difference. */
  readonly isSeen: boolean;
  /** It came or went, or reads other nodes. */
  readonly isLinked: boolean;
  /** A test: the node that it tests, or tested. */
  readonly testedId?: string;
}

/** A folder of models, read: nodes, edges, and every fault there is. */
export interface ModelProject {
  readonly name: string;
  readonly root: string;
  /** Where artifacts are written: absolute, or from the root. */
  readonly targetPath: string;
  /** Another one whenever the project was read anew, and the same where it was remembered. */
  readonly stamp: string;
  /** Absent: everything was read. */
  readonly change?: ProjectChange;
  readonly macroUse: MacroUse;
  /** There is something that somebody may not refer to. */
  readonly isGuarded: boolean;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly isDbt: boolean;
  readonly vars: Vars;
  readonly readGraph?: ReadGraph;
  /** Ids that templates see as `selected_resources`: see `tellSelected`. */
  readonly selected?: readonly string[];
  readonly library: MacroLibrary;
  readonly packages: readonly ProjectPackage[];
  readonly docs: ReadonlyMap<string, DocsBlockNode>;
  readonly groups: readonly GroupNode[];
  /** What YAML says of macros, by their ids. */
  readonly macroPatches: ReadonlyMap<string, PlacedEntry>;
  /** Every node that is enabled, foreign ones too, by id. */
  readonly nodes: ReadonlyMap<string, ProjectNode>;
  /** What is switched off, of any kind; several may share an id, also with one that is on. */
  readonly disabled: readonly ProjectNode[];
  /** By node; those of a project that was not read anew are parsed when asked for. */
  readonly templates: Pick<ReadonlyMap<string, Template>, 'get' | 'has'>;
  /** Where renderings are kept. */
  readonly memory?: Memory | undefined;
  readonly refs: NodeIndex<ModelNode>;
  readonly sources: SourceIndex;
  readonly graph: Graph;
  readonly selectors: Selectors;
  readonly faults: readonly ModelFault[];
  /** Nodes with a fault of their own: neither they nor what depends on them can be built. */
  readonly broken: ReadonlySet<string>;
}
