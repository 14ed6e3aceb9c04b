import type { Log } from '../words/log.ts';
import type { Relation } from '../words/table.ts';
import type { TemplateWarehouse } from './adapter-value.ts';
import type { Config } from './config.ts';
import type { JinjaValue } from './jinja/values.ts';
import type { MacroEntry, MacroLibrary } from './macro-library.ts';
import type { RefCall, SourceCall } from './model-node.ts';

/** What `flags.WHICH` answers. */
export type CommandName = 'build' | 'compile' | 'freshness' | 'run-operation';

/** Where models are built: dbt's `target`. */
export interface Target {
  readonly name: string;
  readonly schema: string;
  readonly database: string;
  /** The dialect's name: `duckdb`. */
  readonly type: string;
  readonly threads?: number;
}

/** What rendering of any node of the project needs. */
export interface ProjectScope {
  readonly projectName: string;
  readonly isDbt: boolean;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The run's boundary; a fixed one while a fingerprint is taken. */
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly isFullRefresh: boolean;
  readonly command: CommandName;
  readonly log: Log;
  readonly library: MacroLibrary;
  /** A variable as the package sees it. */
  findVar(name: string, packageName: string): { readonly value: unknown } | undefined;
  varNames(): Iterable<string>;
  /** `selected_resources`. */
  readonly selected: readonly string[];
  /** `graph`: every node's properties; costly parts are made when first asked for. */
  graphValue(): JinjaValue;
}

/** What one rendering has read, besides its own text: everything its outcome may depend on. */
export interface RenderTrace {
  readonly refs: RefCall[];
  readonly sources: SourceCall[];
  /** Everything passed to `config(...)`, in order. */
  readonly configs: Config[];
  /** Variables read, as JSON. */
  readonly vars: Map<string, string>;
  /** Environment variables read: a digest, never the value. */
  readonly env: Map<string, string>;
  /** Macros looked up, by the template or by other macros. */
  readonly macros: Set<MacroEntry>;
  readsClock: boolean;
  asksWarehouse: boolean;
  /** It asked for a relation's columns, be there a warehouse to answer or not. */
  readsShapes: boolean;
  /** It looked at other nodes than those it names. */
  readsGraph: boolean;
  /** It looked at what is selected. */
  readsSelection: boolean;
  /** It said something to people. */
  speaks: boolean;
}

/** Whether the same files, variables and environment come to the same, unsaid, at any time. */
export function isLasting(trace: RenderTrace): boolean {
  const { readsClock, asksWarehouse, readsShapes, readsGraph, readsSelection, speaks } = trace;
  return !(readsClock || asksWarehouse || readsShapes || readsGraph || readsSelection || speaks);
}

export function startTrace(): RenderTrace {
  return {
    refs: [],
    sources: [],
    configs: [],
    vars: new Map(),
    env: new Map(),
    macros: new Set(),
    readsClock: false,
    asksWarehouse: false,
    readsShapes: false,
    readsGraph: false,
    readsSelection: false,
    speaks: false,
  };
}

/** What rendering of this one node needs. */
export interface NodeScope {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly relation: Relation;
  /** Where its rows stand while it is built; absent: there. */
  readonly standing?: Relation;
  /** The merged config; while files are read, what is known before the file's own. */
  readonly config: Config;
  /** dbt's `execute`: false while files are read. */
  readonly isExecuting: boolean;
  readonly isIncremental: boolean;
  /** What macros answer instead of being called, by name or `package.name`. */
  readonly macros?: Config;
  readonly trace: RenderTrace;
  readonly warehouse?: TemplateWarehouse | undefined;
  resolveRef(call: RefCall): JinjaValue;
  resolveSource(call: SourceCall): JinjaValue;
  /** Names beside all others, such as the `sql` of a materialization. */
  readonly names?: ReadonlyMap<string, JinjaValue>;
  /** `model` in templates. */
  modelValue(): JinjaValue;
}
